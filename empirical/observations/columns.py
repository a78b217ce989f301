"""One modality in whatever form it came, as a matrix of numbers with named columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from empirical.datasets.features import to_numpy
from empirical.observations.observations import Features
from empirical.observations.one_hot import one_hot

BLOCK = 2_000_000
"""Entries looked at in one go, so that a check of a large matrix needs little memory."""


@dataclass(frozen=True, eq=False)
class Columns:
    """A modality as numbers: (n, d) values, d names, and which rows have it.

    ``labels`` is the index of a pandas object, None where rows are known by position alone.
    ``notes`` says in sentences what was read in a way that the user may not expect.
    """

    values: Features
    names: tuple[str, ...]
    present: np.ndarray
    labels: pd.Index | None
    notes: tuple[str, ...]


def as_columns(value: Any, name: str) -> Columns:
    """A modality from an array, tensor, frame, series, sparse matrix or list.

    Parameters
    ----------
    value
        (n, d) real numbers, booleans (0 and 1) or text (one column for each text), or n of them,
        which make one column. A row that is missing altogether is absent.
    name
        The name of the modality, for messages and for the column of a 1-D array.

    Raises
    ------
    ValueError
        For complex numbers, masked values, dates, more than two dimensions, infinity, or a row with
        some values missing.

    Examples
    --------
    >>> read = as_columns(pd.DataFrame({"hz": [1.5, 2.0, np.nan], "on": [True, False, None]}), "audio")
    >>> read.names, read.present.tolist()
    (('hz', 'on=False', 'on=True'), [True, True, False])
    """
    argument = f"features[{name!r}]"
    notes: list[str] = []
    value, labels = plain(value, argument)
    if sparse.issparse(value):
        values, names = _sparse(value, argument), None
    elif isinstance(value, pd.DataFrame):
        values, names = _frame(value, argument, notes)
    else:
        if value.ndim == 1:
            notes.append(f"{name} is a 1-D array, read as one column.")
            value = value[:, None]
        if value.ndim != 2:
            raise ValueError(
                f"{argument} must have two dimensions (rows, columns), got shape {value.shape}"
            )
        values, names = _numbers(value, argument), None
    if 0 in values.shape:
        raise ValueError(
            f"{argument} must have at least one row and one column, got shape {values.shape}"
        )
    if names is None:
        one = values.shape[1] == 1
        names = (name,) if one else tuple(str(index) for index in range(values.shape[1]))
    return Columns(values, names, _present(values, names, argument, labels), labels, tuple(notes))


def take(columns: Columns, positions: np.ndarray | None) -> Columns:
    """The rows at these positions in this order; absent where the position is −1; all for None.

    Examples
    --------
    >>> take(as_columns([[1.0], [2.0]], "a"), np.array([1, -1])).values
    array([[ 2.],
           [nan]])
    """
    if positions is None:
        return columns
    there = positions >= 0
    values = columns.values[np.maximum(positions, 0)]
    if isinstance(values, np.ndarray):
        values[~there] = np.nan
        values.flags.writeable = False
    elif not there.all():
        values = sparse.csr_matrix(sparse.diags(there.astype(np.float64)) @ values)
        values.eliminate_zeros()
    return replace(
        columns, values=values, present=columns.present[np.maximum(positions, 0)] & there
    )


def plain(value: Any, argument: str) -> tuple[Any, pd.Index | None]:
    """A value as a sparse matrix, a DataFrame (where there are names or text) or a numpy array.

    Returns
    -------
    tuple
        The value, and the labels of its rows, None if it has none.

    Raises
    ------
    ValueError
        For masked values, complex numbers, and what cannot be read as an array.
    """
    labels: pd.Index | None = None
    if sparse.issparse(value):
        return value, None
    if hasattr(value, "to_pandas") and not hasattr(value, "detach"):  # polars, pyarrow, xarray
        value = value.to_pandas()
        labels = own_labels(value.index)
    elif isinstance(value, pd.Series | pd.DataFrame):
        labels = value.index
    if isinstance(value, pd.Series):
        value = value.to_frame(value.name if value.name is not None else argument)
    if isinstance(value, pd.DataFrame):
        if len(value.columns) and all(isinstance(t, pd.SparseDtype) for t in value.dtypes):
            stored: Any = value.sparse
            return stored.to_coo(), labels
        return value, labels
    if getattr(value, "is_sparse", False):  # a tensor
        value = value.to_dense()
    array = to_numpy(value, argument)
    if array.dtype.kind == "c":
        raise ValueError(f"{argument} must hold real numbers, got dtype {array.dtype}")
    if array.dtype.kind in "fiub":
        return array, None
    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8", "backslashreplace")
    if array.ndim > 2:
        raise ValueError(
            f"{argument} must have two dimensions (rows, columns), got shape {array.shape}"
        )
    if array.ndim == 0:
        raise ValueError(f"{argument} must be a table or a list of rows, got {value!r}")
    # A list that mixes text and numbers would become text throughout; a frame keeps columns apart.
    source = value if isinstance(value, list | tuple) else array
    return pd.DataFrame(source).infer_objects(), None


def own_labels(index: pd.Index) -> pd.Index | None:
    """An index that names rows; None for one that only counts them from 0."""
    counts = isinstance(index, pd.RangeIndex) and index.start == 0 and index.step == 1
    return None if counts else index


def blocks(values: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """A matrix in pieces of whole rows, each with the number of its first row."""
    step = max(1, BLOCK // max(1, values.shape[1]))
    for first in range(0, len(values), step):
        yield first, values[first : first + step]


def _sparse(value: Any, argument: str) -> sparse.csr_matrix:
    if value.dtype.kind not in "fiub":
        raise ValueError(f"{argument} must hold real numbers, got dtype {value.dtype}")
    if value.ndim != 2:
        raise ValueError(f"{argument} must have two dimensions, got shape {value.shape}")
    matrix = sparse.csr_matrix(value).astype(np.float64)
    if not matrix.has_canonical_format:
        matrix = matrix.copy()
        matrix.sum_duplicates()
    return matrix


def _numbers(array: np.ndarray, argument: str) -> np.ndarray:
    """A read-only view of floats, or a copy as float64: no value changes, whatever its size."""
    narrow = array.dtype in (np.float32, np.float64)
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    elif not narrow:
        with np.errstate(over="ignore"):  # a longer float may become infinite, and is refused then
            array = array.astype(np.float64)
    view = array.view(np.ndarray)
    view.flags.writeable = False
    return view


def _frame(
    frame: pd.DataFrame, argument: str, notes: list[str]
) -> tuple[np.ndarray, tuple[str, ...]]:
    names = [_text(column) for column in frame.columns]
    if all(isinstance(t, np.dtype) and t.kind in "fiub" for t in frame.dtypes):
        return _numbers(frame.to_numpy(), argument), tuple(names)
    absent = frame.isna().all(axis=1).to_numpy()
    pieces: list[np.ndarray] = []
    found: list[str] = []
    for position, name in enumerate(names):
        column = frame.iloc[:, position]
        if _is_text(column, name, argument):
            wide, texts = one_hot(column[~absent], name, argument)
            piece = np.full((len(frame), wide.shape[1]), np.nan)
            piece[~absent] = wide
            pieces.append(piece)
            found += texts
            shown = ", ".join(texts[:4]) + (", …" if len(texts) > 4 else "")
            notes.append(f"{argument}: {name} holds text, read as {len(texts)} columns: {shown}.")
        else:
            pieces.append(_column_numbers(column, name, argument)[:, None])
            found.append(name)
    return np.concatenate(pieces, axis=1) if pieces else np.empty((len(frame), 0)), tuple(found)


def _text(label: Any) -> str:
    return ".".join(map(str, label)) if isinstance(label, tuple) else str(label)


def _is_text(column: pd.Series, name: str, argument: str) -> bool:
    """Whether a column holds categories; an error if it holds neither these nor numbers."""
    kinds = pd.api.types
    dtype = column.dtype
    if kinds.is_object_dtype(dtype):
        held = {type(value) for value in column if not _is_missing(value)}
        if all(issubclass(kind, str | bool | np.bool_) for kind in held):
            return bool(held)
        if not any(issubclass(kind, str | complex | np.complexfloating) for kind in held):
            return False
        kinds_held = " and ".join(sorted(kind.__name__ for kind in held))
        raise ValueError(
            f"{argument} must hold numbers or text in each column, got {kinds_held} in {name!r}"
        )
    if isinstance(dtype, pd.CategoricalDtype) or kinds.is_string_dtype(dtype):
        return True
    if kinds.is_bool_dtype(dtype):
        return bool(column.isna().any())  # true, false and missing are three categories
    if kinds.is_numeric_dtype(dtype) and not kinds.is_complex_dtype(dtype):
        return False
    raise ValueError(f"{argument} must hold real numbers or text, got {dtype} in column {name!r}")


def _is_missing(value: Any) -> bool:
    missing = pd.isna(value)
    return isinstance(missing, bool) and missing


def _column_numbers(column: pd.Series, name: str, argument: str) -> np.ndarray:
    try:
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError, OverflowError):
        kind = next((type(v).__name__ for v in column if not _is_missing(v)), "nothing")
        raise ValueError(
            f"{argument} must hold real numbers or text, got {kind} in column {name!r}"
        ) from None


def _present(
    values: Features, names: tuple[str, ...], argument: str, labels: pd.Index | None
) -> np.ndarray:
    """Which rows are there: finite ones. A row of NaN is absent, and anything else is an error."""
    present = np.ones(values.shape[0], dtype=bool)
    if not isinstance(values, np.ndarray):
        bad = np.flatnonzero(~np.isfinite(values.data))
        if len(bad):
            row = int(np.searchsorted(values.indptr, bad[0], side="right")) - 1
            _refuse(values.data[bad[0]], row, names[values.indices[bad[0]]], argument, labels)
        return present
    for first, block in blocks(values):
        finite = np.isfinite(block)
        whole = finite.all(axis=1)
        if whole.all():
            continue
        for row in map(int, np.flatnonzero(~whole)):
            if np.isnan(block[row]).all():
                present[first + row] = False
            else:
                column = int(np.flatnonzero(~finite[row])[0])
                _refuse(block[row, column], first + row, names[column], argument, labels)
    if not present.any():
        raise ValueError(f"{argument} must be present in at least one row, got none")
    return present


def _refuse(value: float, row: int, column: str, argument: str, labels: pd.Index | None) -> None:
    named = None if labels is None else own_labels(labels)
    where = f"row {row}" if named is None else f"row {row} (labelled {named[row]!r})"
    advice = (
        "; impute it on the training part, leave out the row or the column, or make the whole row "
        "of this modality NaN if it was not recorded"
    )
    raise ValueError(
        f"{argument} must be finite, got {value} in {where}, column {column!r}"
        + (advice if np.isnan(value) else "")
    )
