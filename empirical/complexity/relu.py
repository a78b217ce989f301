"""Rademacher complexity of two-layer ReLU networks: the best unit by search, with a certified interval.

Without a head bias and with norms ||W||_F <= A and ||V||_F <= B the class x -> V relu(W x) puts all of W
on one unit, whatever its width: by homogeneity the supremum given the signs is (A B/m) T with

    T = max over ||w|| <= 1 of ||sum_i s_i relu(w . x_i)||,    s_i in {-1, 1}^c.

Computing T is not a convex problem: a search bounds it from below, and
`bounds.rademacher.fusion_empirical` bounds its mean from above.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from bounds import rademacher
from bounds.domains import FINITE_POSITIVE, at_least
from empirical.complexity.sign_averages import (
    DrawnComplexity,
    check_draws,
    checked_rows,
    from_below,
    near_one,
    near_one_radius,
    rescaled,
)

# Numbers held at once; fixed, so that a result depends only on its arguments.
_AT_ONCE = 2**20


def unit_suprema(x: Tensor, signs: Tensor, starts: Tensor, *, steps: int = 40) -> Tensor:
    """T of every draw from below, [T]: ascent from several starts, the largest value seen.

    Between kinks half the square of the objective is a quadratic form in w. Its gradient is the next
    direction, as in a power iteration. The form is indefinite and changes at every kink, so that this
    step alone can cycle. Averaging it with the last direction, with growing weight, makes it settle.

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

    Convention 1/m, no absolute value; R^c for several outputs. The certified interval reaches from the
    value found, less its Monte Carlo error, to the analytic bound. The suprema are convex in the signs
    and Lipschitz with (A B/m) ||X||_op, since ||relu(X w)|| <= ||X w||.

    Parameters
    ----------
    features
        The rows [m, d]. A column of ones gives the units a bias.
    encoder_radius, head_radius
        A and B.
    draws
        How many sign matrices [outputs, m] are drawn.
    generator
        Draws the signs and the starting directions.
    outputs
        c.
    level
        Of the intervals.
    restarts, steps
        Of the search: starting directions per draw, and steps from each.

    Returns
    -------
    DrawnComplexity
        The certified interval and Student's t interval of the values found.

    Raises
    ------
    ValueError
        For rows that are not finite or not [m, d], radii that are not positive and finite, draws,
        outputs, restarts or steps that are not positive integers, or a level outside (0, 1).

    Examples
    --------
    One row x = 1: the supremum is |s| relu(1) = 1 whatever the sign.

    >>> rng = np.random.default_rng(0)
    >>> found = relu_empirical([[1.0]], encoder_radius=1.0, head_radius=1.0, draws=4, generator=rng)
    >>> round(found.student.value, 9), round(float(found.certified.interval.high), 6)
    (1.0, 1.414214)
    """
    x, of_rows = near_one(checked_rows(features))
    A, of_A = near_one_radius(FINITE_POSITIVE.number("encoder_radius", encoder_radius))
    B, of_B = near_one_radius(FINITE_POSITIVE.number("head_radius", head_radius))
    values = _suprema(x, None, outputs, draws, generator, level, restarts, steps)
    scale = A * B / len(x)
    squares = (x**2).sum(1)
    steepest = float(np.linalg.norm(x, 2))
    high = rademacher.fusion_empirical(
        encoder_radius=A,
        head_radius=B,
        outputs=outputs,
        squared_norms=squares,
        bias=False,
    )
    found = from_below(
        scale * values,
        proxy=scale**2 * min(outputs * float(squares.sum()), 4.0 * steepest**2),
        high=float(high),
        rounding=_rounding(scale, outputs, float(np.sqrt(squares).sum()), sum(x.shape)),
        level=level,
    )
    return rescaled(found, of_rows + of_A + of_B)


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

    Each draw has a sample S of its own. Changing one row, or its signs, moves a supremum by at most
    2 (A B/m) sqrt(c) max ||x|| (McDiarmid).

    Parameters
    ----------
    features
        The population's rows, [N, d].
    m
        The sample size, a positive integer.
    encoder_radius, head_radius, draws, generator, outputs, level, restarts, steps
        As for `relu_empirical`, as are the result and the errors.

    Examples
    --------
    The mean of the rows is 1.5.

    >>> rows, rng = [[1.0], [2.0]], np.random.default_rng(0)
    >>> radii = {"encoder_radius": 1.0, "head_radius": 1.0}
    >>> found = relu_complexity(rows, 1, **radii, draws=1000, generator=rng)
    >>> 1.4 < found.student.value < 1.6
    True
    """
    x, of_rows = near_one(checked_rows(features))
    A, of_A = near_one_radius(FINITE_POSITIVE.number("encoder_radius", encoder_radius))
    B, of_B = near_one_radius(FINITE_POSITIVE.number("head_radius", head_radius))
    values = _suprema(x, m, outputs, draws, generator, level, restarts, steps)
    scale = A * B / m
    squares = (x**2).sum(1)
    high = rademacher.fusion(
        encoder_radius=A,
        head_radius=B,
        outputs=outputs,
        mean_square_norm=float(squares.mean()),
        m=m,
        bias=False,
    )
    found = from_below(
        scale * values,
        proxy=outputs * scale**2 * m * float(squares.max()),
        high=float(high),
        rounding=_rounding(scale, outputs, m * float(np.sqrt(squares.max())), m + x.shape[1]),
        level=level,
    )
    return rescaled(found, of_rows + of_A + of_B)


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
        at_least(1).whole(name, number)
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
        # Each start with its opposite: every row is active at one of the two.
        starts = torch.cat([half, -half], dim=1)[:, :restarts]
        values[start : start + number] = unit_suprema(rows, signs, starts, steps=steps).numpy()
    return values


def _rounding(scale: float, outputs: int, total_norm: float, terms: int) -> float:
    """Bound on the rounding of a value found: m inner products of length d, summed; terms = m + d."""
    return 5e-16 * scale * terms * float(np.sqrt(outputs)) * total_norm
