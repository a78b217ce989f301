"""A claim: a statement, altered or not, with the sources of evidence on which it is tested.

A truth and a falsehood are rows of one table and differ in one field: the alteration of the
statement, or a source in which an assumption does not hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from verify.claims.alterations import NONE, Alteration
from verify.claims.evidence.facts import GRADES, Drawn, Grade, Source
from verify.verdicts.coverage import ALPHA, Coverage, CriticalFactor, overall

Section = Literal["theorem", "heuristic", "belief", "planted", "power", "assumption", "certificate"]
Outcome = Literal["supported", "refuted", "undecided", "undetectable"]


@dataclass(frozen=True)
class Claim:
    """One row of the ledger.

    Attributes
    ----------
    id : str
        Unique in the ledger.
    section : str
        The part of the page to which it belongs.
    text : str
        The claim in words.
    expected : {"supported", "refuted"}
        What an honest check must find.
    sources : tuple of Source
        The evidence with which it is tested.
    theorem : str
        The key of a theorem of the catalogue; "" if the claim is lhs <= rhs of the facts themselves.
    alteration : Alteration
        How the statement is made false.
    level : float
        Without a theorem: the failure probability that the claim allows itself.
    delta : tuple of float
        The confidence parameters at which a theorem is checked.
    drops : str
        The assumption that the sources break, if they break one.
    undetectable : str
        For a falsehood that no affordable check can refute: the reason.
    """

    id: str
    section: Section
    text: str
    expected: Literal["supported", "refuted"]
    sources: tuple[Source, ...]
    theorem: str = ""
    alteration: Alteration = NONE
    level: float = 0.0
    delta: tuple[float, ...] = (0.05,)
    drops: str = ""
    undetectable: str = ""

    @property
    def drawn(self) -> tuple[Drawn, ...]:
        """The sources that give draws."""
        return tuple(source for source in self.sources if isinstance(source, Drawn))

    @property
    def tests(self) -> int:
        """How many tests on draws share the claim's probability of a wrong verdict."""
        deltas = len(self.delta) if self.theorem else 1
        return sum(len(source.m) * deltas for source in self.drawn)

    @property
    def measuring(self) -> float:
        """The part of the probability of a wrong verdict that the intervals of its sources take."""
        return sum(source.miss for source in self.drawn)

    @property
    def alpha(self) -> float:
        """The probability with which each test on draws may be wrong: its share of the rest."""
        return (ALPHA - self.measuring) / max(1, self.tests)


@dataclass(frozen=True, kw_only=True)
class Finding(Coverage):
    """What one test found: one claim, one source, one m, one delta.

    Attributes
    ----------
    source, m, delta
        Where the claim was tested.
    factor : CriticalFactor, optional
        The critical factor of the statement's own terms; None if it has none.
    caught : float, optional
        A claim with c times the terms is refuted by this very test for every c below this.
    truth : Finding, optional
        On the same samples, what was found about the true statement.
    note, numbers
        As in `Facts`.
    """

    source: str
    m: int
    delta: float | None
    factor: CriticalFactor | None = None
    caught: float | None = None
    truth: Finding | None = None
    note: str = ""
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Decided:
    """A claim with everything that was found about it."""

    claim: Claim
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Outcome:
        """That of all findings; "undetectable" if the ledger says so and nothing refutes it."""
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
    def strongest(self) -> Finding | None:
        """The test that refutes the largest multiple of the claim's terms; None if it has no terms."""
        able = [(f.caught, f) for f in self.findings if f.caught is not None]
        return max(able, key=lambda each: each[0])[1] if able else None

    @property
    def as_expected(self) -> bool:
        """Whether a truth is not refuted, and a falsehood is refuted or declared undetectable."""
        if self.claim.expected == "supported":
            return self.verdict != "refuted"
        return self.verdict in ("refuted", "undetectable")

    @property
    def grades(self) -> tuple[Grade, ...]:
        """The grades of evidence on which the claim was checked, the strongest first."""
        mine = {source.grade for source in self.claim.sources}
        return tuple(grade for grade in GRADES if grade in mine)


def _closeness(finding: Finding) -> tuple[float, float, float]:
    """How near a finding came to a refutation: by its terms if it has any, and by its counts."""
    factor = 0.0 if finding.factor is None else finding.factor.value
    return factor, finding.rate - finding.level, finding.high
