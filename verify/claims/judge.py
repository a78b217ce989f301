"""Facts into findings: how often is a statement, true or altered, violated where they were found?"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bounds import catalogue
from bounds.statement.evaluation import BoundValue
from empirical.statistics.intervals import Interval
from empirical.statistics.laws import Law, estimate_probability
from verify.claims.alterations import ALTERATIONS, Alteration
from verify.claims.claim import Claim, Facts, Finding, Source
from verify.verdicts.compare import (
    INCONCLUSIVE,
    VIOLATED,
    Verdicts,
    bound_interval,
    compare,
)
from verify.verdicts.coverage import CriticalFactor, Verdict, coverage, critical_factor

Values = NDArray[np.float64]


def judge(claim: Claim, source: Source, facts: Facts, m: int, delta: float | None) -> Finding:
    """One test of a claim: its statement, altered as the claim says, on the facts found at m.

    A test on draws is wrong with probability at most `Claim.alpha`, its share of the claim's
    `verify.verdicts.coverage.ALPHA`. Beside an altered statement, or facts that break an assumption, the true
    one is judged on the same samples.
    """
    alteration = ALTERATIONS[claim.alteration]
    finding = _test(claim, source, facts, m, delta, alteration)
    if claim.alteration != "none" or facts.truth is not None:
        mended = facts.truth or facts
        truth = _test(claim, source, mended, m, delta, ALTERATIONS["none"])
        finding = replace(finding, truth=truth)
    return finding


def caught_below(ratios: Values, level: float, alpha: float) -> float:
    """The number below which every multiple of the terms would have been refuted on these samples.

    ratios: (LHS − measured terms)/priced terms, [n]. c times the terms are violated where the ratio
    exceeds c, and refuted from so many violations on that Clopper and Pearson's lower end passes the
    level: the ratio of that rank. 0 where even no terms at all would pass, and with too few samples.

    >>> ratios = np.arange(200) / 200
    >>> caught_below(ratios, level=0.025, alpha=0.05)       # refuted from 11 violations on
    0.945
    """
    n = ratios.size
    counts = np.arange(1, n + 1)
    lower = stats.beta.ppf(alpha / 2, counts, n - counts + 1)
    enough = counts[lower > level]
    if not enough.size:
        return 0.0
    return max(0.0, float(np.sort(ratios)[::-1][enough[0] - 1]))


def _test(
    claim: Claim,
    source: Source,
    facts: Facts,
    m: int,
    delta: float | None,
    alteration: Alteration,
) -> Finding:
    factor = caught = None
    if claim.theorem:
        theorem = catalogue.find(claim.theorem)
        level = float(theorem.level(0.5 if delta is None else delta))
        known = {**facts.known, "slack": facts.slack, "delta": delta}
        arguments = {name: known[name] for name in theorem.arguments if name in known}
        bound = bound_interval(theorem, alteration.arguments(arguments))
        rhs = _altered(bound.lower, bound.usable, alteration, m)
        own_slack = any("slack" in name for name in theorem.inputs)
        granted = facts.rounding + np.asarray(0.0 if own_slack else facts.slack)
        rhs = rhs + Interval.exact(granted)
        price = _priced(bound.usable, alteration, m)
        if np.any(price > 0):
            rest = _kept(bound.lower) + granted
            # Where the slack is infinite so is the price, and their ratio counts as 0.
            rest = np.where(np.isinf(rest), 0.0, rest)
            excess = np.broadcast_to(facts.lhs.high - rest, np.shape(facts.lhs.low))
            factor, caught = _factor(excess, price, facts, level, claim.alpha)
    else:
        level, right = claim.level, facts.known["rhs"]
        rhs = right if isinstance(right, Interval) else Interval.exact(right)
    verdicts = compare(facts.lhs, rhs)
    shared: dict[str, Any] = {"source": source.name, "m": m, "delta": delta, "level": level}
    shared |= {"factor": factor, "caught": caught}
    shared |= {"note": facts.note, "numbers": facts.numbers}
    if facts.weights is not None:
        return _enumerated(verdicts, facts, shared)
    return _drawn(verdicts, claim.alpha, shared)


def _enumerated(verdicts: Verdicts, facts: Facts, shared: dict[str, Any]) -> Finding:
    """All outcomes with their probabilities: nothing is estimated."""
    weights = facts.weights
    assert weights is not None
    sure = math.fsum(weights[verdicts == VIOLATED])
    possible = sure + math.fsum(weights[verdicts == INCONCLUSIVE])
    # An event that no outcome belongs to has probability 0 but for what was cut off.
    low, high = max(0.0, sure - facts.error), min(1.0, possible + facts.error)
    level = shared["level"]
    verdict: Verdict = "undecided"
    if low > level:
        verdict = "refuted"
    elif high <= level:
        verdict = "supported"
    return Finding(
        **shared, verdict=verdict, rate=min(1.0, sure), low=low, high=high,
        trials=None, violations=None, inconclusive=None,
    )  # fmt: skip


def _drawn(verdicts: Verdicts, alpha: float, shared: dict[str, Any]) -> Finding:
    level = shared["level"]
    if level == 0.0:
        # Draws can show that what never happens does happen, and cannot show the contrary.
        violated = verdicts == VIOLATED
        seen = estimate_probability(violated, 1 - alpha)
        low, high = float(seen.interval.low), float(seen.interval.high)
        return Finding(
            **shared, verdict="refuted" if low > 0 else "undecided", rate=float(seen.value),
            low=low, high=high, trials=len(violated), violations=int(violated.sum()),
            inconclusive=int((verdicts == INCONCLUSIVE).sum()),
        )  # fmt: skip
    found = coverage(verdicts, level, alpha=alpha)
    return Finding(
        **shared, verdict=found.verdict, rate=found.rate, low=found.low, high=found.high,
        trials=found.trials, violations=found.violations, inconclusive=found.inconclusive,
    )  # fmt: skip


def _kept(value: BoundValue) -> Any:
    """What a bound takes as it is, measured or slack."""
    names = [n for n in value.terms if n in value.measured or n == "slack"]
    return np.asarray(sum(np.asarray(value.terms[name]) for name in names), dtype=np.float64)


def _priced(value: BoundValue, alteration: Alteration, m: int) -> Values:
    """The complexity and confidence terms, scaled as the alteration says."""
    parts = [
        alteration.scale(name, m) * np.asarray(term, dtype=np.float64)
        for name, term in value.terms.items()
        if name not in value.measured and name != "slack"
    ]
    return np.asarray(sum(parts, np.zeros(())), dtype=np.float64)


def _altered(lower: BoundValue, usable: BoundValue, alteration: Alteration, m: int) -> Interval:
    # Rounding alone may cross ends that were equal.
    low, high = (_kept(end) + _priced(end, alteration, m) for end in (lower, usable))
    return Interval(low, np.maximum(low, high))


def _factor(
    excess: Values, price: Values, facts: Facts, level: float, alpha: float
) -> tuple[CriticalFactor, float]:
    """The critical factor, and the multiple of the terms that this test would have caught."""
    price = np.broadcast_to(price, excess.shape)
    if facts.weights is None:
        ratios = np.where(np.isinf(price), 0.0, excess / price)
        return critical_factor(excess, price, level), caught_below(ratios, level, alpha)
    ratios = np.where(np.isinf(price), 0.0, excess / np.where(price > 0, price, np.inf))
    quantile = Law.of([(ratios, facts.weights)], facts.error).quantile(1 - level)
    low, high = max(0.0, float(quantile.low)), max(0.0, float(quantile.high))
    return CriticalFactor(high, low, high), low
