"""Features, a target and whatever else is known, as they lie in memory, made into one ``Observations``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from bounds.characters import printable
from empirical import mapped
from empirical.datasets.dataset import Dataset
from empirical.datasets.features import named_pairs
from empirical.modalities import distinct_names
from empirical.observations.alignment import align_rows
from empirical.observations.columns import as_columns, take
from empirical.observations.observations import Observations
from empirical.observations.review import review
from empirical.observations.rows import as_groups, as_order, as_train, as_weights
from empirical.observations.targets import as_target


def observe(
    features: Mapping[str, Any] | Iterable[tuple[str, Any]],
    target: Any,
    *,
    groups: Any = None,
    order: Any = None,
    weights: Any = None,
    train: Any = None,
    task: str | None = None,
    align: str | None = None,
    name: str = "data",
) -> Observations:
    """Checked observations from arrays, frames, tensors, sparse matrices or lists.

    Parameters
    ----------
    features
        Modality name → (n, d) values; see ``as_columns``.
    target
        (n,) labels or numbers; see ``as_target``.
    groups, order, weights, train
        (n,) each, or None; see ``as_groups``, ``as_order``, ``as_weights`` and ``as_train``.
    task
        "classification" or "regression"; by default the target tells.
    align
        How rows of pandas objects find each other: None if their labels must be the same, in any
        order; "inner" to keep the rows that all have; "outer" to take a modality as absent where
        its row is missing; "position" to ignore labels.
    name
        What the data are called.

    Raises
    ------
    ValueError
        Naming the argument, what it must be and what it was.

    Examples
    --------
    >>> seen = observe({"text": [[0.5], [1.5]], "audio": [[2.0, 1], [3, 1]]}, ["no", "yes"])
    >>> seen.task, seen.classes, seen.target
    ('classification', ('no', 'yes'), array([0, 1]))
    """
    tables = {key: as_columns(value, key) for key, value in _named(features)}
    codes, classes, labels, why = as_target(target, task)
    beside = {
        argument: read(value)
        for argument, value, read in (
            ("groups", groups, as_groups),
            ("order", order, as_order),
            ("weights", weights, as_weights),
            ("train", train, as_train),
        )
        if value is not None
    }
    arguments = {f"features[{key!r}]": each for key, each in tables.items()}
    index = {argument: each.labels for argument, each in arguments.items()}
    index |= {"target": labels} | {argument: each[1] for argument, each in beside.items()}
    lengths = {argument: each.values.shape[0] for argument, each in arguments.items()}
    lengths |= {"target": len(codes)} | {a: len(each[0]) for a, each in beside.items()}
    aligned = align_rows(index, lengths, "target", align)
    positions = aligned.positions
    taken = {key: take(each, positions[f"features[{key!r}]"]) for key, each in tables.items()}
    kept: dict[str, Any] = dict.fromkeys(("groups", "order", "weights", "train"))
    kept |= {a: _whole(a, each[0], positions[a]) for a, each in beside.items()}
    known = Observations(
        features={key: each.values for key, each in taken.items()},
        columns={key: each.names for key, each in taken.items()},
        present={key: each.present for key, each in taken.items()},
        target=_whole("target", codes, positions["target"]),
        classes=classes,
        name=printable(name),
        notes=(),
        warnings=(),
        **kept,
    )

    def row_name(row: int) -> str:
        return f"row {row}" if aligned.labels is None else f"row {row} ({aligned.labels[row]})"

    notes, warnings = review(known, row_name)
    mapped.release(*(each for each in known.features.values() if isinstance(each, np.ndarray)))
    read_as = [note for each in tables.values() for note in each.notes]
    notes = [why, *read_as, *aligned.notes, *notes]
    return replace(known, notes=tuple(notes), warnings=tuple(warnings))


def observed(data: Dataset) -> Observations:
    """The rows of a data set, with the training part that it came with.

    Examples
    --------
    >>> from empirical.datasets.dataset import from_arrays
    >>> data = from_arrays({"a": [[0.0], [1]], "b": [[2.0], [1]]}, ["no", "yes"], train_rows=1)
    >>> observed(data).train
    array([ True, False])
    """
    target = np.array(data.classes)[data.target] if data.classes else data.target
    train = None if data.train_rows is None else np.arange(data.rows) < data.train_rows
    return observe(data.modalities, target, task=data.task, train=train, name=data.name)


def _whole(argument: str, values: np.ndarray, positions: np.ndarray | None) -> np.ndarray:
    """The values in the order of the kept rows, all of which must have one."""
    if positions is None:
        return values
    if (positions < 0).any():
        raise ValueError(
            f"{argument} must have a value in every row, got none for {int((positions < 0).sum())} rows"
        )
    chosen: np.ndarray = values[positions]
    return chosen


def _named(features: Any) -> list[tuple[str, Any]]:
    pairs = named_pairs(features, "table")
    if not pairs:
        raise ValueError("features must hold at least one modality, got none")
    distinct_names(key for key, _ in pairs)
    return pairs
