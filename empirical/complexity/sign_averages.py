"""Complexities as averages over drawn signs: the estimate, and how far it may be off.

A complexity is a mean E g of suprema g that are drawn independently. The average of n of them is
certified by concentration: each g is a function of independent signs (or of rows and signs) with a
*variance proxy* v, that is P(mean - E g >= t) <= exp(-n t^2 / (2 v)), and the same below. Two
proxies are used. Both are known before any draw, so that the smaller one may be taken:

    v = sum_i c_i^2 / 4     if another i-th coordinate moves g by at most c_i (McDiarmid 1989)
    v = 4 Lip^2             if g is convex and Lip-Lipschitz in the signs, Euclidean norm (Boucheron,
                            Lugosi and Massart 2013, Theorem 8.6: g(s) - g(s') <= <grad g(s), s - s'>
                            moves coordinate i by at most 2 |d_i g|, and sum (2 d_i g)^2 <= 4 Lip^2)
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bounds.domains import FINITE, PROBABILITY, at_least
from empirical.statistics.intervals import Estimate, Interval, mean_estimate


@dataclass(frozen=True)
class DrawnComplexity:
    """A complexity from drawn signs (convention 1/m, no absolute value; R^c for several outputs).

    Parameters
    ----------
    certified
        The interval that holds with probability `certified.level` at every number of draws.
    student
        The same average with Student's t interval, for information. It is asymptotic and shorter, and
        covers the mean of the values *found*, which lies below the complexity if suprema are searched.
    """

    certified: Estimate
    student: Estimate


def deviation(proxy: float, n: int, failure: float) -> float:
    """The t that the mean of n draws exceeds its expectation by with probability at most `failure`.

    Parameters
    ----------
    proxy
        The variance proxy of one draw.

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
        Ends that hold without any draw (with the same rounding).

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
    # E sup >= sup E = 0.
    certified = Estimate(student.value, Interval(max(low, 0.0), high), level, len(values))
    return DrawnComplexity(certified, student)


def from_below(
    values: NDArray[np.float64], *, proxy: float, high: float, rounding: float, level: float
) -> DrawnComplexity:
    """The complexity from suprema found by search, each a lower bound: values [n], independent.

    The mean of the true suprema concentrates, and the values lie below them. The lower end is not
    below 0, since E sup >= sup E = 0.

    Parameters
    ----------
    proxy
        The variance proxy of one supremum.
    high
        The upper end, a bound that holds without any draw.

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
        at_least(1).whole(name, number)
    PROBABILITY.number("level", level)


def checked_rows(features: ArrayLike) -> NDArray[np.float64]:
    """Features as float64, if they are finite and [rows, d] with at least one row and column."""
    rows = FINITE.check("features", features)
    if rows.ndim != 2 or 0 in rows.shape:
        raise ValueError(f"features must be [rows, d], none of them 0, got {rows.shape}")
    return rows


def near_one(numbers: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    """The numbers with the largest modulus brought near 1 by a power of two, and the exponent taken out.

    Only if that modulus is far from 1: squares would overflow, or vanish. The division is exact but for
    numbers that vanish beside the largest.

    Examples
    --------
    >>> near_one(np.array([3.0, -0.5]))
    (array([ 3. , -0.5]), 0)
    >>> scaled, exponent = near_one(np.array([2.0**-800]))
    >>> float(scaled[0]), exponent
    (0.5, -799)
    """
    exponent = int(np.frexp(np.abs(numbers).max())[1])
    if abs(exponent) <= 200:
        return numbers, 0
    return np.ldexp(numbers, -exponent), exponent


def near_one_radius(radius: float) -> tuple[float, int]:
    """One positive number as `near_one` returns it.

    Examples
    --------
    >>> near_one_radius(2.0**900)
    (0.5, 901)
    """
    scaled, exponent = near_one(np.array([radius]))
    return float(scaled[0]), exponent


def rescaled(found: DrawnComplexity, exponent: int) -> DrawnComplexity:
    """The complexity of a class 2**exponent times as large, its ends rounded outward if they vanish.

    Raises
    ------
    ValueError
        If float64 cannot hold its upper end.

    Examples
    --------
    >>> one = two_sided(np.full(8, 0.5), proxy=0.0, known=(0.0, 1.0), rounding=0.0, level=0.99)
    >>> rescaled(one, 3).certified.interval, rescaled(one, -1074).certified.interval
    (Interval(low=4.0, high=4.0), Interval(low=0.0, high=5e-324))
    """
    if exponent == 0:
        return found
    certified = _stretched(found.certified, exponent)
    if not np.isfinite(certified.interval.high):
        raise ValueError(
            "features and radii must be small enough for float64 to hold the complexity, got a bound of"
            f" {float(found.certified.interval.high):g} times 2**{exponent}"
        )
    return DrawnComplexity(certified, _stretched(found.student, exponent))


def _stretched(estimate: Estimate, exponent: int) -> Estimate:
    with np.errstate(over="ignore", under="ignore"):
        value, low, high = (
            np.ldexp(each, exponent)
            for each in (estimate.value, estimate.interval.low, estimate.interval.high)
        )
        # Exact unless digits are lost below the least normal number.
        low = np.where(np.ldexp(low, -exponent) > estimate.interval.low, _below(low), low)
        high = np.where(np.ldexp(high, -exponent) < estimate.interval.high, _above(high), high)
    return replace(estimate, value=float(value), interval=Interval(low, high))


def _below(number: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.nextafter(number, -np.inf)


def _above(number: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.nextafter(number, np.inf)
