"""Decide a theorem on measured samples: `judge`, and `check_theorem` for any test suite."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from bounds.arrays import real_array, same_rows
from bounds.domains import FINITE_NON_NEGATIVE
from bounds.names import known_options
from bounds.theorem import Theorem
from empirical.statistics.intervals import Interval
from verify.verdicts.compare import BoundInterval, Values, bound_interval, compare, without_rounding
from verify.verdicts.coverage import (
    ALPHA,
    Coverage,
    CriticalFactor,
    coverage,
    critical_factor,
    multiples,
)

Outcome = Literal["holds", "refuted", "undecided"]


@dataclass(frozen=True)
class Decision:
    """What independent samples, or all possible ones, say about one theorem at one (m, delta).

    Attributes
    ----------
    theorem : str
        The theorem's key.
    bound : BoundInterval
        The right-hand side, without the slack and the rounding added to it.
    ratios : array, [n]
        The multiple of the bound's own terms that each sample needs: (LHS at its upper end, less the
        measured terms and all slack at their lower ends) / own terms.
    coverage : Coverage
        The violations, the interval of their probability, the level allowed and the verdict.
    factor : CriticalFactor
        The smallest multiple of the bound's own terms that would still hold; NaN if a sample has no
        number.
    """

    theorem: str
    bound: BoundInterval
    ratios: Values
    coverage: Coverage
    factor: CriticalFactor

    @property
    def outcome(self) -> Outcome:
        """The verdict in one word: holds, refuted or undecided."""
        verdict = self.coverage.verdict
        return "holds" if verdict == "supported" else verdict

    def __str__(self) -> str:
        found = self.coverage
        return (
            f"{self.theorem}: {self.outcome} ({found.violations} of {found.trials} samples violate it,"
            f" {found.inconclusive} inconclusive; violation probability in"
            f" [{found.low:.3g}, {found.high:.3g}], allowed {found.level:.3g}; {found.looks};"
            f" critical factor {self.factor.value:.3g})"
        )


@known_options
def judge(
    theorem: Theorem,
    lhs: Interval | ArrayLike,
    arguments: Mapping[str, Interval | ArrayLike | None],
    *,
    slack: ArrayLike = 0.0,
    rounding: float = 0.0,
    weights: ArrayLike | None = None,
    error: float = 0.0,
    alteration: Callable[[BoundInterval], BoundInterval] = lambda bound: bound,
    tests: int = 1,
    alpha: float = ALPHA,
    sample_miss: float = 0.0,
    planned: int = 0,
) -> Decision:
    """Decide whether LHS <= RHS, except with the theorem's own failure probability.

    Parameters
    ----------
    theorem : Theorem
    lhs : Interval or array, [n]
        The left-hand side, one entry per sample; numbers count as exact.
    arguments : mapping
        Those of `theorem.evaluate`: numbers, arrays [n] or intervals. A theorem without delta holds
        on all samples.
    slack : float or array, [n]
        Slack added to the right-hand side of a theorem that has no slack term, such as a head's
        certified gap.
    rounding : float
        What float64 may have added to differences. It is added to the right-hand side, and what is
        smaller counts as zero in the excess.
    weights, error
        The outcomes' probabilities if all were enumerated, and their error, as for `coverage`.
    alteration : callable
        Makes the theorem's right-hand side another one, as planted falsehoods need it.
    tests, alpha, sample_miss, planned
        As for `coverage`.

    Raises
    ------
    ValueError
        For arguments that the theorem does not take, no samples, numbers of samples that differ, and
        pandas objects whose indexes share labels without being equal.
    """
    same_rows({"lhs": lhs, **arguments, "slack": slack, "weights": weights})
    left = lhs if isinstance(lhs, Interval) else Interval.exact(real_array("lhs", lhs))
    left = Interval(np.atleast_1d(left.low), np.atleast_1d(left.high))
    added = FINITE_NON_NEGATIVE.check("slack", slack)
    FINITE_NON_NEGATIVE.number("rounding", rounding)
    bound = bound_interval(theorem, arguments)
    # One left-hand side beside many arguments is one sample, and must not count as many.
    for name, shape in (
        ("lhs", left.low.shape),
        ("arguments", np.shape(bound.lower.total)),
        ("slack", added.shape),
    ):
        if shape not in ((), (left.low.size,)):
            raise ValueError(
                f"{name} must hold one number for each of the {left.low.size} samples, got shape {shape}"
            )
    bound = alteration(bound)
    level = float(theorem.level(arguments.get("delta", 0.5)))
    rhs = bound.interval + Interval.exact(added + rounding)
    found = coverage(
        compare(left, rhs),
        level,
        weights=weights,
        error=error,
        tests=tests,
        alpha=alpha,
        sample_miss=sample_miss,
        planned=planned,
    )
    excess = without_rounding(left.high - bound.given_terms(rounding) - added, rounding)
    ratios = multiples(excess, bound.own_terms)
    factor = CriticalFactor(np.nan, np.nan, np.nan)
    if not np.isnan(ratios).any():
        factor = critical_factor(excess, bound.own_terms, level, weights=weights, error=error)
    return Decision(theorem.key, bound, ratios, found, factor)


def check_theorem(
    theorem: Theorem,
    lhs: Interval | ArrayLike,
    arguments: Mapping[str, Interval | ArrayLike | None],
    *,
    expected: Outcome | None = "holds",
    decided: bool = False,
    **options: Any,
) -> Decision:
    """Decide whether LHS <= bound, except with the theorem's own failure probability.

    Parameters
    ----------
    theorem : Theorem
        Any `bounds.theorem.Theorem`, the library's or your own.
    lhs, arguments
        As for `judge`; the arguments must hold delta.
    expected : {"holds", "refuted"}, optional
        "holds": fail if the samples refute it. "refuted": fail unless they do (a planted falsehood: a
        check that cannot fail proves nothing). None: never fail.
    decided : bool
        Fail also if the samples leave it undecided; the message says how many would be enough.
    **options
        Slack, the number of tests and the rest: the keyword arguments of `judge`.

    Raises
    ------
    AssertionError
        As told by `expected` and `decided`.
    ValueError
        As `judge`, and for a missing delta.

    Examples
    --------
    >>> from bounds import risk_gap
    >>> terms = {"gamma": 0.0, "R_M": 0.01, "L": 1.0, "C": 1.0, "m": 10_000, "delta": 0.05}
    >>> check = check_theorem(risk_gap.paper("TA", "T"), np.full(146, 0.1), terms)
    >>> check.outcome, check.coverage.violations, round(check.factor.value, 3)
    ('holds', 0, 0.574)
    """
    if arguments.get("delta") is None:
        raise ValueError(
            f"arguments must hold delta, one number in (0, 1), got {sorted(arguments)}"
        )
    return expect(judge(theorem, lhs, arguments, **options), expected, decided)


def expect(found: Decision, expected: Outcome | None, decided: bool = False) -> Decision:
    """Return the decision, or raise AssertionError if it came out against `expected`.

    Parameters
    ----------
    found : Decision
    expected, decided
        As for `check_theorem`.

    Raises
    ------
    AssertionError
        If the decision is not the expected one.
    ValueError
        For another expectation.
    """
    if expected not in (None, "holds", "refuted"):
        raise ValueError(f"expected must be 'holds', 'refuted' or None, got {expected!r}")
    if expected is not None and found.outcome not in (expected, "undecided"):
        raise AssertionError(f"expected: {expected}. {found}")
    if found.outcome == "undecided" and (decided or expected == "refuted"):
        raise AssertionError(
            f"expected: {expected or 'a decision'}. {found};"
            f" {found.coverage.needed} samples without a violation would support it"
        )
    return found
