"""The headline: every situation that findings can be in, and what it may say of each.

A table pins the words; `test_headline_random.py` reads them back from random findings.
"""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from situations import ALL, BALL_FORM, NEEDED, TRIALS, A, B, cell, cells, pair

from empirical.measure import FREE, FRESH, SAME
from verify.findings.cells import BoundSummary
from verify.findings.crossovers import Crossover, all_crossovers
from verify.findings.findings import Findings
from verify.findings.proofs import all_proofs
from verify.findings.situation import situation
from verify.report import gains
from verify.report.headline import NO_ADVICE, few_rows, headline
from verify.verdicts.gain import GainProof, Proof


def found(cells, pairs, modalities=ALL) -> Findings:
    return Findings(
        modalities,
        tuple(cells),
        tuple(pairs),
        tuple(all_crossovers(pairs)),
        tuple(all_proofs(cells)),
        (),
        (),
    )


def said(findings: Findings, rows: int = 300, columns: int = 13) -> str:
    return headline(situation(findings), rows, columns, len(findings.modalities))


MIXTURE = "risk_gap.fast_rate_mixture"
BETTER = [pair(A, 128, "better"), pair(B, 128, "better")]
START = "On these 300 rows taken as the whole population: "
BOTH = "all 2 modalities together beat each one alone"
MEASURED = (
    " Measured with heads of bounded norm at m = 128: M is better than N on most samples in 2 of 2"
    f" comparisons. {NO_ADVICE}"
)
NONE = "no bound certifies, in any comparison and at any size measured, that M beats N."
MET = " Measured with heads of bounded norm at m = 128: "

SITUATIONS: list[tuple[str, Findings, Proof, str]] = [
    (
        "both certified, the later one from m = 128 on",
        found(cells("yy", "ny"), BETTER),
        "proved",
        f"provably yes for heads of bounded norm: {BOTH}; a bound certifies it at δ = 0.05, at every size"
        f" measured from m = 128 on.{MEASURED}",
    ),
    (
        "one certified at the smaller size alone",
        found(cells("yy", "yn"), BETTER),
        "proved",
        f"provably yes for heads of bounded norm: {BOTH}; a bound certifies it at δ = 0.05, each at some of"
        f" the sizes measured, but not at every larger one.{MEASURED}",
    ),
    (
        "certified for free heads, while heads on the ball are worse",
        found(
            [*cells("yy", "yy", head=FREE), *cells("nn", "nn")],
            [pair(A, 128, "worse"), pair(B, 128, "worse")],
        ),
        "proved",
        f"provably yes for plain least-squares heads: {BOTH}; a bound certifies it at δ = 0.05, at every"
        f" size measured from m = 64 on.{MET}M is worse than N on most samples in 2 of 2 comparisons"
        f" (more modalities hurt in 2 of these). {NO_ADVICE}",
    ),
    (
        "one certified for free heads, the other for heads on the ball: never counted together",
        found([*cells("yy", "nn", head=FREE), *cells("nn", "yy")], BETTER),
        "proved in part",
        "provable in part for heads of bounded norm: at δ = 0.05 a bound certifies at some of the sizes"
        f" measured that M beats N in 1 of 2 comparisons.{MEASURED}",
    ),
    (
        "certified at the larger δ alone",
        found([*cells("yy", "yy", delta=0.1), *cells("yy", "no")], BETTER),
        "proved",
        f"provably yes for heads of bounded norm: {BOTH}; a bound certifies it at δ = 0.1, at every size"
        f" measured from m = 64 on.{MEASURED}",
    ),
    (
        "certified at both δ: the least is said",
        found([*cells("yy", "yy"), *cells("yy", "yy", delta=0.1)], BETTER),
        "proved",
        f"provably yes for heads of bounded norm: {BOTH}; a bound certifies it at δ = 0.05, at every size"
        f" measured from m = 64 on.{MEASURED}",
    ),
    (
        "one pair alone, not nested",
        found([cell(B, 64, "yes", M=A)], [pair(B, 64, "worse", M=A)]),
        "proved",
        "provably yes for heads of bounded norm: a beats b; a bound certifies it at δ = 0.05, at every size"
        " measured from m = 64 on. Measured with heads of bounded norm at m = 64: M is worse than N on most"
        f" samples in 1 of 1 comparison. {NO_ADVICE}",
    ),
    (
        "one certified, the other open",
        found(cells("yy", "on"), BETTER),
        "proved in part",
        "provable in part for heads of bounded norm: at δ = 0.05 a bound certifies at some of the sizes"
        " measured that M beats N in 1 of 2 comparisons; in 1 more the samples cannot tell."
        f"{MEASURED}",
    ),
    (
        "all open",
        found(cells("no", "oo"), BETTER),
        "open",
        "too few samples to tell; 40 of each size leave open whether a bound certifies for heads of bounded"
        f" norm that {BOTH}; 151 would be enough if they all agree.{MEASURED}",
    ),
    (
        "one open, the other not",
        found(cells("no", "nn"), BETTER),
        "open",
        "too few samples to tell; 40 of each size leave open in 1 of 2 comparisons whether a bound certifies"
        f" for heads of bounded norm that M beats N; 151 would be enough if they all agree.{MEASURED}",
    ),
    (
        "open, with samples enough if they had agreed",
        found([replace(each, trials=151) for each in cells("no", "oo")], BETTER),
        "open",
        "undecided; the 151 samples of each size leave open whether a bound certifies for heads of bounded"
        f" norm that {BOTH}.{MEASURED}",
    ),
    (
        "better at the largest size, none certified",
        found(cells("nn", "nn"), [*BETTER, pair(A, 64, "worse"), pair(B, 64, "worse")]),
        "none",
        NONE + MEASURED,
    ),
    (
        "one better and one worse, none certified",
        found(cells("nn", "nn"), [pair(A, 128, "better"), pair(B, 128, "worse")]),
        "none",
        f"{NONE}{MET}M is better than N on most samples in 1 of 2 comparisons; M is worse than N on"
        f" most samples in 1 of 2 comparisons (more modalities hurt in 1 of these). {NO_ADVICE}",
    ),
    (
        "gains at the smaller size only, and of free heads",
        found(
            cells("nn", "nn"),
            [
                pair(A, 64, "better"),
                pair(B, 64, "better"),
                pair(A, 128, "open"),
                pair(B, 128, "open"),
                pair(A, 999, "better", head=FREE),
            ],
        ),
        "none",
        f"{NONE}{MET}no difference shown in 2 of 2 comparisons. {NO_ADVICE}",
    ),
    (
        "two samples",
        found(
            cells("oo", "oo"),
            [pair(A, 128, "open", needed=41), pair(B, 128, "open", needed=41)],
        ),
        "open",
        "too few samples to tell; 40 of each size leave open whether a bound certifies for heads of bounded"
        f" norm that {BOTH}; 151 would be enough if they all agree.{MET}too few samples to tell in 2 of 2"
        f" comparisons. {NO_ADVICE}",
    ),
    (
        "one pair alone, not certified",
        found([cell(A, 64, "no")], [pair(A, 64, "better")]),
        "none",
        "no bound certifies at any size measured that a + b beats a. Measured with heads of bounded norm at"
        f" m = 64: M is better than N on most samples in 1 of 1 comparison. {NO_ADVICE}",
    ),
]


