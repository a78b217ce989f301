"""Rows of a matrix that is made when it is needed: whole, or piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np

from verify.decisions.linear import Matrix, rows_at_a_time


class Rows:
    """Some rows of standardised columns. A large dense matrix need never exist as a whole.

    Parameters
    ----------
    make
        Positions of rows -> their matrix.
    rows
        (n,) positions.
    columns
        d.
    stored
        Entries of a row that are stored, on average: d unless sparse.

    Examples
    --------
    >>> X = np.arange(6.0).reshape(3, 2)
    >>> rows = Rows(lambda some: X[some], np.array([0, 2]), 2, 2)
    >>> rows.shape, rows.whole.tolist()
    ((2, 2), [[0.0, 1.0], [4.0, 5.0]])
    """

    def __init__(
        self,
        make: Callable[[np.ndarray], Matrix],
        rows: np.ndarray,
        columns: int,
        stored: float,
    ) -> None:
        self._make, self._rows, self._stored = make, rows, stored
        self.shape = (len(rows), columns)

    @cached_property
    def whole(self) -> Matrix:
        """All of them in one matrix."""
        return self._make(self._rows)

    def pieces(self) -> Iterator[tuple[slice, Matrix]]:
        """The rows in order, so many at a time that a piece has a moderate size; at least one piece."""
        step = rows_at_a_time(self._stored)
        for start in range(0, max(len(self._rows), 1), step):
            part = slice(start, start + step)
            known = self.__dict__.get("whole")
            yield part, self._make(self._rows[part]) if known is None else known[part]
