"""An `.npz` archive: arrays by name, with the split that it carries."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from empirical.datasets.npz import HALVES, join_halves, read_arrays
from empirical.observations.tables import Found


def read_archive(path: Path, asked: Mapping[str, str]) -> Found:
    """One modality from each array with as many rows as the target; nothing is unpickled.

    Parameters
    ----------
    asked
        Argument (target, groups, order, weights) → the array that holds it. Each array may come as
        two, ``NAME_train`` and ``NAME_test``: the split is kept, as ``train``.

    Notes
    -----
    A 1-D array of numbers is a modality of one column. What is not used is named: text, row
    numbers, and arrays of another length.

    Raises
    ------
    ValueError
        If an array asked for is not there, if half of a split is missing, or if an array has three
        or more dimensions.
    """
    arrays = read_arrays(path)
    arrays, train = _joined(arrays)
    for argument, name in asked.items():
        if name not in arrays:
            raise ValueError(
                f"{argument} must name an array, got {name!r}, not in {', '.join(arrays)}"
            )
    taken: dict[str, Any] = {argument: arrays[name] for argument, name in asked.items()}
    notes = []
    if train is not None:
        taken["train"] = train
        notes.append(
            f"The file's own split is kept: {int(train.sum())} rows to train on, "
            f"{int((~train).sum())} held out."
        )
    rows = len(taken["target"]) if taken["target"].ndim else 0
    modalities = {}
    for name, array in arrays.items():
        if name in asked.values():
            continue
        if array.ndim > 2:
            raise ValueError(
                f"{name} must have two dimensions (rows, columns), got shape {array.shape}"
            )
        why = _unused(array, rows)
        if why:
            notes.append(f"The array {name} was not used: {why}.")
        else:
            modalities[name] = array
    if not modalities:
        raise ValueError(f"data must hold arrays of features beside {', '.join(asked.values())}")
    return modalities, taken, notes


def _joined(arrays: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], np.ndarray | None]:
    """Halves put together, training rows first; all arrays must be split alike, or none."""
    stems = {name.removesuffix(half) for name in arrays for half in HALVES if name.endswith(half)}
    if not stems:
        return arrays, None
    joined: dict[str, np.ndarray] = {}
    sizes: dict[str, tuple[int, int]] = {}
    for name, array in arrays.items():
        stem = next((name.removesuffix(half) for half in HALVES if name.endswith(half)), None)
        if stem is None:
            if array.ndim:
                raise ValueError(
                    f"data with a split must hold {name}_train and {name}_test, got {name}"
                )
            joined[name] = array
        elif stem not in joined:
            joined[stem] = join_halves(arrays, stem)
            sizes[stem] = len(arrays[stem + "_train"]), len(arrays[stem + "_test"])
    first = next(iter(sizes))
    for stem, size in sizes.items():
        if size != sizes[first]:
            raise ValueError(
                f"{stem}_train and {stem}_test must have as many rows as those of {first}, "
                f"{sizes[first][0]} and {sizes[first][1]}, got {size[0]} and {size[1]}"
            )
    training, held_out = sizes[first]
    return joined, np.arange(training + held_out) < training


def _unused(array: np.ndarray, rows: int) -> str:
    if array.ndim == 0:
        return "it is a single value"
    if len(array) != rows:
        return f"it has {len(array)} rows and the target {rows}" if array.ndim == 1 else ""
    if array.ndim == 1 and array.dtype.kind not in "fiub":
        return "it is a 1-D array of text"
    if array.ndim == 1 and array.dtype.kind in "iu" and len(np.unique(array)) == rows:
        return "it is a 1-D array of integers that are all different, as row numbers are"
    return ""
