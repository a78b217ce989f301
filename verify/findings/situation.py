"""What a study says about the gain: counted here, decided by `verify.verdicts.gain`.

Heads of bounded norm and plain least-squares heads are two models. What is proved for one and what is
measured with the other are never counted together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from empirical.measure import FREE, SAME
from verify.findings.cells import Cell
from verify.findings.findings import Findings
from verify.findings.pairs import PairFinding
from verify.findings.proofs import Heads, ProofFinding
from verify.findings.thresholds import Threshold
from verify.results.results import Subset
from verify.verdicts.gain import Proof, proof

Found = TypeVar("Found", Cell, PairFinding, ProofFinding, Threshold)
_RANKS: tuple[Proof, ...] = ("none", "open", "proved in part", "proved")


@dataclass(frozen=True)
class Proved:
    """What the bounds say of one kind of heads at one delta.

    Parameters
    ----------
    outcome
        What can be said.
    compared, certified, left_open
        How many pairs there are, in how many a bound certifies the gain at some size, and in how many
        of the others the samples cannot tell.
    theorems
        The keys of the forms that certify one.
    from_m
        The least size from which on every gain that is certified at some size is so at every size
        measured; None if there is none.
    """

    outcome: Proof
    heads: Heads
    delta: float
    compared: int
    certified: int
    left_open: int
    theorems: tuple[str, ...]
    from_m: int | None


@dataclass(frozen=True)
class Measured:
    """In how many pairs M is better on most samples, worse, or neither for all that the samples tell.

    Parameters
    ----------
    m
        The largest size at which these heads were measured.
    hurts
        In how many of those where M is worse it holds all of N, so that more modalities are worse.
    few
        Whether no outcome of so few samples could tell.
    """

    heads: Heads
    m: int
    compared: int
    better: int
    worse: int
    hurts: int
    left_open: int
    few: bool


@dataclass(frozen=True)
class Situation:
    """The outcome, with the numbers that its sentences need.

    Parameters
    ----------
    proved
        The strongest thing that the bounds say: of one kind of heads, at one delta.
    measured
        With heads fitted on the encoder's own sample, of bounded norm.
    whole
        Whether the comparisons are those of all modalities against each single one.
    only
        The pair, if it is the only one.
    trials, enough
        Samples of each size, and how many would decide everything if they all agree.
    """

    proved: Proved
    measured: Measured
    whole: bool
    only: tuple[Subset, Subset] | None
    trials: int
    enough: int


def against_singles(found: Sequence[Found], modalities: Sequence[str]) -> list[Found]:
    """All modalities against each single one; without such comparisons, all pairs."""
    pairs = [each for each in found if each.N is not None]
    chosen = [p for p in pairs if tuple(modalities) == p.M and p.N is not None and len(p.N) == 1]
    return chosen or pairs


def situation(found: Findings) -> Situation:
    """What the findings say of the gain, against the single modalities if these were compared."""
    proofs = against_singles(found.proofs, found.modalities)
    compared = list(dict.fromkeys((p.M, p.N) for p in proofs))
    singles = all(found.modalities == M and len(N) == 1 for M, N in compared)
    return Situation(
        proved=max(all_proved(proofs), key=_strength),
        measured=measured(against_singles(found.pairs, found.modalities), SAME),
        whole=singles and len(compared) == len(found.modalities),
        only=compared[0] if len(compared) == 1 else None,
        trials=min(cell.trials for cell in found.cells),
        enough=enough(found),
    )


def all_proved(proofs: Sequence[ProofFinding]) -> list[Proved]:
    """What the bounds say, for each kind of heads and each delta."""
    keys = dict.fromkeys((p.heads, p.delta) for p in proofs)
    return [_proved([p for p in proofs if (p.heads, p.delta) == key]) for key in keys]


def _proved(proofs: list[ProofFinding]) -> Proved:
    certified = [p for p in proofs if p.certified]
    left_open = sum(bool(p.left_open) for p in proofs if not p.certified)
    starts = [p.from_m for p in certified if p.from_m is not None]
    return Proved(
        outcome=proof(len(proofs), len(certified), left_open),
        heads=proofs[0].heads,
        delta=proofs[0].delta,
        compared=len(proofs),
        certified=len(certified),
        left_open=left_open,
        theorems=tuple(dict.fromkeys(key for p in certified for key in p.theorems)),
        from_m=max(starts) if certified and len(starts) == len(certified) else None,
    )


def _strength(found: Proved) -> tuple[float, ...]:
    """More pairs first, then the smaller delta, then heads of bounded norm."""
    rank = _RANKS.index(found.outcome)
    return rank, found.certified, found.left_open, -found.delta, found.heads == "ball"


def measured(pairs: Sequence[PairFinding], head: str) -> Measured:
    """What was measured with one kind of heads at its largest size."""
    mine = [pair for pair in pairs if pair.head == head]
    largest = max(pair.m for pair in mine)
    last = [pair for pair in mine if pair.m == largest]
    worse = [pair for pair in last if pair.preference.side == "worse"]
    return Measured(
        heads="free" if head == FREE else "ball",
        m=largest,
        compared=len(last),
        better=sum(pair.preference.side == "better" for pair in last),
        worse=len(worse),
        hurts=sum(set(pair.N) < set(pair.M) for pair in worse),
        left_open=sum(pair.preference.side == "open" for pair in last),
        few=any(pair.trials < pair.preference.needed for pair in last),
    )


def enough(found: Findings) -> int:
    """The samples of each size that decide everything on the page if they all agree."""
    certificates = [cell.certificate for cell in found.cells if cell.certificate is not None]
    needed = [cell.trials_needed for cell in found.cells]
    needed += [each.needed for each in certificates]
    needed += [pair.preference.needed for pair in found.pairs]
    return max(needed)
