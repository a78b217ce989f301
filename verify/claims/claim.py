"""What a claim is: a statement, altered or not, with the sources of evidence it is put to.

A truth and a falsehood are rows of one table and differ in one field: the alteration of the
statement, or the source, whose world breaks an assumption.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from empirical.statistics.intervals import Interval
from verify.verdicts.coverage import ALPHA, CriticalFactor, Verdict, overall

Grade = Literal["exact enumeration", "closed form", "finite population", "real data"]
GRADES: tuple[Grade, ...] = ("exact enumeration", "closed form", "finite population", "real data")
"""Grades of evidence, the strongest first."""

Section = Literal["theorem", "heuristic", "belief", "planted", "assumption"]
Outcome = Literal["supported", "refuted", "undecided", "undetectable"]


Known = Mapping[str, Any]
"""Arguments of theorems by name: numbers, arrays [n], or intervals where they are not exact."""


@dataclass(frozen=True, eq=False)
class Facts:
    """What a world gave at one sample size: one entry per sample, or per possible outcome.

    lhs      left-hand side, [n]
    known    arguments by name, for every theorem that has use for them; "rhs" where the statement is
             not in the catalogue
    weights  [n] the outcomes' probabilities where all of them were enumerated; None: independent draws
    error    no probability made of `weights` is off by more than this
    slack    certified ε of the heads, [n]; granted also to statements that have no slack of their own
    rounding what float64 may have added to differences of risks
    truth    the facts as they would be with the broken assumption mended, on the same samples
    note     what was measured beside, in words
    numbers  the same as numbers, by name
    """

    lhs: Interval
    known: Known
    weights: NDArray[np.float64] | None = None
    error: float = 0.0
    slack: ArrayLike = 0.0
    rounding: float = 0.0
    truth: Facts | None = None
    note: str = ""
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """A world, and how facts are found in it: `facts(m, trials, seed)`.

    name    unique in the ledger
    world   the world and the learner, in words
    m       the sample sizes at which facts are found
    sampled whether facts are independent draws; otherwise every outcome is enumerated, and the
            function takes no notice of trials and seed
    trials  draws at each m, more where a claim needs more
    miss    the probability that intervals shared by all samples fail; each claim is charged for it once
    bundle  sources of one bundle run in the same process, one after the other
    """

    name: str
    world: str
    grade: Grade
    facts: Callable[[int, int, int], Facts] = field(repr=False)
    m: tuple[int, ...]
    sampled: bool = False
    trials: int = 300
    miss: float = 0.0
    bundle: str = ""


@dataclass(frozen=True)
class Claim:
    """One row of the ledger.

    id          unique
    text        the claim in words
    expected    what an honest check must find
    theorem     key of the catalogue; "" where the claim is lhs <= rhs of the facts themselves
    alteration  key of `alterations.ALTERATIONS`: how the statement is made false
    level       where there is no theorem: the failure probability that the claim allows itself
    delta       confidence parameters at which a theorem is checked
    drops       the assumption that the sources break, where they break one
    undetectable  why no affordable check can refute it, for a falsehood that is like that
    """

    id: str
    section: Section
    text: str
    expected: Literal["supported", "refuted"]
    sources: tuple[Source, ...]
    theorem: str = ""
    alteration: str = "none"
    level: float = 0.0
    delta: tuple[float, ...] = (0.05,)
    drops: str = ""
    undetectable: str = ""

    @property
    def tests(self) -> int:
        """How many tests on draws share the claim's probability of a wrong verdict."""
        deltas = len(self.delta) if self.theorem else 1
        return sum(len(source.m) * deltas for source in self.sources if source.sampled)

    @property
    def measuring(self) -> float:
        """What the intervals of its sources cost, of the probability of a wrong verdict."""
        return sum(source.miss for source in self.sources)

    @property
    def alpha(self) -> float:
        """What each test on draws may spend: its share of what measuring leaves."""
        return (ALPHA - self.measuring) / max(1, self.tests)


@dataclass(frozen=True)
class Finding:
    """What one test found: one claim, one source, one m, one delta.

    trials, violations, inconclusive   counts of draws; None where all outcomes were enumerated
    rate, low, high                    the probability of a violation, its interval
    level                              the probability that the claim allows
    factor   the critical factor of the statement's terms; None where it has no terms
    caught   a claim with c times the terms is refuted by this very test for every c below this
    truth    on the same samples, the true statement's violation probability and verdict
    """

    source: str
    m: int
    delta: float | None
    level: float
    verdict: Verdict
    rate: float
    low: float
    high: float
    trials: int | None
    violations: int | None
    inconclusive: int | None
    factor: CriticalFactor | None = None
    caught: float | None = None
    truth: Finding | None = None
    note: str = ""
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Decided:
    """A claim with everything that was found, the verdict, and the finding that decides it."""

    claim: Claim
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Outcome:
        """Refuted if any finding refutes it, supported if all support it, else undecided.

        A falsehood that the ledger declares undetectable, with its reason, is that unless refuted.
        """
        verdict = overall([finding.verdict for finding in self.findings])
        return "undetectable" if self.claim.undetectable and verdict != "refuted" else verdict

    @property
    def decisive(self) -> Finding:
        """The clearest refutation; else the finding that came closest to one."""
        refuted = [f for f in self.findings if f.verdict == "refuted"]
        if refuted:
            return max(refuted, key=lambda f: (f.low - f.level, f.rate))
        open_ones = [f for f in self.findings if f.verdict == "undecided"]
        return max(open_ones or self.findings, key=_closeness)

    @property
    def as_expected(self) -> bool:
        """Whether nothing came out against expectation: see the exit codes of `verify.cli`.

        A truth may stay undecided; a falsehood must be refuted, or declared undetectable.
        """
        if self.claim.expected == "supported":
            return self.verdict != "refuted"
        return self.verdict in ("refuted", "undetectable")

    @property
    def grades(self) -> tuple[Grade, ...]:
        """The grades of evidence on which the claim was checked, the strongest first."""
        mine = {source.grade for source in self.claim.sources}
        return tuple(grade for grade in GRADES if grade in mine)


def _closeness(finding: Finding) -> tuple[float, float, float]:
    """How near a finding came to a refutation: by its terms, where it has any, and by its counts."""
    factor = 0.0 if finding.factor is None else finding.factor.value
    return factor, finding.rate - finding.level, finding.high
