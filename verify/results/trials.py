"""Which trials are known, at each sample size."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray


class KnownTrials:
    """Which of the trials 0, 1, ..., `count` - 1 are known at each sample size.

    Examples
    --------
    >>> known = KnownTrials(8)
    >>> known.mark(64, range(2, 4))
    >>> known.add(pd.DataFrame({"m": 64, "trial": [6, 7, 8]}))
    >>> known.gaps(64), known.gaps(128)
    ([range(0, 2), range(4, 6)], [range(0, 8)])
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._known: dict[int, NDArray[np.bool_]] = {}

    def at(self, m: int) -> NDArray[np.bool_]:
        """Which trials are known at size m, [count]; changes to it count."""
        return self._known.setdefault(m, np.zeros(self.count, dtype=bool))

    def mark(self, m: int, trials: range) -> None:
        """Mark trials as known; those beyond the count are left out."""
        self.at(m)[trials.start : trials.stop] = True

    def add(self, frame: pd.DataFrame) -> None:
        """Mark the trials of a part as known."""
        for m in frame["m"].unique().tolist():
            trials = frame.loc[frame["m"] == m, "trial"].to_numpy()
            self.at(m)[trials[trials < self.count]] = True

    def gaps(self, m: int) -> list[range]:
        """The trials that are not known at size m, as ranges in order."""
        edges = np.flatnonzero(np.diff(self.at(m), prepend=True, append=True))
        return [range(a, b) for a, b in edges.reshape(-1, 2).tolist()]
