"""The target in whatever form it came: class codes, or numbers, and the reason for the one or the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from empirical.datasets.dataset import MOST_INTEGER_CLASSES, check_classes, check_task
from empirical.observations.columns import plain


def as_target(
    value: Any, task: str | None
) -> tuple[np.ndarray, tuple[str, ...] | None, pd.Index | None, str]:
    """Codes and class names, or float64 numbers and None; the labels of rows; what was inferred.

    Parameters
    ----------
    value
        (n,) labels or numbers of any type.
    task
        "classification", "regression", or None: then the target must leave no doubt.

    Raises
    ------
    ValueError
        If values are missing, if the target does not vary, or if ``task`` is None and the target
        holds many distinct integers, or floats that are few whole numbers.

    Examples
    --------
    >>> as_target(["sad", "glad", "sad"], None)[:2]
    (array([1, 0, 1]), ('glad', 'sad'))
    """
    check_task(task)
    column, labels = one_column(value, "target")
    if len(column) == 0:
        raise ValueError("target must have at least one row, got none")
    missing = np.flatnonzero(column.isna().to_numpy())
    if len(missing):
        raise ValueError(
            f"target must have a value in every row, got none in row {missing[0]} "
            f"({len(missing)} such row(s) in all); leave these rows out"
        )
    names, why = _class_names(column)
    if names is None and pd.api.types.is_object_dtype(column.dtype):
        column = _as_numbers(column)
    distinct = column.nunique()
    if distinct < 2:
        raise ValueError(f"target must vary, got {column.iloc[0]!s} in all {len(column)} rows")
    if names is None and task is None:
        task, why = _infer(column, distinct)
    elif names is not None:
        if task == "regression":
            shown = str(column.iloc[0])
            raise ValueError(f"target must hold numbers for regression, got {shown!r} ({why})")
        task = "classification"
    else:
        why = f"task={task} was given"
    if task == "regression":
        numbers = _finite(column)
        return numbers, None, labels, f"Regression: {why}."
    codes, classes = _codes(column, names)
    check_classes("target", len(classes), len(codes))
    return codes, classes, labels, f"Classification with {len(classes)} classes: {why}."


def one_column(value: Any, argument: str) -> tuple[pd.Series, pd.Index | None]:
    """A 1-D value, or a table with one column, as a Series, and the labels of its rows.

    Raises
    ------
    ValueError
        For more columns or dimensions, complex numbers, and masked values.
    """
    value, labels = plain(value, argument)
    if sparse.issparse(value):
        value = value.toarray()
    if isinstance(value, pd.DataFrame):
        if value.shape[1] != 1:
            raise ValueError(f"{argument} must be one column, got {value.shape[1]}")
        return value.iloc[:, 0].reset_index(drop=True), labels
    if value.ndim == 2 and value.shape[1] == 1:
        value = value[:, 0]
    if value.ndim != 1:
        raise ValueError(f"{argument} must be a 1-D array, got shape {value.shape}")
    return pd.Series(value), labels


def _class_names(column: pd.Series) -> tuple[Sequence[Any] | None, str]:
    """The classes in order, and why, if the type of a column says that it holds labels."""
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return list(
            column.cat.remove_unused_categories().cat.categories
        ), "the target is categorical"
    if pd.api.types.is_bool_dtype(dtype):
        return [v for v in (False, True) if (column == v).any()], "the target is true or false"
    if pd.api.types.is_object_dtype(dtype):
        held = {type(value) for value in column}
        if all(issubclass(kind, bool | np.bool_) for kind in held):
            return [v for v in (False, True) if (column == v).any()], "the target is true or false"
        if not all(issubclass(kind, str) for kind in held):
            return None, ""
    elif not pd.api.types.is_string_dtype(dtype):
        return None, ""
    return sorted(column.astype(str).unique()), "the target is text"


def _as_numbers(column: pd.Series) -> pd.Series:
    """Objects that are all numbers as numbers."""
    kinds = sorted({type(value).__name__ for value in column})
    try:
        numbers = pd.to_numeric(column)
    except (TypeError, ValueError, OverflowError):
        numbers = column
    if any(issubclass(type(value), str) for value in column) or numbers.dtype == object:
        raise ValueError(
            f"target must hold labels of one kind, or numbers, got {' and '.join(kinds)}"
        )
    return numbers


def _infer(column: pd.Series, distinct: int) -> tuple[str, str]:
    _check_real(column)
    few = distinct <= MOST_INTEGER_CLASSES
    ask = "pass task='classification' (--task classification) if they are labels, else regression"
    if pd.api.types.is_integer_dtype(column.dtype):
        if few:
            return "classification", (
                f"the target holds {distinct} distinct integers, read as labels; "
                "pass task='regression' if they are amounts"
            )
        raise ValueError(
            f"task must be given for a target of integers with many distinct values, got {distinct} "
            f"of them in {len(column)} rows; {ask}"
        )
    numbers = _finite(column)
    if few and (numbers == np.rint(numbers)).all():
        raise ValueError(
            f"task must be given for a target of floats that are few whole numbers, got {distinct} "
            f"distinct values such as {numbers[0]}; {ask}"
        )
    return "regression", f"the target holds floats with {distinct} distinct values"


def _check_real(column: pd.Series) -> None:
    kinds = pd.api.types
    if not kinds.is_numeric_dtype(column.dtype) or kinds.is_complex_dtype(column.dtype):
        raise ValueError(f"target must hold labels or real numbers, got {column.dtype}")


def _finite(column: pd.Series) -> np.ndarray:
    _check_real(column)
    numbers = column.to_numpy(dtype=np.float64)
    bad = np.flatnonzero(~np.isfinite(numbers))
    if len(bad):
        raise ValueError(f"target must be finite, got {numbers[bad[0]]} in row {bad[0]}")
    return numbers


def _codes(column: pd.Series, names: Sequence[Any] | None) -> tuple[np.ndarray, tuple[str, ...]]:
    if names is not None:
        code = {name: index for index, name in enumerate(names)}
        return np.array([code[value] for value in column], np.int64), tuple(map(str, names))
    _check_real(column)
    if pd.api.types.is_integer_dtype(column.dtype):
        values, codes = np.unique(column.to_numpy(), return_inverse=True)
        return codes.astype(np.int64), tuple(str(value) for value in values)
    numbers = _finite(column)
    values, codes = np.unique(numbers, return_inverse=True)
    odd = values[values != np.rint(values)]
    if len(odd):
        raise ValueError(
            f"target must hold labels or whole numbers for classification, got {odd[0]}"
        )
    return codes.astype(np.int64), tuple(str(int(value)) for value in values)
