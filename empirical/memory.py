"""How much is computed at once: on the CPU what its caches hold, on a GPU what its free memory holds.

Also how often a device is asked for a number. The CPU answers at once; on a GPU the host waits until all
that was launched is done, and launches nothing meanwhile.
"""

from __future__ import annotations

import torch
from torch import Tensor

SHARE = 16
"""The largest temporary tensor takes this part of the free memory, since others live beside it."""


def free_bytes(device: torch.device) -> int:
    """The free memory of a GPU, with what torch keeps in reserve."""
    free, _ = torch.cuda.mem_get_info(device)
    reserved = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int(free + reserved)


def numbers_at_once(like: Tensor, on_cpu: int) -> int:
    """How many numbers of the type of `like` a block on its device may hold.

    Examples
    --------
    >>> numbers_at_once(torch.zeros(1), on_cpu=2**17)
    131072
    """
    if like.device.type == "cpu":
        return on_cpu
    return max(on_cpu, free_bytes(like.device) // (SHARE * like.element_size()))


def pace(like: Tensor) -> int:
    """After how many steps an iteration asks if all its problems have converged: each on the CPU.

    On a GPU a few further steps cost less than to ask.

    Examples
    --------
    >>> pace(torch.zeros(1))
    1
    """
    return 1 if like.device.type == "cpu" else 4
