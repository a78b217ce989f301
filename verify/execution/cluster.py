"""Spread work over a dask cluster: the same pieces and numbers, written by this process alone.

Needs the extra `cluster`. Workers need this package and the same version of torch, but no shared folder.
Numbers equal those of one process bit for bit if the processors are of the same kind.
"""

from __future__ import annotations

import logging
import pickle
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Any, TypeVar

from loky.backend.reduction import dumps

from verify.execution.workers import WorkersLostError, drain

if TYPE_CHECKING:
    from distributed import Client

Piece = TypeVar("Piece")
Result = TypeVar("Result")

TIMEOUT = 15
"""Seconds to wait for an answer of the scheduler."""
_SILENCE = 30

_log = logging.getLogger(__name__)


def connect(address: str) -> Client:
    """A client of the dask scheduler at `address`, such as tcp://10.0.0.1:8786.

    Raises
    ------
    ValueError
        If `distributed` is not installed, the address is malformed, or no scheduler with a worker
        answers there.
    """
    try:
        from distributed import Client
    except ImportError:
        raise ValueError(
            "scheduler must go with the extra `cluster` (pip install 'multimodal-bounds[cluster]'),"
            f" got {address!r} and no package named distributed"
        ) from None
    must = f"scheduler must be the address of a running dask scheduler, got {address!r}"
    client = Client.__new__(Client)
    try:
        Client.__init__(client, address, timeout=TIMEOUT, set_as_default=False)
    except (OSError, ValueError, TypeError, OverflowError) as error:
        # Otherwise it waits for its scheduler when this process ends, and prints a traceback.
        client.status = "closed"
        raise ValueError(f"{must} ({_first_line(error)})") from None
    deadline = time.monotonic() + TIMEOUT
    while not client.nthreads():
        if time.monotonic() > deadline:
            client.close()
            raise ValueError(f"{must}, which has no workers")
        time.sleep(0.2)
    return client


def spread(
    client: Client, work: Callable[[Piece], Result], pieces: Sequence[Piece]
) -> Iterator[tuple[Piece, Result]]:
    """(piece, work(piece)) for every piece, in the order in which they finish.

    Pieces of a lost worker are done by another. If none is left, this waits for new ones and logs a
    warning. The number of results that wait to be fetched is bounded by the number of workers.

    Parameters
    ----------
    client
        Of the cluster that does the work.
    work
        Sent to the cluster once; workers pass it on to each other, once to each of them.
    pieces
        Distinct arguments of `work`.

    Raises
    ------
    WorkersLostError
        If the cluster itself is lost, or a piece killed too many workers.
    ValueError
        If a worker has other versions of this package or of torch, or the scheduler or a worker lacks it.
    Exception
        Whatever `work` raises.
    """
    from distributed import KilledWorker, wait
    from distributed.client import FutureCancelledError, FuturesCancelledError

    if not pieces:
        return
    import dask

    _check_scheduler(client)

    # Scattered data are lost with the workers that hold them. The result of a task can be computed
    # again, so `work` is sent as the result of a task, and may be large. It is pickled here: dask would
    # do so four times, and the scheduler would read it.
    versions = _versions()
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}):
        shared = client.submit(_unpacked, dumps(work), versions, pure=False)

    def submit(piece: Piece) -> Any:
        return client.submit(_do, shared, piece, versions, pure=False)

    def wait_for_one(futures: list[Any]) -> None:
        while True:
            try:
                with client.as_current():
                    wait(futures, timeout=_SILENCE, return_when="FIRST_COMPLETED")
                return
            except TimeoutError:
                if not client.nthreads():
                    _log.warning("no worker is left on the cluster; waiting for a new one")

    try:
        yield from drain(submit, pieces, lambda: 2 * max(1, _threads(client)), wait_for_one)
    except (KilledWorker, FutureCancelledError, FuturesCancelledError, OSError) as error:
        raise WorkersLostError(f"the cluster was lost ({_first_line(error)})") from error
    except ImportError as error:
        raise ValueError(
            f"workers of the cluster must have multimodal-bounds and what it needs, got one without it"
            f" ({_first_line(error)})"
        ) from None


def _check_scheduler(client: Client) -> None:
    """The scheduler reads the tasks that it passes on, and needs this package for that."""

    def has_package() -> bool:  # nested, so that it travels by value
        from importlib.util import find_spec

        try:
            return find_spec("verify.execution.cluster") is not None
        except ImportError:
            return False

    try:
        found = client.run_on_scheduler(has_package)
    except OSError as error:
        raise WorkersLostError(f"the cluster was lost ({_first_line(error)})") from error
    if not found:
        raise ValueError(
            "scheduler must run where multimodal-bounds is installed, got one without it:"
            f" {client!r}"
        )


def _threads(client: Client) -> int:
    return sum(client.nthreads().values())


def _unpacked(work: bytes, versions: dict[str, str]) -> Any:
    _check_versions(versions)
    return pickle.loads(work)


def _do(work: Callable[[Any], Any], piece: Any, versions: dict[str, str]) -> Any:
    _check_versions(versions)
    return work(piece)


def _check_versions(versions: dict[str, str]) -> None:
    if versions != _versions():
        raise ValueError(
            f"workers of the cluster must have the versions {versions}, got {_versions()}"
        )


def _versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in ("multimodal-bounds", "torch")}


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
