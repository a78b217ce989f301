"""What a study says about the gain: counted here, decided by `verify.verdicts.gain`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from empirical.measure import SAME
from verify.findings.cells import Cell
from verify.findings.findings import Findings
from verify.findings.pairs import PairFinding
from verify.findings.thresholds import Threshold
from verify.verdicts.gain import Gain, certified_from, gain

Found = TypeVar("Found", Cell, PairFinding, Threshold)


@dataclass(frozen=True)
class Situation:
    """The outcome, with the numbers that its sentence needs.

    Parameters
    ----------
    outcome
        What can be said.
    comparisons
        How many pairs are compared.
    certified, better
        In how many of them a bound certifies the gain, and in how many M is measured better at the
        largest size.
    from_m
        The least size from which on every gain is certified at every size measured; None if there is none.
    whole
        Whether the comparisons are those of all modalities against each single one.
    trials, needed
        Samples per size, and how many without a violation would support the bounds below zero.
    """

    outcome: Gain
    comparisons: int
    certified: int
    better: int
    from_m: int | None
    whole: bool
    trials: int
    needed: int


def against_singles(found: Sequence[Found], modalities: Sequence[str]) -> list[Found]:
    """All modalities against each single one; without such comparisons, all pairs."""
    pairs = [each for each in found if each.N is not None]
    chosen = [p for p in pairs if tuple(modalities) == p.M and p.N is not None and len(p.N) == 1]
    return chosen or pairs


def below_zero(cell: Cell) -> bool:
    """Whether the bound of a pair lies below zero on at least 95 % of the samples."""
    return cell.N is not None and cell.bound.q95 < 0


def situation(found: Findings) -> Situation:
    """What the findings say of the gain, against the single modalities if these were compared."""
    cells = against_singles(found.cells, found.modalities)
    compared = {cell.pair for cell in cells}
    proving = [cell for cell in cells if cell.certifies_gain]
    certified = {cell.pair for cell in proving}
    starts = [
        certified_from(
            {cell.m for cell in cells if cell.pair == pair},
            {cell.m for cell in proving if cell.pair == pair},
        )
        for pair in compared
    ]
    known = [start for start in starts if start is not None]
    measured = [p for p in against_singles(found.pairs, found.modalities) if p.head == SAME]
    largest = max(pair.m for pair in measured)
    better = [p for p in measured if p.m == largest and p.risk_gap.high < 0]
    below = [cell for cell in cells if below_zero(cell)]
    few = below[0] if below else cells[0]
    singles = all(found.modalities == M and N is not None and len(N) == 1 for M, N in compared)
    return Situation(
        outcome=gain(
            len(compared), len(certified), len({cell.pair for cell in below}), len(better)
        ),
        comparisons=len(compared),
        certified=len(certified),
        better=len(better),
        from_m=max(known) if len(known) == len(starts) else None,
        whole=singles and len(compared) == len(found.modalities),
        trials=few.trials,
        needed=few.trials_needed,
    )
