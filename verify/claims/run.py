"""Test every claim of a ledger, on workers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bounds import catalogue
from bounds.domains import POSITIVE_INTEGER, at_least
from verify.claims.claim import Claim, Decided, Finding
from verify.claims.evidence.facts import GRADES, Drawn, Source
from verify.claims.judge import finding
from verify.execution.progress import bar
from verify.execution.threads import one_thread
from verify.execution.workers import most_workers, spread
from verify.verdicts.coverage import trials_needed


@dataclass(frozen=True, eq=False)
class Piece:
    """Sources that share a process, each with the claims that are tested on its facts."""

    sources: tuple[Source, ...]
    claims: tuple[tuple[Claim, ...], ...]
    trials: int
    seed: int


def decide(
    ledger: Sequence[Claim], seed: int = 0, workers: int | None = None, progress: bool = False
) -> tuple[Decided, ...]:
    """Test every claim of a ledger; the same seed gives the same numbers for any workers.

    Facts are found once for each source and m, and all claims on them are tested on the same samples.

    Parameters
    ----------
    ledger : sequence of Claim
        Claims with distinct ids. Sources of the same name must be the same.
    seed : int
        From 0 to 2**64 - 1.
    workers : int, optional
        Processes of one thread each; None: one per core.
    progress : bool
        Show a bar with the time left on a terminal.

    Raises
    ------
    ValueError
        For a seed or a number of workers out of range, and for two claims of the same id or two
        sources of the same name.

    Examples
    --------
    >>> from verify.claims.ledger import PLANTED
    >>> flipped = decide([claim for claim in PLANTED if claim.id == "planted.gamma_flipped"])
    >>> flipped[0].verdict, flipped[0].decisive.rate
    ('refuted', 1.0)
    """
    at_least(0, 2**64 - 1).whole("seed", seed)
    count = most_workers(None if workers is None else POSITIVE_INTEGER.whole("workers", workers))
    pieces = _pieces(ledger, seed)
    found: dict[tuple[str, str], tuple[Finding, ...]] = {}
    with bar(len(pieces), "checking", "worlds", progress) as shown:
        for _, result in spread(_check, pieces, min(count, max(1, len(pieces)))):
            found |= result
            shown.update()
    return tuple(
        Decided(claim, tuple(f for s in claim.sources for f in found[claim.id, s.name]))
        for claim in ledger
    )


def _pieces(ledger: Sequence[Claim], seed: int) -> list[Piece]:
    """The longest first: real data, then trained networks, draws, and what is enumerated."""
    ids = [claim.id for claim in ledger]
    if len(set(ids)) < len(ids):
        raise ValueError(f"ledger must have distinct ids, got {sorted(ids)}")
    sources: dict[str, Source] = {}
    for claim in ledger:
        for source in claim.sources:
            if sources.setdefault(source.name, source) != source:
                raise ValueError(f"ledger must have distinct sources, got {source.name} twice")
    bundles: dict[str, list[Source]] = {}
    for source in sources.values():
        bundle = source.bundle if isinstance(source, Drawn) else ""
        bundles.setdefault(bundle or source.name, []).append(source)
    pieces = []
    for bundled in bundles.values():
        on = tuple(tuple(c for c in ledger if s in c.sources) for s in bundled)
        trials = 0
        for source, claims in zip(bundled, on, strict=True):
            if isinstance(source, Drawn):
                trials = max([trials, source.trials, *(_needed(claim) for claim in claims)])
        pieces.append(Piece(tuple(bundled), on, trials, seed))
    order = {grade: -rank for rank, grade in enumerate(GRADES)}
    return sorted(pieces, key=lambda piece: order[piece.sources[0].grade])


def _needed(claim: Claim) -> int:
    """The number of draws that can support a claim if none is violated; 1 if no number can."""
    levels = [claim.level]
    if claim.theorem:
        theorem = catalogue.find(claim.theorem)
        levels = [float(theorem.level(delta)) for delta in claim.delta]
    least = min(levels)
    return trials_needed(least, alpha=claim.alpha) if least > 0 else 1


def _check(piece: Piece) -> dict[tuple[str, str], tuple[Finding, ...]]:
    """All findings of one piece; its numbers depend on the piece alone."""
    # Bundles keep what they share in memory.
    found: dict[tuple[str, str], list[Finding]] = {}
    with one_thread():
        for source, claims in zip(piece.sources, piece.claims, strict=True):
            for m in source.m:
                if isinstance(source, Drawn):
                    facts = source.facts(m, piece.trials, piece.seed)
                else:
                    facts = source.facts(m)
                for claim in claims:
                    mine = found.setdefault((claim.id, source.name), [])
                    for delta in claim.delta if claim.theorem else (None,):
                        mine.append(finding(claim, source, facts, m, delta))
    return {key: tuple(findings) for key, findings in found.items()}
