"""An exact bound on the mean of rows with three values, −C, 0 and C: differences of two 0–1 losses.

The number of rows that differ, n₊ + n₋, is a nuisance. Its rate ρ lies in Clopper and Pearson's
interval except with probability β; the largest tail over that interval, plus β, is a p-value of the
hypothesis that the mean is at least u (Berger and Boos 1994).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from bounds.arrays import real_array
from bounds.domains import REAL
from empirical.statistics.laws import clopper_pearson

Values = NDArray[np.float64]

SHARE = 0.02
"""β as a fraction of alpha."""
RATES = 48
"""Pieces of the interval of ρ; on each the tail is bounded from above."""
CUT = 1e-13
"""Probability that may be left out of a sum, and is added to it."""


def tail(most: int, n: int, plus: ArrayLike, minus: ArrayLike) -> Values:
    """P(n₊ − n₋ ≤ most), at least: n rows are +1 and −1 with probabilities `plus` and `minus`.

    Parameters
    ----------
    most, n : int
    plus, minus : array, [...]

    Examples
    --------
    >>> float(tail(-1, 1, 0.2, 0.3).round(9)), float(tail(0, 2, 0.5, 0.5).round(9))
    (0.3, 0.75)
    """
    up, down = np.broadcast_arrays(real_array("plus", plus), real_array("minus", minus))
    ends = stats.binom.ppf([[CUT / 2], [1 - CUT / 2]], n, up.ravel())
    ups = np.arange(int(ends[0].min()), int(ends[1].max()) + 1)
    weights = stats.binom.pmf(ups, n, up[..., None])
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.where(up < 1, np.minimum(1.0, down / (1 - up)), 0.0)
    # At least ups − most of the other rows are −1.
    needed, others = ups - most, n - ups
    some = (needed > 0) & (needed <= others)
    chance = np.zeros(weights.shape)
    chance[..., needed <= 0] = 1.0
    chance[..., some] = special.betainc(needed[some], (others - needed)[some] + 1, rate[..., None])
    found: Values = np.minimum(1.0, (weights * chance).sum(-1) + CUT)
    return found


def largest_tail(most: int, differing: int, n: int, mean: float, beta: float) -> float:
    """An upper bound on P(n₊ − n₋ ≤ most) over all laws with at least this mean, ρ in its interval.

    The tail falls in the probability of +1 and rises in that of −1. So at a rate ρ the worst mean is the
    least one, and on a piece [a, b] of the interval the tail is at most that of (a + mean)/2 and
    (b − mean)/2.

    Examples
    --------
    >>> largest_tail(-5, 5, 50, 0.0, 0.001) > tail(-5, 50, 0.05, 0.05)
    np.True_
    """
    interval = clopper_pearson(differing, n, beta / 2)
    low, high = max(float(interval.low), mean), float(interval.high)
    if low > high:
        return 0.0
    edges = np.linspace(low, high, RATES + 1)
    plus = np.maximum(0.0, (edges[:-1] + mean) / 2)
    minus = np.minimum(np.minimum(1 - plus, edges[1:]), (edges[1:] - mean) / 2)
    return float(tail(most, n, plus, minus).max())


def upper_bound(values: Values, alpha: float, C: float) -> float:
    """A number that the mean exceeds with probability at most alpha.

    Parameters
    ----------
    values : array, [n]
        Each one −C, 0 or C.
    alpha, C : float

    Raises
    ------
    ValueError
        For other values.

    Examples
    --------
    >>> rows = np.array([-1.0] * 20 + [1.0] * 5 + [0.0] * 75)
    >>> round(upper_bound(rows, 0.05, 1.0), 2)
    -0.04
    """
    plus, minus = _counts(values, C)
    return C * bound_from_counts(plus, minus, values.size, alpha)


def p_value(values: Values, alpha: float, C: float) -> float:
    """A p-value of the hypothesis that the mean is at least 0, aimed at the level alpha.

    Examples
    --------
    >>> rows = np.array([-1.0] * 20 + [1.0] * 5 + [0.0] * 75)
    >>> round(p_value(rows, 0.05, 1.0), 3)
    0.014
    """
    plus, minus = _counts(values, C)
    beta = SHARE * alpha
    return min(1.0, largest_tail(plus - minus, plus + minus, values.size, 0.0, beta) + beta)


def _counts(values: Values, C: float) -> tuple[int, int]:
    rows = REAL.check("values", values)
    signs = np.rint(rows / C)
    odd = rows != signs * C
    if odd.any():
        raise ValueError(f"values must be -C, 0 or C for this method, got {rows[odd][0]}")
    return int((signs > 0).sum()), int((signs < 0).sum())


def bound_from_counts(plus: int, minus: int, n: int, alpha: float) -> float:
    """The upper bound on P(+1) − P(−1) from the numbers of rows +1 and −1.

    The p-value falls as the mean rises, so that bisection finds where it passes alpha. Whatever is
    refuted by the upper bound on the p-value is refuted by the p-value itself.

    Examples
    --------
    >>> bound_from_counts(50, 0, 50, 0.05)
    1.0
    """
    beta = SHARE * alpha
    low, high = (plus - minus) / n, 1.0
    for _ in range(24):
        middle = (low + high) / 2
        if largest_tail(plus - minus, plus + minus, n, middle, beta) + beta <= alpha:
            high = middle
        else:
            low = middle
    return high
