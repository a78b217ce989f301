"""claims.json as a dictionary: every claim, what decided it, and how the confidence is divided."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from bounds import catalogue
from bounds.proofs.assumptions import ASSUMPTIONS, REALIZABLE
from verify.claims.claim import Decided, Finding
from verify.claims.evidence.facts import Drawn, Source
from verify.claims.limits import limit
from verify.report.provenance import plain, provenance
from verify.verdicts.coverage import ALPHA

SCHEMA_VERSION = 1
DROPPED = {**ASSUMPTIONS, REALIZABLE.key: REALIZABLE}
SECTIONS = {
    "theorem": "Theorems",
    "power": "Too few terms",
    "planted": "Planted falsehoods",
    "assumption": "Assumptions dropped",
    "heuristic": "Rates and criteria",
    "belief": "Beliefs about modalities",
    "certificate": "Certificates from hold-out rows",
}


def document(
    decided: Sequence[Decided], *, seed: int, seconds: float, command: str | None = None
) -> dict[str, Any]:
    """Everything that the page and the terminal show; every non-finite number in it is None.

    Keys: schema_version, answer, claims, sources, confidence, environment, seed, seconds, command.
    """
    claims = [_claim(each) for each in decided]
    sources = {s.name: s for each in decided for s in each.claim.sources}
    parts = {
        "schema_version": SCHEMA_VERSION,
        "answer": answer(decided),
        "claims": claims,
        "sources": [
            {
                "name": s.name,
                "world": s.world,
                "grade": s.grade,
                "m": s.m,
                "sampled": isinstance(s, Drawn),
            }
            for s in sources.values()
        ],
        "confidence": _confidence(decided),
        "environment": provenance(),
        "seed": seed,
        "seconds": seconds,
        "command": command,
    }
    content = plain(parts)
    assert isinstance(content, dict)
    return content


def answer(decided: Sequence[Decided]) -> dict[str, Any]:
    """Whether all claims came out as expected, in one sentence, and those that did not."""
    truths = [d for d in decided if d.claim.expected == "supported"]
    falsehoods = [d for d in decided if d.claim.expected == "refuted"]
    supported = sum(d.verdict == "supported" for d in truths)
    refuted = sum(d.verdict == "refuted" for d in falsehoods)
    unexpected = [d.claim.id for d in decided if not d.as_expected]
    headline = (
        f"{supported} of {len(truths)} claims that should hold are supported,"
        f" {refuted} of {len(falsehoods)} falsehoods are refuted"
    )
    return {
        "headline": headline,
        "as_expected": not unexpected,
        "unexpected": unexpected,
        "undecided": [d.claim.id for d in decided if d.verdict == "undecided"],
        "undetectable": [d.claim.id for d in decided if d.verdict == "undetectable"],
    }


def _claim(decided: Decided) -> dict[str, Any]:
    claim = decided.claim
    by_name = {source.name: source for source in claim.sources}
    findings = [_finding(found, by_name[found.source]) for found in decided.findings]
    return {
        "id": claim.id,
        "section": claim.section,
        "title": claim.text,
        "altered": claim.alteration.text,
        "theorem": claim.theorem or None,
        "statement": catalogue.find(claim.theorem).latex() if claim.theorem else None,
        "reference": catalogue.find(claim.theorem).reference if claim.theorem else None,
        "drops": claim.drops or None,
        "assumption": DROPPED[claim.drops].text if claim.drops else None,
        "expected": claim.expected,
        "verdict": decided.verdict,
        "as_expected": decided.as_expected,
        "reason": claim.undetectable or None,
        "grades": decided.grades,
        "decided_by": _finding(decided.decisive, by_name[decided.decisive.source]),
        "trials_needed": _needed(decided) if decided.verdict == "undecided" else None,
        "power": _power(decided),
        "confidence": {
            "alpha": ALPHA if claim.tests else 0.0,
            "tests": claim.tests,
            "alpha_per_test": claim.alpha if claim.tests else 0.0,
            "measuring": claim.measuring,
        },
        "findings": findings,
    }


def _finding(found: Finding, source: Source) -> dict[str, Any]:
    factor = found.factor
    return {
        "source": found.source,
        "world": source.world,
        "grade": source.grade,
        "m": found.m,
        "delta": found.delta,
        "level": found.level,
        "trials": None if found.enumerated else found.trials,
        "violations": None if found.enumerated else found.violations,
        "inconclusive": None if found.enumerated else found.inconclusive,
        "violation_rate": {"value": found.rate, "low": found.low, "high": found.high},
        "verdict": found.verdict,
        "critical_factor": factor and asdict(factor),
        "caught_below": found.caught,
        "note": found.note or None,
        "numbers": dict(found.numbers),
        "truth": None if found.truth is None else _finding(found.truth, source),
    }


def _power(decided: Decided) -> dict[str, Any] | None:
    """The most sensitive test: the statement with its terms times anything below `caught_below` is refuted.

    For a theorem that is the power of the ledger, and `limit` the share of its terms with which it is
    known to be true, by `reason`. For a falsehood it is the multiple of its terms that would let it pass.
    """
    best = decided.strongest
    if best is None or best.factor is None:
        return None
    (source,) = (s for s in decided.claim.sources if s.name == best.source)
    most = limit(decided.claim.theorem)
    true_theorem = decided.claim.section == "theorem"
    return {
        "caught_below": best.caught,
        "critical_factor": asdict(best.factor),
        "limit": most.share if true_theorem else None,
        "reason": most.reason if true_theorem else None,
        "source": best.source,
        "world": source.world,
        "grade": source.grade,
        "m": best.m,
        "delta": best.delta,
    }


def _needed(decided: Decided) -> int | None:
    """Samples with which every undecided test on draws would be decided if none were violated."""
    open_ones = [found for found in decided.findings if found.verdict == "undecided"]
    return max((int(found.needed) for found in open_ones if found.needed < math.inf), default=None)


def _confidence(decided: Sequence[Decided]) -> dict[str, Any]:
    """How the probability of a wrong verdict is divided among the tests."""
    drawn = [d.claim for d in decided if d.claim.tests]
    return {
        "alpha_per_claim": ALPHA,
        "claims_on_draws": len(drawn),
        "claims_enumerated": len(decided) - len(drawn),
        "tests_on_draws": sum(claim.tests for claim in drawn),
        "measuring": {s.name: s.miss for claim in drawn for s in claim.drawn if s.miss},
        "note": "Each claim’s probability is first reduced by those with which the measured intervals"
        " that it uses may fail. Its tests on draws share the rest equally (Bonferroni), and no verdict"
        " is ever wrong with more than its share, however often one looks. Enumerated outcomes, and"
        " risks and qualities, which are exact or certified, need none of it",
    }
