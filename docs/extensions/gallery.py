"""The order of the gallery."""

from __future__ import annotations

ORDER = (
    *("certified_predictions", "arriving_rows", "group_leakage", "own_encoders"),
    *("learning_curve", "waterfall", "vacuous", "crossover", "xor"),
    *("false_theorem", "linear_counterexample", "table4"),
)
"""What is about one's own data first, then bounds, then the paper; what is not listed comes last."""


def order(file: str) -> tuple[int, str]:
    """Where an example stands, by the name of its file.

    Examples
    --------
    >>> order("xor.py") < order("table4.py") < order("new.py")
    True
    """
    name = file.removesuffix(".py")
    return (ORDER.index(name) if name in ORDER else len(ORDER)), name
