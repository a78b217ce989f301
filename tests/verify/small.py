"""A study of one pair with two steps of training: tests compare its numbers with each other alone."""

from typing import Any

from empirical import datasets
from verify import Study

SMALL: dict[str, Any] = {
    "pairs": [(["vitals", "serum"], ["vitals"])],
    "m": [32],
    "head_m": [],
    "trials": 64,
    "steps": 2,
}


def small_study(**changes: Any) -> Study:
    return Study(datasets.diabetes(), **{**SMALL, **changes})
