"""Put a theorem to the test on measured samples, from any test suite: `check_theorem`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from bounds.theorem import Theorem
from empirical.statistics.intervals import Interval
from verify.verdicts.compare import BoundInterval, bound_interval, compare
from verify.verdicts.coverage import (
    ALPHA,
    Coverage,
    CriticalFactor,
    coverage,
    critical_factor,
)

Outcome = Literal["holds", "refuted", "undecided"]

OUTCOMES: dict[str, Outcome] = {
    "supported": "holds",
    "refuted": "refuted",
    "undecided": "undecided",
}


@dataclass(frozen=True)
class Check:
    """What independent samples said about one theorem at one (m, delta).

    theorem   its key
    coverage  violations, the interval of their probability, the level allowed, the verdict
    factor    the critical factor: the smallest multiple of the bound's terms that would still hold
    """

    theorem: str
    coverage: Coverage
    factor: CriticalFactor

    @property
    def outcome(self) -> Outcome:
        """The verdict in one word: holds, refuted or undecided."""
        return OUTCOMES[self.coverage.verdict]

    def __str__(self) -> str:
        found = self.coverage
        return (
            f"{self.theorem}: {self.outcome} ({found.violations} of {found.trials} samples violate it,"
            f" {found.inconclusive} inconclusive; violation probability in"
            f" [{found.low:.3g}, {found.high:.3g}], allowed {found.level:.3g};"
            f" critical factor {self.factor.value:.3g})"
        )


def check_theorem(
    theorem: Theorem,
    lhs: Interval | ArrayLike,
    arguments: Mapping[str, Interval | ArrayLike | None],
    *,
    expected: Outcome | None = "holds",
    decided: bool = False,
    slack: ArrayLike = 0.0,
    tests: int = 1,
    alpha: float = ALPHA,
    sample_miss: float = 0.0,
) -> Check:
    """Decide whether LHS <= bound, except with the theorem's own failure probability.

    theorem      any `bounds.theorem.Theorem`, the library's or your own
    lhs          [n]: its left-hand side on n independent samples; numbers count as exact
    arguments    those of `theorem.evaluate`, delta included; numbers, arrays [n] or `Interval`s
    expected     "holds": fail where the samples refute it. "refuted": fail unless they do (a planted
                 falsehood: a check that cannot fail proves nothing). None: never fail
    decided      fail also where the samples leave it undecided; the message says how many would do
    slack        what a statement without a slack of its own is granted, such as a head's certified gap
    tests, alpha, sample_miss   as for `coverage`: how many tests of this claim share alpha, and the
                 probability with which one sample's own interval misses

    Returns the `Check`. Raises AssertionError as told by `expected` and `decided`, and ValueError for
    arguments that the theorem does not take, a missing delta, or no samples.

    >>> from bounds import risk_gap
    >>> terms = {"gamma": 0.0, "R_M": 0.01, "L": 1.0, "C": 1.0, "m": 10_000, "delta": 0.05}
    >>> check = check_theorem(risk_gap.paper("TA", "T"), np.full(146, 0.1), terms)
    >>> check.outcome, check.coverage.violations, round(check.factor.value, 3)
    ('holds', 0, 0.574)
    """
    delta = arguments.get("delta")
    if delta is None:
        raise ValueError(
            f"arguments must hold delta, one number in (0, 1), got {sorted(arguments)}"
        )
    left = lhs if isinstance(lhs, Interval) else Interval.exact(lhs)
    left = Interval(np.atleast_1d(left.low), np.atleast_1d(left.high))
    bound = bound_interval(theorem, arguments)
    # One left-hand side beside many arguments is one sample, and must not count as many.
    for name, shape in (
        ("lhs", left.low.shape),
        ("arguments", np.shape(bound.lower.total)),
        ("slack", np.shape(slack)),
    ):
        if shape not in ((), (left.low.size,)):
            raise ValueError(
                f"{name} must hold one number for each of the {left.low.size} samples, got shape {shape}"
            )
    level = float(theorem.level(delta))
    granted = bound.interval + Interval.exact(slack)
    found = coverage(
        compare(left, granted), level, tests=tests, alpha=alpha, sample_miss=sample_miss
    )
    return judge(Check(theorem.key, found, _factor(left, bound, slack, level)), expected, decided)


def judge(check: Check, expected: Outcome | None, decided: bool = False) -> Check:
    """Return the check, or raise AssertionError where it came out against `expected`.

    expected, decided: as for `check_theorem`. Raises ValueError for another expectation.
    """
    if expected not in (None, "holds", "refuted"):
        raise ValueError(f"expected must be 'holds', 'refuted' or None, got {expected!r}")
    if expected is not None and check.outcome not in (expected, "undecided"):
        raise AssertionError(f"expected: {expected}. {check}")
    if check.outcome == "undecided" and (decided or expected == "refuted"):
        raise AssertionError(
            f"expected: {expected or 'a decision'}. {check};"
            f" {check.coverage.needed} samples without a violation would support it"
        )
    return check


def _factor(lhs: Interval, bound: BoundInterval, slack: ArrayLike, level: float) -> CriticalFactor:
    """The critical factor of the terms that are not measured; NaN where a sample has no number."""
    excess = lhs.high - bound.granted - np.asarray(slack)
    terms = bound.price
    if np.isnan(excess).any() or np.isnan(terms).any():
        return CriticalFactor(np.nan, np.nan, np.nan)
    return critical_factor(excess, terms, level)