@pytest.mark.parametrize(("name", "findings", "outcome", "words"), SITUATIONS)
def test_every_situation_has_its_headline(
    name: str, findings: Findings, outcome: Proof, words: str
) -> None:
    assert situation(findings).proved.outcome == outcome
    assert said(findings) == START + words


def test_every_outcome_occurs() -> None:
    assert {outcome for _, _, outcome, _ in SITUATIONS} == set(get_args(Proof))


def test_few_rows_are_said_in_the_first_words() -> None:
    findings = SITUATIONS[0][1]
    assert said(findings, rows=1300, columns=130).startswith(
        "On these 1,300 rows taken as the whole "
    )
    assert said(findings, rows=1299, columns=130).startswith(
        "On these 1,299 rows (few for 130 columns, so that memorised noise counts as a gain) taken as the"
        " whole population: provably yes"
    )
    assert few_rows(99, 10)
    assert not few_rows(100, 10)


def test_comparisons_with_single_modalities_come_first() -> None:
    """A third subset is compared too, and does not count beside the single ones."""
    modalities, AB, C = ("a", "b", "c"), ("a", "b"), ("c",)
    mine = [cell(each, 64, "yes", M=modalities) for each in (A, B, C)]
    others = [cell(A, 64, "no", M=AB), cell(AB, 64, "no", M=modalities)]
    pairs = [pair(each, 64, "better", M=modalities) for each in (A, B, C)]
    decided = situation(found([*mine, *others], [*pairs, pair(A, 64, "worse", M=AB)], modalities))
    assert (decided.proved.outcome, decided.proved.compared) == ("proved", 3)
    assert (decided.whole, decided.measured.better, decided.measured.worse) == (True, 3, 0)
    two = situation(found(mine[:2], pairs[:2], modalities))
    assert (two.proved.compared, two.whole, two.only) == (2, False, None)
    assert ": M beats N in all 2 comparisons; a bound" in headline(two, 300, 13, 3)
    without = situation(
        found(
            others, [pair(A, 64, "worse", M=AB), pair(AB, 64, "better", M=modalities)], modalities
        )
    )
    assert (without.proved.compared, without.measured.better, without.whole) == (2, 1, False)
    AC, BC = ("a", "c"), ("b", "c")
    three = [cell(A, 64, "no", M=AB), cell(A, 64, "no", M=AC), cell(B, 64, "no", M=BC)]
    inner = situation(found(three, [pair(A, 64, "worse", M=AB)], modalities))
    assert (inner.proved.compared, inner.whole) == (3, False)
    mixed = situation(found([*mine, cell(None, 64, "no", M=A)], pairs, modalities))
    assert mixed.proved.compared == 3


