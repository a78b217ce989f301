"""Rademacher complexities as intervals: of linear maps, of two-layer ReLU networks, of the trained class.

`docs/complexity.md` has an example of each.
"""

from empirical.complexity.linear import linear_complexity, linear_empirical
from empirical.complexity.relu import relu_complexity, relu_empirical
from empirical.complexity.sign_averages import DrawnComplexity
from empirical.complexity.trained_class import Complexity, complexities

__all__ = [
    "Complexity",
    "DrawnComplexity",
    "complexities",
    "linear_complexity",
    "linear_empirical",
    "relu_complexity",
    "relu_empirical",
]


def __dir__() -> list[str]:
    return list(__all__)
