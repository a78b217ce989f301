"""Values far from all others of their column: more often a slip of units than a fact."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from empirical.observations.columns import blocks
from empirical.observations.observations import Features

RANGES = 50.0
"""A value is named if it lies more than so many interquartile ranges from its column's median."""
SAMPLE = 2000
"""Quartiles of a long column are those of about so many rows, evenly spaced."""
SHOWN = 3


def extreme_warnings(
    name: str,
    values: Features,
    columns: tuple[str, ...],
    row_name: Callable[[int], str] = "row {}".format,
) -> list[str]:
    """The columns of a modality with a value beyond 50 interquartile ranges, with its row.

    Parameters
    ----------
    name
        What the modality, or the target, is called.
    values
        (n, d); rows of NaN are absent.
    columns
        The names of the d columns.
    row_name
        What a row of that number is called.

    Notes
    -----
    A column that holds one value mostly, such as zero, has no interquartile range. There the other
    values count, and their range is at least the distance of their median from that one value.

    Examples
    --------
    >>> pitch = np.r_[np.arange(40.0), 1e6][:, None]
    >>> print(extreme_warnings("audio", pitch, ("hz",))[0][-30:])
    column: 1e+06 in row 40 of hz.
    """
    matrix = values if isinstance(values, np.ndarray) else values.tocsc()
    found = []
    for column in _suspects(matrix):
        numbers = matrix[:, [column]]
        dense = numbers if isinstance(numbers, np.ndarray) else numbers.toarray()
        row = _extreme(dense[:, 0].astype(np.float64))
        if row is not None:
            found.append((columns[column], float(dense[row, 0]), row))
    if not found:
        return []
    shown = ", ".join(f"{v:.6g} in {row_name(r)} of {c}" for c, v, r in found[:SHOWN])
    more = f", and {len(found) - SHOWN} more columns hold such values" * (len(found) > SHOWN)
    return [
        f"{name} has a value more than {RANGES:.0f} interquartile ranges from the median of its "
        f"column: {shown}{more}."
    ]


def _suspects(matrix: Features) -> list[int]:
    """Columns that may hold such a value; a cheap look at all of them that misses none."""
    if not isinstance(matrix, np.ndarray):
        largest = float(np.max(np.abs(matrix.data), initial=0.0))
        sizes = np.abs(matrix.data[:: max(1, len(matrix.data) // SAMPLE)])
        alike = len(sizes) == 0 or largest <= 4 * np.median(sizes)
        return [] if alike else list(range(matrix.shape[1]))
    here = np.flatnonzero(~np.isnan(matrix[:, 0]))
    with np.errstate(invalid="ignore", over="ignore"):
        sample = matrix[here[:: max(1, len(here) // SAMPLE)]].astype(np.float64)
        low, middle, high = np.quantile(sample, [0.25, 0.5, 0.75], axis=0)
        top = np.full(matrix.shape[1], -np.inf)
        bottom = np.full(matrix.shape[1], np.inf)
        for _, block in blocks(matrix):
            top = np.fmax(top, np.fmax.reduce(block, axis=0))
            bottom = np.fmin(bottom, np.fmin.reduce(block, axis=0))
        far = np.fmax(top - middle, middle - bottom)
        return list(np.flatnonzero(far > RANGES * (high - low)))


def _extreme(numbers: np.ndarray) -> int | None:
    """The position of the value farthest from the median, if it is far enough."""
    finite = numbers[np.isfinite(numbers)]
    if len(finite) == 0:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        low, middle, high = np.quantile(finite, [0.25, 0.5, 0.75])
        if not high > low:
            usual, others = middle, finite[finite != middle]
            if len(others) == 0:
                return None
            low, middle, high = np.quantile(others, [0.25, 0.5, 0.75])
            low = min(low, high - abs(middle - usual))
        far = np.abs(numbers - middle)
        row = int(np.nanargmax(far))
        return row if high > low and far[row] > RANGES * (high - low) else None
