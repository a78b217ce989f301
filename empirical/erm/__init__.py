"""Empirical risk minimisation for a whole stack of models at once."""

from empirical.erm.engines import ENGINES, Engine, choice
from empirical.erm.trainer import Fit, fit, objective_gradient

__all__ = [
    "ENGINES",
    "Engine",
    "Fit",
    "choice",
    "fit",
    "objective_gradient",
]


def __dir__() -> list[str]:
    return list(__all__)
