"""Large tensors in a temporary file that several processes can map: one copy, whatever their number.

A process that maps the file shares the pages of all others, and the system may write them out when memory is
short. `file_of` finds the file behind a tensor, so that who sends a tensor can send the file's name.
"""

from __future__ import annotations

import math
import os
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path

import torch
from torch import Tensor

LARGE = 2**26
"""Bytes from which on a tensor lies in a file."""

_ZEROS = bytes(2**20)
_seen: set[str] = set()


def zeros(*shape: int) -> Tensor:
    """A float64 tensor of zeros; a large one lies in a temporary file where there is room for one.

    The file goes with the tensor's memory.

    Examples
    --------
    >>> zeros(2, 3).shape, file_of(zeros(2, 3)) is None
    (torch.Size([2, 3]), True)
    """
    size = 8 * math.prod(shape)
    if size < LARGE:
        return torch.zeros(*shape, dtype=torch.float64)
    try:
        path = _zero_file(size)
    except OSError:
        return torch.zeros(*shape, dtype=torch.float64)
    tensor = map_file(path, torch.float64, shape, shared=True)
    weakref.finalize(tensor.untyped_storage(), _remove, str(path), os.getpid())
    return tensor


def map_file(
    path: str | Path, dtype: torch.dtype, shape: tuple[int, ...], shared: bool = False
) -> Tensor:
    """The tensor that lies in a file. Unless it is shared, a change stays in this process."""
    _seen.add(str(path))
    flat = torch.from_file(str(path), shared=shared, size=math.prod(shape), dtype=dtype)
    return flat.view(shape)


def file_of(tensor: Tensor) -> str | None:
    """The file in which the whole of a tensor lies, in order; None if there is none."""
    name = tensor.untyped_storage().filename
    whole = tensor.nbytes == tensor.untyped_storage().nbytes() and tensor.is_contiguous()
    return name if name is not None and whole and os.path.exists(name) else None


def remove_files() -> None:
    """Remove the files that this process has mapped: whoever made them was killed, and cannot."""
    for path in _seen:
        with suppress(OSError):
            os.unlink(path)


def _zero_file(size: int) -> Path:
    """Written, not just sized: a full disk must raise here, as writing to a map would crash."""
    handle, name = tempfile.mkstemp(prefix="multimodal-bounds-", suffix=".rows")
    try:
        with os.fdopen(handle, "wb") as file:
            for start in range(0, size, len(_ZEROS)):
                file.write(_ZEROS[: size - start])
    except BaseException:  # an interrupt as well
        os.unlink(name)
        raise
    return Path(name)


def _remove(path: str, owner: int) -> None:
    if os.getpid() == owner:  # a fork ends with copies of all that its parent had
        with suppress(OSError):
            os.unlink(path)
