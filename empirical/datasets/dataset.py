"""Row-aligned features of several modalities, checked once at the edge.

Everything behind this module may rely on finite features in float64 or float32 without constant columns
and on a target that varies. Each way in which input can be wrong is one ValueError line that names the
argument, what it must be and what it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bounds.arrays import same_rows
from bounds.characters import printable
from empirical import mapped
from empirical.datasets.features import check_finite, named_pairs, real_matrix, to_numpy
from empirical.modalities import check_names

TASKS = ("classification", "regression")
# Integers with at most so many distinct values are read as class labels.
MOST_INTEGER_CLASSES = 20
# Closer together, differences of targets lose digits or are zero.
_LEAST_SPREAD = 1e-290


@dataclass(frozen=True, eq=False)
class Dataset:
    """Row-aligned features of K ≥ 2 modalities and one target, N rows in all.

    ``modalities``: name → [N, d_k], float64, or float32 if given so; finite, no constant column, in the
    order given.
    ``target``: [N]; int64 codes 0…c−1 into ``classes`` (classification) or float64 (regression).
    ``classes``: the labels as text, sorted as they were (numbers by value); empty for regression.
    ``dropped``: name → the constant columns left out (names for DataFrames, else indices), only for
    modalities that lost one. ``train_rows``: the first so many rows are the source's own training
    split, None if it has none. ``bundled``: whether it comes with the library; a user's file may have the
    name of a bundled set.
    """

    name: str
    modalities: dict[str, np.ndarray]
    target: np.ndarray
    task: str
    classes: tuple[str, ...]
    dropped: dict[str, tuple[str | int, ...]]
    description: str
    train_rows: int | None = None
    bundled: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The modalities' names, in order."""
        return tuple(self.modalities)

    @property
    def rows(self) -> int:
        """N, the number of rows."""
        return len(self.target)

    def __repr__(self) -> str:
        widths = ", ".join(f"{name} ({x.shape[1]})" for name, x in self.modalities.items())
        return f"Dataset({self.name}: {self.rows:,} rows, {self.task}; {widths})"


def from_arrays(
    features: Mapping[str, Any] | Iterable[tuple[str, Any]],
    y: Any,
    *,
    task: str | None = None,
    name: str = "user features",
    description: str = "",
    train_rows: int | None = None,
) -> Dataset:
    """A checked ``Dataset`` from the user's own features; nothing is shared with the input.

    ``features``: modality name → [N, d_k] array, sparse matrix, DataFrame or tensor of real numbers
    or booleans (read as 0 and 1); or a list of (name, array) pairs. Rows are aligned by position; pandas
    objects whose indexes share labels without being equal are refused. ``y``: [N], array,
    Series, tensor or list. Text, booleans, categories and integers with at most 20 distinct values
    mean classification, anything else regression; ``task`` overrides this. Classification of floats
    needs integer values, and more than 20 classes need at least two rows each on average (row
    numbers are no labels). Constant columns (exactly equal in all rows) are dropped and recorded.

    Raises
    ------
    ValueError
        For anything a study could not use: fewer than two modalities, a name that is empty, no
        string or given twice, a non-2-D or non-numeric array, NaN or infinity (naming modality, row
        and column), rows that do not align, no rows, a modality without a varying column, a target
        that is missing values, has one class or is constant.

    Examples
    --------
    >>> data = from_arrays({"a": [[0.0, 1], [2, 1]], "b": [[3.0], [5]]}, ["no", "yes"])
    >>> data.task, data.classes, data.target.tolist(), data.dropped
    ('classification', ('no', 'yes'), [0, 1], {'a': (1,)})
    """
    pairs = named_pairs(features)
    check_names(key for key, _ in pairs)
    check_task(task)
    rows = dict(pairs)
    same_rows({**rows, "y" if "y" not in rows else "the target": y})
    labels = to_numpy(y, "y")
    if labels.ndim == 2 and labels.shape[1] == 1:
        raise ValueError(f"y must be a 1-D array, got shape {labels.shape}; ravel() makes it one")
    if labels.ndim != 1:
        raise ValueError(f"y must be a 1-D array, got shape {labels.shape}")
    if len(labels) == 0:
        raise ValueError("y must have at least one row, got none")
    modalities, dropped = {}, {}
    for key, value in pairs:
        matrix, columns = real_matrix(value, f"features[{key!r}]")
        if len(matrix) != len(labels):
            raise ValueError(
                f"features[{key!r}] must have as many rows as y, {len(labels)}, got {len(matrix)}"
            )
        check_finite(matrix, columns, f"features[{key!r}]")
        # Exact equality: a column of one repeated float32 number stays exact in float64, and any
        # tolerance would also throw away real but tiny variation.
        varies = np.zeros(matrix.shape[1], dtype=bool)
        for some in mapped.blocks(matrix):
            varies |= (matrix[some] != matrix[0]).any(axis=0)
            mapped.release(matrix)
        if not varies.any():
            raise ValueError(
                f"features[{key!r}] must have a column that varies, got {matrix.shape[1]} "
                f"constant column(s) over {len(matrix)} row(s)"
            )
        modalities[key] = matrix
        if not varies.all():
            modalities[key] = mapped.copied(matrix, varies)
            dropped[key] = tuple(c for c, keep in zip(columns, varies, strict=True) if not keep)
    categorical = isinstance(getattr(y, "dtype", None), pd.CategoricalDtype)
    target, classes = _target(labels, "classification" if categorical and task is None else task)
    return Dataset(
        printable(name),
        modalities,
        target,
        "classification" if classes else "regression",
        classes,
        dropped,
        description,
        train_rows,
    )


