"""Rows that are there twice, and training rows in a hold-out, as far as losses show them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.certificates.columns import Values, losses_of

# So many distinct pairs of losses that all occur twice are not a coincidence.
DISTINCT = 20


def _pairs(M: Values, N: Values) -> NDArray[np.complex128]:
    """Both losses of a row as one value."""
    return M + 1j * N


def no_copies(M: Values, N: Values) -> None:
    """Refuse repeated rows: every pair of losses occurs a multiple of k > 1 times.

    Raises
    ------
    ValueError
        For such rows, if there are so many different pairs that chance does not explain it.

    Examples
    --------
    >>> no_copies(np.arange(5.0), np.zeros(5))
    """
    counts = np.unique(_pairs(M, N), return_counts=True)[1]
    times = int(np.gcd.reduce(counts))
    if counts.size >= DISTINCT and times > 1:
        raise ValueError(
            f"loss_M and loss_N must come from independent rows, got every pair of losses {times} times"
            " or a multiple of it: name the repeated rows' groups"
        )


def no_training_rows(M: Values, N: Values, loss_train: Any) -> None:
    """Refuse a hold-out whose pairs of losses are those of training rows more often than chance has it.

    Raises
    ------
    ValueError
        For such rows, and unless `loss_train` is a pair of columns of one length.

    Examples
    --------
    >>> no_training_rows(np.arange(5.0), np.zeros(5), (np.full(5, 0.5), np.ones(5)))
    """
    try:
        first, second = loss_train
    except (TypeError, ValueError):
        raise ValueError(
            "loss_train must be a pair: losses of M and of N on the training rows"
        ) from None
    train_M, train_N = losses_of("loss_train[0]", first), losses_of("loss_train[1]", second)
    if train_M.shape != train_N.shape:
        raise ValueError(
            f"loss_train must hold two arrays of one length, got {train_M.size} and {train_N.size}"
        )
    held, held_counts = np.unique(_pairs(M, N), return_counts=True)
    train, train_counts = np.unique(_pairs(train_M, train_N), return_counts=True)
    _, i, j = np.intersect1d(held, train, assume_unique=True, return_indices=True)
    shared = float((held_counts[i] * train_counts[j]).sum())
    # How often two different rows have equal losses is seen inside either part.
    inside = sum(float((c * (c - 1.0) / 2).sum()) for c in (held_counts, train_counts))
    possible = M.size * (M.size - 1) / 2 + train_M.size * (train_M.size - 1) / 2
    expected = inside / possible * M.size * train_M.size
    if shared > 2 * expected + 3 * expected**0.5 + 2:
        raise ValueError(
            f"loss_M and loss_N must come from rows that were not trained on, got {held_counts[i].sum()} of"
            f" {M.size} rows whose losses are those of training rows to the last digit"
        )
