"""Hits among independent draws, and what they show: at any time, and at one look that was planned.

The miss is split where a look was planned before anything was drawn: `PLANNED` of it belongs to the exact
binomial test at that look, the rest to evidence that is valid however often one looks
(`verify.verdicts.anytime`). Either is ever wrong with at most its part, both together with at most the miss.
"""

from __future__ import annotations

import math
import sys
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from empirical.statistics.intervals import Interval
from empirical.statistics.laws import clopper_pearson
from verify.verdicts.anytime import anytime_interval, evidence_above, evidence_below

PLANNED = 0.6
"""The part of the miss that a planned look has; Clopper and Pearson's interval of both tails has half."""


@dataclass(frozen=True)
class Draws:
    """Hits among n draws, and among the first ones, up to a look that was planned in advance.

    Attributes
    ----------
    hits, n : int
    first : int
        The hits among the first `planned` draws.
    planned : int
        0 if no look was planned.

    Examples
    --------
    >>> Draws.of(np.array([True, False, True, True]), planned=2)
    Draws(hits=3, n=4, first=1, planned=2)
    """

    hits: int
    n: int
    first: int = 0
    planned: int = 0

    @classmethod
    def of(cls, hit: NDArray[np.bool_], planned: int = 0) -> Draws:
        """From the draws in the order in which they were made."""
        return cls(int(hit.sum()), hit.size, int(hit[:planned].sum()), planned)

    @property
    def looked(self) -> bool:
        """Whether the planned look has been reached."""
        return bool(self.planned) and self.planned <= self.n

    def above(self, probability: float, miss: float) -> bool:
        """Whether the probability of a hit is shown to be above a given one.

        If it is not above, this is ever true with probability at most `miss`, however often one looks.

        Examples
        --------
        >>> Draws(10, 146, 10, 146).above(0.025, 0.05), Draws(10, 146).above(0.025, 0.05)
        (True, False)
        """
        if self.looked:
            tail = float(stats.binom.sf(self.first - 1, self.planned, probability))
            if tail <= PLANNED * miss:
                return True
        enough = -math.log(self._any_time(miss))
        return bool(evidence_above(self.hits, self.n, probability) >= enough)

    def below(self, probability: float, miss: float) -> bool:
        """Whether the probability of a hit is shown to be below a given one; errs as `above` does.

        Examples
        --------
        >>> Draws(0, 139, 0, 139).below(0.025, 0.05), Draws(0, 138, 0, 138).below(0.025, 0.05)
        (True, False)
        """
        if self.looked and _few(self.first, self.planned, probability, miss):
            return True
        enough = -math.log(self._any_time(miss))
        return bool(evidence_below(self.hits, self.n, probability) >= enough)

    def interval(self, miss: float) -> Interval:
        """The probability of a hit; each end is ever wrong with probability at most `miss`.

        If the draws after the planned look speak against it, the interval spans what both allow.

        Examples
        --------
        >>> found = Draws(0, 146, 0, 146).interval(0.05)
        >>> float(found.low), round(float(found.high), 4)
        (0.0, 0.0237)
        """
        found = anytime_interval(self.hits, self.n, self._any_time(miss))
        if not self.looked:
            return found
        at_look = clopper_pearson(self.first, self.planned, PLANNED * miss)
        lows, highs = (
            [float(getattr(each, end)) for each in (found, at_look)] for end in ("low", "high")
        )
        if max(lows) <= self.hits / self.n <= min(highs):
            return Interval(max(lows), min(highs))
        return Interval(min(lows), max(highs))

    def _any_time(self, miss: float) -> float:
        return (1 - PLANNED) * miss if self.planned else miss


@lru_cache(maxsize=4096)
def needed(level: float, miss: float, planned: int = 0) -> int:
    """The least number of draws without a hit that shows a probability below the level.

    Examples
    --------
    >>> needed(0.025, 0.05), needed(0.025, 0.05, planned=146), needed(0.025, 0.05, planned=100)
    (136, 146, 174)
    """
    return bisect_left(
        range(sys.maxsize), True, key=lambda n: Draws(0, n, 0, planned).below(level, miss)
    )


@lru_cache(maxsize=4096)
def planned_look(level: float, miss: float) -> int:
    """The least number of draws without a hit of which a look planned there shows it.

    Examples
    --------
    >>> planned_look(0.025, 0.05)
    139
    """
    return bisect_left(range(sys.maxsize), True, key=lambda n: _few(0, n, level, miss))


def _few(hits: int, n: int, probability: float, miss: float) -> bool:
    """Whether the exact test at a planned look finds too few hits for the probability."""
    return bool(stats.binom.cdf(hits, n, probability) <= PLANNED * miss)
