"""Where the bounds prove the gain of a pair: over all sizes measured, for one kind of heads at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from empirical.measure import FREE
from verify.findings.cells import Cell
from verify.results.results import Subset
from verify.verdicts.gain import certified_from

Heads = Literal["ball", "free"]


@dataclass(frozen=True)
class ProofFinding:
    """One pair, one kind of heads and one delta: at which of the sizes measured some bound proves the gain.

    Parameters
    ----------
    heads
        "ball": heads of bounded norm; "free": plain least-squares heads. Their risks differ.
    sizes
        Every m measured with these heads, ascending.
    certified, left_open
        Those at which a bound proves the gain, and those of the others where the samples cannot tell.
    theorems
        The keys of the forms that prove it at some size.
    from_m
        The least m from which on it is proved at every size measured; None if there is none.
    """

    M: Subset
    N: Subset
    heads: Heads
    delta: float
    sizes: tuple[int, ...]
    certified: tuple[int, ...]
    left_open: tuple[int, ...]
    theorems: tuple[str, ...]
    from_m: int | None


def all_proofs(cells: Sequence[Cell]) -> list[ProofFinding]:
    """One finding for each pair, kind of heads and delta, in the order of the cells."""
    groups: dict[tuple[Subset, Subset, Heads, float], list[Cell]] = {}
    for cell in cells:
        if cell.N is not None:
            key = (cell.M, cell.N, heads_of(cell), cell.delta)
            groups.setdefault(key, []).append(cell)
    return [_proof(*key, found) for key, found in groups.items()]


def heads_of(cell: Cell) -> Heads:
    """The kind of heads of a cell."""
    return "free" if cell.head == FREE else "ball"


def _proof(M: Subset, N: Subset, heads: Heads, delta: float, cells: list[Cell]) -> ProofFinding:
    sizes = sorted({cell.m for cell in cells})
    certified = [m for m in sizes if _proved(m, cells)]
    left_open = [
        m
        for m in sizes
        if m not in certified
        and any(_answer(cell) in ("yes", "open") for cell in cells if cell.m == m)
    ]
    return ProofFinding(
        M=M,
        N=N,
        heads=heads,
        delta=delta,
        sizes=tuple(sizes),
        certified=tuple(certified),
        left_open=tuple(left_open),
        theorems=tuple(
            dict.fromkeys(c.theorem for c in cells if c.m in certified and c.certifies_gain)
        ),
        from_m=certified_from(sizes, certified),
    )


def _answer(cell: Cell) -> str:
    return "no" if cell.certificate is None else cell.certificate.proves


def _proved(m: int, cells: list[Cell]) -> bool:
    """Whether some bound proves the gain at m for all samples of that size, of whichever encoders."""
    places = {(cell.head, cell.m_encoder) for cell in cells if cell.m == m}
    proved = {(cell.head, cell.m_encoder) for cell in cells if cell.m == m and cell.certifies_gain}
    return places == proved
