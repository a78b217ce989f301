"""A second device for machines without one: tensors that claim to be on it, with their numbers on the CPU.

Under `Watch` a tensor of the device "meta" has values after all. Every operation that would need a
transfer it does not ask for, as between tensors of two devices, or with indices in host memory, is
refused; every transfer that it asks for, every wait for a number and every operation are counted by the
line that asks.
"""

from __future__ import annotations

import sys
import weakref
from collections import Counter
from pathlib import Path

import torch
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_flatten, tree_map

DEVICE = torch.device("meta")
ATEN = torch.ops.aten
_READS = {
    ATEN._local_scalar_dense.default,
    ATEN.is_nonzero.default,
    # The size of what these return is a number of the device.
    ATEN.nonzero.default,
    ATEN.masked_select.default,
}
_COPIES = {ATEN._to_copy.default, ATEN.copy_.default}
_OWN = {Path(__file__).name, "_python_dispatch.py", "_ops.py"}


class Memory:
    """The bytes of tensors that live on the device, now and at most."""

    def __init__(self):
        self.users, self.now, self.peak = Counter(), 0, 0

    def take(self, tensor):
        storage = tensor.held.untyped_storage()
        key = storage.data_ptr(), storage.nbytes()
        if self.users[key] == 0:
            self.now += storage.nbytes()
            self.peak = max(self.peak, self.now)
        self.users[key] += 1
        weakref.finalize(tensor, self.leave, key)

    def leave(self, key):
        self.users[key] -= 1
        if self.users[key] == 0:
            self.now -= key[1]


HELD = Memory()


class Elsewhere(torch.Tensor):
    """A tensor of the device "meta" that has numbers."""

    @staticmethod
    def __new__(cls, held):
        return torch.Tensor._make_wrapper_subclass(
            cls,
            held.size(),
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=DEVICE,
        )

    def __init__(self, held):
        self.held = held
        HELD.take(self)

    def __repr__(self):
        return f"Elsewhere({self.held})"

    @classmethod
    def __torch_dispatch__(cls, function, types, arguments=(), options=None):
        raise RuntimeError(f"{function} met a tensor of the device outside Watch")


def place():
    """The library's line that the current operation comes from."""
    frame = sys._getframe(1)
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if {"empirical", "verify", "bounds"} & set(path.parts) and "tests" not in path.parts:
            return f"{path.stem}.{frame.f_code.co_name}"
        frame = frame.f_back
    return "elsewhere"


class Watch(TorchDispatchMode):
    """Runs operations of tensors on the device, refuses those that mix, counts those that wait.

    Parameters
    ----------
    reads, copies, launches
        By place: numbers read by the host, tensors copied to or from it, and operations on the device.
    """

    def __init__(self):
        super().__init__()
        self.reads, self.copies, self.launches = Counter(), Counter(), Counter()

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        options = dict(options or {})
        flat, _ = tree_flatten((arguments, options))
        tensors = [x for x in flat if isinstance(x, torch.Tensor)]
        there = [x for x in tensors if isinstance(x, Elsewhere)]
        asked = options.get("device")
        target = bool(there) if asked is None else torch.device(asked) == DEVICE
        if there and not _is_view(function):
            self.launches[place()] += 1
        if there and (function in _READS or _has_mask(function, arguments)):
            self.reads[place()] += 1
        elif function in _COPIES:
            if (
                tensors
                and (len(there) < len(tensors) or target != bool(there))
                and (there or target)
            ):
                self.copies[place()] += 1
        elif there and len(there) < len(tensors):
            # One number of the host may meet a tensor anywhere; indices may not, though torch copies them.
            indices = "index" in function.__name__
            mixed = [x for x in tensors if not isinstance(x, Elsewhere) and (x.dim() or indices)]
            if mixed:
                raise RuntimeError(
                    f"{function} in {place()} met a tensor of shape {tuple(mixed[0].shape)} on the CPU"
                    " beside one on the device"
                )
        if asked is not None:
            options["device"] = "cpu"
        held = tree_map(_held, (arguments, options))
        found = function(*held[0], **held[1])
        if not target:
            return found
        wrapped = tree_map(lambda x: Elsewhere(x) if isinstance(x, torch.Tensor) else x, found)
        if not there:
            return wrapped
        return return_and_correct_aliasing(function, arguments, options, wrapped)


def _is_view(function):
    """Whether all that it returns shares the memory of an argument that it leaves as it is."""
    infos = [declared.alias_info for declared in function._schema.returns]
    return bool(infos) and all(info is not None and not info.is_write for info in infos)


def _has_mask(function, arguments):
    """Whether a tensor is indexed by a mask, whose length the host waits for."""
    if not function.__name__.startswith("index"):
        return False
    indices = tree_flatten(arguments[1])[0]
    return any(isinstance(x, torch.Tensor) and x.dtype == torch.bool for x in indices)


def _held(x):
    return x.held if isinstance(x, Elsewhere) else x
