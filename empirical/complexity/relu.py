"""Rademacher complexity of two-layer ReLU networks: the best unit by search, and exactly in the plane.

Without a head bias and with norms ||W||_F <= A and ||V||_F <= B the class x -> V relu(W x) puts all of W
on one unit, whatever its width: by homogeneity the supremum given the signs is (A B/m) T with

    T = max over ||w|| <= 1 of ||sum_i s_i relu(w . x_i)||,    s_i in {-1, 1}^c.

T is no convex problem: a search bounds it from below, and `bounds.rademacher.fusion_empirical` bounds
its mean from above. In two dimensions it is a maximum over finitely many arcs (`plane_supremum`).
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from bounds import rademacher
from empirical.complexity.sign_averages import (
    DrawnComplexity,
    check_draws,
    check_rows,
    from_below,
)

# Numbers held at once; fixed, so that a result depends on its arguments alone.
_AT_ONCE = 2**20


def unit_suprema(x: Tensor, signs: Tensor, starts: Tensor, *, steps: int = 40) -> Tensor:
    """T of every draw from below, [T]: ascent from several starts, the largest value seen.

    Off the kinks half the square of the objective is a quadratic form in w, whose gradient gives the
    next direction, as in a power iteration. The forms are not positive and change at every kink:
    alone that step runs in circles. Averaging it with the last direction, more and more, makes it
    settle.

    Parameters
    ----------
    x
        [T, m, d] or [1, m, d] float64.
    signs
        [T, c, m].
    starts
        [T, r, d], r directions to begin from, not zero.

    Examples
    --------
    >>> x = torch.tensor([[[3.0, 4.0]]], dtype=torch.float64)            # w = x/||x|| is the best
    >>> found = unit_suprema(x, torch.ones(1, 1, 1).double(), torch.ones(1, 1, 2).double())
    >>> found.round(decimals=9).tolist()
    [5.0]
    """
    w = starts
    top = signs.new_zeros(len(signs))
    for step in range(steps):
        w = w / torch.linalg.vector_norm(w, dim=2, keepdim=True).clamp_min(1e-300)
        active = (w @ x.mT).clamp_min_(0.0)
        sums = active @ signs.mT
        top = torch.maximum(top, sums.square().sum(2).amax(1))
        ahead = ((active > 0) * (sums @ signs)) @ x
        ahead = ahead / torch.linalg.vector_norm(ahead, dim=2, keepdim=True).clamp_min(1e-300)
        # Without a gradient (no row active) a start stays where it is.
        w = ahead + (3.0 * step / steps + 1e-12) * w
    return top.sqrt()


def plane_supremum(x: ArrayLike, signs: ArrayLike) -> float:
    """T exactly, for rows x [m, 2] and signs [c, m] (or [m]).

    Between the angles at which a row switches on or off the sum is G w with a fixed G, [c, 2]; on
    such an arc ||G w|| is largest at an end or at a singular vector of G. Every candidate is
    evaluated as it is, so that one outside its own arc does no harm. O(m^2 c) numbers.

    Raises
    ------
    ValueError
        For rows that are not finite or not [m, 2], or signs of another shape.

    Examples
    --------
    >>> plane_supremum([[3.0, 4.0], [-4.0, 3.0]], [1.0, -1.0])     # best to switch one row off
    5.0
    """
    rows = np.asarray(x, dtype=np.float64)
    check_rows(rows)
    if rows.shape[1] != 2:
        raise ValueError(f"x must have shape [m, 2], got {rows.shape}")
    s = np.atleast_2d(np.asarray(signs, dtype=np.float64))
    if s.ndim != 2 or s.shape[1] != len(rows):
        raise ValueError(f"signs must have shape [c, {len(rows)}], got {s.shape}")
    angles = np.arctan2(rows[:, 1], rows[:, 0])
    ends = np.sort(np.mod(np.r_[angles + np.pi / 2, angles - np.pi / 2], 2 * np.pi))
    middles = ends + np.diff(np.r_[ends, ends[0] + 2 * np.pi]) / 2
    on = _directions(middles) @ rows.T > 0
    G = (on[:, None, :] * s) @ rows
    _, _, right = np.linalg.svd(G)
    peaks = right[:, 0]
    candidates = np.vstack([_directions(ends), peaks, -peaks])
    sums = np.maximum(candidates @ rows.T, 0.0) @ s.T
    return float(np.linalg.norm(sums, axis=1).max())


def relu_empirical(
    features: ArrayLike,
    *,
    encoder_radius: float,
    head_radius: float,
    draws: int,
    generator: np.random.Generator,
    outputs: int = 1,
    level: float = 0.99,
    restarts: int = 6,
    steps: int = 40,
) -> DrawnComplexity:
    """R-hat_S of two-layer ReLU networks without head bias, any width, on rows x_i [m, d].

    The certified interval reaches from what was found, less its Monte Carlo error, to the analytic
    bound. A bias of the units is a column of ones. The suprema are convex in the signs and Lipschitz with
    (A B/m) ||X||_op, since ||relu(X w)|| <= ||X w||.

    Convention 1/m, no |.|; R^c for several outputs. draws: sign matrices [outputs, m].

    Raises
    ------
    ValueError
        For rows that are not finite or not [m, d], radii that are not positive and finite, draws,
        outputs, restarts or steps that are not positive integers, or a level outside (0, 1).

    Examples
    --------
    >>> found = relu_empirical(                       # one row x = 1: E |s| relu(w) = 1 at any sign
    ...     [[1.0]], encoder_radius=1.0, head_radius=1.0, draws=4, generator=np.random.default_rng(0)
    ... )
    >>> round(found.student.value, 9), round(float(found.certified.interval.high), 6)
    (1.0, 1.414214)
    """
    x = np.asarray(features, dtype=np.float64)
    check_rows(x)
    values = _suprema(x, None, outputs, draws, generator, level, restarts, steps)
    scale = _scale(encoder_radius, head_radius) / len(x)
    squares = (x**2).sum(1)
    steepest = float(np.linalg.norm(x, 2))
    high = rademacher.fusion_empirical(
        encoder_radius=encoder_radius,
        head_radius=head_radius,
        outputs=outputs,
        squared_norms=squares,
        bias=False,
    )
    return from_below(
        scale * values,
        proxy=scale**2 * min(outputs * float(squares.sum()), 4.0 * steepest**2),
        high=float(high),
        rounding=_rounding(scale, outputs, float(np.sqrt(squares).sum()), len(x)),
        level=level,
    )


def relu_complexity(
    features: ArrayLike,
    m: int,
    *,
    encoder_radius: float,
    head_radius: float,
    draws: int,
    generator: np.random.Generator,
    outputs: int = 1,
    level: float = 0.99,
    restarts: int = 6,
    steps: int = 40,
) -> DrawnComplexity:
    """R_m = E R-hat_S of `relu_empirical`'s class, S of m rows drawn with replacement from [N, d].

    One (S, signs) for each draw. Another row, or its signs, moves a supremum by at most
    2 (A B/m) sqrt(c) max ||x|| (McDiarmid). Everything else as in `relu_empirical`; ValueError also
    where m is not a positive integer.

    Examples
    --------
    >>> found = relu_complexity(
    ...     [[1.0], [2.0]], 1, encoder_radius=1.0, head_radius=1.0, draws=1000,
    ...     generator=np.random.default_rng(0),
    ... )
    >>> 1.4 < found.student.value < 1.6                                   # E x = 1.5
    True
    """
    x = np.asarray(features, dtype=np.float64)
    check_rows(x)
    values = _suprema(x, m, outputs, draws, generator, level, restarts, steps)
    scale = _scale(encoder_radius, head_radius) / m
    squares = (x**2).sum(1)
    high = rademacher.fusion(
        encoder_radius=encoder_radius,
        head_radius=head_radius,
        outputs=outputs,
        mean_square_norm=float(squares.mean()),
        m=m,
        bias=False,
    )
    return from_below(
        scale * values,
        proxy=outputs * scale**2 * m * float(squares.max()),
        high=float(high),
        rounding=_rounding(scale, outputs, m * float(np.sqrt(squares.max())), m),
        level=level,
    )


def _suprema(
    x: NDArray[np.float64],
    m: int | None,
    outputs: int,
    draws: int,
    generator: np.random.Generator,
    level: float,
    restarts: int,
    steps: int,
) -> NDArray[np.float64]:
    """T of every draw, on the rows themselves (m None) or on m of them: [draws]."""
    size = len(x) if m is None else m
    check_draws(draws, level, size)
    for name, number in (("outputs", outputs), ("restarts", restarts), ("steps", steps)):
        if not isinstance(number, int | np.integer) or number < 1:
            raise ValueError(f"{name} must be a positive integer, got {number!r}")
    table = torch.from_numpy(x)
    values = np.empty(draws)
    at_once = max(1, _AT_ONCE // (size * (x.shape[1] + restarts + outputs)))
    for start in range(0, draws, at_once):
        number = min(at_once, draws - start)
        rows = table[None]
        if m is not None:
            rows = table[torch.from_numpy(generator.integers(0, len(x), (number, m)))]
        signs = torch.from_numpy(2.0 * generator.integers(0, 2, (number, outputs, size)) - 1.0)
        half = torch.from_numpy(generator.standard_normal((number, -(-restarts // 2), x.shape[1])))
        # Every start beside its opposite: no row is out of reach of both.
        starts = torch.cat([half, -half], dim=1)[:, :restarts]
        values[start : start + number] = unit_suprema(rows, signs, starts, steps=steps).numpy()
    return values


def _directions(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors [n, 2] at angles [n]."""
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _scale(encoder_radius: float, head_radius: float) -> float:
    for name, radius in (("encoder_radius", encoder_radius), ("head_radius", head_radius)):
        if not 0 < radius < math.inf:
            raise ValueError(f"{name} must be positive and finite, got {radius}")
    return encoder_radius * head_radius


def _rounding(scale: float, outputs: int, total_norm: float, m: int) -> float:
    """Bound on the rounding of a found value: a sum of m products of float64 inner products."""
    return 5e-16 * scale * math.sqrt(outputs) * total_norm
