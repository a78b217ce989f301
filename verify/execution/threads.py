"""One thread for everything inside a block: sums split over threads round differently."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from threadpoolctl import threadpool_limits

_lock = threading.Lock()
_blocks = 0
_restore: Callable[[], None]


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit torch and the BLAS libraries to one thread inside the block.

    The settings belong to the process, and a worker of a cluster may run several tasks at once in
    threads: the first block to begin sets them, the last one to end restores them.

    Examples
    --------
    >>> with one_thread():
    ...     torch.get_num_threads()
    1
    """
    global _blocks, _restore
    with _lock:
        if _blocks == 0:
            _restore = _limit()
        _blocks += 1
    try:
        yield
    finally:
        with _lock:
            _blocks -= 1
            if _blocks == 0:
                _restore()


def _limit() -> Callable[[], None]:
    """Set the limits; what undoes them."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    limits = threadpool_limits(1)

    def restore() -> None:
        limits.restore_original_limits()
        torch.set_num_threads(before)

    return restore
