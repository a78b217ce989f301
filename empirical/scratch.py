"""Temporary files for this process and those that it starts, of which nothing stays when they die.

On Linux such a file has no name in any folder: other processes open it by its number in the process that
made it, and the system frees it with the last one that has it open, however they end. Elsewhere it has a
name, which its maker removes, or one of the processes that opened it.
"""

from __future__ import annotations

import math
import os
import tempfile
from contextlib import ExitStack, suppress
from typing import IO

_PREFIX = "multimodal-bounds-"


class Scratch:
    """An empty file, open for reading and writing.

    Parameters
    ----------
    suffix
        How its name ends, where it has one.

    Examples
    --------
    >>> with Scratch(".rows") as scratch:
    ...     _ = scratch.file.write(b"rows")
    ...     scratch.file.flush()
    ...     open(scratch.path, "rb").read()
    b'rows'
    """

    def __init__(self, suffix: str) -> None:
        self._name, self._owner = "", os.getpid()
        with ExitStack() as opened:
            self.file: IO[bytes] = opened.enter_context(tempfile.TemporaryFile())
            if not _is(self.path, self.file):
                self.file.close()
                handle, self._name = tempfile.mkstemp(prefix=_PREFIX, suffix=suffix)
                self.file = opened.enter_context(os.fdopen(handle, "w+b"))
            self._opened = opened.pop_all()

    @property
    def path(self) -> str:
        """What this process and those that it starts can open while it is open here."""
        return self._name or f"/proc/{os.getpid()}/fd/{self.file.fileno()}"

    @property
    def crowded(self) -> bool:
        """Whether this process has opened half of the files that it may: numbers are given from 0 on."""
        return 2 * self.file.fileno() >= _most_files()

    def close(self) -> None:
        """Close the file; what has it open or mapped keeps it."""
        try:
            self._opened.close()  # on a full disk this may raise
        finally:
            # A fork ends with copies of all that its parent had.
            if self._name and os.getpid() == self._owner:
                remove(self._name)

    def __enter__(self) -> Scratch:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        # What was not written is tried again when the file is closed; the first error says what is wrong.
        with suppress(*() if kind is None else (OSError,)):
            self.close()


def remove(path: str) -> None:
    """Remove a file of another process that was killed and cannot; one without a name is gone already."""
    with suppress(OSError):
        os.unlink(path)


def _most_files() -> float:
    """How many files this process may have open at once, where that can be known."""
    try:
        import resource
    except ImportError:  # not on Windows
        return math.inf
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return math.inf if most == resource.RLIM_INFINITY else most


def _is(path: str, file: IO[bytes]) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(file.fileno()))
    except OSError:
        return False
