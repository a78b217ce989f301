"""How much of the work is done: a bar with the time left, on a terminal alone."""

from __future__ import annotations

import sys
import threading
from types import TracebackType

from tqdm import tqdm

# Below so many seconds nothing is shown; from the second number on, an estimate is printed first.
SHOWN = 3.0
LONG = 10.0


class StoppedError(Exception):
    """Raised in a thread whose work is no longer wanted."""


class Progress:
    """Work in seconds of one core, by the rough model of the candidates' cost.

    Nothing is shown unless standard error is a terminal. Threads report to it, and a thread that
    reports after `stop` ends.

    Parameters
    ----------
    total
        Seconds of one core.
    workers
        Threads that share the work.

    Examples
    --------
    >>> with Progress(2.0, 1) as progress:
    ...     progress.done(0.5)
    """

    def __init__(self, total: float, workers: int) -> None:
        self._total, self._workers = total, workers
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._bar: tqdm[None] | None = None

    def __enter__(self) -> Progress:
        shown = sys.stderr.isatty() and self._total >= SHOWN
        if shown and self._total >= LONG:
            print(estimate(self._total / self._workers), file=sys.stderr)
        self._bar = tqdm(
            total=self._total,
            desc="deciding",
            bar_format="{desc}: {percentage:3.0f} %|{bar}| {elapsed} so far, about {remaining} left",
            disable=not shown,
            leave=False,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._bar is not None
        self._bar.close()

    def more(self, seconds: float) -> None:
        """Work that was not known before."""
        assert self._bar is not None
        with self._lock:
            self._bar.total += seconds
            self._bar.refresh()

    def done(self, seconds: float) -> None:
        """A part of the work is done.

        Raises
        ------
        StoppedError
            If no more is wanted.
        """
        if self._stopped.is_set():
            raise StoppedError
        if self._bar is not None:
            with self._lock:
                self._bar.update(min(seconds, max(self._bar.total - self._bar.n, 0.0)))

    def stop(self) -> None:
        """Let threads end at their next report."""
        self._stopped.set()


def estimate(seconds: float) -> str:
    """An estimate of the time of a run, in words.

    Examples
    --------
    >>> estimate(43.0), estimate(200.0)
    ('This takes about 40 seconds (a rough estimate).', 'This takes about 3 minutes (a rough estimate).')
    """
    if seconds < 90:
        return f"This takes about {max(10, round(seconds, -1)):.0f} seconds (a rough estimate)."
    return f"This takes about {seconds / 60:.0f} minutes (a rough estimate)."
