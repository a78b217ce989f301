"""Too few terms: every theorem with a part of its terms, in worlds in which that part is too small.

The power of the ledger for a theorem is the largest multiple of its terms that one of its tests refutes
(`verify.claims.claim.Decided.strongest`). It cannot exceed `verify.claims.limits.limit`.
"""

from __future__ import annotations

from bounds import catalogue
from verify.claims import alterations
from verify.claims.alterations import Alteration
from verify.claims.claim import Claim
from verify.claims.evidence import power
from verify.claims.evidence.facts import Source
from verify.claims.limits import limit

ONE_OUTPUT, TWO_OUTPUTS = zip(power.HALVES, power.JOINT, strict=True)
QUALITY, QUALITY_TWO_OUTPUTS = power.QUALITIES
LEAST_SQUARES = (power.wide_outputs, power.one_output)

POWER_SOURCES: dict[str, tuple[Source, ...]] = {
    "risk_gap.paper": ONE_OUTPUT,
    "risk_gap.paper_absolute": ONE_OUTPUT,
    "risk_gap.paper_vector": TWO_OUTPUTS,
    "risk_gap.sharp": ONE_OUTPUT,
    "risk_gap.data_dependent": (power.sample,),
    "risk_gap.split_sample": (power.head,),
    "risk_gap.fast_rate": LEAST_SQUARES,
    "risk_gap.fast_rate_in_advance": LEAST_SQUARES,
    "latent_quality.paper": (QUALITY,),
    "latent_quality.paper_vector": (QUALITY_TWO_OUTPUTS,),
    "latent_quality.sharp": (QUALITY,),
    "modality_gain.rate": ONE_OUTPUT,
}
"""Worlds chosen for power, by theorem: all those with complexity or confidence terms."""


def _part(theorem: str, part: Alteration, *sources: Source, delta: float = 0.05) -> Claim:
    return Claim(
        id=f"{part.name.replace('terms /', 'over_')}.{theorem}",
        section="power",
        text=catalogue.find(theorem).title,
        expected="refuted",
        sources=sources,
        theorem=theorem,
        alteration=part,
        delta=(delta,),
    )


def _parts(theorem: str) -> tuple[Alteration, Alteration]:
    """A tenth of the terms, and a third, or a fifth where a third is enough."""
    third = limit(theorem).share > 1 / 3
    return alterations.TENTH, alterations.THIRD if third else alterations.FIFTH


TOO_FEW_TERMS: tuple[Claim, ...] = (
    *(
        _part(theorem, part, *sources)
        for theorem, sources in POWER_SOURCES.items()
        for part in _parts(theorem)
    ),
    # With one output half of the terms are too few where δ is small.
    _part("risk_gap.fast_rate", alterations.HALVED, power.one_output, delta=2e-4),
)
