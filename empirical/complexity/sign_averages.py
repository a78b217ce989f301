"""Complexities as averages over drawn signs: the estimate, and how far it may be off.

A complexity is a mean E g of suprema g that are drawn independently. What certifies the average of
n of them is concentration: each g is a function of independent signs (or of rows and signs) with a
*variance proxy* v, meaning P(mean - E g >= t) <= exp(-n t^2 / (2 v)), and the same below. Two
proxies are used, both known before any draw, and so is the smaller of them:

    v = sum_i c_i^2 / 4     if another i-th coordinate moves g by at most c_i (McDiarmid 1989)
    v = 4 Lip^2             if g is convex and Lip-Lipschitz in the signs, Euclidean norm (Boucheron,
                            Lugosi and Massart 2013, Theorem 8.6: g(s) - g(s') <= <grad g(s), s - s'>
                            moves coordinate i by at most 2 |d_i g|, and sum (2 d_i g)^2 <= 4 Lip^2)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from empirical.statistics.intervals import Estimate, Interval, mean_estimate


@dataclass(frozen=True)
class DrawnComplexity:
    """A complexity from drawn signs (convention 1/m, no |.|; vector form for several outputs).

    Parameters
    ----------
    certified
        The interval that holds with probability `certified.level` at every number of draws.
    student
        The same average with Student's t interval, for information: asymptotic, shorter, and of
        what was *found*, which for suprema by search may lie below the complexity.
    """

    certified: Estimate
    student: Estimate


def deviation(proxy: float, n: int, failure: float) -> float:
    """How far a mean of n draws with that variance proxy lies to one side, but for `failure`.

    Examples
    --------
    >>> deviation(proxy=1.0, n=100, failure=math.exp(-2.0))     # sqrt(2 * 2 * 1 / 100)
    0.2
    """
    return math.sqrt(2.0 * math.log(1.0 / failure) * proxy / n)


def two_sided(
    values: NDArray[np.float64],
    *,
    proxy: float,
    known: tuple[float, float],
    rounding: float,
    level: float,
) -> DrawnComplexity:
    """The complexity from suprema that are exact up to `rounding`: values [n], independent.

    Parameters
    ----------
    proxy
        The variance proxy of one value.
    known
        Ends that hold without any draw (and have the same rounding).

    Examples
    --------
    >>> found = two_sided(
    ...     np.full(8, 0.5), proxy=0.0, known=(0.0, 1.0), rounding=0.0, level=0.99
    ... )
    >>> found.certified.interval
    Interval(low=0.5, high=0.5)
    """
    student = mean_estimate(values, level)
    half = deviation(proxy, len(values), (1.0 - level) / 2.0) + rounding
    low, high = np.clip(
        [student.value - half, student.value + half], known[0] - rounding, known[1] + rounding
    )
    certified = Estimate(student.value, Interval(low, high), level, len(values))
    return DrawnComplexity(certified, student)


def from_below(
    values: NDArray[np.float64], *, proxy: float, high: float, rounding: float, level: float
) -> DrawnComplexity:
    """The complexity from suprema found by search, each a lower bound: values [n], independent.

    The mean of the true suprema concentrates, and the values lie below them; the upper end is a
    bound that holds without any draw. The lower end is not below 0: E sup >= sup E = 0.

    Examples
    --------
    >>> found = from_below(np.full(8, 0.5), proxy=0.0, high=1.0, rounding=0.0, level=0.99)
    >>> found.certified.interval
    Interval(low=0.5, high=1.0)
    """
    student = mean_estimate(values, level)
    low = student.value - deviation(proxy, len(values), 1.0 - level) - rounding
    interval = Interval(min(max(low, 0.0), high), high)
    return DrawnComplexity(Estimate(student.value, interval, level, len(values)), student)


def check_draws(draws: int, level: float, m: int) -> None:
    """Raise ValueError unless draws and m are positive integers and the level lies in (0, 1)."""
    for name, number in (("draws", draws), ("m", m)):
        if not isinstance(number, int | np.integer) or number < 1:
            raise ValueError(f"{name} must be a positive integer, got {number!r}")
    if not 0 < level < 1:
        raise ValueError(f"level must lie in (0, 1), got {level}")


def check_rows(features: NDArray[np.float64]) -> None:
    """Raise ValueError unless features are finite, [rows, d] with at least one row and column."""
    if features.ndim != 2 or 0 in features.shape:
        raise ValueError(f"features must be [rows, d], none of them 0, got {features.shape}")
    if not np.isfinite(features).all():
        wrong = features[~np.isfinite(features)][0]
        raise ValueError(f"features must be finite, got {wrong}")
