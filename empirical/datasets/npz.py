"""Reading a user's own ``.npz`` file without ever unpickling anything."""

from __future__ import annotations

import math
import os
import zipfile
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from empirical import mapped
from empirical.datasets.dataset import Dataset, from_arrays

HALVES = ("_train", "_test")
"""How the names of the two parts of a split end."""


def load_npz(path: str | os.PathLike[str], task: str | None = None) -> Dataset:
    """A ``Dataset`` from an ``.npz`` archive: modalities are its 2-D arrays, the target is ``y``.

    With ``NAME_train`` / ``NAME_test`` and ``y_train`` / ``y_test`` the archive carries a split:
    training rows come first, test rows after them, and ``train_rows`` keeps their number. (For a
    finite population the two are pooled.) Other 1-D arrays and scalars are metadata and ignored;
    an array of three or more dimensions is refused rather than silently left out. ``task`` is that
    of ``from_arrays``, which also makes the checks on the values.

    Raises
    ------
    ValueError
        Beginning with the path, for a file that is missing, empty, truncated, corrupt, no zip
        archive or holds pickled (object) arrays, for two arrays of one name, without ``y``, without
        2-D arrays, or with half a split.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "mine.npz"
    ...     np.savez(file, text=np.eye(3), audio=np.ones((3, 1)) * [[1], [2], [4]], y=[0, 1, 1])
    ...     load_npz(file).names
    ('text', 'audio')
    """
    file = Path(path)
    try:
        arrays = read_arrays(file, _check_rows(read_headers(file)))
        features, target, train_rows = _split(arrays) if "y" not in arrays else _plain(arrays)
        return from_arrays(
            features,
            target,
            task=task,
            name=file.stem,
            description=f"the user's file {file.name}",
            train_rows=train_rows,
        )
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None


@dataclass(frozen=True)
class Header:
    """What an archive says of one array, before any of its data is read."""

    shape: tuple[int, ...]
    dtype: np.dtype
    in_columns: bool = False

    @property
    def nbytes(self) -> int:
        """The bytes of the array in memory."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_headers(file: Path) -> dict[str, Header]:
    """The headers of all arrays, in the archive's order, checked against each other and the file.

    Raises
    ------
    ValueError
        As for `load_npz`; also if an array has not the size that its header says, or if all of them
        together do not fit into the memory of this machine. A small file can hold a huge array of zeros.
    """
    headers: dict[str, Header] = {}
    with _opened(file) as archive:
        for info in archive.infolist():
            name = info.filename.removesuffix(".npy")
            if name == info.filename:
                continue
            if name in headers:
                raise _RefusedError(f"array names must be distinct, got {name!r} twice")
            with archive.open(info) as stream:
                headers[name] = header = _header(stream, name)
                held = info.file_size - stream.tell()
            if held != header.nbytes:
                raise ValueError(f"{name!r} has {held:,} bytes, its header says {header.nbytes:,}")
        total, memory = sum(header.nbytes for header in headers.values()), _memory()
        if total > memory:
            raise _RefusedError(
                f"data must fit into memory, got arrays of {total:,} bytes for {memory:,} bytes of it"
            )
    return headers


def read_arrays(file: Path, names: Container[str] | None = None) -> dict[str, np.ndarray]:
    """All arrays, or those of some names, in the archive's order, once all headers are in order."""
    wanted = [name for name in read_headers(file) if names is None or name in names]
    arrays: dict[str, np.ndarray] = {}
    with _opened(file) as archive:
        for name in wanted:
            with archive.open(f"{name}.npy") as stream:
                arrays[name] = _values(stream, name)
    return arrays


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    """The archive; whatever is wrong with it is one line."""
    if not file.exists():
        raise ValueError("data must be an existing .npz file, got a path where there is none")
    if not file.is_file():
        raise ValueError("data must be an .npz file, got something that is no regular file")
    if file.stat().st_size == 0:
        raise ValueError("data must be an .npz file, got an empty one")
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except _RefusedError as refusal:
        raise ValueError(str(refusal)) from None
    except PermissionError:
        raise ValueError("data must be a readable .npz file, got one without permission") from None
    # Damaged bytes make zipfile, zlib, lzma and numpy raise a dozen kinds of exception (also
    # MemoryError); all of them mean this one thing.
    except Exception as error:
        detail = " ".join(str(error).split())[:120] or type(error).__name__
        raise ValueError(f"data must be an intact .npz archive, got: {detail}") from None


class _RefusedError(Exception):
    """A file that can be read but is refused; kept apart from damage, which is any exception."""


def _header(stream: IO[bytes], name: str) -> Header:
    version = np.lib.format.read_magic(stream)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:  # 3.0 is for names of fields beyond latin-1
        raise _RefusedError(f"data must hold plain arrays, got one with named fields, {name!r}")
    shape, in_columns, dtype = readers[version](stream)
    if dtype.hasobject:
        raise _RefusedError(
            f"data must hold plain arrays, got a pickled object array {name!r} (pickles are never loaded)"
        )
    return Header(shape, dtype, in_columns)


