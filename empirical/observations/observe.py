"""Features, a target and whatever else is known, as they lie in memory, made into one ``Observations``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from empirical.observations.columns import as_columns
from empirical.observations.observations import Observations
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
    pairs = _pairs(features)
    modalities = {key: as_columns(value, key) for key, value in pairs}
    codes, classes, _, why = as_target(target, task)
    kept = {
        argument: None if value is None else read(value)[0]
        for argument, value, read in (
            ("groups", groups, as_groups),
            ("order", order, as_order),
            ("weights", weights, as_weights),
            ("train", train, as_train),
        )
    }
    lengths = {f"features[{key!r}]": each.values.shape[0] for key, each in modalities.items()}
    lengths |= {argument: len(value) for argument, value in kept.items() if value is not None}
    for argument, length in lengths.items():
        if length != len(codes):
            raise ValueError(
                f"{argument} must have as many rows as the target, {len(codes)}, got {length}"
            )
    notes = [why, *(note for each in modalities.values() for note in each.notes)]
    for key, each in modalities.items():
        absent = int(np.sum(~each.present))
        if absent:
            notes.append(f"{key} is missing in {absent} of {len(codes)} rows.")
    return Observations(
        features={key: each.values for key, each in modalities.items()},
        columns={key: each.names for key, each in modalities.items()},
        present={key: each.present for key, each in modalities.items()},
        target=codes,
        classes=classes,
        name=name,
        notes=tuple(notes),
        warnings=(),
        **kept,
    )


def _pairs(features: Any) -> list[tuple[str, Any]]:
    if isinstance(features, Mapping):
        pairs = list(features.items())
    elif isinstance(features, list | tuple) and all(
        isinstance(pair, list | tuple) and len(pair) == 2 for pair in features
    ):
        pairs = [(key, value) for key, value in features]
    else:
        raise ValueError(
            "features must map modality names to tables, or be a list of (name, table) pairs, "
            f"got {type(features).__name__}"
        )
    if not pairs:
        raise ValueError("features must hold at least one modality, got none")
    names = [key for key, _ in pairs]
    for key in names:
        if not isinstance(key, str) or not key.strip():
            raise ValueError(f"a modality name must be a non-empty string, got {key!r}")
        if names.count(key) > 1:
            raise ValueError(f"modality names must be distinct, got {key!r} more than once")
    return pairs
