"""Sample sizes between which the better one of a pair changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from verify.findings.pairs import PairFinding
from verify.results.results import Subset
from verify.verdicts.gain import Side


@dataclass(frozen=True)
class Crossover:
    """One pair and one kind of heads: M is on one side at `before`, on the other one at `after`.

    Sizes between them, if any were measured, left it open.
    """

    M: Subset
    N: Subset
    head: str
    before: int
    after: int
    side_before: Side
    side_after: Side


def all_crossovers(pairs: Sequence[PairFinding]) -> list[Crossover]:
    """Every change of side with growing m, pair by pair."""
    groups: dict[tuple[Subset, Subset, str], list[PairFinding]] = {}
    for pair in pairs:
        groups.setdefault((pair.M, pair.N, pair.head), []).append(pair)
    found = []
    for (M, N, head), rows in groups.items():
        decided = sorted((r for r in rows if r.preference.side != "open"), key=lambda row: row.m)
        for one, next_ in pairwise(decided):
            sides = one.preference.side, next_.preference.side
            if sides[0] != sides[1]:
                found.append(Crossover(M, N, head, one.m, next_.m, *sides))
    return found
