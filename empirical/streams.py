"""Counter-based random streams: what trial t draws depends on (seed, purpose, m, t) and nothing else."""

from __future__ import annotations

from typing import Literal

import numpy as np

Purpose = Literal["sample", "head sample", "initial weights", "signs", "reference"]

_CODES: dict[str, int] = {
    "sample": 1,
    "head sample": 2,
    "initial weights": 3,
    "signs": 4,
    "reference": 5,
}


def stream(seed: int, purpose: Purpose, m: int = 0, trial: int = 0) -> np.random.Generator:
    """The generator of one trial for one purpose, always on the CPU.

    Philox is counter-based: (seed, purpose) is the key, (m, trial) the upper half of the counter, so
    streams never overlap and none depends on chunk size, device or worker. `m` is the sample size that
    the draw belongs to.

    Raises ValueError where seed, m or trial is negative or does not fit in 64 bits.

    >>> stream(0, "sample", 64, 3).integers(10) == stream(0, "sample", 64, 3).integers(10)
    np.True_
    """
    for name, number in (("seed", seed), ("m", m), ("trial", trial)):
        if not 0 <= number < 2**64:
            raise ValueError(f"{name} must be an integer from 0 to 2**64 - 1, got {number}")
    key = np.array([seed, _CODES[purpose]], dtype=np.uint64)
    counter = np.array([0, 0, m, trial], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))
