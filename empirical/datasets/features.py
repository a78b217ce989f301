"""What users hand over, read as arrays of real numbers, or one line that says what it must be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from bounds.arrays import readable
from empirical import mapped

_TEXT = "; encode text and categories as numbers, one column of 0 and 1 for each value"


def to_numpy(value: Any, argument: str) -> np.ndarray:
    """A tensor, pandas object, array or nested list as an array, or a ValueError.

    Examples
    --------
    >>> to_numpy([[1, 2]], "x").shape
    (1, 2)
    """
    try:
        value = readable(value)
        array = np.asarray(value)
        # numpy would turn None and NaN beside text into the labels 'None' and 'nan'.
        array = np.asarray(value, dtype=object) if _hides_non_text(value, array) else array
    except (TypeError, ValueError, RuntimeError):
        kind = type(value).__name__
        raise ValueError(
            f"{argument} must be a rectangular array, got a {kind} that cannot be read as one"
        ) from None
    if np.ma.is_masked(value):
        hidden = np.ma.getmaskarray(value).sum()
        raise ValueError(f"{argument} must have no masked values, got {hidden}")
    return array


def as_real(array: np.ndarray, argument: str) -> np.ndarray:
    """Numbers and truth values as a new float64 array; wider floats may become infinite.

    Raises
    ------
    ValueError
        For anything else.

    Examples
    --------
    >>> as_real(np.array([True, False]), "x")
    array([1., 0.])
    """
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{argument} must hold real numbers, got dtype {array.dtype}")
    with np.errstate(over="ignore"):
        return np.asarray(array.astype(np.float64))


def _hides_non_text(value: Any, array: np.ndarray) -> bool:
    flat_list = isinstance(value, list | tuple) and array.ndim == 1
    return flat_list and array.dtype.kind == "U" and not all(isinstance(v, str) for v in value)


def _copy(array: np.ndarray, argument: str) -> np.ndarray:
    """Half the memory for float32, and no digit less: who computes with it widens it first."""
    if array.dtype.kind not in "fiub":
        return as_real(array, argument)  # refused there
    dtype = np.float32 if array.dtype == np.float32 else np.float64
    copy = mapped.zeros(array.shape, dtype)
    with np.errstate(over="ignore"):
        for rows in mapped.blocks(copy):
            copy[rows] = array[rows]
            mapped.release(copy, array)
    return copy


def named_pairs(features: Any, kind: str = "2-D array") -> list[tuple[Any, Any]]:
    """A mapping, or a list of pairs, as pairs (name, value); names are not looked at.

    Raises
    ------
    ValueError
        For anything else; ``kind`` says there what a value should be.

    Examples
    --------
    >>> named_pairs({"text": 1, "audio": 2})
    [('text', 1), ('audio', 2)]
    """
    if isinstance(features, Mapping):
        return list(features.items())
    if isinstance(features, list | tuple) and all(
        isinstance(pair, list | tuple) and len(pair) == 2 for pair in features
    ):
        return [(key, value) for key, value in features]
    raise ValueError(
        f"features must map modality names to {kind}s, or be a list of (name, {kind}) pairs, "
        f"got {type(features).__name__}"
    )


def real_matrix(value: Any, argument: str) -> tuple[np.ndarray, tuple[str | int, ...]]:
    """A new [N, d] array and its column names (or indices): float32 if it was given so, else float64.

    A large array lies in a file.
    """
    if isinstance(value, pd.DataFrame):
        for position, column in enumerate(value.columns):
            dtype = value.dtypes.iloc[position]
            known = pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype)
            category = isinstance(dtype, pd.CategoricalDtype)
            if not known or category or pd.api.types.is_complex_dtype(dtype):
                raise ValueError(
                    f"{argument} must hold real numbers, got {dtype} in column {column!r}{_TEXT}"
                )
        matrix = _copy(value.to_numpy(dtype=np.float64, na_value=np.nan), argument)
        columns: tuple[str | int, ...] = tuple(str(column) for column in value.columns)
    else:
        # A study needs every entry of every row: a sparse matrix is small enough to be dense, or too large.
        array = to_numpy(value.toarray() if sparse.issparse(value) else value, argument)
        if array.ndim == 0:
            raise ValueError(
                f"{argument} must be a 2-D array [rows, features], got {type(value).__name__}"
            )
        if array.ndim != 2:
            advice = "; reshape(-1, 1) makes it one column" if array.ndim == 1 else ""
            raise ValueError(
                f"{argument} must be a 2-D array [rows, features], got shape {array.shape}{advice}"
            )
        if array.dtype.kind in "OUST":
            raise ValueError(f"{argument} must hold real numbers, got dtype {array.dtype}{_TEXT}")
        matrix = _copy(array, argument)
        # A shape such as (0, 300000000) takes no memory; a list of its columns would.
        columns = tuple(range(array.shape[1] if len(array) else 0))
    if 0 in matrix.shape:
        raise ValueError(
            f"{argument} must have at least one row and one column, got shape {matrix.shape}"
        )
    return matrix, columns


def check_finite(matrix: np.ndarray, columns: tuple[str | int, ...], argument: str) -> None:
    finite = True
    for rows in mapped.blocks(matrix):
        finite = finite and bool(np.isfinite(matrix[rows]).all())
        mapped.release(matrix)
    if not finite:
        bad = np.argwhere(~np.isfinite(matrix))
        row, column = bad[0]
        advice = (
            "; leave out its rows or columns, or impute it, best on rows that are no part of the study"
            if np.isnan(matrix[row, column])
            else ""
        )
        raise ValueError(
            f"{argument} must be finite, got {matrix[row, column]} in row {row}, "
            f"column {columns[column]!r} ({len(bad)} such value(s) in all){advice}"
        )
