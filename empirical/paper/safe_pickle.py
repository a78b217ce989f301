"""Reading arrays and built-in containers from a pickle, and running nothing.

A pickle is a program. Here it may call only what is written in this module: no function of the file's
choice is looked up, and even numpy's own constructors are replaced, since they read memory layouts
from the file and trust them. Python-2 pickles are read as latin-1, as their arrays need.

A short pickle can describe a huge object. The number of items, those of a shared object counted at each
reference, is bounded by the size of the file.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

MOST_BYTES = 4 * 2**30
"""A file above this size is refused: the features it may hold are below 100 MB."""


LEAST_ITEMS = 1_000_000
"""A file may hold so many items, or four for each of its bytes if that is more."""


class RefusedError(ValueError):
    """What the file asks for, in a few words; it was not done."""


def load(path: Path) -> Any:
    """The object in a pickle of plain arrays, numbers, text and built-in containers.

    Arrays become numpy arrays of the native byte order; arrays of objects hold what they held.

    Raises
    ------
    RefusedError
        A ValueError, for a pickle that names anything else (before it could run)
    ValueError
        For a file that is missing, empty, truncated or no pickle.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "evil.pkl"
    ...     _ = file.write_bytes(b"cos\\nsystem\\n(S'echo pwned'\\ntR.")
    ...     load(file)
    Traceback (most recent call last):
    empirical.paper.safe_pickle.RefusedError: must hold arrays and built-in containers only, got os.system, \
which was not run
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise ValueError("must be a pickle file, got something that is no regular file")
        if size == 0:
            raise ValueError("must be a pickle file, got an empty one")
        if size > MOST_BYTES:
            raise ValueError(f"must have at most {MOST_BYTES:,} bytes, got {size:,}")
        with path.open("rb") as stream:
            loaded = _Unpickler(stream, encoding="latin1").load()
    except ValueError as error:
        if isinstance(error, RefusedError) or str(error).startswith("must "):
            raise
        raise ValueError(_damaged(error)) from None
    except FileNotFoundError:
        raise ValueError("must be an existing file, got a path where there is none") from None
    except OSError as error:
        raise ValueError(f"must be a readable file, got {error.strerror}") from None
    # Damaged bytes make the unpickler raise whatever its opcodes stumble over (also MemoryError and
    # RecursionError); all of it means this one thing.
    except Exception as error:
        raise ValueError(_damaged(error)) from None
    return _Plain(most=max(LEAST_ITEMS, 4 * size)).of(loaded)


def _damaged(error: BaseException) -> str:
    detail = " ".join(str(error).split())[:120] or type(error).__name__
    return f"must be an intact pickle, got: {detail}"


class _Admitted:
    """A function that a pickle may call; it cannot be changed from inside the pickle."""

    __slots__ = ("_function",)
    _function: Callable[..., Any]

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*arguments)

    def __setstate__(self, state: Any) -> None:
        raise RefusedError("must hold arrays and built-in containers only, got a changed function")


class _Dtype:
    """A number or text type, from its code and byte order alone."""

    __slots__ = ("code", "order")

    def __init__(self, code: Any, *_: Any) -> None:
        if not isinstance(code, str) or not re.fullmatch(r"[?biufSU]\d{0,9}|O8?", code):
            raise RefusedError(f"must hold arrays of numbers or text, got the type {code!r:.60}")
        self.code, self.order = code, "="

    def __setstate__(self, state: Any) -> None:
        # (version, byte order, subtype, names, fields, size, alignment, ...)
        if not isinstance(state, tuple) or len(state) < 5 or state[1] not in ("<", ">", "|", "="):
            raise RefusedError("must hold arrays of numbers or text, got a type of unknown form")
        if any(part is not None for part in state[2:5]):
            raise RefusedError("must hold arrays of numbers or text, got a type with fields")
        self.order = state[1]

    @property
    def numpy(self) -> np.dtype[Any]:
        return np.dtype(self.order.replace("|", "=") + self.code)


class _Array:
    """An array that the pickle builds: empty at first, then given its content."""

    __slots__ = ("value",)

    def __init__(self, *_: Any) -> None:
        self.value: np.ndarray = np.empty(0)

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, by_columns, content = state
        shape = tuple(int(side) for side in shape)
        if not isinstance(dtype, _Dtype) or any(side < 0 for side in shape):
            raise RefusedError("must hold arrays of numbers or text, got an array of unknown form")
        if dtype.code.startswith("O"):
            flat = np.empty(len(content), dtype=object)
            for place, item in enumerate(content):
                flat[place] = item
        else:
            flat = np.frombuffer(_bytes(content), dtype=dtype.numpy)
        self.value = flat.reshape(shape, order="F" if by_columns else "C")


