"""Rows as a decision needs them: features by modality, a target, and what else is known of each row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy import sparse

Features: TypeAlias = np.ndarray | sparse.csr_matrix


@dataclass(frozen=True, eq=False)
class Observations:
    """n rows of K modalities with one target; made by ``observe`` and ``read``, and checked there.

    Parameters
    ----------
    features
        Name → (n, d) array of float32 (if they came so) or float64, or a CSR matrix of float64.
        Present rows are finite. Rows of an absent modality are NaN (dense) or empty (sparse). The
        arrays may share memory with the user's own and cannot be written to.
    columns
        Name → the names of its d columns.
    present
        Name → (n,) booleans: whether this row has this modality.
    target
        (n,): class codes 0…k−1 (int64), or float64.
    classes
        Names of the classes in the order of the codes; None for regression.
    groups
        (n,) integer codes of the groups that belong together, such as patients; None if not given.
    order
        (n,) integer ranks in time, equal for equal times; None if not given.
    weights
        (n,) positive numbers with mean 1; None if not given.
    train
        (n,) booleans: the split that the user gave; None if none.
    name
        What the data are called.
    notes
        What was inferred and why, in sentences.
    warnings
        What a user must know before trusting a result, in sentences.
    """

    features: dict[str, Features]
    columns: dict[str, tuple[str, ...]]
    present: dict[str, np.ndarray]
    target: np.ndarray
    classes: tuple[str, ...] | None
    groups: np.ndarray | None
    order: np.ndarray | None
    weights: np.ndarray | None
    train: np.ndarray | None
    name: str
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the modalities, in order."""
        return tuple(self.features)

    @property
    def rows(self) -> int:
        """n, the number of rows."""
        return len(self.target)

    @property
    def task(self) -> str:
        """ "classification" or "regression"."""
        return "regression" if self.classes is None else "classification"
