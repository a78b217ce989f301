"""How a claim's verdict follows from what its tests found."""

from dataclasses import replace

import pytest

from verify.claims.claim import Claim, Decided, Finding
from verify.claims.evidence.facts import Enumerated
from verify.verdicts.coverage import CriticalFactor

FINDING = Finding(
    trials=1,
    violations=0,
    inconclusive=0,
    level=0.1,
    rate=0.0,
    low=0.0,
    high=0.0,
    verdict="supported",
    needed=1.0,
    enumerated=True,
    alpha=0.0,
    planned=0,
    source="made",
    m=1,
    delta=None,
)


def decided(verdict, expected, undetectable=""):
    claim = Claim("x", "planted", "", expected, (), undetectable=undetectable)
    return Decided(
        claim, (replace(FINDING, verdict=verdict), replace(FINDING, verdict="supported"))
    )


@pytest.mark.parametrize(
    ("verdict", "expected", "reason", "outcome", "fine"),
    [
        ("supported", "supported", "", "supported", True),
        ("undecided", "supported", "", "undecided", True),
        ("refuted", "supported", "", "refuted", False),
        ("refuted", "refuted", "", "refuted", True),
        ("supported", "refuted", "", "supported", False),
        ("undecided", "refuted", "", "undecided", False),
        ("supported", "refuted", "no affordable m", "undetectable", True),
        ("refuted", "refuted", "no affordable m", "refuted", True),
    ],
)
def test_what_is_as_expected(verdict, expected, reason, outcome, fine):
    result = decided(verdict, expected, reason)
    assert (result.verdict, result.as_expected) == (outcome, fine)


def shown(verdict, *, low=0.0, high=1.0, level=0.1, rate=0.5, factor=None):
    at = None if factor is None else CriticalFactor(factor, factor, factor)
    return replace(FINDING, verdict=verdict, low=low, high=high, level=level, rate=rate, factor=at)


def decisive(*findings):
    return Decided(Claim("x", "planted", "", "refuted", ()), findings).decisive


def test_the_clearest_refutation_decides():
    """The one whose lower end is farthest above its level; then the highest rate."""
    weak, strong = shown("refuted", low=0.3), shown("refuted", low=0.4, high=0.5)
    assert decisive(weak, shown("undecided", low=0.9), strong) is strong
    high_level = shown("refuted", low=0.45, level=0.4)
    assert decisive(strong, high_level) is strong
    rarer, often = shown("refuted", low=0.5, rate=0.6), shown("refuted", low=0.5, rate=0.7)
    assert decisive(rarer, often) is often


def test_else_the_finding_nearest_to_a_refutation_decides_open_ones_first():
    far, near = shown("undecided", factor=0.2), shown("undecided", factor=0.6)
    assert decisive(far, near, shown("supported", factor=0.9)) is near
    assert decisive(shown("supported", factor=0.1), shown("supported")).factor.value == 0.1
    rarely, often = shown("supported", rate=0.1), shown("supported", rate=0.2)
    assert decisive(rarely, often) is often
    strict = shown("supported", rate=0.1, level=0.01)
    assert decisive(strict, shown("supported", rate=0.15)) is strict
    wide = shown("undecided", high=0.9)
    assert decisive(shown("undecided", high=0.8), wide) is wide
    assert (
        decisive(shown("supported", factor=0.5), shown("supported", factor=0.0)).factor.value == 0.5
    )


def test_grades_are_the_strongest_first():
    given = {"world": "", "m": (1,), "facts": lambda m: None}
    sources = tuple(
        Enumerated(name=grade, grade=grade, **given) for grade in ("real data", "closed form")
    )
    claim = Claim("x", "planted", "", "refuted", sources)
    assert Decided(claim, ()).grades == ("closed form", "real data")


def test_a_claim_without_a_level_says_never():
    assert Claim("x", "belief", "", "supported", ()).level == 0.0


def test_the_strongest_test_refutes_the_largest_multiple_of_the_terms():
    claim = Claim("x", "theorem", "", "supported", ())
    factors = (0.2, None, 0.5, 0.4, 0.5)
    findings = [replace(FINDING, caught=caught, m=m) for m, caught in enumerate(factors, 1)]
    assert Decided(claim, tuple(findings)).strongest is findings[2]
    assert Decided(claim, (FINDING,)).strongest is None
