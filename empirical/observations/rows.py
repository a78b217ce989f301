"""What is known about the rows besides features and target: groups, time, weights, a given split."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from empirical.observations.targets import one_column


def as_groups(value: Any) -> tuple[np.ndarray, pd.Index | None]:
    """Codes 0, 1, … of groups in the order in which they appear, and the labels of rows.

    Raises
    ------
    ValueError
        If a row has no group, or if there is one group only.

    Examples
    --------
    >>> as_groups(["ann", "ben", "ann"])[0]
    array([0, 1, 0])
    """
    column, labels = _complete(value, "groups")
    codes, names = pd.factorize(column)
    if len(names) < 2:
        raise ValueError(f"groups must name at least two groups, got only {names[0]!r}")
    return codes.astype(np.int64), labels


def as_order(value: Any) -> tuple[np.ndarray, pd.Index | None]:
    """Ranks 0, 1, … in time, equal for equal times, and the labels of rows.

    Raises
    ------
    ValueError
        If a time is missing, if times cannot be compared, or if all are the same.

    Examples
    --------
    >>> as_order(pd.to_datetime(["2024-05-01", "2023-01-01", "2024-05-01"]).to_series())[0]
    array([1, 0, 1])
    """
    column, labels = _complete(value, "order")
    try:
        times, ranks = np.unique(column.to_numpy(), return_inverse=True)
    except TypeError:
        kinds = " and ".join(sorted({type(each).__name__ for each in column}))
        raise ValueError(f"order must hold times or numbers to sort by, got {kinds}") from None
    if len(times) < 2:
        raise ValueError(f"order must hold at least two different times, got only {times[0]!r}")
    return ranks.astype(np.int64), labels


def as_weights(value: Any) -> tuple[np.ndarray, pd.Index | None]:
    """Positive weights scaled to mean 1, and the labels of rows.

    Raises
    ------
    ValueError
        If a weight is missing, not a number, not finite or not positive.

    Examples
    --------
    >>> as_weights([1, 3])[0]
    array([0.5, 1.5])
    """
    column, labels = _complete(value, "weights")
    if not pd.api.types.is_numeric_dtype(column.dtype):
        raise ValueError(f"weights must be positive numbers, got {column.iloc[0]!r}")
    weights = column.to_numpy(dtype=np.float64)
    bad = np.flatnonzero(~(np.isfinite(weights) & (weights > 0)))
    if len(bad):
        raise ValueError(
            f"weights must be positive finite numbers, got {weights[bad[0]]} in row {bad[0]}"
        )
    # Divided by the largest first: the sum of very large weights would overflow.
    weights = weights / weights.max()
    return weights / weights.mean(), labels


def as_train(value: Any) -> tuple[np.ndarray, pd.Index | None]:
    """Which rows are for training, and the labels of rows.

    Raises
    ------
    ValueError
        If the values are not booleans, or if one side is empty.

    Examples
    --------
    >>> as_train([True, True, False])[0]
    array([ True,  True, False])
    """
    column, labels = _complete(value, "train")
    if not pd.api.types.is_bool_dtype(column.dtype):
        raise ValueError(
            f"train must hold True for rows to train on and False for the others, got "
            f"{column.iloc[0]!r}"
        )
    train = column.to_numpy(dtype=bool)
    if train.all() or not train.any():
        raise ValueError(
            f"train must leave rows on both sides, got {train.sum()} of {len(train)} for training"
        )
    return train, labels


def _complete(value: Any, argument: str) -> tuple[pd.Series, pd.Index | None]:
    column, labels = one_column(value, argument)
    if len(column) == 0:
        raise ValueError(f"{argument} must have at least one row, got none")
    missing = np.flatnonzero(column.isna().to_numpy())
    if len(missing):
        raise ValueError(
            f"{argument} must have a value in every row, got none in row {missing[0]} "
            f"({len(missing)} such row(s) in all)"
        )
    return column, labels
