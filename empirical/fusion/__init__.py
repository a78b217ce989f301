"""Fusion classes: their operations, stacks of models, and starting weights."""

from empirical.fusion.classes import (
    FusionClass,
    Stack,
    Subsets,
    initial_weights,
    project,
)

__all__ = [
    "FusionClass",
    "Stack",
    "Subsets",
    "initial_weights",
    "project",
]
