"""The rows of the ledger that are about certificates: truths, and others with one mistake each."""

from __future__ import annotations

from typing import Literal

from verify.claims.claim import Claim
from verify.claims.evidence import best_heads, certificates
from verify.claims.evidence.facts import Source

GAP = "the upper end of the gap of two trained predictors"
BEST = "the upper end of the gap between M's model and the best head on N's encoder"
LEAST = "the lower end of the least eigenvalue of the features' second moments"


def _row(
    name: str,
    expected: Literal["supported", "refuted"],
    text: str,
    *sources: Source,
    what: str = GAP,
) -> Claim:
    return Claim(
        id=f"certificate.{name}",
        section="certificate",
        text=f"{what}, {text}",
        expected=expected,
        sources=sources,
        level=certificates.DELTA,
    )


CERTIFICATES: tuple[Claim, ...] = (
    _row("betting", "supported", "by betting", *certificates.TRUTHS),
    _row("trinomial", "supported", "exact for 0–1 losses", *certificates.EXACT),
    *(
        _row(name, "refuted", text, source)
        for name, (text, source) in certificates.MISTAKES.items()
    ),
    _row(
        "best_head",
        "supported",
        "from the worst head's capital",
        best_heads.squares,
        best_heads.softmax,
        what=BEST,
    ),
    _row(
        "trained_for_best",
        "refuted",
        "from N's trained head",
        best_heads.trained_for_best,
        what=BEST,
    ),
    _row("least_eigenvalue", "supported", "from rows", best_heads.eigenvalue, what=LEAST),
    _row(
        "observed_eigenvalue",
        "refuted",
        "taken to be that of the rows",
        best_heads.observed_eigenvalue,
        what=LEAST,
    ),
)
