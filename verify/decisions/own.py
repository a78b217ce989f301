"""Predictions or losses of the user's own models, on rows that none of them was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bounds.arrays import row_labels
from empirical.datasets.features import as_real, to_numpy
from empirical.modalities import Subset
from empirical.observations.rows import as_groups, as_order, as_weights
from empirical.observations.tables import load_table
from empirical.observations.targets import as_target, one_column
from empirical.streams import stream
from verify.certificates.columns import losses_of
from verify.certificates.rows import LEAST_UNITS
from verify.decisions.split import latest_of

# So much of the rows chooses what is compared; the rest certifies.
SHARE = 0.2


@dataclass(frozen=True, eq=False)
class Own:
    """What the user's models said, subset by subset.

    Parameters
    ----------
    names
        The modalities, in the order in which they appear.
    predictions
        Subset -> probabilities [n, k], numbers [n], or losses [n] if there is no target.
    target
        (n,) class codes or numbers; None where `predictions` are losses.
    classes
        Names of the classes; None for regression and for losses.
    units
        (n,) codes of groups, or of rows.
    chooses
        (n,) whether the row takes part in the choice of what is compared.
    grouped, weights
        Whether groups were given; (n,) weights or None.
    note
        What the target was taken for.
    """

    names: tuple[str, ...]
    predictions: dict[Subset, np.ndarray]
    target: np.ndarray | None
    classes: tuple[str, ...] | None
    units: np.ndarray
    chooses: np.ndarray
    grouped: bool
    weights: np.ndarray | None
    note: str


def read_own(
    predictions: Any,
    y: Any,
    *,
    groups: Any = None,
    order: Any = None,
    weights: Any = None,
    task: str | None = None,
    seed: int = 0,
) -> Own:
    """Check predictions, or losses where `y` is None, and divide the rows.

    Parameters
    ----------
    predictions
        Subset -> (n,) labels or numbers, or (n, k) probabilities in the order of the sorted classes
        (columns of a DataFrame go by their names). A subset is a name, names joined by "+", or a
        tuple of names; "" is a constant.

    Raises
    ------
    ValueError
        For anything that cannot be used, in one line.
    """
    if not isinstance(predictions, Mapping) or len(predictions) < 2:
        raise ValueError(
            "predictions must map at least two subsets of modalities to predictions, got"
            f" {len(predictions) if isinstance(predictions, Mapping) else type(predictions).__name__}"
        )
    read: dict[frozenset[str], tuple[Any, Any]] = {}
    names: list[str] = []
    for key, value in predictions.items():
        members = subset_of(key)
        if frozenset(members) in read:
            raise ValueError(f"predictions must have distinct subsets, got {key!r} twice")
        read[frozenset(members)] = (key, value)
        names += [name for name in members if name not in names]
    target, classes, note = None, None, "Losses were given."
    rows = None
    if y is not None:
        target, classes, _, note = as_target(y, task)
        rows = len(target)
    _same_labels(
        {"y": y}
        | {f"predictions[{key!r}]": value for key, value in predictions.items()}
        | {"groups": groups, "order": order, "weights": weights}
    )
    found: dict[Subset, np.ndarray] = {}
    for members_set, (key, value) in read.items():
        argument = f"predictions[{key!r}]"
        array = _as_losses(value, argument) if target is None else _as(value, classes, argument)
        rows = len(array) if rows is None else rows
        if len(array) != rows:
            raise ValueError(f"{argument} must have {rows} rows, got {len(array)}")
        found[tuple(name for name in names if name in members_set)] = array
    assert rows is not None
    units = np.arange(rows) if groups is None else _sized(as_groups(groups)[0], rows, "groups")
    when = None if order is None else _sized(as_order(order)[0], rows, "order")
    heavy = None if weights is None else _sized(as_weights(weights)[0], rows, "weights")
    return Own(
        tuple(names),
        dict(sorted(found.items(), key=lambda item: len(item[0]))),
        target,
        classes,
        units,
        _chooses(units, when, seed, groups is not None),
        groups is not None,
        heavy,
        note,
    )


def read_table(
    path: str,
    *,
    target: str | None = None,
    groups: str | None = None,
    order: str | None = None,
    weights: str | None = None,
) -> dict[str, Any]:
    """Arguments of `decide` from one table: the target, and a column of predictions per subset.

    Raises
    ------
    ValueError
        Beginning with the path, if a column is missing or the file cannot be read.
    """
    if not Path(path).is_file():
        raise ValueError(f"predictions must be a file that exists, got {path!r}")
    frame = load_table(Path(path))
    if target is None:
        raise ValueError(f"{path}: target must name the column that was predicted, got none")
    named = {"groups": groups, "order": order, "weights": weights}
    beside = {argument: column for argument, column in named.items() if column is not None}
    for column in (target, *beside.values()):
        if column not in frame.columns:
            raise ValueError(
                f"{path}: must have a column {column!r}, got {', '.join(frame.columns)}"
            )
    special = {target, *beside.values()}
    return {
        "predictions": {c: frame[c] for c in frame.columns if c not in special},
        "y": frame[target],
        **{argument: frame[column] for argument, column in beside.items()},
    }


def subset_of(key: Any) -> tuple[str, ...]:
    """The modalities that a key names.

    Examples
    --------
    >>> subset_of("text+audio"), subset_of(("text",)), subset_of("")
    (('text', 'audio'), ('text',), ())
    """
    members = key.split("+") if isinstance(key, str) else key
    if not isinstance(members, list | tuple | set | frozenset):
        raise ValueError(
            f"predictions must have subsets as keys, such as 'text+audio', got {key!r}"
        )
    listed = sorted(members) if isinstance(members, set | frozenset) else list(members)
    stripped = [each.strip() if isinstance(each, str) else each for each in listed]
    if stripped == [""]:
        return ()
    for each in stripped:
        if not isinstance(each, str) or not each:
            raise ValueError(f"a modality name must be a non-empty string, got {each!r} in {key!r}")
    if len(set(stripped)) < len(stripped):
        raise ValueError(f"a subset must name each modality once, got {key!r}")
    return tuple(stripped)


def _same_labels(arguments: Mapping[str, Any]) -> None:
    """Refuse rows with other labels than those of the first argument that has labels."""
    found = [(argument, row_labels(value)) for argument, value in arguments.items()]
    labelled = [(argument, labels) for argument, labels in found if labels is not None]
    for argument, labels in labelled[1:]:
        first, expected = labelled[0]
        if not labels.equals(expected):
            placed = sum(a == b for a, b in zip(labels, expected, strict=False))
            raise ValueError(
                f"{argument} must have the row labels of {first} in the same order, got {placed} of"
                f" {len(labels)} in their places"
            )


def _as_losses(value: Any, argument: str) -> np.ndarray:
    losses = losses_of(argument, value)
    if losses.min() < 0:
        raise ValueError(f"{argument} must hold non-negative losses, got {losses.min():g}")
    return losses


def _as(value: Any, classes: tuple[str, ...] | None, argument: str) -> np.ndarray:
    if classes is None:
        array = _real(value, argument)
        array = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
        if array.ndim != 1:
            raise ValueError(f"{argument} must be one number per row, got shape {array.shape}")
        return array
    if isinstance(value, pd.DataFrame) and value.shape[1] == len(classes):
        named = [str(column) for column in value.columns]
        if set(named) == set(classes):
            value = value.set_axis(named, axis=1)[list(classes)].to_numpy()
    array = to_numpy(value, argument)
    if array.ndim == 2 and array.shape[1] > 1:
        return _probabilities(_real(value, argument), classes, argument)
    column, _ = one_column(value, argument)
    codes = {name: code for code, name in enumerate(classes)}
    labels = [_label(each) for each in column]
    if all(label in codes for label in labels):
        return np.eye(len(classes))[[codes[label] for label in labels]]
    if len(classes) == 2 and array.dtype.kind == "f":
        second = _real(value, argument).reshape(-1)
        outside = second[(second < 0) | (second > 1)]
        if len(outside):
            raise ValueError(
                f"{argument} must hold probabilities of {classes[1]!r}, from 0 to 1, got"
                f" {outside[0]:g}; leave out what is no prediction"
            )
        return _probabilities(np.stack([1 - second, second], axis=1), classes, argument)
    odd = next(label for label in labels if label not in codes)
    raise ValueError(
        f"{argument} must hold labels that y has, or probabilities, got {odd!r}; leave out what is no"
        " prediction"
    )


def _label(value: Any) -> str:
    whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value)) if whole else str(value)


def _probabilities(array: np.ndarray, classes: tuple[str, ...], argument: str) -> np.ndarray:
    if array.shape[1] != len(classes):
        raise ValueError(
            f"{argument} must have one column per class, {len(classes)}, got {array.shape[1]}"
        )
    if (array < 0).any() or (np.abs(array.sum(axis=1) - 1) > 1e-3).any():
        raise ValueError(
            f"{argument} must hold probabilities that sum to 1 in each row, got a row that sums to"
            f" {array.sum(axis=1)[np.abs(array.sum(axis=1) - 1).argmax()]:g} or an entry of"
            f" {array.min():g}"
        )
    return np.asarray(array / array.sum(axis=1, keepdims=True))


def _real(value: Any, argument: str) -> np.ndarray:
    numbers = as_real(to_numpy(value, argument), argument)
    if not np.isfinite(numbers).all():
        row = int(np.argwhere(~np.isfinite(numbers))[0][0])
        raise ValueError(f"{argument} must be finite, got {numbers[row]} in row {row}")
    return numbers


def _sized(values: np.ndarray, rows: int, argument: str) -> np.ndarray:
    if len(values) != rows:
        raise ValueError(f"{argument} must have {rows} rows, got {len(values)}")
    return values


def _chooses(units: np.ndarray, when: np.ndarray | None, seed: int, grouped: bool) -> np.ndarray:
    """A fifth of the units, the earliest if there is an order in time."""
    n = int(units.max()) + 1
    count = max(LEAST_UNITS, round(SHARE * n))
    if n - count < LEAST_UNITS:
        what = "groups" if grouped else "rows"
        raise ValueError(
            f"predictions must be of at least {2 * LEAST_UNITS} {what}, got {n}: {LEAST_UNITS} choose"
            " what is compared, the others certify"
        )
    if when is None:
        ranks = stream(seed, "split", n).permutation(n)
    else:
        ranks = np.argsort(np.argsort(latest_of(units, when), kind="stable"), kind="stable")
    return np.asarray((ranks < count)[units])
