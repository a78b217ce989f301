"""How each theorem is tested: the worlds of the ledger, and its power in those that are enumerated.

Enumerated worlds are computed anew for each build; drawn ones take longer and are listed only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from extensions.restructured import escaped, heading, table
from verify.claims import run
from verify.claims.claim import Claim, Decided, Finding
from verify.claims.evidence.facts import Enumerated, Source
from verify.claims.ledger import CLAIMS
from verify.claims.limits import limit

LEGEND = """\
*Caught below c*: if the theorem said c times its complexity and confidence terms, or less, an
exact test of the ledger would refute it. *Limit*: with this share of its terms it is still true,
as a sharper theorem proves; no test can be stronger. Rounded down. :doc:`/claims` explains both.
"""


@cache
def decided() -> dict[str, Decided]:
    """Every claim that a theorem of the catalogue holds, on its enumerated sources."""
    known = [claim for claim in CLAIMS if claim.section == "theorem"]
    exact = [
        replace(claim, sources=tuple(s for s in claim.sources if isinstance(s, Enumerated)))
        for claim in known
    ]
    return {each.claim.theorem: each for each in run.decide([c for c in exact if c.sources])}


def power(key: str) -> tuple[str, str]:
    """The multiple of its terms below which a theorem is refuted, and the limit of that."""
    found = decided().get(key)
    if found is None or found.strongest is None:
        return "no terms", "—"
    return rounded_down(found.strongest.caught or 0.0), rounded_down(limit(key).share)


def rounded_down(share: float) -> str:
    """Three digits, never too large.

    Examples
    --------
    >>> rounded_down(0.4999), rounded_down(1.0)
    ('0.499', '1')
    """
    return f"{math.floor(1000 * share) / 1000:g}"


def section(key: str) -> list[str]:
    """What a theorem's page says of its tests."""
    (claim,) = (c for c in CLAIMS if c.section == "theorem" and c.theorem == key)
    lines = [*heading("Worlds in which it is tested", "-")]
    lines += table(
        ("world", "evidence", "m", "caught below"),
        (_world(key, source) for source in claim.sources),
    )
    return [*lines, *_power(key), *_falsehoods(key)]


def _world(key: str, source: Source) -> tuple[str, ...]:
    best = max(
        (f.caught for f in _findings(key) if f.source == source.name and f.caught is not None),
        default=None,
    )
    if not isinstance(source, Enumerated):
        shown = "not computed here: drawn samples"
    else:
        shown = "no terms" if best is None else rounded_down(best)
    sizes = ", ".join(f"{m:,}" for m in source.m)
    return escaped(source.world), source.grade, sizes, shown


def _findings(key: str) -> tuple[Finding, ...]:
    found = decided().get(key)
    return () if found is None else found.findings


def _power(key: str) -> list[str]:
    found = decided().get(key)
    lines = heading("Its power", "-")
    if found is None or found.strongest is None:
        return [
            *lines,
            "The statement has no complexity or confidence term that could be too small.",
            "",
        ]
    best = found.strongest
    (source,) = (s for s in found.claim.sources if s.name == best.source)
    most = limit(key)
    return [
        *lines,
        f"With {rounded_down(best.caught or 0.0)} times its terms, or less, the theorem would have been",
        f"refuted: in the world “{escaped(source.world)}”, at m = {best.m:,} and δ = {best.delta:g}.",
        f"No test can catch more than {rounded_down(most.share)}: {escaped(most.reason)}. In the",
        f"enumerated worlds the statement as it stands is {found.verdict}.",
        "",
    ]


def _falsehoods(key: str) -> list[str]:
    planted = [c for c in CLAIMS if c.theorem == key and c.expected == "refuted"]
    if not planted:
        return []
    lines = [*heading("False statements beside it", "-")]
    lines += [
        "The ledger holds these too, and each must be refuted (``python -m verify claims``):",
        "",
    ]
    lines += [f"- {text}" for text in _described(planted)]
    return [*lines, ""]


def _described(planted: list[Claim]) -> Iterator[str]:
    for claim in planted:
        how = f", {claim.alteration.text}" if claim.alteration.text else ""
        dropped = f" (without ``{claim.drops}``)" if claim.drops else ""
        yield f"``{claim.id}``: {escaped(claim.text + how)}{dropped}"
