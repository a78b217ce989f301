"""What is shown while something runs: a bar with the time left, and how long a long run will take."""

from __future__ import annotations

import sys
import time
from typing import Any

from tqdm import tqdm

LONG = 120.0
"""Seconds; a run that takes more says so when its first part is done."""


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


class Forecast:
    """How long equal parts will take, told once, from the first of them.

    Parameters
    ----------
    parts, workers
        How many parts there are, and how many are done at a time.
    show
        Whether it is printed.

    Examples
    --------
    >>> Forecast(parts=10, workers=2, show=False).seconds(first=30.0)
    150.0
    """

    def __init__(self, parts: int, workers: int, show: bool) -> None:
        self._parts, self._workers, self._show = parts, workers, show
        self._began = time.monotonic()

    def begin(self) -> None:
        """The parts that count begin now."""
        self._began = time.monotonic()

    def seconds(self, first: float) -> float:
        """The time of all parts, if each takes as long as the first.

        Examples
        --------
        >>> Forecast(parts=1, workers=4, show=False).seconds(first=30.0)
        30.0
        """
        return first * max(1.0, self._parts / self._workers)

    def tell(self, share: float = 1.0) -> None:
        """Print the time of a long run when a share of its first part is done; later calls do nothing."""
        if not self._show:
            return
        self._show = False
        seconds = self.seconds((time.monotonic() - self._began) / share)
        if seconds > LONG:
            several = f" on {self._workers} workers" if self._workers > 1 else ""
            tqdm.write(
                f"this will take about {duration(seconds)}{several}, if all parts take as long as the"
                " first",
                file=sys.stderr,
            )
