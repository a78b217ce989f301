"""Data sets: arrays in, checked."""

from empirical.datasets.bundled import (
    breast_cancer,
    diabetes,
    digits,
    simulated,
)
from empirical.datasets.dataset import (
    Dataset,
    from_arrays,
)
from empirical.datasets.npz import (
    load_npz,
)
from empirical.datasets.sources import (
    by_name,
)

__all__ = [
    "Dataset",
    "breast_cancer",
    "by_name",
    "diabetes",
    "digits",
    "from_arrays",
    "load_npz",
    "simulated",
]


def __dir__() -> list[str]:
    return list(__all__)
