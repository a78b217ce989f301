"""The violation rate over independent samples against the failure probability a theorem allows.

One violated sample refutes nothing: a theorem may fail with its failure probability. Clopper and
Pearson's interval over n independent samples decides (theory, section 7).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from verify.verdicts.compare import INCONCLUSIVE, VIOLATED

Verdict = Literal["supported", "refuted", "undecided"]
ALPHA = 0.05
"""The probability that any of the tests of one claim comes out wrong."""


@dataclass(frozen=True)
class Coverage:
    """What n independent samples say about one claim at one (m, delta).

    rate         violations / trials
    low, high    the interval of the violation probability: its lower end counts the violated samples
                 only, its upper end also the inconclusive ones
    level        the failure probability that the theorem allows
    needed       trials with which this test could support the claim if no sample were violated
    """

    trials: int
    violations: int
    inconclusive: int
    level: float
    low: float
    high: float
    verdict: Verdict
    needed: int

    @property
    def rate(self) -> float:
        """Violated samples as a fraction of all samples."""
        return self.violations / self.trials


def trials_needed(level: float, tests: int = 1, alpha: float = ALPHA) -> int:
    """The least n with which no violation in n samples supports a rate <= level.

    n >= ln(alpha / 2k) / ln(1 - level) for k tests.

    >>> trials_needed(0.025), trials_needed(0.025, tests=20), trials_needed(0.005, tests=20)
    (146, 265, 1334)
    """
    return math.ceil(math.log(alpha / (2 * tests)) / math.log1p(-level))


def coverage(
    verdicts: ArrayLike,
    level: float,
    *,
    tests: int = 1,
    alpha: float = ALPHA,
    sample_miss: float = 0.0,
) -> Coverage:
    """Decide a claim from the verdicts of independent samples.

    verdicts     [n], as `compare` returns them
    level        the failure probability allowed, in (0, 1)
    tests        k: the number of tests of the same claim; each gets alpha / k (Bonferroni)
    sample_miss  the probability that one sample's own interval misses: refute only beyond level + this

    Raises ValueError where there are no samples, a level or alpha lies outside (0, 1), sample_miss outside
    [0, 1), or tests is no positive integer.

    >>> coverage([1] * 146, 0.025).verdict, coverage([1] * 145, 0.025).verdict
    ('supported', 'undecided')
    >>> coverage([-1] * 20 + [1] * 126, 0.025).verdict
    'refuted'
    """
    codes = np.asarray(verdicts)
    n = codes.size
    if n == 0:
        raise ValueError("verdicts must hold at least one sample, got none")
    for name, number in (("level", level), ("alpha", alpha)):
        if not 0 < number < 1:
            raise ValueError(f"{name} must lie in (0, 1), got {number}")
    if not isinstance(tests, int) or tests < 1:
        raise ValueError(f"tests must be a positive integer, got {tests}")
    if not 0 <= sample_miss < 1:
        raise ValueError(f"sample_miss must lie in [0, 1), got {sample_miss}")
    violations = int((codes == VIOLATED).sum())
    doubtful = violations + int((codes == INCONCLUSIVE).sum())
    tail = alpha / (2 * tests)
    low = float(stats.beta.ppf(tail, violations, n - violations + 1)) if violations else 0.0
    high = float(stats.beta.ppf(1 - tail, doubtful + 1, n - doubtful)) if doubtful < n else 1.0
    if low > level + sample_miss:
        verdict: Verdict = "refuted"
    elif high <= level:
        verdict = "supported"
    else:
        verdict = "undecided"
    return Coverage(
        trials=n,
        violations=violations,
        inconclusive=doubtful - violations,
        level=level,
        low=low,
        high=high,
        verdict=verdict,
        needed=trials_needed(level, tests, alpha),
    )


@dataclass(frozen=True)
class CriticalFactor:
    """The smallest multiple of a bound's terms at which the claim still holds at its level.

    1 is tight, 0.001 a thousand times looser than needed. [low, high] are order statistics that
    enclose the quantile with 95 % confidence; infinite where there are too few samples.
    """

    value: float
    low: float
    high: float


def critical_factor(
    excess: ArrayLike, terms: ArrayLike, level: float, *, confidence: float = 0.95
) -> CriticalFactor:
    """max(0, the (1 - level)-quantile over samples of excess / terms).

    excess  [n]: LHS - gamma - slack for Theorem 1, eta - L-hat for Theorem 2
    terms   [n]: the sample's complexity plus confidence terms; an infinite one gives the ratio 0, none
            at all an infinite ratio where there is an excess

    Raises ValueError where there are no samples or they hold NaN.

    >>> critical_factor(np.arange(1, 101) / 100, 1.0, level=0.1).value
    0.9
    """
    top, bottom = np.broadcast_arrays(np.asarray(excess, float), np.asarray(terms, float))
    if top.size == 0 or np.isnan(top).any() or np.isnan(bottom).any():
        raise ValueError("excess and terms must hold at least one sample and no NaN")
    # Without terms no multiple of them helps an excess, and none is needed where there is no excess.
    bare = np.where(top > 0.0, np.inf, 0.0)
    ratios = np.divide(top, bottom, out=bare, where=bottom != 0.0)
    ratios = np.sort(np.where(np.isinf(bottom), 0.0, ratios))
    n = ratios.size
    tail = (1 - confidence) / 2
    # P(X_(k) <= q) counts the samples below the quantile q, Binomial(n, 1 - level).
    below = int(stats.binom.ppf(tail, n, 1 - level))
    above = int(stats.binom.ppf(1 - tail, n, 1 - level)) + 1
    rank = max(1, math.ceil((1 - level) * n - 1e-9))
    value = max(0.0, float(ratios[rank - 1]))
    low = max(0.0, float(ratios[below - 1])) if below >= 1 else 0.0
    high = max(0.0, float(ratios[above - 1])) if above <= n else math.inf
    return CriticalFactor(value, min(low, value), max(high, value))
