"""Random starting weights of a stack."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from empirical.fusion.classes import FusionClass
from empirical.fusion.stack import Subsets, check_subsets, slots


def encoder_shapes(
    cls: FusionClass, subsets: Subsets, input_dims: Sequence[int]
) -> list[tuple[int, ...]]:
    """The shapes of `Stack.encoders` without the leading T.

    Examples
    --------
    >>> encoder_shapes(FusionClass(4, 1.0, 1.0, 1, "attention"), ((0,), (0, 1)), [3, 5])
    [(2, 4, 3), (1, 4, 5), (4, 4), (4, 4)]
    """
    h = cls.width
    counts = [len(slots(subsets, k)) for k in range(len(input_dims))]
    shapes: list[tuple[int, ...]] = [(s, h, d) for s, d in zip(counts, input_dims, strict=True)]
    shapes += [(s, h, h) for _ in range(1, cls.layers) for s in counts]
    mixing = cls.operation.mixing
    if mixing is not None:
        shapes += [mixing(h, len(m), sum(input_dims[k] for k in m)) for m in subsets]
    return shapes


def initial_weights(
    draws: Sequence[np.random.Generator],
    subsets: Subsets,
    input_dims: Sequence[int],
    cls: FusionClass,
) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """Random starts for a stack.

    Hidden units point in uniform directions and share their layer's radius equally. All subsets of a
    trial start from the same directions, so that differences between subsets are not due to chance, and
    a start does not depend on which other subsets are trained. Gates start at 1/2, attention at equal
    weights, and heads at a tenth of their radius.

    Parameters
    ----------
    draws
        One generator per trial.
    subsets
        The modalities of each model.
    input_dims
        D_k, the constant 1 included.
    cls
        The class.

    Returns
    -------
    encoders, heads
        The arrays of `Stack.encoders` and of `Stack.heads`.

    Raises
    ------
    ValueError
        If a subset is empty, holds an index out of range or one index twice.

    Examples
    --------
    >>> cls = FusionClass(width=4, encoder_radius=2.0, head_radius=1.0, outputs=1)
    >>> draws = [np.random.default_rng(0)]
    >>> encoders, heads = initial_weights(draws, ((0,), (0, 1)), [3, 5], cls)
    >>> [e.shape for e in encoders], [h.shape for h in heads]
    ([(1, 2, 4, 3), (1, 1, 4, 5)], [(1, 1, 5), (1, 1, 9)])
    """
    check_subsets(subsets, len(input_dims))
    K, h = len(input_dims), cls.width
    units: list[list[NDArray[np.float64]]] = []
    head_rows = []
    for draw in draws:
        # First layers, the head, and only then further layers: a deeper class begins with the first
        # layers and the head of the shallow one.
        first = [_directions(draw, h, dim) for dim in input_dims]
        head_rows.append(draw.standard_normal((cls.outputs, cls.features(K) + 1)))
        units.append([*first, *(_directions(draw, h, h) for _ in range(K * (cls.layers - 1)))])
    rows = np.stack(head_rows)
    encoders = []
    for place, shape in enumerate(encoder_shapes(cls, subsets, input_dims)):
        block = np.zeros((len(draws), *shape))
        if place < K * cls.layers:
            unit = np.stack([per_trial[place] for per_trial in units])
            for slot, index in enumerate(slots(subsets, place % K)):
                if place < K:
                    block[:, slot] = unit * cls.encoder_radius / np.sqrt(len(subsets[index]) * h)
                else:
                    block[:, slot] = unit / np.sqrt(h)
        encoders.append(block)
    heads = []
    for members in subsets:
        seen = members if cls.operation.side_by_side else (0,)
        columns = np.concatenate([np.arange(k * h, (k + 1) * h) for k in seen] + [[-1]])
        start = rows[:, :, columns]
        norms = np.linalg.norm(start, axis=(1, 2), keepdims=True)
        heads.append(0.1 * cls.head_radius * start / norms)
    return encoders, heads


def _directions(draw: np.random.Generator, units: int, dim: int) -> NDArray[np.float64]:
    w = draw.standard_normal((units, dim))
    unit: NDArray[np.float64] = w / np.linalg.norm(w, axis=1, keepdims=True)
    return unit
