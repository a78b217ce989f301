"""The measurements of all trials, in a scratch file: memory does not grow with their number.

The rows of each kind (head, sizes, subset) lie together, one per trial, all columns float64. The comparison
with the bounds reads the one or two kinds that it needs at a time.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray


class Rows(NamedTuple):
    """One kind of row: the head, the sizes and the subset's index, each trial once."""

    head: str
    m: int
    m_head: int
    subset: int


class Trials:
    """What was measured in the trials 0, 1, ..., `count` - 1, gathered part by part.

    Parameters
    ----------
    count
        Trials per sample size.
    folder
        Where the scratch file lies, nameless, so that nothing of it outlives the process; None, or
        a folder that cannot be written: the system's folder for temporary files.

    Examples
    --------
    >>> trials = Trials(2)
    >>> part = {"trial": [1], "m": 8, "subset": 0, "head": "same", "m_head": 8, "risk_low": 0.5}
    >>> trials.add(pd.DataFrame(part))
    >>> trials.gaps(8)
    [range(0, 1)]
    >>> trials.add(pd.DataFrame({**part, "trial": [0], "risk_low": 0.25}))
    >>> trials.gaps(8), trials.rows(trials.kinds[0]).risk_low.tolist()
    ([], [0.25, 0.5])
    """

    def __init__(self, count: int, folder: Path | None = None) -> None:
        self.count = count
        # Open as long as this object lives; the file has no name, and goes when it is closed.
        try:
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
        except OSError:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._names: list[str] = []
        self._slots: dict[Rows, int] = {}
        self._there: dict[int, NDArray[np.bool_]] = {}

    def add(self, frame: pd.DataFrame) -> None:
        """Take in a frame as `empirical.measure.measure` returns it; trials that are there stay.

        Raises
        ------
        OSError
            If the disk is full.
        """
        if not self._names:
            self._names = [str(n) for n in frame.columns if n not in ("trial", *Rows._fields)]
        trials = frame["trial"].to_numpy()
        values = frame[self._names].to_numpy(dtype=np.float64)
        kinds: dict[Rows, list[int]] = {}
        keys = frame[list(Rows._fields)].itertuples(index=False, name=None)
        for place, key in enumerate(keys):
            kinds.setdefault(Rows(*key), []).append(place)
        new = {}
        for kind, places in kinds.items():
            at = np.array(places)[trials[places] < self.count]
            at = at[~self._at(kind.m)[trials[at]]]
            at = at[np.argsort(trials[at])]
            self._write(kind, trials[at], values[at])
            new[kind.m] = trials[at]
        self._file.flush()
        for m, written in new.items():
            self._at(m)[written] = True

    def _at(self, m: int) -> NDArray[np.bool_]:
        """Which trials are there at size m."""
        return self._there.setdefault(m, np.zeros(self.count, dtype=bool))

    def _write(self, kind: Rows, trials: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        slot = self._slots.setdefault(kind, len(self._slots))
        cuts = np.flatnonzero(np.diff(trials) != 1) + 1
        for run in np.split(np.arange(len(trials)), cuts):
            if len(run):
                self._file.seek((slot * self.count + int(trials[run[0]])) * self._row)
                self._file.write(values[run].tobytes())

    @property
    def _row(self) -> int:
        """Bytes of one row."""
        return len(self._names) * np.dtype(np.float64).itemsize

    def gaps(self, m: int) -> list[range]:
        """The trials that are still missing at size m, as ranges in order."""
        edges = np.flatnonzero(np.diff(self._at(m), prepend=True, append=True))
        return [range(a, b) for a, b in edges.reshape(-1, 2).tolist()]

    @property
    def kinds(self) -> list[Rows]:
        """The kinds of rows that are there, in order."""
        return sorted(self._slots)

    def rows(self, kind: Rows) -> pd.DataFrame:
        """All columns of one kind, one row per trial in order.

        Raises
        ------
        KeyError
            If there is no such kind.
        RuntimeError
            If trials are missing.
        """
        if self.gaps(kind.m):
            raise RuntimeError(f"trials are still missing at m = {kind.m}")
        self._file.seek(self._slots[kind] * self.count * self._row)
        values = np.frombuffer(self._file.read(self.count * self._row), dtype=np.float64)
        frame = pd.DataFrame(values.reshape(self.count, -1), columns=self._names)
        frame.insert(0, "trial", np.arange(self.count))
        return frame

    def frame(self) -> pd.DataFrame:
        """All measurements at once; the one thing here whose memory grows with the trials."""
        frames = []
        for kind in sorted(self.kinds, key=lambda k: (k.m, k.subset, k.head, k.m_head)):
            rows = self.rows(kind)
            for place, name in enumerate(("m", "subset", "head", "m_head"), start=1):
                rows.insert(place, name, getattr(kind, name))
            frames.append(rows)
        return pd.concat(frames, ignore_index=True)
