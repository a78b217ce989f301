"""The measurements of all trials: from some size on in a file, so that memory does not grow with them.

The rows of each kind (head, sizes, subset) are stored together, one per trial, all columns float64. The
comparison with the bounds reads the one or two kinds that it needs at a time.
"""

from __future__ import annotations

import tempfile
import weakref
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from verify.results.trials import KnownTrials

IN_MEMORY = 2**24
"""Bytes that are kept in memory: small studies, of which a program may keep many, open no file."""


class Rows(NamedTuple):
    """One kind of row: the head, the sizes and the subset's index; one row per trial."""

    head: str
    m: int
    m_head: int
    subset: int


class Measurements:
    """The rows of trials 0, 1, ..., `count` - 1, gathered part by part.

    Parameters
    ----------
    count
        Trials per sample size.
    folder
        Of the scratch file, which has no name there and is deleted when closed. If it is None or
        cannot be written, the system's folder for temporary files is used. Measurements that were
        pickled are whole, and know no folder.

    Examples
    --------
    >>> measurements = Measurements(2)
    >>> part = {"trial": [1], "m": 8, "subset": 0, "head": "same", "m_head": 8, "risk_low": 0.5}
    >>> measurements.add(pd.DataFrame(part))
    >>> measurements.gaps(8)
    [range(0, 1)]
    >>> measurements.add(pd.DataFrame({**part, "trial": [0], "risk_low": 0.25}))
    >>> measurements.gaps(8), measurements.rows(measurements.kinds[0]).risk_low.tolist()
    ([], [0.25, 0.5])
    """

    def __init__(self, count: int, folder: Path | None = None) -> None:
        self.count = count
        self._folder = folder
        self._file: Any = None
        self._columns: list[str] = []
        self._in_memory: dict[Rows, NDArray[np.float64]] = {}
        self._places: dict[Rows, int] = {}
        self._known = KnownTrials(count)

    def __getstate__(self) -> dict[str, Any]:
        """All rows, those in the file included."""
        return {
            "count": self.count,
            "columns": self._columns,
            "known": self._known,
            "rows": {kind: np.array(self._map(kind)) for kind in self.kinds},
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        """The same rows, in memory or in a scratch file of their own."""
        self.__init__(state["count"])  # type: ignore[misc]
        self._columns, self._known = state["columns"], state["known"]
        for kind, rows in state["rows"].items():
            self._map(kind)[:] = rows

    def add(self, frame: pd.DataFrame) -> None:
        """Add rows as `empirical.measure.measure` returns them; trials that are known stay as they are.

        Raises
        ------
        OSError
            If the disk is full.
        """
        if not self._columns:
            self._columns = [str(n) for n in frame.columns if n not in ("trial", *Rows._fields)]
        for m in frame["m"].unique().tolist():
            wanted = frame[(frame["m"] == m) & (frame["trial"] < self.count)]
            known = self._known.at(m)
            new = wanted[~known[wanted["trial"]]]
            for kind, rows in new.groupby(list(Rows._fields), sort=False):
                self._map(Rows(*kind))[rows["trial"]] = rows[self._columns]
            known[new["trial"]] = True

    def _map(self, kind: Rows) -> NDArray[np.float64]:
        """The rows of one kind, [count, columns]; in the file, memory is freed with the map."""
        if kind in self._in_memory:
            return self._in_memory[kind]
        shape = (self.count, len(self._columns))
        size = shape[0] * shape[1] * np.dtype(np.float64).itemsize
        if kind not in self._places and size * (1 + len(self._in_memory)) <= IN_MEMORY:
            return self._in_memory.setdefault(kind, np.zeros(shape))
        if self._file is None:
            self._open()
        if kind not in self._places:
            # Written, not just mapped: a full disk must raise here, as writing to a map would crash.
            self._file.seek(len(self._places) * size)
            self._file.write(bytes(size))
            self._file.flush()
            self._places[kind] = len(self._places)
        return np.memmap(
            self._file, np.float64, mode="r+", offset=self._places[kind] * size, shape=shape
        )

    def _open(self) -> None:
        with ExitStack() as opened:
            try:
                self._file = opened.enter_context(tempfile.TemporaryFile(dir=self._folder))
            except OSError:
                self._file = opened.enter_context(tempfile.TemporaryFile())
            weakref.finalize(self, opened.pop_all().close)

    def gaps(self, m: int) -> list[range]:
        """The trials that are missing at size m, as ranges in order."""
        return self._known.gaps(m)

    @property
    def kinds(self) -> list[Rows]:
        """The kinds of rows, in order."""
        return sorted((*self._in_memory, *self._places))

    def rows(self, kind: Rows) -> pd.DataFrame:
        """All columns of one kind, one row per trial in order.

        Raises
        ------
        KeyError
            If there are no rows of that kind.
        RuntimeError
            If trials are missing.
        """
        if kind not in self._places and kind not in self._in_memory:
            raise KeyError(kind)
        if self.gaps(kind.m):
            raise RuntimeError(f"trials are still missing at m = {kind.m}")
        frame = pd.DataFrame(np.array(self._map(kind)), columns=self._columns)
        frame.insert(0, "trial", np.arange(self.count))
        return frame

    def frame(self) -> pd.DataFrame:
        """All rows in memory, about 10 kB a trial for a study of the default size."""
        frames = []
        for kind in sorted(self.kinds, key=lambda k: (k.m, k.subset, k.head, k.m_head)):
            rows = self.rows(kind)
            for place, name in enumerate(("m", "subset", "head", "m_head"), start=1):
                rows.insert(place, name, getattr(kind, name))
            frames.append(rows)
        return pd.concat(frames, ignore_index=True)
