"""The compiled trainer of all fusion classes: `train.cpp`, built when the package is installed.

It holds kernels for several sets of instructions; the fastest that the processor can run is used. All
kernels that fuse multiplication and addition give the same numbers, bit for bit. Without a compiler
`available()` is False and `empirical.erm` trains the same models with torch. Both take the same steps;
they differ by the rounding of float32.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from importlib import metadata
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from empirical import losses
from empirical.fusion import operations
from empirical.fusion.classes import FusionClass
from empirical.fusion.stack import Stack, inside

OBJECTIVES = tuple(
    losses.OBJECTIVES.find(name) for name in ("least-squares", "softmax", "logistic", "correlation")
)
"""The objectives that it supports, in the order of `Objective` in problem.inl."""

OPERATIONS = tuple(
    operations.OPERATIONS.find(name)
    for name in ("concatenation", "sum", "mean", "gated", "attention")
)
"""The operations that it supports, in the order of `Operation` in problem.inl.

Entries, not names: one of the same name that computes something else is another one.
"""

MOST_ROWS = 2**31 - 64
"""Rows are counted by 32 bits, in steps of a block."""

_INTEGERS = "trials rows modalities subsets width depth operation outputs objective steps"
_ADDRESSES = "dims members sizes inputs targets scale encoders heads"
_NUMBERS = "learning_rate encoder_radius layer_radius head_radius"


class _Problem(ctypes.Structure):
    """The same fields in the same order as `Problem` in problem.inl."""

    _fields_ = tuple(
        (name, kind)
        for names, kind in (
            (_INTEGERS, ctypes.c_int),
            (_ADDRESSES, ctypes.c_void_p),
            (_NUMBERS, ctypes.c_float),
        )
        for name in names.split()
    )


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL | None:
    for folder in _folders(Path(__file__).parent):
        for suffix in EXTENSION_SUFFIXES:
            path = folder / f"_train{suffix}"
            if path.exists():
                library = ctypes.CDLL(str(path))
                return library if _takes_our_problem(library) else None
    return None


def _folders(here: Path) -> Iterator[Path]:
    """This folder, and that of the installed library if it holds the same sources.

    Commands that are run in a copy of the repository import this module from the copy, in which nothing
    was built.
    """
    yield here
    for installed in metadata.distributions(name="multimodal-bounds"):
        folder = Path(str(installed.locate_file("empirical/erm/compiled")))
        if folder != here and folder.is_dir() and _sources(folder) == _sources(here):
            yield folder


def _sources(folder: Path) -> dict[str, bytes]:
    kinds = (".cpp", ".inl", ".py")
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.suffix in kinds}


def _takes_our_problem(library: ctypes.CDLL) -> bool:
    """Whether it was built from this module's sources; says what its functions return."""
    if not hasattr(library, "problem_integers"):
        return False
    for name in ("problem_integers", "kernel_name", "kernel_rounding", "compiler"):
        getattr(library, name).restype = ctypes.c_char_p
    same_integers = library.problem_integers().decode().split(", ") == _INTEGERS.split()
    return same_integers and bool(library.problem_bytes() == ctypes.sizeof(_Problem))


def available() -> bool:
    """Whether the compiled trainer is installed.

    Examples
    --------
    >>> available() in (True, False)
    True
    """
    return _library() is not None


def kernels() -> tuple[str, ...]:
    """The kernels that this processor can run, the fastest first.

    Examples
    --------
    >>> bool(kernels()) == available()
    True
    """
    return tuple(_numbers())


def _numbers() -> dict[str, int]:
    """The number of each such kernel in the library, by name."""
    library = _library()
    found: dict[str, int] = {}
    number = 0
    while library is not None and (name := library.kernel_name(number)) is not None:
        if library.kernel_supported(number):
            found[name.decode()] = number
        number += 1
    return found


def build() -> str:
    """What the float32 numbers of the installed trainer depend on: the compiler, and whether it fuses.

    Kernels that fuse have the same text, since they give the same numbers.

    Examples
    --------
    >>> build() != ""
    True
    """
    library = _library()
    if library is None:
        return "none"
    return f"{library.compiler().decode()} {rounding(kernels()[0])}"


