"""Reading a user's own ``.npz`` file without ever unpickling anything."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import IO

import numpy as np

from empirical.datasets.dataset import Dataset, from_arrays


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
        arrays = read_arrays(file)
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


def read_arrays(file: Path) -> dict[str, np.ndarray]:
    """All arrays, in the archive's order; ``np.load`` would hide a second array of one name."""
    if not file.exists():
        raise ValueError("data must be an existing .npz file, got a path where there is none")
    if not file.is_file():
        raise ValueError("data must be an .npz file, got something that is no regular file")
    if file.stat().st_size == 0:
        raise ValueError("data must be an .npz file, got an empty one")
    arrays: dict[str, np.ndarray] = {}
    try:
        with zipfile.ZipFile(file) as archive:
            members = [name for name in archive.namelist() if name.endswith(".npy")]
            for member in members:
                if members.count(member) > 1:
                    raise _RefusedError(f"array names must be distinct, got {member[:-4]!r} twice")
                with archive.open(member) as stream:
                    arrays[member[:-4]] = _read_array(stream, member[:-4])
    except _RefusedError as refusal:
        raise ValueError(str(refusal)) from None
    except PermissionError:
        raise ValueError("data must be a readable .npz file, got one without permission") from None
    # Damaged bytes make zipfile, zlib, lzma and numpy raise a dozen kinds of exception (also
    # MemoryError, for a header that claims a huge shape); all of them mean this one thing.
    except Exception as error:
        detail = " ".join(str(error).split())[:120] or type(error).__name__
        raise ValueError(f"data must be an intact .npz archive, got: {detail}") from None
    return arrays


class _RefusedError(Exception):
    """A file that can be read but is refused; kept apart from damage, which is any exception."""


def _read_array(stream: IO[bytes], name: str) -> np.ndarray:
    version = np.lib.format.read_magic(stream)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version in read_header:
        _, _, dtype = read_header[version](stream)
        if dtype.hasobject:
            raise _RefusedError(
                f"data must hold plain arrays, got a pickled object array {name!r} "
                "(pickles are never loaded)"
            )
    stream.seek(0)
    return np.lib.format.read_array(stream, allow_pickle=False)


def _plain(arrays: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], np.ndarray, None]:
    for name in ("y_train", "y_test"):
        if name in arrays:
            raise ValueError(f"data must hold either y or y_train and y_test, got y and {name}")
    return _modalities(arrays, excluded={"y"}), arrays["y"], None


def _split(arrays: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], np.ndarray, int]:
    if "y_train" not in arrays and "y_test" not in arrays:
        held = ", ".join(arrays) or "no arrays"
        raise ValueError(f"data must hold the target as a 1-D array 'y', got {held}")
    for name in ("y_train", "y_test"):
        if name not in arrays:
            raise ValueError(f"data must hold both y_train and y_test, got no {name}")
        if arrays[name].ndim != 1:
            raise ValueError(f"{name} must be a 1-D array, got shape {arrays[name].shape}")
    train, test = arrays["y_train"], arrays["y_test"]
    if (train.dtype.kind in "US") != (test.dtype.kind in "US"):
        raise ValueError(f"y_train and y_test must be alike, got {train.dtype} and {test.dtype}")
    halves = _modalities(arrays, excluded={"y_train", "y_test"})
    features: dict[str, np.ndarray] = {}
    for name in dict.fromkeys(_stem(name) for name in halves):
        pair = []
        for half, labels in ((f"{name}_train", train), (f"{name}_test", test)):
            if half not in halves:
                raise ValueError(f"data with a split must hold both halves, got no {half}")
            if len(halves[half]) != len(labels):
                raise ValueError(
                    f"{half} must have as many rows as y_{half.removeprefix(name + '_')}, "
                    f"{len(labels)}, got {len(halves[half])}"
                )
            pair.append(halves[half])
        if pair[0].shape[1] != pair[1].shape[1]:
            raise ValueError(
                f"{name}_train and {name}_test must have the same columns, "
                f"got {pair[0].shape[1]} and {pair[1].shape[1]}"
            )
        features[name] = np.concatenate(pair)
    return features, np.concatenate([train, test]), len(train)


def _stem(name: str) -> str:
    for suffix in ("_train", "_test"):
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
