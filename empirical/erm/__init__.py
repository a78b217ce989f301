"""Empirical risk minimisation for a whole stack of models at once."""

from empirical.erm.trainer import (
    Engine,
    Fit,
    engine_for,
    fit,
    objective_gradient,
)
from empirical.losses import (
    Loss,
)

__all__ = [
    "Engine",
    "Fit",
    "Loss",
    "engine_for",
    "fit",
    "objective_gradient",
]
