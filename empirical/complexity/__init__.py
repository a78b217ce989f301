"""Rademacher complexities: certified, enclosed or found by search."""

from empirical.complexity.trained_class import (
    Complexity,
    complexities,
    loss_suprema,
)

__all__ = [
    "Complexity",
    "complexities",
    "loss_suprema",
]
