"""Laws of one number of a random sample: known exactly, or estimated from draws with an interval."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from bounds.arrays import real_array
from bounds.domains import FINITE_NON_NEGATIVE, PROBABILITY, SHARE, at_least
from empirical.statistics.intervals import Estimate, Interval


@dataclass(frozen=True, eq=False)
class Law:
    """A law with finitely many values.

    Parameters
    ----------
    values
        [n] ascending, distinct, in the units of the statistic.
    probabilities
        [n].
    error
        No probability of an event is off by more than this (mass that was cut off far in the tails,
        and what the probabilities together miss of 1)

    Examples
    --------
    >>> law = Law.of([(0.5, 0.25), (0.0, 0.5), (0.5, 0.25)])
    >>> law.values.tolist(), law.probabilities.tolist(), law.error
    ([0.0, 0.5], [0.5, 0.5], 0.0)
    """

    values: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    error: float

    @classmethod
    def of(cls, parts: Iterable[tuple[ArrayLike, ArrayLike]], cut_off: float = 0.0) -> Law:
        """Collect pairs (values, probabilities), arrays or numbers; equal values are merged.

        Values are merged by equality, so they should be exact numbers (multiples of a power of 2).
        ``cut_off``: an upper bound on the mass that no part holds.

        Raises
        ------
        ValueError
            If the probabilities miss 1 by more than 1e-6, for negative, masked or complex ones, and for
            values that are no numbers.

        Examples
        --------
        >>> Law.of([(1.0, 0.5)])
        Traceback (most recent call last):
        ...
        ValueError: probabilities must sum to 1, got 0.5
        """
        found: dict[float, float] = {}
        for values, probabilities in parts:
            numbers = np.atleast_1d(real_array("values", values))
            chances = np.atleast_1d(FINITE_NON_NEGATIVE.check("probabilities", probabilities))
            distinct, where = np.unique(numbers, return_inverse=True)
            mass = np.bincount(where, chances, minlength=len(distinct))
            for value, probability in zip(distinct.tolist(), mass.tolist(), strict=True):
                found[value] = found.get(value, 0.0) + probability
        total = math.fsum(found.values())
        if abs(total - 1) > 1e-6:
            raise ValueError(f"probabilities must sum to 1, got {total:g}")
        ordered = sorted(found)
        return cls(
            np.array(ordered),
            np.array([found[value] for value in ordered]),
            cut_off + abs(total - 1),
        )

    def above(self, threshold: float) -> Interval:
        """P(X > threshold), as wide as ``error`` makes it.

        Examples
        --------
        >>> Law.of([([0.0, 1.0], [0.75, 0.25])]).above(0.0)
        Interval(low=0.25, high=0.25)
        """
        return self._mass(self.values > threshold)

    def below(self, threshold: float) -> Interval:
        """P(X < threshold), as wide as ``error`` makes it.

        Examples
        --------
        >>> Law.of([([0.0, 1.0], [0.75, 0.25])]).below(1.0)
        Interval(low=0.75, high=0.75)
        """
        return self._mass(self.values < threshold)

    def quantile(self, probability: float) -> Interval:
        """The least x with P(X ≤ x) ≥ probability; wide only where ``error`` leaves it open.

        Raises
        ------
        ValueError
            For a probability outside (0, 1].

        Examples
        --------
        >>> Law.of([([0.0, 1.0], [0.75, 0.25])]).quantile(0.75)
        Interval(low=0.0, high=0.0)
        """
        if not 0 < probability <= 1:
            raise ValueError(f"probability must lie in (0, 1], got {probability}")
        # Rounded once: nine times 0.1 is 0.9, and not a little less.
        below = np.cumsum(self.probabilities, dtype=np.longdouble).astype(np.float64)
        last = len(self.values) - 1
        ends = [
            self.values[min(int(np.searchsorted(below, probability + shift)), last)]
            for shift in (-self.error, self.error)
        ]
        return Interval(*ends)

    def _mass(self, event: NDArray[np.bool_]) -> Interval:
        mass = math.fsum(self.probabilities[event])
        low, high = np.clip([mass - self.error, mass + self.error], 0.0, 1.0)
        return Interval(low, high)


def checked_weights(
    weights: ArrayLike, shape: tuple[int, ...], error: float
) -> NDArray[np.float64]:
    """The probabilities of enumerated outcomes, float64 of the given shape.

    Raises
    ------
    ValueError
        For another shape, weights that are negative or not finite, a sum that misses 1 by more than
        1e-6 and `error`, or an error outside [0, 1].

    Examples
    --------
    >>> checked_weights([-1, 2], (2,), 0.0)
    Traceback (most recent call last):
    ...
    ValueError: weights must be finite and non-negative, got -1
    """
    SHARE.number("error", error)
    chance = FINITE_NON_NEGATIVE.check("weights", weights)
    if chance.shape != shape:
        raise ValueError(f"weights must have shape {shape}, got {chance.shape}")
    total = math.fsum(chance)
    if abs(total - 1) > 1e-6 + error:
        raise ValueError(f"weights must sum to 1, got {total:g}")
    return chance


def clopper_pearson(hits: ArrayLike, n: int, tail: float) -> Interval:
    """The interval of a probability from the number of hits among n independent draws.

    Parameters
    ----------
    hits : int or array of int
        From 0 to n.
    n : int
    tail : float
        Each end misses the probability with at most this chance, in (0, 1).

    Raises
    ------
    ValueError
        For no draws, hits that are no counts of at most n, masked ones among them, and such a tail.

    References
    ----------
    Clopper and Pearson (1934).

    Examples
    --------
    >>> found = clopper_pearson(0, 10, 0.025)
    >>> float(found.low), round(float(found.high), 4)
    (0.0, 0.3085)
    """
    draws = at_least(1).whole("n", n)
    counts = at_least(0, draws).check("hits", hits)
    PROBABILITY.number("tail", tail)
    low = stats.beta.ppf(tail, counts, draws - counts + 1)
    # Not the quantile at 1 − tail, which is rounded to 1 − 1e-16 at best.
    high = stats.beta.isf(tail, counts + 1, draws - counts)
    return Interval(np.where(counts > 0, low, 0.0), np.where(counts < draws, high, 1.0))


def estimate_probability(happens: ArrayLike, level: float = 0.99) -> Estimate:
    """The probability of an event from independent draws, with Clopper and Pearson's interval.

    Parameters
    ----------
    happens : array of bool, [n]
        One entry per draw.
    level : float
        The interval misses with probability at most 1 − level.

    Raises
    ------
    ValueError
        For no draws, NaN, masked or complex ones, or a level outside (0, 1).

    Examples
    --------
    >>> estimate_probability([True] * 5 + [False] * 5, level=0.95).value
    0.5
    """
    draws = real_array("happens", happens).ravel()
    if np.isnan(draws).any():
        raise ValueError("happens must hold no NaN")
    _check(draws.size, level)
    hits, n = int(np.count_nonzero(draws)), draws.size
    return Estimate(hits / n, clopper_pearson(hits, n, (1 - level) / 2), level, n)


def estimate_quantile(values: ArrayLike, probability: float, level: float = 0.99) -> Estimate:
    """A quantile from independent draws, between two order statistics; ties are allowed.

    Parameters
    ----------
    values
        [n] independent draws.
    probability
        Of the quantile, in (0, 1].
    level
        The interval misses with probability at most 1 − level; an end is infinite if there are too few
        draws.

    Raises
    ------
    ValueError
        For no draws, NaN, masked or complex ones, a probability outside (0, 1] or a level outside (0, 1).

    Examples
    --------
    >>> estimate_quantile(range(1, 100), 0.5, level=0.95).value
    50.0
    """
    ordered = np.sort(real_array("values", values).ravel())
    _check(ordered.size, level)
    if not 0 < probability <= 1:
        raise ValueError(f"probability must lie in (0, 1], got {probability}")
    if np.isnan(ordered).any():
        raise ValueError("values must hold no NaN")
    n, tail = ordered.size, (1 - level) / 2
    below = int(stats.binom.ppf(tail, n, probability))
    above = int(stats.binom.ppf(1 - tail, n, probability)) + 1
    low = ordered[below - 1] if below >= 1 else -np.inf
    high = ordered[above - 1] if above <= n else np.inf
    value = ordered[max(1, math.ceil(probability * n - 1e-9)) - 1]
    return Estimate(float(value), Interval(low, high), level, n)


def _check(n: int, level: float) -> None:
    if n == 0:
        raise ValueError("at least one draw is needed, got none")
    if not 0 < level < 1:
        raise ValueError(f"level must lie in (0, 1), got {level}")
