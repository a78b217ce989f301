"""All sign vectors, in batches: the exact oracle behind every bound on a small sample."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bounds.domains import FloatArray

MOST_SIGNS = 20
_BATCH_BITS = 14


def batches_of_signs(count: int) -> Iterator[FloatArray]:
    """Every vector of {±1}^count once, in arrays of shape [at most 2¹⁴, count].

    Raises
    ------
    ValueError
        If `count` exceeds 20 (a million vectors).

    Examples
    --------
    >>> [batch.tolist() for batch in batches_of_signs(1)]
    [[[-1.0], [1.0]]]
    """
    if count > MOST_SIGNS:
        raise ValueError(
            f"enumeration needs m × outputs ≤ {MOST_SIGNS} signs, got {count}; "
            "use the analytic bound"
        )
    batch = 1 << min(count, _BATCH_BITS)
    for start in range(0, 1 << count, batch):
        codes = np.arange(start, start + batch, dtype=np.int64)[:, None]
        bits = codes >> np.arange(count) & 1
        yield 2.0 * bits.astype(np.float64) - 1.0
