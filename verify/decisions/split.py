"""Which rows train and which certify, and the folds inside the training part."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from empirical.observations.observations import Observations
from empirical.streams import stream
from verify.certificates.rows import LEAST_UNITS

Rows = NDArray[np.int64]

FOLDS = 3


@dataclass(frozen=True, eq=False)
class Split:
    """The rows of the two parts.

    Parameters
    ----------
    train, holdout
        Positions of rows.
    units
        (n,) codes of what is drawn independently: the groups, or the rows themselves.
    folds
        Pairs (rows to fit on, rows to validate on), positions among all rows, inside `train`.
    how
        The split in one sentence.
    """

    train: Rows
    holdout: Rows
    units: Rows
    folds: tuple[tuple[Rows, Rows], ...]
    how: str

    @cached_property
    def train_units(self) -> int:
        """The number of groups, or rows, that train."""
        return len(np.unique(self.units[self.train]))

    @cached_property
    def holdout_units(self) -> int:
        """The number of groups, or rows, that certify."""
        return len(np.unique(self.units[self.holdout]))


def split(data: Observations, seed: int) -> Split:
    """Half of the groups (or rows) train and half certify, unless the user gave a split.

    With an order in time the earlier half trains. A group is never divided.

    Raises
    ------
    ValueError
        If a part is too small, or the given split divides a group.
    """
    units = np.arange(data.rows) if data.groups is None else _codes(data.groups)
    what = "rows" if data.groups is None else "groups"
    if data.train is not None:
        _check_given(data, units)
        in_train = data.train
        how = "The training rows are those that you gave; all other rows certify."
    elif data.order is not None:
        # A group belongs where its latest row lies, so that no training row is later than it seems.
        latest = latest_of(units, data.order)
        cut = np.sort(latest)[(len(latest) - 1) // 2]
        in_train = (latest <= cut)[units]
        how = f"The earlier half of the {what} trains, the later half certifies."
    else:
        shuffled = stream(seed, "split").permutation(int(units.max()) + 1)
        in_train = (shuffled < (len(shuffled) + 1) // 2)[units]
        how = f"Half of the {what} train, half certify; they were drawn from the seed."
    parts = {
        "training": np.flatnonzero(in_train),
        "certifying": np.flatnonzero(~in_train),
    }
    for name, part in parts.items():
        count = len(np.unique(units[part]))
        # Fewer certify nothing, and as many are needed to choose a model.
        if count < LEAST_UNITS:
            raise ValueError(
                f"the data must leave at least {LEAST_UNITS} {what} in each part,"
                f" got {count} in the {name} part"
            )
    train = parts["training"]
    inside = _in_time if data.order is not None else _drawn
    return Split(train, parts["certifying"], units, inside(data, train, units, seed), how)


def _codes(groups: np.ndarray) -> Rows:
    return np.unique(groups, return_inverse=True)[1].astype(np.int64)


def latest_of(units: Rows, order: np.ndarray) -> np.ndarray:
    """The latest time of each unit: a group belongs where its latest row lies.

    Examples
    --------
    >>> latest_of(np.array([0, 1, 0]), np.array([1, 2, 3]))
    array([3., 2.])
    """
    latest = np.full(int(units.max()) + 1, -np.inf)
    np.maximum.at(latest, units, order)
    return latest


def _check_given(data: Observations, units: Rows) -> None:
    assert data.train is not None
    shared = np.intersect1d(units[data.train], units[~data.train])
    if len(shared):
        raise ValueError(
            f"train must not divide a group, got {len(shared)} groups with rows in both parts"
        )


def _drawn(
    data: Observations, train: Rows, units: Rows, seed: int
) -> tuple[tuple[Rows, Rows], ...]:
    """Folds of whole units, spread over the classes."""
    distinct, first = np.unique(units[train], return_index=True)
    order = stream(seed, "folds").permutation(len(distinct))
    if data.classes is not None:
        # The class of a group is that of its first row: good enough to spread the classes.
        order = order[np.argsort(data.target[train][first][order], kind="stable")]
    fold = np.empty(len(distinct), dtype=np.int64)
    fold[order] = np.arange(len(distinct)) % FOLDS
    of_row = fold[np.searchsorted(distinct, units[train])]
    return tuple((train[of_row != f], train[of_row == f]) for f in range(FOLDS))


def _in_time(
    data: Observations, train: Rows, units: Rows, seed: int
) -> tuple[tuple[Rows, Rows], ...]:
    """Fit on what is earlier, validate on the block that follows."""
    assert data.order is not None
    latest = latest_of(units, data.order)[units[train]]
    ends = np.quantile(latest, np.linspace(0.4, 1.0, FOLDS + 1), method="lower")
    pairs = [
        (train[latest <= start], train[(latest > start) & (latest <= end)])
        for start, end in itertools.pairwise(ends)
    ]
    kept = tuple((fit, check) for fit, check in pairs if len(fit) and len(check))
    if not kept:
        raise ValueError("order must have more distinct values in the training part, got too few")
    return kept
