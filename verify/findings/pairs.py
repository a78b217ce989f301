"""What was measured of each pair (M, N), whatever any bound says about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from empirical.measure import FREE, SAME
from empirical.measurement import Values
from empirical.statistics.intervals import Interval
from verify.findings.summaries import Summary
from verify.results.results import Results, Subset
from verify.verdicts.compare import without_rounding
from verify.verdicts.gain import Preference, preference


@dataclass(frozen=True)
class PairFinding:
    """One pair at one size: both risks, their gap, gamma, and on how many samples M is better.

    Parameters
    ----------
    tests
        The number of tests that share the alpha of `preference`: all pairs, sizes and kinds of heads.
    """

    M: Subset
    N: Subset
    head: str
    m: int
    m_encoder: int
    trials: int
    tests: int
    risk_M: Summary
    risk_N: Summary
    risk_gap: Summary
    gamma: Summary
    preference: Preference


def all_pairs(results: Results) -> Iterator[PairFinding]:
    """Every pair with heads on its own sample and with free heads, at every size."""
    settings = [s for kind in (SAME, FREE) for s in results.settings(kind)]
    tests = len(results.design.family.pairs) * len(settings)
    for M, N in results.design.family.pairs:
        for setting in settings:
            one, other = (results.measurement(setting, subset) for subset in (M, N))
            gap = without_rounding(_middle_gap(one.population_risk, other.population_risk))
            yield PairFinding(
                M=M,
                N=N,
                head=setting.head,
                m=setting.m_head,
                m_encoder=setting.m,
                trials=len(gap),
                tests=tests,
                risk_M=Summary.of_middle(one.population_risk),
                risk_N=Summary.of_middle(other.population_risk),
                risk_gap=Summary.of(gap),
                gamma=Summary.of(without_rounding(_middle_gap(one.best_risk, other.best_risk))),
                preference=preference(gap, tests=tests),
            )


def _middle_gap(one: Interval, other: Interval) -> Values:
    return (one.low + one.high - other.low - other.high) / 2
