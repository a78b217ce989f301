"""What is shown while something runs: a bar with the time left, and how long a long run will take."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import mean
from typing import Any

import numpy as np
from tqdm import tqdm

LONG = 120.0
"""Seconds; a run that takes more says so when its first parts are done."""
SETTLED = 10.0
"""Seconds of measuring beside which what a process does once counts little."""
ENOUGH = 2.0
"""Seconds of measuring at one size from which on a single part tells the time of others."""


def bar(total: int, what: str, unit: str, show: bool, initial: int = 0) -> Any:
    """A bar on standard error with the time left; none where that is no terminal.

    Parameters
    ----------
    total, initial
        How many units there are, and how many are done already.
    what, unit
        What is done, and to what, in words.
    show
        Whether anything is shown at all.

    Examples
    --------
    >>> with bar(3, "checking", "worlds", show=False) as shown:
    ...     for _ in range(3):
    ...         _ = shown.update()
    """
    return tqdm(
        total=total,
        initial=initial,
        desc=what,
        unit=f" {unit}",
        disable=None if show else True,
        bar_format="{desc}: {percentage:3.0f} %|{bar}| {n_fmt} of {total_fmt}{unit}, {remaining} left",
    )


def duration(seconds: float) -> str:
    """A length of time in words.

    Examples
    --------
    >>> duration(12.3), duration(125), duration(9000)
    ('12 seconds', '2 minutes', '2.5 hours')
    """
    if seconds < 100:
        return f"{max(1, round(seconds))} second{'' if round(seconds) <= 1 else 's'}"
    if seconds < 5400:
        return f"{round(seconds / 60)} minutes"
    return f"{seconds / 3600:.1f} hours" if seconds < 172_800 else f"{seconds / 86_400:.1f} days"


@dataclass(frozen=True)
class Estimate:
    """Seconds that are left: if the rest goes as the fastest part so far, as the mean, as the slowest."""

    low: float
    about: float
    high: float


class Forecast:
    """How long the samples of a study will take, told once, as soon as a few parts were timed.

    The time of a sample at a size without timed parts lies on the line between its neighbours.

    Parameters
    ----------
    left
        Size -> samples that are to be measured.
    workers
        How many parts are measured at a time.
    show
        Whether it is printed.

    Examples
    --------
    >>> forecast = Forecast({64: 100, 256: 100, 448: 100}, workers=2, show=False)
    >>> for m, seconds in ((64, 1.0), (64, 2.0), (448, 3.0), (448, 3.0)):
    ...     forecast.add(m, 10, seconds)
    >>> forecast.estimate()
    Estimate(low=26.0, about=29.25, high=32.5)
    """

    def __init__(self, left: Mapping[int, int], workers: int, show: bool) -> None:
        self._left = {m: count for m, count in left.items() if count}
        self._workers, self._show = workers, show
        self._times: dict[int, list[tuple[float, int]]] = {}
        self._ends = {min(self._left), max(self._left)} if self._left else set()

    def add(self, m: int, trials: int, seconds: float, cold: bool = False) -> None:
        """A part was measured. The first one of a process counts only if it took long."""
        self._left[m] = self._left.get(m, 0) - trials
        if not cold or seconds >= SETTLED:
            self._times.setdefault(m, []).append((seconds, trials))
        if self._show and (left := self.estimate()) is not None and left.about > LONG:
            self._show = False
            tqdm.write(self._words(left), file=sys.stderr)

    def estimate(self) -> Estimate | None:
        """None until the least and the largest size were timed twice, or once for two seconds."""
        times = {m: self._times.get(m, ()) for m in self._ends}
        if not all(
            len(each) > 1 or sum(seconds for seconds, _ in each) >= ENOUGH
            for each in times.values()
        ):
            return None
        sizes = sorted(self._times)
        single = {m: [seconds / trials for seconds, trials in self._times[m]] for m in sizes}
        totals = []
        for of in (min, mean, max):
            rates = [float(of(single[m])) for m in sizes]
            left = sum(
                max(0, count) * float(np.interp(m, sizes, rates)) for m, count in self._left.items()
            )
            totals.append(left / self._workers)
        return Estimate(*totals)

    def _words(self, left: Estimate) -> str:
        several = f" on {self._workers} workers" if self._workers > 1 else ""
        text = f"this will take about {duration(left.about)}{several}"
        timed = sum(map(len, self._times.values()))
        if any(len(self._times[m]) < 2 for m in self._ends):
            parts = "one part alone was" if timed == 1 else f"{timed} parts alone were"
            return f"{text}; {parts} timed, half or twice as long is possible"
        return (
            f"{text}; {duration(left.low)} or {duration(left.high)}, if the rest goes as the fastest or the"
            f" slowest of {timed} timed parts"
        )
