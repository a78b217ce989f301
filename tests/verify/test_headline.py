"""The headline: every situation that findings can be in, and the sentence that it gets."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from empirical.measure import FREE, SAME
from verify.findings.cells import BoundSummary, Cell, Rate
from verify.findings.findings import Findings
from verify.findings.pairs import PairFinding
from verify.findings.situation import situation
from verify.findings.summaries import Summary
from verify.report.headline import headline
from verify.verdicts.coverage import CriticalFactor
from verify.verdicts.gain import Gain

ALL, A, B = ("a", "b"), ("a",), ("b",)
FACTOR = CriticalFactor(0.5, 0.4, 0.6)


def summary(q95: float) -> Summary:
    return Summary(q95, q95, q95, q95, q95, q95)


def cell(N: tuple[str, ...] | None, m: int, q95: float, *, M=ALL, certified: bool = True) -> Cell:
    """A cell whose bound is q95 on 95 % of the samples, supported or not."""
    bound = BoundSummary(q95, q95, q95, q95, q95, q95, lower_end=q95)
    return Cell(
        theorem="risk_gap.sharp",
        M=M,
        N=N,
        m=m,
        m_encoder=m,
        head=SAME,
        delta=0.05,
        level=0.025,
        trials=40,
        violations=0,
        inconclusive=0,
        violation_rate=Rate(0.0, 0.0, 0.09),
        verdict="supported" if certified else "undecided",
        trials_needed=151,
        tests=8,
        measured=summary(-0.1),
        bound=bound,
        terms={},
        vacuous=False,
        vacuous_fraction=0.0,
        dominant_term="complexity",
        certifies_gain=N is not None and q95 < 0 and certified,
        critical_factor=FACTOR,
    )


def pair(N: tuple[str, ...], m: int, high: float, *, M=ALL, head: str = SAME) -> PairFinding:
    """A pair whose measured gap has the upper end `high`."""
    gap = Summary(high - 0.1, high - 0.2, high, high, high, high)
    return PairFinding(
        M,
        N,
        head,
        m,
        m,
        40,
        summary(0.1),
        summary(0.2),
        gap,
        summary(-0.1),
        samples_where_M_is_better=7,
    )


def found(cells: list[Cell], pairs: list[PairFinding], modalities=ALL) -> Findings:
    return Findings(modalities, tuple(cells), tuple(pairs), (), ())


LOSS, GAIN = 0.1, -0.1
NEITHER = [pair(A, 64, GAIN), pair(B, 64, GAIN), pair(A, 128, LOSS), pair(B, 128, LOSS)]
BOTH = [pair(A, 128, GAIN), pair(B, 128, GAIN)]
ONE = [pair(A, 128, GAIN), pair(B, 128, LOSS)]
NO_CLAIM = [cell(A, 64, 1.0), cell(B, 64, 1.0)]

SITUATIONS: list[tuple[str, Findings, Gain, str]] = [
    (
        "both certified, the later one from m = 128 on",
        found(
            [cell(A, 64, GAIN), cell(B, 128, GAIN), cell(B, 64, LOSS), cell(A, 128, GAIN)], NEITHER
        ),
        "proved",
        "Yes, provably: the 2 modalities together beat each one alone, certified by a bound at every size"
        " measured from m = 128 on.",
    ),
    (
        "certified at the smaller size alone",
        found([cell(A, 64, GAIN), cell(A, 128, LOSS)], [pair(A, 64, GAIN)]),
        "proved",
        "Yes, provably: M beats N, certified by a bound at some of the sizes measured.",
    ),
    (
        "one pair alone",
        found([cell(B, 64, GAIN, M=A)], [pair(B, 64, GAIN, M=A)]),
        "proved",
        "Yes, provably: M beats N, certified by a bound at every size measured from m = 64 on.",
    ),
    (
        "bounds below zero that the samples do not support",
        found([cell(A, 64, GAIN, certified=False), cell(B, 64, LOSS)], BOTH),
        "too few samples",
        "Undecided: bounds lie below zero, but 40 samples are too few to support them at their level; 151"
        " without violation would be enough.",
    ),
    (
        "one of two certified",
        found([cell(A, 64, GAIN), cell(B, 64, LOSS)], BOTH),
        "proved in part",
        "In part: a bound certifies 1 of the 2 gains.",
    ),
    (
        "one of two certified, the other below zero without support",
        found([cell(A, 64, GAIN), cell(B, 64, GAIN, certified=False)], BOTH),
        "proved in part",
        "In part: a bound certifies 1 of the 2 gains.",
    ),
    (
        "both measured at the largest size, none certified",
        found(NO_CLAIM, [*BOTH, pair(A, 64, LOSS), pair(B, 64, LOSS)]),
        "measured",
        "Measured, not proved: the 2 modalities together beat each one alone, but no bound certifies it at"
        " the sizes measured.",
    ),
    (
        "one measured, none certified",
        found(NO_CLAIM, ONE),
        "measured in part",
        "In part, and not proved: more is better in 1 of 2 comparisons, and no bound certifies a gain at the"
        " sizes measured.",
    ),
    (
        "gains at the smaller size only",
        found(NO_CLAIM, NEITHER),
        "none",
        "No: no gain was measured at the largest sample size, and no bound certifies one.",
    ),
    (
        "gains of free heads do not count as measured",
        found(NO_CLAIM, [*NEITHER, pair(A, 999, GAIN, head=FREE)]),
        "none",
        "No: no gain was measured at the largest sample size, and no bound certifies one.",
    ),
    (
        "a gap of exactly zero is no gain, a bound of exactly zero no proof",
        found([cell(A, 64, 0.0), cell(B, 64, 0.0)], [pair(A, 64, 0.0), pair(B, 64, 0.0)]),
        "none",
        "No: no gain was measured at the largest sample size, and no bound certifies one.",
    ),
]


@pytest.mark.parametrize(("name", "findings", "outcome", "words"), SITUATIONS)
def test_every_situation_has_its_headline(
    name: str, findings: Findings, outcome: Gain, words: str
) -> None:
    decided = situation(findings)
    assert decided.outcome == outcome
    assert headline(decided, len(findings.modalities)) == words


def test_every_outcome_occurs() -> None:
    assert {outcome for _, _, outcome, _ in SITUATIONS} == set(get_args(Gain))


def test_comparisons_with_single_modalities_come_first() -> None:
    """A third subset is compared too, and does not count beside the single ones."""
    modalities, AB, C = ("a", "b", "c"), ("a", "b"), ("c",)
    cells = [cell(each, 64, GAIN, M=modalities) for each in (A, B, C)]
    others = [cell(A, 64, LOSS, M=AB), cell(AB, 64, LOSS, M=modalities)]
    pairs = [pair(each, 64, GAIN, M=modalities) for each in (A, B, C)]
    decided = situation(found([*cells, *others], [*pairs, pair(A, 64, LOSS, M=AB)], modalities))
    assert (decided.outcome, decided.comparisons, decided.whole) == ("proved", 3, True)
    two = situation(found(cells[:2], pairs[:2], modalities))
    assert (two.comparisons, two.whole) == (2, False)
    assert headline(two, 3).startswith("Yes, provably: M beats N in all 2 comparisons, ")
    without = situation(
        found(others, [pair(A, 64, LOSS, M=AB), pair(AB, 64, GAIN, M=modalities)], modalities)
    )
    assert (without.comparisons, without.better, without.whole) == (2, 1, False)
    AC, BC = ("a", "c"), ("b", "c")
    three = [cell(A, 64, LOSS, M=AB), cell(A, 64, LOSS, M=AC), cell(B, 64, LOSS, M=BC)]
    inner = situation(found(three, [pair(A, 64, LOSS, M=AB)], modalities))
    assert (inner.comparisons, inner.whole) == (3, False)
    mixed = situation(found([*cells, cell(None, 64, GAIN, M=A)], pairs, modalities))
    assert mixed.comparisons == 3


def test_the_samples_are_those_of_the_first_bound_below_zero_or_of_the_first_cell() -> None:
    few = replace(cell(A, 64, GAIN, certified=False), trials=30, trials_needed=99)
    low = situation(found([cell(A, 64, LOSS), few], [pair(A, 64, LOSS)]))
    assert (low.trials, low.needed, low.from_m) == (30, 99, None)
    alone = situation(found([cell(A, 64, LOSS)], [pair(A, 64, LOSS)]))
    assert (alone.trials, alone.needed, alone.certified) == (40, 151, 0)
