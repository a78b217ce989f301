"""What to know of the rows before trusting a result: what is missing, constant, doubled or far off."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from empirical.observations.columns import blocks
from empirical.observations.duplicates import duplicate_warnings, identical_rows
from empirical.observations.extremes import extreme_warnings
from empirical.observations.observations import Features, Observations


def review(rows: Observations, row_name: Callable[[int], str]) -> tuple[list[str], list[str]]:
    """Notes and warnings, in sentences.

    Parameters
    ----------
    rows
        Observations that have neither yet.
    row_name
        What a row of that number is called.

    Raises
    ------
    ValueError
        If no column of a modality varies, or if a modality is nowhere present.

    Examples
    --------
    >>> from empirical.observations import observe
    >>> observe({"a": [[1.0, 7], [2, 7], [3, 7]]}, ["no", "yes", "no"]).notes[1]
    'a: 1 of 2 columns is constant: 1.'
    """
    notes: list[str] = []
    warnings: list[str] = []
    for name, values in rows.features.items():
        columns, present = rows.columns[name], rows.present[name]
        absent = int(np.sum(~present))
        if absent == rows.rows:
            raise ValueError(f"features[{name!r}] must be present in at least one row, got none")
        if absent:
            notes.append(f"{name} is missing in {absent:,} of {rows.rows:,} rows.")
        constant = ~_varies(values, present)
        if constant.all():
            raise ValueError(
                f"features[{name!r}] must have a column that varies, got {len(columns)} constant "
                f"column(s) over {rows.rows - absent} row(s)"
            )
        if constant.any():
            shown = _shown([columns[i] for i in np.flatnonzero(constant)])
            are = "is" if constant.sum() == 1 else "are"
            notes.append(
                f"{name}: {constant.sum()} of {len(columns)} columns {are} constant: {shown}."
            )
        warnings += extreme_warnings(name, values, columns, row_name)
    if rows.classes is None:
        warnings += extreme_warnings("the target", rows.target[:, None], ("target",), row_name)
    else:
        counts = np.bincount(rows.target, minlength=len(rows.classes))
        rare = [c for c, count in zip(rows.classes, counts, strict=True) if count < 2]
        if rare:
            warnings.append(f"Classes with fewer than two rows: {_shown(rare)}.")
    first = identical_rows(rows.features, rows.present, rows.target)
    warnings += duplicate_warnings(first, rows.groups, rows.train, row_name)
    return notes, warnings


def _varies(values: Features, present: np.ndarray) -> np.ndarray:
    """(d,): whether a column has two different values among the present rows."""
    varies = np.zeros(values.shape[1], dtype=bool)
    start = int(np.flatnonzero(present)[0])
    if isinstance(values, np.ndarray):
        for row, block in blocks(values):
            here = present[row : row + len(block)]
            varies |= (block != values[start])[here].any(axis=0)
        return varies
    here = values[present]
    low, high = (np.asarray(end(axis=0).todense()).ravel() for end in (here.min, here.max))
    return np.asarray(low != high)


def _shown(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
