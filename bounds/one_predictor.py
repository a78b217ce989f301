"""The exact world of one predictor: does a bound on its mean hold as often as it claims?

H holds one head and G one encoder, so that nothing is chosen and every complexity is 0. What a statement
with an empirical average says there is a confidence bound for a mean: the mean of one summand is at most
the bound, whose average is that of m independent summands. The summands are at the ends of their
interval, the upper one with probability q. The average then has a binomial law, and the probability
of a violation is a finite sum, here over all m + 1 averages.

A term that pays for half of that length is violated far too often near q = 1/2. Of Hoeffding's own
term 0.85 times is noticed, and 0.9 times is not: no theorem follows from passing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import sympy

from bounds.domains import FloatArray
from bounds.statement.summands import CHANCE, Summands
from bounds.theorem import Theorem

SIZES = (1, 10, 100)
DELTAS = (0.5, 0.2, 0.05, 0.01)
CHANCES = tuple(np.linspace(0.02, 0.98, 49).tolist())
# Other sample sizes: so large that what is estimated on them is known.
_AMPLE = 10**12
# A sum of m + 1 probabilities, each to a few parts in 1e14.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Violation:
    """How often a bound is violated in one world, and how often it may be."""

    probability: float
    allowed: float
    m: int
    delta: float
    chance: float


def worst_violation(theorem: Theorem, summands: Summands) -> Violation | None:
    """The world in which the bound is violated most often beyond what it allows; None if there is none.

    Parameters
    ----------
    theorem
        Its left-hand side is at least the mean of one summand in the world of one predictor. That is so
        for a risk, and for eta if the summand is a loss minus that of the reference.
    summands
        Of one of its arguments, the average over the sample of `theorem.sample_size`.

    Raises
    ------
    ValueError
        If the theorem has no sample size or no such argument, or the interval is empty or has symbols
        that are no arguments of the theorem.

    Examples
    --------
    >>> from bounds import latent_quality
    >>> from bounds.notation import C
    >>> theorem = latent_quality.sharp("T")
    >>> worst_violation(theorem, Summands("L_hat", -C, C)) is None
    True
    >>> worst = worst_violation(theorem, Summands("L_hat", -2 * C, 2 * C))    # twice as long
    >>> worst.probability > worst.allowed
    True
    """
    found = _violations(theorem, summands)
    return max(found, key=lambda each: each.probability - each.allowed, default=None)


def _violations(theorem: Theorem, summands: Summands) -> Iterator[Violation]:
    """The worst one at each sample size and delta, if it is beyond what the theorem allows."""
    size = theorem.sample_size
    if size is None or summands.average not in theorem.inputs:
        raise ValueError(
            f"the average must be an argument of {theorem.key} beside a sample size, got"
            f" {summands.average!r}"
        )
    low, high = _ends(theorem, summands)
    fixed: dict[str, float | FloatArray] = {
        name: elsewhere(theorem, name)
        for name in theorem.inputs
        if name not in (size, summands.average, "delta")
    }
    for name in (str(symbol) for symbol in summands.length.free_symbols):
        fixed[name] = 1.0
    chances = np.asarray(CHANCES)[:, None]
    means = low + (high - low) * chances
    for name, value in summands.known.items():
        fixed[name] = in_world(value, chances)
    for m in SIZES:
        averages = low + (high - low) * np.arange(m + 1) / m
        law = binomial_law(m, chances)
        for delta in DELTAS:
            arguments = {**fixed, summands.average: averages, size: m}
            if "delta" in theorem.inputs:
                arguments["delta"] = delta
            bound = theorem.evaluate(**arguments).total
            # The mean must lie above the bound by more than the rounding of both.
            violated = means > bound + _ROUNDING * (high - low)
            probability = (law * violated).sum(1)
            allowed = float(theorem.level(delta))
            worst = int(probability.argmax())
            if probability[worst] > allowed * (1.0 + _ROUNDING) + 1e-300:
                yield Violation(float(probability[worst]), allowed, m, delta, CHANCES[worst])


def _ends(theorem: Theorem, summands: Summands) -> tuple[float, float]:
    """The ends of the interval if every symbol in them is 1."""
    symbols = summands.low.free_symbols | summands.high.free_symbols
    strange = sorted(str(s) for s in symbols if str(s) not in theorem.inputs)
    ones = dict.fromkeys(symbols, sympy.Integer(1))
    low, high = (end.subs(ones) for end in (summands.low, summands.high))
    if strange or not (low.is_number and high.is_number and low < high):
        raise ValueError(
            f"the summands of {summands.average} must lie in an interval in arguments of"
            f" {theorem.key}, got [{summands.low}, {summands.high}]"
        )
    return float(low), float(high)


def elsewhere(theorem: Theorem, name: str) -> float:
    """The value of an argument that the world makes zero, or counts as one thing or an ample sample.

    Examples
    --------
    >>> from bounds import latent_quality
    >>> elsewhere(latent_quality.sharp("T"), "R_loss"), elsewhere(latent_quality.sharp("T"), "m")
    (0.0, 1000000000000)
    """
    if theorem.quantities[name].domain.integer:
        return _AMPLE if theorem.directions.get(name) == -1 else 1.0
    return 0.0


def in_world(value: sympy.Expr, chances: FloatArray) -> FloatArray:
    """An expression in `CHANCE` at every chance; its other symbols are 1.

    Examples
    --------
    >>> from bounds.notation import C
    >>> in_world(C**2 * CHANCE * (1 - CHANCE), np.array([0.0, 0.5])).tolist()
    [0.0, 0.25]
    """
    ones = {symbol: 1 for symbol in value.free_symbols if symbol != CHANCE}
    function = sympy.lambdify([CHANCE], value.subs(ones), modules="numpy")
    return np.broadcast_to(np.asarray(function(chances), dtype=np.float64), chances.shape)


def binomial_law(m: int, chances: FloatArray) -> FloatArray:
    """P(k of m) for k = 0..m, one row per chance: [chances, m + 1].

    Examples
    --------
    >>> binomial_law(2, np.array([[0.5]])).round(6).tolist()
    [[0.25, 0.5, 0.25]]
    """
    k = np.arange(m + 1)
    ways = np.array([math.lgamma(m + 1) - math.lgamma(i + 1) - math.lgamma(m - i + 1) for i in k])
    law: FloatArray = np.exp(ways + k * np.log(chances) + (m - k) * np.log1p(-chances))
    return law
