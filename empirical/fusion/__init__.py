"""Fusion classes: their operations, stacks of models, and starting weights."""

from empirical.fusion.classes import FusionClass
from empirical.fusion.operations import OPERATIONS, Operation
from empirical.fusion.stack import Stack, Subsets, project
from empirical.fusion.starts import initial_weights

__all__ = [
    "OPERATIONS",
    "FusionClass",
    "Operation",
    "Stack",
    "Subsets",
    "initial_weights",
    "project",
]


def __dir__() -> list[str]:
    return list(__all__)
