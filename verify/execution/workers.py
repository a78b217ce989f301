"""Spread work over processes of this machine.

Workers that are killed are replaced, and workers end when their parent does.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import pickle
import signal
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import loky
from loky import ProcessPoolExecutor
from loky.backend.reduction import dump
from loky.process_executor import BrokenProcessPool

from empirical.scratch import Scratch, remove

if TYPE_CHECKING:
    from torch import Tensor

Piece = TypeVar("Piece")
Result = TypeVar("Result")

ATTEMPTS = 3
START_SECONDS = 600.0
"""For the first worker to start and read its work, which takes seconds, on a busy machine a minute."""
_ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "MKL_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "BLIS_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    ),
    "1",
)

_log = logging.getLogger(__name__)
_work: Callable[[Any], Any]


class WorkersLostError(RuntimeError):
    """Workers were lost repeatedly with no piece finished in between."""


def spread(
    work: Callable[[Piece], Result], pieces: Sequence[Piece], workers: int
) -> Iterator[tuple[Piece, Result]]:
    """(piece, work(piece)) for every piece, in the order in which they finish.

    A piece whose worker was killed is done again. The number of results that wait to be fetched is
    bounded by the number of workers. The workers end with this generator; if this process is killed,
    they notice within one second.

    Parameters
    ----------
    work
        Written to a temporary file once, read by each worker; it and what it refers to must pickle.
    pieces
        Distinct arguments of `work`.
    workers
        Number of processes; with one, the work is done in this process.

    Raises
    ------
    WorkersLostError
        If workers died three times with nothing finished in between, or none was ready in ten minutes.
    Exception
        Whatever `work` raises.

    Examples
    --------
    >>> sorted(spread(abs, [-3, 2], workers=1))
    [(-3, 3), (2, 2)]
    """
    if workers == 1:
        for piece in pieces:
            yield piece, work(piece)
        return
    with _packed(work) as path:
        yield from _on_processes(path, pieces, workers)


def most_workers(asked: int | None) -> int:
    """The number of processes: as asked, or one per core that this process may use.

    One in a daemonic process, such as a worker of `multiprocessing.Pool`, which may start none.
    """
    if multiprocessing.current_process().daemon:
        if asked not in (None, 1):
            _log.warning("a daemonic process cannot start workers: everything is done in this one")
        return 1
    return loky.cpu_count() if asked is None else asked


@contextmanager
def _packed(work: Any) -> Iterator[str]:
    """A file with the pickled work.

    Workers read it after they began to watch their parent, since loading takes seconds. It is not sent
    through the pipe of a starting process: if that process is killed, a write of more than the pipe
    holds never returns. Tensors that lie in a file are not copied: each worker maps that file.
    """
    # Not imported here: a worker imports this module before it watches its parent, and torch takes seconds.
    torch = sys.modules.get("torch")
    reducers = {} if torch is None else {torch.Tensor: _sent}
    with Scratch(".work") as scratch:
        try:
            dump(work, scratch.file, reducers=reducers)
            scratch.file.flush()
        except OSError as error:
            # A full disk: its message names no file, and users would look at the folder of their study.
            raise OSError(error.errno, error.strerror, tempfile.gettempdir()) from error
        yield scratch.path


def _sent(tensor: Tensor) -> Any:
    """How a tensor is pickled: by the name of its file, if it lies in one."""
    from empirical import mapped

    path = mapped.file_of(tensor)
    if path is None:
        return tensor.__reduce_ex__(pickle.HIGHEST_PROTOCOL)  # type: ignore[no-untyped-call]
    return mapped.map_tensor, (path, tensor.numpy().dtype, tuple(tensor.shape))


def _on_processes(path: str, pieces: Sequence[Piece], workers: int) -> Iterator[tuple[Piece, Any]]:
    left = dict.fromkeys(pieces)
    lost = 0
    while left:
        with _undisturbed():
            executor = ProcessPoolExecutor(
                workers, initializer=_begin, initargs=(os.getpid(), path), env=_ONE_THREAD
            )

        def submit(piece: Piece, pool: Any = executor) -> Any:
            with _undisturbed():  # it may start workers
                return pool.submit(_do, piece)

        try:
            with _undisturbed():
                ready = executor.submit(_ready)
            first = partial(_first, ready)
            for piece, result in drain(submit, list(left), lambda: 3 * workers, first):
                lost = 0
                del left[piece]
                yield piece, result
        except BrokenProcessPool as error:
            lost += 1
            if lost == ATTEMPTS:
                raise WorkersLostError(
                    f"worker processes were killed {ATTEMPTS} times with nothing finished in"
                    " between (out of memory? fewer workers need less)"
                ) from error
            _log.warning("a worker process was killed; its work is done again")
        finally:
            with _undisturbed():
                executor.shutdown(wait=True, kill_workers=True)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Put signals off until the end of the block.

    A process that is interrupted while it starts or ends others leaves them with half a message, and
    their tracebacks on the terminal.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread alone
        return
    caught: list[int] = []
    names = [getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]
    before = {each: signal.getsignal(each) for each in names}
    heard = {each: handler for each, handler in before.items() if callable(handler)}
    for each in heard:
        signal.signal(each, lambda number, _: caught.append(number))
    try:
        yield
    finally:
        for each, handler in heard.items():
            signal.signal(each, handler)
        for number in caught:
            heard[signal.Signals(number)](number, None)


def drain(
    submit: Callable[[Piece], Any],
    pieces: Sequence[Piece],
    width: Callable[[], int],
    wait_for_one: Callable[[list[Any]], None],
) -> Iterator[tuple[Piece, Any]]:
    """Keep `width()` futures running, and yield (piece, result) as they finish.

    No reference to a future is kept after its result was yielded.
    """
    queue = deque(pieces)
    running: dict[Any, Piece] = {}
    while queue or running:
        while queue and len(running) < width():
            piece = queue.popleft()
            running[submit(piece)] = piece
        wait_for_one(list(running))
        for future in [each for each in running if each.done()]:
            yield running.pop(future), future.result()


def _first(ready: Any, futures: list[Any]) -> None:
    """Wait until one is done; `ready` is what the first worker does when it has read the work."""
    if not ready.done():
        found = wait([ready, *futures], timeout=START_SECONDS, return_when=FIRST_COMPLETED)
        if not found.done:
            raise WorkersLostError(f"no worker process was ready within {START_SECONDS:g} s")
    wait(futures, return_when=FIRST_COMPLETED)


def _ready() -> None:
    """Nothing: a worker that does it has started."""


def _begin(parent: int, path: str) -> None:
    global _work
    # Workers ignore Ctrl-C; the parent reports it and stops them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent, path), daemon=True).start()
    with open(path, "rb") as file:
        _work = pickle.load(file)


def _end_with(parent: int, path: str) -> None:
    """End this process when its parent is gone: nobody will fetch what it computes."""
    while os.getppid() == parent:
        time.sleep(0.5)
    remove(path)
    if "empirical.mapped" in sys.modules:
        sys.modules["empirical.mapped"].remove_files()
    os._exit(1)


def _do(piece: Any) -> Any:
    return _work(piece)
