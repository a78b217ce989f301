"""One test of a claim: how often is its statement, true or altered, violated by given facts?"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from bounds import catalogue
from empirical.statistics.intervals import Interval
from verify.claims.alterations import NONE, Alteration
from verify.claims.claim import Claim, Finding
from verify.claims.evidence.facts import Facts, Source
from verify.verdicts import check as verdicts
from verify.verdicts.anytime import evidence_above
from verify.verdicts.compare import Values, compare
from verify.verdicts.coverage import coverage


def finding(claim: Claim, source: Source, facts: Facts, m: int, delta: float | None) -> Finding:
    """Test a claim: its statement, altered as the claim says, on the facts found at m.

    A test on draws is wrong with probability at most `Claim.alpha`, its share of the claim's
    `verify.verdicts.coverage.ALPHA`. Beside an altered statement, or facts that break an assumption,
    the true one is tested on the same samples.
    """
    found = _test(claim, source, facts, m, delta, claim.alteration)
    if not claim.alteration.text and facts.truth is None:
        return found
    truth = _test(claim, source, facts.truth or facts, m, delta, NONE)
    return replace(found, truth=truth)


def caught_below(ratios: Values, level: float, alpha: float) -> float:
    """The number below which every multiple of the terms would have been refuted on these samples.

    A statement with c times its own terms is violated on the samples whose ratio exceeds c. It is
    refuted if these are so many that the evidence for more violations than the level allows reaches
    1/alpha. The number is the ratio of that rank, or 0 if it is negative or there are too few samples.

    Parameters
    ----------
    ratios : array, [n]
        What `verify.verdicts.coverage.multiples` returns.

    Examples
    --------
    >>> ratios = np.arange(200) / 200
    >>> caught_below(ratios, level=0.025, alpha=0.05)       # refuted from 13 violations on
    0.935
    """
    n = ratios.size
    counts = np.arange(1, n + 1)
    enough = counts[evidence_above(counts, n, level) >= -math.log(alpha)]
    if not enough.size:
        return 0.0
    return max(0.0, float(np.sort(ratios)[::-1][enough[0] - 1]))


def _test(
    claim: Claim, source: Source, facts: Facts, m: int, delta: float | None, alteration: Alteration
) -> Finding:
    factor = caught = None
    of_all: dict[str, Any] = {"weights": facts.weights, "error": facts.error}
    if claim.theorem:
        theorem = catalogue.find(claim.theorem)
        known = {**facts.known, "slack": facts.slack, "delta": delta}
        arguments = {name: known[name] for name in theorem.arguments if name in known}
        own_slack = any("slack" in name for name in theorem.inputs)
        added = facts.rounding + np.asarray(0.0 if own_slack else facts.slack)
        decision = verdicts.judge(
            theorem,
            facts.lhs,
            alteration.arguments(arguments),
            alteration=lambda bound: alteration.bound(bound, m, added),
            alpha=claim.alpha,
            **of_all,
        )
        found = decision.coverage
        if np.any(decision.bound.own_terms > 0):
            factor = decision.factor
            caught = factor.low
            if not found.enumerated:
                caught = caught_below(decision.ratios, found.level, claim.alpha)
    else:
        rhs = facts.rhs if isinstance(facts.rhs, Interval) else Interval.exact(facts.rhs)
        found = coverage(compare(facts.lhs, rhs), claim.level, alpha=claim.alpha, **of_all)
    return Finding(
        **vars(found),
        source=source.name,
        m=m,
        delta=delta,
        factor=factor,
        caught=caught,
        note=facts.note,
        numbers=facts.numbers,
    )
