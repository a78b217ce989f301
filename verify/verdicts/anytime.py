"""The probability of an event from independent draws, valid however often one looks and extends.

Let a draw be a hit with probability p. For an odds ratio rho the likelihood ratio of the odds rho p0/(1 - p0)
against p0, after k hits among n draws, is

    rho^k / (1 - p0 + rho p0)^n

One draw multiplies it by (1 - p + rho p)/(1 - p0 + rho p0) on average. That is at most 1 for rho > 1 and
p <= p0, and for rho < 1 and p >= p0: it is a supermartingale, and so is a mixture over rho. By Ville's
inequality it reaches 1/miss, at whatever n, with probability at most `miss` (theory, section 7).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import xlogy

from bounds.domains import PROBABILITY, at_least
from empirical.statistics.intervals import Interval

Values = NDArray[np.float64]

ODDS_RATIOS = np.array([1.1, 1.25, 1.5, 2.0, 3.0, 6.0, 16.0])
"""Odds, as multiples of those of the level, on which the evidence is laid; and their inverses."""
WEIGHTS = np.array([1, 2, 3, 3, 3, 2, 2]) / 16
"""The weights of these odds ratios. They sum to 1."""
NEVER = 0.5
"""Evidence that a probability is small puts this weight on 0, and shares the rest as `WEIGHTS`."""

_RARER = np.concatenate([[0.0], 1 / ODDS_RATIOS])
_RARER_WEIGHTS = np.concatenate([[NEVER], (1 - NEVER) * WEIGHTS])
_BELOW_1 = math.nextafter(1.0, 0.0)
_COUNT = at_least(0)


def evidence_above(hits: ArrayLike, n: ArrayLike, probability: float) -> Values:
    """The logarithm of the evidence that the probability of a hit is above a given one.

    If it is not above, the evidence ever reaches 1/miss, at whatever n, with probability at most miss.

    Parameters
    ----------
    hits, n : int or array of int
        Hits, and the draws among which they are.
    probability : float
        In [0, 1]. One hit shows with certainty that the probability is above 0.

    Raises
    ------
    ValueError
        For hits and draws that are no counts, masked ones among them.

    Examples
    --------
    >>> float(evidence_above(6, 20, 0.025)) > math.log(1 / 0.05)
    True
    """
    if probability == 0:
        return np.where(_COUNT.check("hits", hits) > 0, np.inf, 0.0)
    return _mixture(*_counts(hits, n), probability, ODDS_RATIOS, WEIGHTS)


def evidence_below(hits: ArrayLike, n: ArrayLike, probability: float) -> Values:
    """The logarithm of the evidence that the probability of a hit is below a given one, in [0, 1).

    If it is not below, the evidence ever reaches 1/miss, at whatever n, with probability at most miss.
    The other parameters and the errors are those of `evidence_above`.

    Examples
    --------
    >>> float(evidence_below(0, 146, 0.025)) > math.log(1 / 0.05)
    True
    """
    return _mixture(*_counts(hits, n), probability, _RARER, _RARER_WEIGHTS)


def anytime_interval(hits: int, n: int, miss: float) -> Interval:
    """The interval of a probability, each end of which is ever wrong with probability at most `miss`.

    Parameters
    ----------
    hits, n : int
        Hits, and the draws among which they are.
    miss : float
        In (0, 1). One end or the other is ever wrong with probability at most twice this.

    Raises
    ------
    ValueError
        For no draws, counts that are none, more hits than draws, and a miss outside (0, 1).

    References
    ----------
    Ville (1939); Robbins (1970), "Statistical methods related to the law of the iterated logarithm".

    Examples
    --------
    >>> found = anytime_interval(0, 146, 0.05)
    >>> float(found.low), round(float(found.high), 4)
    (0.0, 0.0232)
    """
    draws = int(at_least(1).number("n", n))
    found = at_least(0, draws).number("hits", hits)
    enough, rate = -math.log(PROBABILITY.number("miss", miss)), found / draws
    k, size = np.asarray(found), np.asarray(draws)

    def below(probability: float) -> float:
        return float(_mixture(k, size, probability, _RARER, _RARER_WEIGHTS)) - enough

    def above(probability: float) -> float:
        return float(_mixture(k, size, probability, ODDS_RATIOS, WEIGHTS)) - enough

    # The rate observed is the likeliest probability: no evidence speaks against it.
    low = brentq(above, 0.0, rate) if above(0.0) > 0 else 0.0
    high = brentq(below, rate, _BELOW_1) if below(_BELOW_1) > 0 else 1.0
    return Interval(low, high)


def _counts(hits: ArrayLike, n: ArrayLike) -> tuple[Values, Values]:
    return _COUNT.check("hits", hits), _COUNT.check("n", n)


def _mixture(
    hits: Values, n: Values, probability: float, ratios: Values, weights: Values
) -> Values:
    """The logarithm of the mean of the likelihood ratios, one entry for each count."""
    logs = xlogy(hits[..., None], ratios) - n[..., None] * np.log1p(probability * (ratios - 1))
    # Some ratio is positive, so that the largest logarithm is finite.
    largest = logs.max(axis=-1)
    found: Values = largest + np.log(np.exp(logs - largest[..., None]) @ weights)
    return found
