"""Counter-based random streams: what a trial draws depends on (seed, purpose, m, trial) alone."""

from __future__ import annotations

from operator import index
from typing import Literal

import numpy as np

Purpose = Literal[
    "sample",
    "head sample",
    "initial weights",
    "signs",
    "reference",
    "minibatch",
    "claim",
    "split",
    "folds",
    "curve",
    "order",
]

_CODES: dict[str, int] = {
    "sample": 1,
    "head sample": 2,
    "initial weights": 3,
    "signs": 4,
    "reference": 5,
    "minibatch": 6,
    "claim": 7,
    "split": 8,
    "folds": 9,
    "curve": 10,
    "order": 11,
}


def stream(seed: int, purpose: Purpose, m: int = 0, trial: int = 0) -> np.random.Generator:
    """The generator of one trial for one purpose, always on the CPU.

    Philox is counter-based: (seed, purpose) is the key and (m, trial) the upper half of the
    counter. Streams overlap only after 2^128 blocks, and none depends on chunk size, device or
    worker. `m` is the sample size that the draw belongs to.

    Raises
    ------
    ValueError
        If seed, m or trial is not an integer, is negative or does not fit in 64 bits, or if the
        purpose is unknown.

    Examples
    --------
    >>> stream(0, "sample", 64, 3).integers(10) == stream(0, "sample", 64, 3).integers(10)
    np.True_
    """
    if purpose not in _CODES:
        raise ValueError(f"purpose must be one of {tuple(_CODES)}, got {purpose!r}")
    seed, m, trial = _unsigned("seed", seed), _unsigned("m", m), _unsigned("trial", trial)
    key = np.array([seed, _CODES[purpose]], dtype=np.uint64)
    counter = np.array([0, 0, m, trial], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


def _unsigned(name: str, number: int) -> int:
    # numpy would cut 1.9 down to 1 without a word, and two streams would be one.
    try:
        value = index(number)
    except TypeError:
        value = -1
    if not 0 <= value < 2**64:
        raise ValueError(f"{name} must be an integer from 0 to 2**64 - 1, got {number!r}")
    return value
