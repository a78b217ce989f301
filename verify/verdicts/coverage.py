"""The violation rate over independent samples against the failure probability that a theorem allows.

One violated sample refutes nothing: a theorem may fail with its failure probability. The evidence of n
independent samples decides, and is valid however often one looks and extends (theory, section 7).
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from bounds.arrays import plain_array, real_array
from bounds.domains import POSITIVE_INTEGER, PROBABILITY, Domain, at_least
from empirical.statistics.laws import Law, checked_weights, estimate_quantile
from verify.verdicts.compare import HOLDS, INCONCLUSIVE, VIOLATED, Values
from verify.verdicts.draws import Draws
from verify.verdicts.draws import needed as draws_needed

Verdict = Literal["supported", "refuted", "undecided"]
SHARE = Domain("lie in [0, 1)", low=0.0, high=math.nextafter(1.0, 0.0))
ALPHA = 0.05
"""The probability that any of the tests of one claim ever comes out wrong, however often one looks."""


@dataclass(frozen=True)
class Coverage:
    """What independent samples, or all possible ones, say about one claim at one (m, delta).

    Attributes
    ----------
    trials, violations, inconclusive : int
        How many samples there are, and how many of them violate the claim or decide nothing.
    level : float
        The failure probability that the theorem allows.
    rate : float
        The violated samples as a fraction of all, or the probability of all violated outcomes.
    low, high : float
        The interval of the violation probability. Its lower end counts the violated samples only, its
        upper end also the inconclusive ones. Each end is ever wrong with probability at most `alpha`.
    verdict : {"supported", "refuted", "undecided"}
    needed : float
        The number of samples with which this test could support the claim if none were violated;
        infinite if no number is enough.
    enumerated : bool
        Whether the samples are all possible outcomes.
    alpha : float
        The probability that this verdict is ever wrong, however often one looks at the samples and
        adds to them; 0 if all outcomes were enumerated.
    planned : int
        The number of samples at the look that was planned before any was drawn; 0 if none was.
    """

    trials: int
    violations: int
    inconclusive: int
    level: float
    rate: float
    low: float
    high: float
    verdict: Verdict
    needed: float
    enumerated: bool
    alpha: float
    planned: int

    @property
    def looks(self) -> str:
        """What the verdict may be used for: the looks at the samples that it allows, in words."""
        if self.enumerated:
            return "all outcomes enumerated"
        said = f"{self.trials} samples looked at, valid however often one looks"
        return f"{said}; one look planned at {self.planned}" if self.planned else said


def trials_needed(level: float, tests: int = 1, alpha: float = ALPHA) -> int:
    """The least n for which no violation in n samples supports a rate <= level.

    About ln(2k / alpha) / -ln(1 - level) for k tests.

    Raises
    ------
    ValueError
        For a level or an alpha outside (0, 1), or a number of tests that is not a positive integer.

    Examples
    --------
    >>> trials_needed(0.025), trials_needed(0.025, tests=20), trials_needed(0.005, tests=20)
    (136, 259, 1305)
    """
    PROBABILITY.number("level", level)
    PROBABILITY.number("alpha", alpha)
    POSITIVE_INTEGER.whole("tests", tests)
    return draws_needed(level, alpha / tests)


def coverage(
    verdicts: ArrayLike,
    level: float,
    *,
    weights: ArrayLike | None = None,
    error: float = 0.0,
    tests: int = 1,
    alpha: float = ALPHA,
    sample_miss: float = 0.0,
    planned: int = 0,
) -> Coverage:
    """Decide a claim from the verdicts of independent samples, or of all possible outcomes.

    Parameters
    ----------
    verdicts : array of int, [n]
        As `compare` returns them, in the order in which the samples were drawn.
    level : float
        The failure probability allowed, in [0, 1). At level 0 samples can refute a claim ("never"
        is false if it happens once) and cannot support it.
    weights : array, [n], optional
        The probabilities of the outcomes if all of them were enumerated. Nothing is estimated then.
    error : float
        No probability made of `weights` is off by more than this.
    tests : int
        k, the number of tests of the same claim; each gets alpha / k (Bonferroni).
    alpha : float
        The probability that any of these tests ever comes out wrong, however often one looks.
    sample_miss : float
        The probability that one sample's own interval misses. A violation seen may be none, and one may
        be missed: refute only above level + this, support only below level - this.
    planned : int
        The number of samples at one look that was planned before any was drawn; 0 for none. Clopper
        and Pearson's test at this look then has a part of alpha, and looks at any time have the rest.

    Raises
    ------
    ValueError
        For no samples, verdicts other than -1, 0 and 1, a level or sample_miss outside [0, 1), an alpha
        outside (0, 1), a number of tests that is not a positive integer, a planned look that is no
        number of samples, and weights or an error that `empirical.statistics.laws.checked_weights` refuses.

    Examples
    --------
    >>> coverage([1] * 136, 0.025).verdict, coverage([1] * 135, 0.025).verdict
    ('supported', 'undecided')
    >>> coverage([-1] * 20 + [1] * 126, 0.025).verdict
    'refuted'
    >>> coverage([-1] * 9 + [1] * 137, 0.025, planned=146).verdict
    'refuted'
    >>> coverage([-1, 1], 0.05, weights=[0.04, 0.96]).verdict
    'supported'
    """
    codes = plain_array("verdicts", verdicts, "be integers out of -1, 0 and 1")
    n = codes.size
    if n == 0:
        raise ValueError("verdicts must hold at least one sample, got none")
    if codes.dtype.kind not in "iu" or not np.isin(codes, (VIOLATED, INCONCLUSIVE, HOLDS)).all():
        raise ValueError(f"verdicts must be integers out of -1, 0 and 1, got {verdicts!r}")
    SHARE.number("level", level)
    SHARE.number("sample_miss", sample_miss)
    PROBABILITY.number("alpha", alpha)
    POSITIVE_INTEGER.whole("tests", tests)
    look = 0 if weights is not None else at_least(0).whole("planned", planned)
    violated, open_ = codes == VIOLATED, codes == INCONCLUSIVE
    violations, inconclusive = int(violated.sum()), int(open_.sum())
    needed, share = math.inf, alpha / tests
    verdict: Verdict = "undecided"
    # Of the samples that miss, all may be false violations, or all violations that were not seen.
    above, below = min(1.0, level + sample_miss), max(0.0, level - sample_miss)
    if weights is not None:
        chance = checked_weights(weights, codes.shape, error)
        sure = math.fsum(chance[violated])
        # An event to which no outcome belongs has probability 0, but for what was cut off.
        low = max(0.0, sure - error)
        high = min(1.0, sure + math.fsum(chance[open_]) + error)
        rate, share = min(1.0, sure), 0.0
        if low > above:
            verdict = "refuted"
        elif high + sample_miss <= level:
            verdict = "supported"
    else:
        sure_ones, possible = Draws.of(violated, look), Draws.of(violated | open_, look)
        low = float(sure_ones.interval(share).low)
        high = max(low, float(possible.interval(share).high))
        rate = violations / n
        if below > 0.0:
            needed = draws_needed(below, share, look)
        if sure_ones.above(above, share):
            verdict = "refuted"
        elif possible.below(below, share):
            verdict = "supported"
    enumerated = weights is not None
    return Coverage(
        n,
        violations,
        inconclusive,
        level,
        rate,
        low,
        high,
        verdict,
        needed,
        enumerated,
        share,
        look,
    )


def overall(verdicts: Collection[Verdict]) -> Verdict:
    """The verdict of a claim from those of its tests.

    Returns
    -------
    str
        "refuted" if one test refutes the claim, "supported" if all support it, else "undecided".

    Examples
    --------
    >>> overall(["supported", "undecided"]), overall(["undecided", "refuted"])
    ('undecided', 'refuted')
    """
    if "refuted" in verdicts:
        return "refuted"
    return "supported" if set(verdicts) == {"supported"} else "undecided"


@dataclass(frozen=True)
class CriticalFactor:
    """The smallest multiple of a bound's own terms at which the claim still holds at its level.

    1 is tight; 0.001 is a thousand times looser than needed.

    Attributes
    ----------
    value : float
    low, high : float
        Order statistics that enclose the quantile with 95 % confidence, infinite if there are too few
        samples; if all outcomes were enumerated, what the error of their probabilities leaves open.
    """

    value: float
    low: float
    high: float


def multiples(excess: ArrayLike, terms: ArrayLike) -> Values:
    """The multiple of its own terms that the bound needs on each sample: excess / terms.

    If the terms are infinite the multiple is 0. If they are zero or negative, as the difference of two
    complexities can be, more of them does not help: it is infinite for a positive excess and else 0.

    Parameters
    ----------
    excess : array, [n]
        LHS - gamma - slack for Theorem 1, eta - L-hat for Theorem 2.
    terms : array, [n]
        The sum of the sample's complexity and confidence terms.

    Raises
    ------
    ValueError
        For masked or complex entries and for what is no number; NaN is kept.
    """
    top, bottom = np.broadcast_arrays(real_array("excess", excess), real_array("terms", terms))
    ratios = np.where(top > 0.0, np.inf, 0.0)
    with np.errstate(invalid="ignore"):
        np.divide(top, bottom, out=ratios, where=bottom > 0.0)
    ratios[bottom == np.inf] = 0.0
    ratios[np.isnan(top) | np.isnan(bottom)] = np.nan
    return ratios


def critical_factor(
    excess: ArrayLike,
    terms: ArrayLike,
    level: float,
    *,
    weights: ArrayLike | None = None,
    error: float = 0.0,
    confidence: float = 0.95,
) -> CriticalFactor:
    """The (1 - level)-quantile over samples of the multiples that they need, or 0 if it is negative.

    Parameters
    ----------
    excess, terms : array, [n]
        As for `multiples`.
    level, weights, error
        As for `coverage`.
    confidence : float
        That of the order statistics `low` and `high`.

    Raises
    ------
    ValueError
        For no samples, NaN, masked or complex ones, a level outside [0, 1), a confidence outside (0, 1),
        and weights or an error that `empirical.statistics.laws.checked_weights` refuses.

    Examples
    --------
    >>> critical_factor(np.arange(1, 101) / 100, 1.0, level=0.1).value
    0.9
    """
    SHARE.number("level", level)
    PROBABILITY.number("confidence", confidence)
    ratios = multiples(excess, terms)
    if ratios.size == 0 or np.isnan(ratios).any():
        raise ValueError("excess and terms must hold at least one sample and no NaN")
    if weights is None:
        found = estimate_quantile(ratios, 1 - level, confidence)
        ends, middle = found.interval, float(np.asarray(found.value))
    else:
        chance = checked_weights(weights, ratios.shape, error)
        ends = Law.of([(ratios, chance)], error).quantile(1 - level)
        middle = float(ends.high)
    value, low, high = (max(0.0, end) for end in (middle, float(ends.low), float(ends.high)))
    return CriticalFactor(value, min(low, value), max(high, value))
