"""Sign features in blocks, one block per modality, with tunable overlap: x ∈ {−1, 1}^d.

The first modality's coordinates are independent fair signs. Coordinate j of any other modality is a
copy of the first modality's coordinate j with probability ``overlap`` (drawn afresh for each row),
else a fair sign of its own; where the first modality has no coordinate j it is independent.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray


def layout(blocks: Mapping[str, int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Per feature: the index of its modality, and its number within the modality.

    Examples
    --------
    >>> [part.tolist() for part in layout({"a": 1, "b": 2})]
    [[0, 1, 1], [0, 0, 1]]
    """
    sizes = list(blocks.values())
    owner = np.repeat(np.arange(len(sizes)), sizes)
    return owner, np.concatenate([np.arange(size) for size in sizes])


def covariance(blocks: Mapping[str, int], overlap: float) -> NDArray[np.float64]:
    """Σ = E xxᵀ, [d, d]: overlap between a copy and its original, overlap² between two copies.

    Examples
    --------
    >>> covariance({"a": 1, "b": 1}, 0.5).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    owner, coordinate = layout(blocks)
    copied = np.where(owner == 0, 1.0, overlap)
    copied[coordinate >= _originals(blocks)] = 0.0
    same = coordinate[:, None] == coordinate[None, :]
    matrix = np.where(same, copied[:, None] * copied[None, :], 0.0)
    np.fill_diagonal(matrix, 1.0)
    return matrix


def groups(
    blocks: Mapping[str, int], overlap: float, columns: NDArray[np.int64]
) -> list[tuple[bool, int]]:
    """The features ``columns`` as independent groups: (is the original seen, how many copies are).

    Examples
    --------
    >>> groups({"a": 1, "b": 2}, 0.5, np.array([1, 2]))     # b's second feature has no original
    [(True, 0), (False, 1)]
    """
    owner, coordinate = layout(blocks)
    copy = (owner > 0) & (coordinate < _originals(blocks)) & (overlap > 0)
    own = [(True, 0)] * int(((owner > 0) & ~copy)[columns].sum())
    seen = set(columns.tolist())
    copies = np.bincount(coordinate[columns][copy[columns]], minlength=len(owner))
    return own + [(feature in seen, int(copies[feature])) for feature in range(_originals(blocks))]


def draw(
    generator: np.random.Generator, blocks: Mapping[str, int], overlap: float, m: int, trials: int
) -> NDArray[np.float64]:
    """Independent rows: float64 [trials, m, d].

    Examples
    --------
    >>> draw(np.random.default_rng(0), {"a": 2, "b": 2}, 1.0, m=5, trials=3).shape
    (3, 5, 4)
    """
    owner, coordinate = layout(blocks)
    bits = generator.integers(0, 2, (trials, m, len(owner)), dtype=np.int8)
    x = bits.astype(np.float64) * 2 - 1
    copies = np.flatnonzero((owner > 0) & (coordinate < _originals(blocks)))
    if overlap > 0 and len(copies):
        copied = generator.random((trials, m, len(copies))) < overlap
        x[..., copies] = np.where(copied, x[..., coordinate[copies]], x[..., copies])
    return x


def _originals(blocks: Mapping[str, int]) -> int:
    return next(iter(blocks.values()))