def test_samples_are_few_if_one_pair_could_not_be_decided_with_them() -> None:
    for needed, few in ((TRIALS, False), (TRIALS + 1, True)):
        pairs = [pair(A, 128, "open"), pair(B, 128, "open", needed=needed)]
        assert situation(found(cells("nn", "nn"), pairs)).measured.few is few


def test_one_number_of_samples_is_enough_for_all_on_the_page() -> None:
    one = cell(A, 64, "no")
    assert situation(found([one], [pair(A, 64, "open")])).enough == NEEDED
    harder = replace(one, certificate=GainProof("no", 0, 0.0, 0.1, 200))
    assert situation(found([one, harder], [pair(A, 64, "open")])).enough == 200
    assert situation(found([one], [pair(A, 64, "open", needed=300)])).enough == 300
    subset = replace(cell(None, 64, "no", M=A), trials_needed=400)
    assert situation(found([one, subset], [pair(A, 64, "open")])).enough == 400
    fewer = replace(one, m=128, trials=30)
    assert situation(found([one, fewer], [pair(A, 64, "open")])).trials == 30


def test_a_size_with_two_kinds_of_samples_is_certified_if_both_are() -> None:
    """Heads of the encoder's sample at m = 128, and heads on a fresh sample of 128 with other encoders."""
    same = cell(A, 128, "yes")
    for proves, certified in (("yes", (128,)), ("no", ())):
        fresh = cell(A, 128, proves, head=FRESH, encoder=64)
        (proof,) = all_proofs([same, fresh])
        assert (proof.certified, proof.left_open) == (certified, () if certified else (128,))
    (proof,) = all_proofs([same, cell(A, 128, "no", form="risk_gap.paper")])
    assert (proof.certified, proof.theorems) == ((128,), (BALL_FORM,))


def test_a_certificate_is_told_by_its_smallest_bound_where_two_bounds_certify() -> None:
    """-0.2 and -0.3 for the one pair, -0.1 and -0.4 for the other: the pairs have -0.3 and -0.4."""
    two = [
        replace(one, bound=BoundSummary(*[value] * 6, lower_end=value))
        for one, value in (
            (cell(A, 64, "yes", head=FREE), -0.2),
            (cell(A, 64, "yes", head=FREE, form=MIXTURE), -0.3),
            (cell(B, 64, "yes", head=FREE), -0.1),
            (cell(B, 64, "yes", head=FREE, form=MIXTURE), -0.4),
        )
    ]
    (sentence,) = gains.certified(found(two, BETTER), 0.05)
    assert "There the bound is −0.3 and" in sentence
    assert "for a + b against a, the certified comparison with the largest bound." in sentence


def test_a_crossover_is_a_change_of_side_with_growing_m() -> None:
    """Worse at 64, open at 256, better at 1,024."""
    pairs = [
        pair(A, 1024, "better"),
        pair(A, 64, "worse"),
        pair(A, 256, "open"),
        pair(B, 64, "better"),
        pair(B, 1024, "better"),
        pair(B, 64, "worse", head=FREE),
    ]
    assert all_crossovers(pairs) == [Crossover(ALL, A, SAME, 64, 1024, "worse", "better")]
    assert gains.crossovers(found(cells("nn", "nn"), pairs)) == (
        "The order changes with the sample size (heads of bounded norm, on most samples): a + b against a"
        " is worse at m = 64 and better at m = 1,024."
    )
    assert gains.crossovers(found(cells("nn", "nn"), BETTER)) == ""
    back = [pair(A, m, "worse" if m % 2 else "better") for m in range(2, 8)]
    assert gains.crossovers(found(cells("nn", "nn"), back)).endswith("; and 2 more.")


def test_a_measured_loss_is_never_called_a_gain() -> None:
    worse = found(cells("nn", "nn"), [pair(A, 128, "worse"), pair(B, 128, "worse")])
    assert gains.least_step(worse).startswith(
        "A step that hurts (heads of bounded norm, m = 128): adding b"
    )
    assert "M is worse on most samples (7 of 40" in gains.measured(worse)
    left_open = found(cells("nn", "nn"), [pair(A, 128, "open"), pair(B, 128, "open", needed=41)])
    step = gains.least_step(left_open)
    assert step.startswith("The least step")
    assert step.endswith("M is not shown to be better or worse on most samples.")
    assert "too few samples to tell" in gains.measured(
        found(cells("nn", "nn"), [pair(A, 128, "open", needed=41)])
    )
    assert gains.least_step(found(cells("nn", "nn"), BETTER)).startswith(
        "The step that helps least"
    )
    crossed = found([cell(B, 64, "no", M=A)], [pair(B, 64, "worse", M=A)])
    assert gains.least_step(crossed) == ""