def _values(stream: IO[bytes], name: str) -> np.ndarray:
    """An array, in a file of its own if it is large: a map of the archive would end with a change of it."""
    header = _header(stream, name)
    plain = header.dtype.kind in "fiub" and header.dtype.isnative and len(header.shape) == 2
    if not plain or header.in_columns:
        stream.seek(0)
        return np.lib.format.read_array(stream, allow_pickle=False)
    array = mapped.zeros(header.shape, header.dtype)
    for rows in mapped.blocks(array):
        part = array[rows]
        read = stream.read(part.nbytes)
        part[...] = np.frombuffer(read, header.dtype).reshape(part.shape)
        mapped.release(array)
    return array


def _memory() -> float:
    """The bytes of memory of this machine, where that can be known."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return math.inf


def _check_rows(headers: Mapping[str, Header]) -> list[str]:
    """The arrays that a study needs; refused before they are read if their rows do not align."""
    targets = ["y"] if "y" in headers else [f"y{half}" for half in HALVES]
    needed = [name for name, header in headers.items() if len(header.shape) >= 2]
    both = "y" in headers and any(f"y{half}" in headers for half in HALVES)
    for target in () if both else targets:
        if target not in headers or len(headers[target].shape) != 1:
            continue  # said in words of its own
        rows, half = headers[target].shape[0], target.removeprefix("y")
        for name in needed:
            if name.endswith(half) and name != target and headers[name].shape[0] != rows:
                shown = name if half else f"features[{name!r}]"
                raise ValueError(
                    f"{shown} must have as many rows as {target}, {rows}, got {headers[name].shape[0]}"
                )
    return [*needed, *targets, *(f"y{half}" for half in HALVES)]


def _plain(arrays: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], np.ndarray, None]:
    for name in ("y_train", "y_test"):
        if name in arrays:
            raise ValueError(f"data must hold either y or y_train and y_test, got y and {name}")
    return _modalities(arrays, excluded={"y"}), arrays["y"], None


def _split(arrays: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], np.ndarray, int]:
    labels = {f"y{half}": arrays[f"y{half}"] for half in HALVES if f"y{half}" in arrays}
    if not labels:
        held = ", ".join(arrays) or "no arrays"
        raise ValueError(f"data must hold the target as a 1-D array 'y', got {held}")
    for name, values in labels.items():
        if values.ndim != 1:
            raise ValueError(f"{name} must be a 1-D array, got shape {values.shape}")
    target = join_halves(arrays, "y")
    halves = _modalities(arrays, excluded={"y_train", "y_test"})
    # That their rows align was read from the headers.
    features = {stem: join_halves(halves, stem) for stem in dict.fromkeys(map(_stem, halves))}
    return features, target, len(arrays["y_train"])


def join_halves(arrays: Mapping[str, np.ndarray], stem: str) -> np.ndarray:
    """``stem_train`` and ``stem_test`` as one array, training rows first.

    Raises
    ------
    ValueError
        If one of them is missing or a scalar, if their columns differ, or if one alone is text.

    Examples
    --------
    >>> join_halves({"y_train": np.array([1, 2]), "y_test": np.array([3])}, "y").tolist()
    [1, 2, 3]
    """
    for half in HALVES:
        if stem + half not in arrays:
            raise ValueError(f"data with a split must hold both halves, got no {stem}{half}")
        if arrays[stem + half].ndim == 0:
            raise ValueError(f"{stem}{half} must have rows, got a single number")
    train, test = (arrays[stem + half] for half in HALVES)
    if train.shape[1:] != test.shape[1:]:
        first, second = (a.shape[1] if a.ndim == 2 else f"shape {a.shape}" for a in (train, test))
        raise ValueError(
            f"{stem}_train and {stem}_test must have the same columns, got {first} and {second}"
        )
    if (train.dtype.kind in "US") != (test.dtype.kind in "US"):
        raise ValueError(
            f"{stem}_train and {stem}_test must be alike, got {train.dtype} and {test.dtype}"
        )
    whole = train.dtype.kind in "iu" and test.dtype.kind in "iu"
    if train.ndim == 1 and whole and train.dtype != test.dtype:
        # numpy would make floats of signed and unsigned integers, and amounts of labels.
        return np.concatenate([train.astype(object), test.astype(object)])
    return np.concatenate([train, test])


def _stem(name: str) -> str:
    for suffix in HALVES:
        if name.endswith(suffix):
            return name.removesuffix(suffix)
    raise ValueError(
        f"data with y_train and y_test must name its modalities NAME_train and NAME_test, "
        f"got {name!r}"
    )


def _modalities(arrays: dict[str, np.ndarray], excluded: set[str]) -> dict[str, np.ndarray]:
    candidates = {n: a for n, a in arrays.items() if n not in excluded and a.ndim >= 2}
    if not candidates:
        raise ValueError("data must hold modalities as 2-D arrays, got none")
    for name, array in candidates.items():
        if array.ndim != 2 or array.dtype.kind not in "fiub":
            raise ValueError(
                f"{name} must be a 2-D array of real numbers, "
                f"got shape {array.shape} and dtype {array.dtype}"
            )
    return candidates
