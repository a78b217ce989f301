"""From measurements to cells: each form, each pair or subset, each m and delta, against its bound.

delta is applied here, after the measurement. Risks are exact up to rounding: differences below
`verify.verdicts.compare.ROUNDING` count as zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

from empirical.statistics.intervals import Interval
from verify.findings.forms import Form, Place, fitting_forms
from verify.findings.summaries import Summary
from verify.results.results import Results, Subset
from verify.verdicts.check import Decision, judge
from verify.verdicts.compare import ROUNDING, interval_without_rounding, without_rounding
from verify.verdicts.coverage import CriticalFactor, Verdict, critical_factor
from verify.verdicts.gain import GainProof, prove_gain


@dataclass(frozen=True)
class Rate:
    """A violation probability: the fraction observed, and its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class BoundSummary(Summary):
    """A bound over the samples, and the median of its lower end, which decides what is a violation."""

    lower_end: float


@dataclass(frozen=True)
class Cell:
    """One form at one place and one delta: what was measured, what the bound says, and the verdict.

    Parameters
    ----------
    theorem
        The key of the form's theorem.
    m, m_encoder, head
        The size of the sample of the heads, that of the encoders, and the kind of head.
    measured, bound, terms
        The left-hand side, the bound, and the median of each of its terms.
    vacuous, vacuous_fraction
        Whether the bound is vacuous on at least half of the samples; None if the range is unknown.
    certificate
        Of a pair: whether the bound proves M better.
    gamma, own_excess, own_excess_critical_factor
        Of a pair: gamma, M's own excess risk r(M) - inf_h r(h o g_M), and the factor of that.
    L_hat
        Of one subset.
    """

    theorem: str
    M: Subset
    N: Subset | None
    m: int
    m_encoder: int
    head: str
    delta: float
    level: float
    trials: int
    violations: int
    inconclusive: int
    violation_rate: Rate
    verdict: Verdict
    trials_needed: int
    tests: int
    measured: Summary
    bound: BoundSummary
    terms: dict[str, float]
    vacuous: bool | None
    vacuous_fraction: float | None
    dominant_term: str
    critical_factor: CriticalFactor
    certificate: GainProof | None = None
    gamma: Summary | None = None
    own_excess: Summary | None = None
    own_excess_critical_factor: CriticalFactor | None = None
    L_hat: Summary | None = None

    @property
    def certifies_gain(self) -> bool:
        """Whether the bound proves that M is better."""
        return self.certificate is not None and self.certificate.proves == "yes"

    @property
    def pair(self) -> tuple[Subset, Subset | None]:
        """(M, N)."""
        return self.M, self.N


def all_cells(results: Results) -> Iterator[Cell]:
    """Every cell of the study, form by form."""
    design = results.design
    for form in fitting_forms(design.loss, design.cls.outputs):
        subjects: tuple[tuple[Subset, Subset | None], ...] = (
            design.family.pairs
            if form.of_pairs
            else tuple((subset, None) for subset in design.family.subsets)
        )
        places = [s for kind in form.heads for s in results.settings(kind)]
        for M, N in subjects:
            for setting in places:
                yield from _cells(form, Place(results, setting, M, N))


def _cells(form: Form, place: Place) -> Iterator[Cell]:
    design = place.results.design
    theorem, tests = form.of(place.M, place.N), design.tests(form.of_pairs)
    given = form.arguments(place)
    slack = 0.0 if form.own_slack else place.one.slack
    own = L_hat = None
    if form.of_pairs:
        lhs = interval_without_rounding(place.one.population_risk - place.other.population_risk)
        given["gamma"] = place.gamma
        excess = place.one.population_risk.high - place.one.best_risk.low
        own = without_rounding(excess - slack)
    else:
        lhs = place.eta
        L_hat = Summary.of(place.L_hat)
    at_each = tests // len(design.delta)
    for delta in design.delta:
        alpha = place.results.alpha[delta]
        found = judge(
            theorem,
            lhs,
            {**given, "delta": delta},
            slack=slack,
            rounding=ROUNDING,
            tests=at_each,
            alpha=alpha,
            planned=place.results.planned,
        )
        factor = None
        if own is not None:
            factor = critical_factor(own, found.bound.own_terms, found.coverage.level)
        yield _cell(
            found,
            place,
            delta,
            tests,
            lhs,
            gamma=Summary.of_middle(place.gamma) if form.of_pairs else None,
            own_excess=None if own is None else Summary.of(own),
            own_excess_critical_factor=factor,
            L_hat=L_hat,
        )


def _cell(
    found: Decision,
    place: Place,
    delta: float,
    tests: int,
    lhs: Interval,
    gamma: Summary | None,
    own_excess: Summary | None,
    own_excess_critical_factor: CriticalFactor | None,
    L_hat: Summary | None,
) -> Cell:
    decided, upper = found.coverage, found.bound.upper
    fraction = None if upper.vacuous is None else float(np.mean(upper.vacuous))
    total = Summary.of(upper.total)
    names, counts = np.unique(np.asarray(upper.dominant), return_counts=True)
    return Cell(
        theorem=found.theorem,
        M=place.M,
        N=place.N,
        m=place.size,
        m_encoder=place.setting.m,
        head=place.setting.head,
        delta=delta,
        level=decided.level,
        trials=decided.trials,
        violations=decided.violations,
        inconclusive=decided.inconclusive,
        violation_rate=Rate(decided.rate, decided.low, decided.high),
        verdict=decided.verdict,
        trials_needed=int(decided.needed),
        tests=tests,
        measured=Summary.of_middle(lhs),
        bound=BoundSummary(
            **{each.name: getattr(total, each.name) for each in fields(total)},
            lower_end=float(np.median(found.bound.lower.total)),
        ),
        terms={name: float(np.median(value)) for name, value in upper.terms.items()},
        vacuous=None if fraction is None else fraction >= 0.5,
        vacuous_fraction=fraction,
        dominant_term=str(names[counts.argmax()]),
        critical_factor=found.factor,
        certificate=None
        if place.N is None
        else prove_gain(
            np.broadcast_to(upper.total, decided.trials), decided.verdict, alpha=decided.alpha
        ),
        gamma=gamma,
        own_excess=own_excess,
        own_excess_critical_factor=own_excess_critical_factor,
        L_hat=L_hat,
    )