def check_task(task: str | None) -> None:
    """Raise ValueError unless the task is one of ``TASKS``, or None.

    Examples
    --------
    >>> check_task("ranking")
    Traceback (most recent call last):
    ...
    ValueError: task must be classification or regression, got 'ranking'
    """
    if task is not None and task not in TASKS:
        raise ValueError(f"task must be {' or '.join(TASKS)}, got {task!r}")


def check_classes(argument: str, classes: int, rows: int) -> None:
    """Raise ValueError for more than 20 classes with less than two rows each on average.

    Examples
    --------
    >>> check_classes("y", 50, 50)
    Traceback (most recent call last):
    ...
    ValueError: y must have at least two rows per class on average, got 50 classes in 50 rows
    """
    if classes > MOST_INTEGER_CLASSES and 2 * classes > rows:
        raise ValueError(
            f"{argument} must have at least two rows per class on average, got {classes} classes "
            f"in {rows} rows"
        )


def _target(labels: np.ndarray, task: str | None) -> tuple[np.ndarray, tuple[str, ...]]:
    """Codes and class names, or float64 values and no class names."""
    labels = _plain_labels(labels)
    text = labels.dtype.kind == "U"
    if text and task == "regression":
        raise ValueError(f"y must hold numbers for regression, got text such as {str(labels[0])!r}")
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        row = int(np.flatnonzero(~np.isfinite(labels))[0])
        raise ValueError(f"y must be finite, got {labels[row]} in row {row}")
    values, codes = np.unique(labels, return_inverse=True)
    few = len(values) <= MOST_INTEGER_CLASSES
    if task is None:
        by_label = text or labels.dtype.kind == "b" or (labels.dtype.kind in "iu" and few)
        task = "classification" if by_label else "regression"
    if task == "regression":
        if len(values) < 2:
            raise ValueError(f"y must vary for regression, got the constant {values[0]}")
        return _real_target(labels), ()
    if labels.dtype.kind == "f":
        if (values != np.rint(values)).any():
            odd = values[values != np.rint(values)][0]
            raise ValueError(f"y must hold labels or integers for classification, got {odd}")
        names = tuple(str(int(value)) for value in values)
    else:
        names = tuple(str(value) for value in values)
    if len(names) < 2:
        raise ValueError(f"y must have at least two classes, got only {names[0]!r}")
    check_classes("y", len(names), len(labels))
    return codes.astype(np.int64), names


def _real_target(labels: np.ndarray) -> np.ndarray:
    """Float64 values that are as far apart as the labels were."""
    values = labels.astype(np.float64)
    if labels.dtype.kind in "iu":
        # Compared as integers: numpy would compare both as floats. Smaller ones are exact.
        large = np.abs(values) >= 2.0**53
        for value, label in zip(values[large], labels[large], strict=True):
            if int(value) != int(label):
                raise ValueError(
                    "y must hold integers that float64 can hold (all up to 2**53), got"
                    f" {int(label)}; subtract a constant first"
                )
    with np.errstate(over="ignore", invalid="ignore"):
        spread = float(np.ptp(values / 2))
    if spread < _LEAST_SPREAD:
        raise ValueError(
            f"y must vary by at least {2 * _LEAST_SPREAD:g} for regression, got values from"
            f" {values.min():g} to {values.max():g}; use a larger unit"
        )
    return values


def _plain_labels(labels: np.ndarray) -> np.ndarray:
    """Labels as text, booleans, integers or floats; objects only if all of one of these kinds."""
    if labels.dtype.kind == "S":
        return np.char.decode(labels, "utf-8", "backslashreplace")
    if labels.dtype.kind == "T" or labels.dtype.kind == "O":
        objects = labels.tolist()
        for row, value in enumerate(objects):
            missing = pd.isna(value)
            if isinstance(missing, bool) and missing:
                raise ValueError(f"y must have a value in every row, got {value!r} in row {row}")
        texts = sum(isinstance(value, str) for value in objects)
        if texts == len(objects):
            return np.array(objects, dtype=np.str_)
        if texts == 0 and all(np.isscalar(value) for value in objects):
            labels = np.array(objects)
    if labels.dtype.kind not in "Ubiuf":
        raise ValueError(
            f"y must hold text labels or real numbers, got dtype {labels.dtype} "
            f"such as {labels[0]!r}"
        )
    return labels
