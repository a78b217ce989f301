"""Multinomial types: all count vectors of m draws from an alphabet, in chunks of bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from math import comb

import numpy as np
from numpy.typing import NDArray


def count_types(letters: int, m: int) -> int:
    """How many count vectors of m draws over so many letters there are: C(m+letters−1, letters−1).

    Examples
    --------
    >>> count_types(4, 400)
    10827401
    """
    return comb(m + letters - 1, letters - 1)


def iterate_types(letters: int, m: int, chunk: int = 2**17) -> Iterator[NDArray[np.int64]]:
    """All non-negative integer vectors with ``letters`` entries that sum to m, each once.

    Yields int64 arrays [types, letters] of at most ``chunk`` rows wherever a chunk can be split
    further by the first letter.

    Examples
    --------
    >>> [types.tolist() for types in iterate_types(2, 2)]
    [[[0, 2], [1, 1], [2, 0]]]
    """
    if letters < 2 or count_types(letters, m) <= chunk:
        yield _all_types(letters, m)
        return
    for first in range(m + 1):
        for rest in iterate_types(letters - 1, m - first, chunk):
            yield np.column_stack([np.full(len(rest), first), rest])


def _all_types(letters: int, m: int) -> NDArray[np.int64]:
    """Grow the vectors letter by letter: a row with r left becomes r + 1 rows with 0…r spent."""
    types = np.zeros((1, 0), dtype=np.int64)
    left = np.array([m])
    for _ in range(letters - 1):
        copies = left + 1
        starts = np.repeat(np.cumsum(copies) - copies, copies)
        spent = np.arange(copies.sum()) - starts
        types = np.column_stack([np.repeat(types, copies, axis=0), spent])
        left = np.repeat(left, copies) - spent
    return np.column_stack([types, left])
