"""Large arrays in a temporary file that several processes can map: one copy, whatever their number.

A process that maps the file shares the pages of all others, and the system may write them out when memory is
short. `release` gives the pages of an array back as soon as they were used: they are read again from the
file's cache. `file_of` finds the file behind an array, so that who sends it can send the file's name.
Arrays are numpy's or tensors made of them.
"""

from __future__ import annotations

import errno
import math
import mmap
import os
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from empirical import scratch

if TYPE_CHECKING:
    from torch import Tensor

    Large = NDArray[Any] | Tensor

LARGE = 2**23
"""Bytes from which on an array lies in a file."""

AT_A_TIME = 2**24
"""Bytes that are worked on at a time, where a whole array need not be in memory."""

_ZEROS = bytes(2**20)
_seen: set[str] = set()


class _Map(mmap.mmap):
    """A map, and the file in which it lies, if this process made it."""

    scratch: scratch.Scratch | None = None


_maps: weakref.WeakValueDictionary[int, _Map] = weakref.WeakValueDictionary()
"""By address."""


def zeros(shape: tuple[int, ...], dtype: DTypeLike = np.float64) -> NDArray[Any]:
    """An array of zeros; a large one lies in a temporary file where there is room for one.

    The file goes with the array's memory. When half of the files that this process may open are open, an
    array lies in memory: others need files as well.

    Examples
    --------
    >>> zeros((2, 3)).shape, file_of(zeros((2, 3))) is None
    ((2, 3), True)
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if not size or size < LARGE:
        return np.zeros(shape, dtype)
    try:
        file = _zero_file(size)
    except OSError:
        return np.zeros(shape, dtype)
    try:
        made = _Map(file.file.fileno(), size)  # opens the file a second time
    except OSError:
        file.close()
        return np.zeros(shape, dtype)
    made.scratch = file
    weakref.finalize(made, file.close)
    return _array(made, dtype, shape)


def copied(array: NDArray[Any], columns: NDArray[np.bool_]) -> NDArray[Any]:
    """A copy of some columns, in a file if it is large.

    Examples
    --------
    >>> copied(np.eye(2), np.array([False, True])).tolist()
    [[0.0], [1.0]]
    """
    copy = zeros((len(array), int(columns.sum())), array.dtype)
    for rows in blocks(array):
        copy[rows] = array[rows][:, columns]
        release(copy, array)
    return copy


def blocks(array: NDArray[Any]) -> Iterator[slice]:
    """The rows of an array in blocks of at most about `AT_A_TIME` bytes.

    Examples
    --------
    >>> list(blocks(np.zeros((3, 2**20))))
    [slice(0, 2, None), slice(2, 4, None)]
    """
    rows = len(array)
    step = max(1, AT_A_TIME * rows // max(1, array.nbytes))
    return (slice(start, start + step) for start in range(0, rows, step))


def release(*arrays: Large) -> None:
    """Give the pages of large arrays back to the system: their numbers stay in the file.

    Does nothing for an array that lies in memory, or is a part of another. What a process has changed in a
    file that it did not make is lost.
    """
    for array in arrays if _maps else ():
        found = _maps.get(_address(array))
        if found is not None and hasattr(found, "madvise"):
            found.madvise(mmap.MADV_DONTNEED)


def map_file(path: str, dtype: DTypeLike, shape: tuple[int, ...]) -> NDArray[Any]:
    """The array that lies in a file of another process. A change stays in this one."""
    _seen.add(path)
    with open(path, "rb") as file:
        return _array(_Map(file.fileno(), 0, access=mmap.ACCESS_COPY), dtype, shape)


def map_tensor(path: str, dtype: DTypeLike, shape: tuple[int, ...]) -> Tensor:
    """The same as a tensor."""
    import torch

    return torch.from_numpy(map_file(path, dtype, shape))


def file_of(array: Large) -> str | None:
    """The file in which the whole of an array lies, in order; None if there is none."""
    found = _maps.get(_address(array)) if _maps else None
    if found is None or found.scratch is None or array.nbytes != len(found):
        return None
    in_order = array.flags.c_contiguous if isinstance(array, np.ndarray) else array.is_contiguous()
    return found.scratch.path if in_order else None


def remove_files() -> None:
    """Remove the files that this process has mapped: whoever made them was killed, and cannot."""
    for path in _seen:
        scratch.remove(path)


def _address(array: Large) -> int:
    if isinstance(array, np.ndarray):
        return int(array.ctypes.data)
    return array.data_ptr() if array.device.type == "cpu" else 0


def _array(made: _Map, dtype: DTypeLike, shape: tuple[int, ...]) -> NDArray[Any]:
    array = np.frombuffer(made, dtype).reshape(shape)
    _maps[_address(array)] = made
    return array


def _zero_file(size: int) -> scratch.Scratch:
    """Written, not just sized: a full disk must raise here, as writing to a map would crash."""
    made = scratch.Scratch(".rows")
    try:
        if made.crowded:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        for start in range(0, size, len(_ZEROS)):
            made.file.write(_ZEROS[: size - start])
        made.file.flush()
    except BaseException:  # an interrupt as well
        made.close()
        raise
    return made
