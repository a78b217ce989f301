"""Too few terms: every theorem with a part of its terms, in worlds in which that part is too small.

The power of the ledger for a theorem is the largest multiple of its terms that one of its tests refutes
(`verify.claims.claim.Decided.strongest`). It cannot exceed `verify.claims.limits.limit`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bounds import catalogue
from verify.claims import alterations
from verify.claims.alterations import Alteration
from verify.claims.claim import Claim
from verify.claims.evidence import power
from verify.claims.evidence.facts import Source
from verify.claims.limits import limit


def part_of(theorem: str, part: Alteration, *sources: Source, delta: float = 0.05) -> Claim:
    """The false claim that a part of the theorem's terms, or of one of them, is enough."""
    return Claim(
        id=f"{part.name.replace('terms /', 'over ').replace(' ', '_')}.{theorem}",
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


def chosen_for_power(sources: Sequence[Source]) -> tuple[Source, ...]:
    """Those among the sources that were chosen for power."""
    return tuple(source for source in sources if source in power.SOURCES)


def too_few_terms(sources: Mapping[str, tuple[Source, ...]]) -> tuple[Claim, ...]:
    """Claims with a part of the terms of each theorem, on those of its sources that are chosen for power."""
    chosen = {theorem: chosen_for_power(all_) for theorem, all_ in sources.items()}
    return tuple(
        part_of(theorem, part, *worlds)
        for theorem, worlds in chosen.items()
        if worlds
        for part in _parts(theorem)
    )
