"""One verdict per theorem, from its cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from verify.findings.cells import Cell, Rate
from verify.findings.forms import FORMS, Form
from verify.results.results import Subset
from verify.verdicts.coverage import CriticalFactor, Verdict, overall


@dataclass(frozen=True)
class PlacedFactor:
    """A critical factor, and the cell it belongs to."""

    value: float
    low: float
    high: float
    M: Subset
    N: Subset | None
    m: int
    delta: float


@dataclass(frozen=True)
class Deciding:
    """The cell that decides a claim."""

    M: Subset
    N: Subset | None
    m: int
    delta: float
    trials: int
    violations: int
    inconclusive: int
    level: float
    violation_rate: Rate


@dataclass(frozen=True)
class ClaimFinding:
    """What all cells of one theorem say together.

    Parameters
    ----------
    id, title, statement, reference
        The theorem's key, title, statement as LaTeX, and source.
    name, of_pairs, head
        Those of its form; `head` is the kind of head from which gamma is taken.
    verdict, decided_by
        The verdict, and the cell that decides it.
    cells, tests, trials, samples, violations, inconclusive
        Counts: of cells, of tests that share alpha, of samples per cell, and over all cells.
    critical_factor, own_excess_critical_factor
        Of the tightest cell.
    vacuous_cells, vacuous
        How many cells are vacuous, and whether all are.
    """

    id: str
    name: str
    of_pairs: bool
    head: str
    title: str
    statement: str
    reference: str
    expected: Verdict
    verdict: Verdict
    decided_by: Deciding
    cells: int
    tests: int
    trials: int
    trials_needed: int
    violations: int
    inconclusive: int
    samples: int
    levels: tuple[float, ...]
    critical_factor: PlacedFactor
    own_excess_critical_factor: PlacedFactor | None
    vacuous_cells: int
    vacuous: bool


def all_claims(cells: Sequence[Cell]) -> list[ClaimFinding]:
    """One claim per form that has cells."""
    found = []
    for form in FORMS:
        mine = [cell for cell in cells if cell.theorem == form.key]
        if mine:
            found.append(_claim(form, mine))
    return found


def deciding(cells: Sequence[Cell]) -> tuple[Verdict, Cell]:
    """The verdict over all cells, and among those that have it the one closest to a refutation."""
    verdict = overall([cell.verdict for cell in cells])
    mine = [cell for cell in cells if cell.verdict == verdict]
    return verdict, max(mine, key=lambda cell: (cell.violation_rate.high, -cell.level))


def _claim(form: Form, cells: list[Cell]) -> ClaimFinding:
    theorem = form.example
    verdict, decisive = deciding(cells)
    return ClaimFinding(
        id=theorem.key,
        name=form.name,
        of_pairs=form.of_pairs,
        head=cells[0].head,
        title=theorem.title,
        statement=theorem.latex(),
        reference=theorem.reference,
        expected="supported",
        verdict=verdict,
        decided_by=Deciding(
            M=decisive.M,
            N=decisive.N,
            m=decisive.m,
            delta=decisive.delta,
            trials=decisive.trials,
            violations=decisive.violations,
            inconclusive=decisive.inconclusive,
            level=decisive.level,
            violation_rate=decisive.violation_rate,
        ),
        cells=len(cells),
        tests=cells[0].tests,
        trials=decisive.trials,
        trials_needed=max(cell.trials_needed for cell in cells),
        violations=sum(cell.violations for cell in cells),
        inconclusive=sum(cell.inconclusive for cell in cells),
        samples=sum(cell.trials for cell in cells),
        levels=tuple(sorted({cell.level for cell in cells})),
        critical_factor=_tightest([(cell, cell.critical_factor) for cell in cells]),
        own_excess_critical_factor=_tightest(
            [(c, f) for c in cells if (f := c.own_excess_critical_factor) is not None]
        )
        if form.of_pairs
        else None,
        vacuous_cells=sum(bool(cell.vacuous) for cell in cells),
        vacuous=all(cell.vacuous for cell in cells),
    )


def _tightest(factors: list[tuple[Cell, CriticalFactor]]) -> PlacedFactor:
    cell, factor = max(factors, key=lambda each: each[1].value)
    return PlacedFactor(factor.value, factor.low, factor.high, cell.M, cell.N, cell.m, cell.delta)