def rounding(kernel: str) -> str:
    """How a kernel rounds, "FMA" or "no FMA": those of one text give the same numbers, bit for bit."""
    library = _library()
    if library is None:
        raise ValueError("the compiled trainer must be installed")
    return str(library.kernel_rounding(_numbers()[kernel]).decode())


def train(
    inputs: Sequence[Tensor],
    targets: Tensor,
    scale: Tensor,
    stack: Stack,
    cls: FusionClass,
    *,
    objective: str | losses.Objective,
    steps: int,
    learning_rate: float,
    kernel: str | None = None,
) -> None:
    """Train every model of the stack in place: full-batch Adam, projected after every step.

    Models are divided among torch's threads. A model's numbers depend only on its own trial, bit for
    bit, whatever else is in the stack.

    Parameters
    ----------
    inputs
        Per modality [T, m, D_k] float32 on the CPU.
    targets
        [T, c, m].
    scale
        [T, 1, m]: the factor on every row's loss.
    stack
        Float32 tensors, contiguous, with the starting values; the trained ones on return.
    cls
        The class.
    objective, steps, learning_rate
        As for `erm.fit`.
    kernel
        One of `kernels()`; None: the first.

    Raises
    ------
    ValueError
        If the processor cannot run that kernel, or there are more rows than `MOST_ROWS`.
    MemoryError
        If a model's buffers do not fit.
    """
    library, numbers = _library(), _numbers()
    assert library is not None
    chosen = kernels()[0] if kernel is None else kernel
    if chosen not in numbers:
        raise ValueError(f"kernel must be one of {', '.join(numbers)}, got {kernel!r}")
    trials, rows = inputs[0].shape[:2]
    if rows > MOST_ROWS:
        raise ValueError(f"inputs must have at most {MOST_ROWS} rows, got {rows}")
    # The library gets addresses: what they point to must outlive the call, hence the names.
    inputs = [x.contiguous() for x in inputs]
    targets, scale = targets.contiguous(), scale.contiguous()
    subsets = stack.subsets
    arrays: dict[str, ctypes.Array[Any]] = {
        "dims": _integers([x.shape[2] for x in inputs]),
        "members": _integers([k for members in subsets for k in members]),
        "sizes": _integers([len(members) for members in subsets]),
        "inputs": _addresses(inputs),
        "encoders": _addresses(stack.encoders),
        "heads": _addresses(stack.heads),
    }
    problem = _Problem(
        trials=trials,
        rows=rows,
        modalities=len(inputs),
        subsets=len(subsets),
        width=cls.width,
        depth=cls.depth,
        operation=OPERATIONS.index(cls.operation),
        outputs=cls.outputs,
        objective=OBJECTIVES.index(losses.OBJECTIVES.find(objective)),
        steps=steps,
        targets=targets.data_ptr(),
        scale=scale.data_ptr(),
        learning_rate=learning_rate,
        encoder_radius=inside(cls.encoder_radius, torch.float32),
        layer_radius=inside(1.0, torch.float32),
        head_radius=inside(cls.head_radius, torch.float32),
        **{name: ctypes.cast(array, ctypes.c_void_p) for name, array in arrays.items()},
    )
    models = ctypes.c_int32(0)
    threads = min(torch.get_num_threads(), trials * len(subsets))
    with ThreadPoolExecutor(threads) as pool:
        calls = [
            pool.submit(library.train, ctypes.byref(problem), ctypes.byref(models), numbers[chosen])
            for _ in range(threads)
        ]
        if any(call.result() for call in calls):
            raise MemoryError(f"training models of {rows} rows needs more memory than there is")


def _integers(values: Sequence[int]) -> ctypes.Array[ctypes.c_int32]:
    return (ctypes.c_int32 * len(values))(*values)


def _addresses(tensors: Sequence[Tensor]) -> ctypes.Array[ctypes.c_void_p]:
    return (ctypes.c_void_p * len(tensors))(*(t.data_ptr() for t in tensors))
