"""The rows of the ledger that are about certificates: two truths, and each with one mistake."""

from __future__ import annotations

from typing import Literal

from verify.claims.claim import Claim
from verify.claims.evidence import certificates
from verify.claims.evidence.facts import Source

GAP = "the upper end of the gap of two trained predictors"


def _row(
    name: str, expected: Literal["supported", "refuted"], text: str, *sources: Source
) -> Claim:
    return Claim(
        id=f"certificate.{name}",
        section="certificate",
        text=f"{GAP}, {text}",
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
)