def _bytes(content: Any) -> bytes:
    # Python 2 wrote arrays as strings, which the latin-1 reading maps to code points 0…255.
    return content.encode("latin1") if isinstance(content, str) else bytes(memoryview(content))


def _scalar(dtype: Any, content: Any) -> Any:
    if not isinstance(dtype, _Dtype) or dtype.code.startswith("O"):
        raise RefusedError("must hold plain numbers, got a scalar of unknown form")
    return np.frombuffer(_bytes(content), dtype=dtype.numpy)[0]


def _from_buffer(content: Any, dtype: Any, shape: Any, order: Any) -> _Array:
    array = _Array()
    array.__setstate__((1, shape, dtype, order == "F", content))
    return array


def _encode(text: Any, encoding: Any) -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise RefusedError(f"must hold text and bytes, got an encoding {encoding!r:.40}")
    return text.encode("latin1")


def _built_in(kind: Callable[..., Any], *arguments: Any) -> Any:
    # bytes(n) and bytearray(n) fill memory with zeros.
    if any(isinstance(argument, int) for argument in arguments):
        raise RefusedError("must hold its own content, got an order for empty memory")
    return kind(*arguments)


_NUMPY = ("numpy.core", "numpy._core")
_ADMITTED: dict[tuple[str, str], _Admitted] = {
    **{(f"{core}.multiarray", "_reconstruct"): _Admitted(_Array) for core in _NUMPY},
    **{(f"{core}.multiarray", "scalar"): _Admitted(_scalar) for core in _NUMPY},
    **{(f"{core}.numeric", "_frombuffer"): _Admitted(_from_buffer) for core in _NUMPY},
    ("numpy", "ndarray"): _Admitted(_Array),
    ("numpy", "dtype"): _Admitted(_Dtype),
    ("_codecs", "encode"): _Admitted(_encode),
    **{
        (module, kind.__name__): _Admitted(partial(_built_in, kind))
        for module in ("builtins", "__builtin__")
        for kind in (set, frozenset, list, tuple, dict, bytes, bytearray)
    },
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ADMITTED:
            what = " ".join(f"{module}.{name}".split())[:80]
            raise RefusedError(
                f"must hold arrays and built-in containers only, got {what}, which was not run"
            )
        return _ADMITTED[module, name]

    def persistent_load(self, pid: Any) -> Any:
        raise RefusedError("must hold its own content, got a reference to something outside it")


class _Plain:
    """The loaded object with arrays in place of their builders.

    Each object is converted once, however often it is referred to. Its items count at every reference,
    since readers of the result walk through them each time.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._done: dict[int, tuple[Any, Any, int]] = {}

    def of(self, value: Any) -> Any:
        return self._of(value, 0)[0]

    def _of(self, value: Any, depth: int) -> tuple[Any, int]:
        """The plain object, and the number of its items."""
        if depth > 20:
            raise ValueError("must nest containers at most 20 deep, got more")
        if id(value) not in self._done:
            plain, items = self._convert(value, depth)
            if items > self._most:
                raise RefusedError(f"must hold at most {self._most:,} items, got more")
            # The original is kept too, so that its id stays its own.
            self._done[id(value)] = (value, plain, items)
        _, plain, items = self._done[id(value)]
        return plain, items

    def _convert(self, value: Any, depth: int) -> tuple[Any, int]:
        if isinstance(value, _Array):
            array = value.value
            if array.dtype != object:
                return array.astype(array.dtype.newbyteorder("=")), 1 + array.size
            listed, items = self._all(array.ravel(), depth)
            inner = np.empty(array.size, dtype=object)
            for place, item in enumerate(listed):
                inner[place] = item
            return inner.reshape(array.shape), items
        if isinstance(value, dict):
            keys, of_keys = self._all(value.keys(), depth)
            values, of_values = self._all(value.values(), depth)
            return dict(zip(keys, values, strict=True)), of_keys + of_values
        if isinstance(value, (list, tuple, set, frozenset)):
            listed, items = self._all(value, depth)
            return type(value)(listed), items
        if isinstance(value, (_Dtype, _Admitted)):
            raise RefusedError("must hold arrays and built-in containers only, got a bare function")
        return value, 1 + (len(value) if isinstance(value, (str, bytes, bytearray)) else 0)

    def _all(self, values: Iterable[Any], depth: int) -> tuple[list[Any], int]:
        listed, items = [], 1
        for value in values:
            plain, more = self._of(value, depth + 1)
            listed.append(plain)
            items += more
            if items > self._most:
                raise RefusedError(f"must hold at most {self._most:,} items, got more")
        return listed, items
