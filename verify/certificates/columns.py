"""One column of a hold-out, as it is passed: losses, weights, and the labels of groups."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from empirical.datasets.features import as_real, to_numpy

Values = NDArray[np.float64]


def losses_of(name: str, value: Any, index: pd.Index[Any] | None = None) -> Values:
    """Losses as float64 [rows], in the order of `index` if they are a Series and it is given.

    Raises
    ------
    ValueError
        For anything but finite real numbers, one for each row.

    Examples
    --------
    >>> losses_of("loss_M", [True, False]).tolist()
    [1.0, 0.0]
    """
    if isinstance(value, pd.Series):
        if not pd.api.types.is_numeric_dtype(value.dtype):
            raise ValueError(f"{name} must hold real numbers, got dtype {value.dtype}")
        if not pd.api.types.is_complex_dtype(value.dtype):
            aligned = value if index is None else value.reindex(index)
            value = aligned.to_numpy(dtype=np.float64, na_value=np.nan)
    array = to_numpy(value, name)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(
            f"{name} must be a 1-D array with a loss for each row, got shape {array.shape}"
        )
    losses = as_real(array, name)
    bad = np.flatnonzero(~np.isfinite(losses))
    if bad.size:
        raise ValueError(
            f"{name} must be finite, got {losses[bad[0]]} in row {bad[0]} ({bad.size} such rows)"
        )
    return losses


def common_index(*named: tuple[str, Any]) -> pd.Index[Any] | None:
    """The labels of the first Series; None if there are fewer than two Series.

    Raises
    ------
    ValueError
        If their labels are not the same, each of them once.

    Examples
    --------
    >>> common_index(("loss_M", [0.1, 0.2]), ("loss_N", pd.Series([0.3, 0.4]))) is None
    True
    """
    series = [(name, value.index) for name, value in named if isinstance(value, pd.Series)]
    if len(series) < 2:
        return None
    first_name, first = series[0]
    for name, index in series:
        if not index.is_unique:
            raise ValueError(
                f"{name} must have distinct row labels, got {index.duplicated().sum()} twice"
            )
        matching = len(first.intersection(index))
        if matching < max(len(first), len(index)):
            raise ValueError(
                f"{name} must have the row labels of {first_name}: {matching} of {len(index)} match"
                f" its {len(first)}"
            )
    return first


def group_codes(
    groups: Any, index: pd.Index[Any] | None, rows: int
) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """The sorted labels of the groups, and the code of each row's group, which is its label's place.

    Raises
    ------
    ValueError
        For anything but one label of one kind in every row.

    Examples
    --------
    >>> labels, codes = group_codes(["b", "a", "b"], None, 3)
    >>> labels.tolist(), codes.tolist()
    (['a', 'b'], [1, 0, 1])
    """
    if isinstance(groups, pd.Series) and index is not None:
        groups = groups.reindex(index)
    array = to_numpy(groups, "groups")
    if array.shape != (rows,):
        raise ValueError(
            f"groups must have a label for each of the {rows} rows, got shape {array.shape}"
        )
    if bool(pd.isna(array).any()):
        row = int(np.flatnonzero(pd.isna(array))[0])
        raise ValueError(f"groups must have a label in every row, got none in row {row}")
    try:
        labels, codes = np.unique(array, return_inverse=True)
    except TypeError:
        raise ValueError("groups must hold labels of one kind, got several") from None
    return labels, codes
