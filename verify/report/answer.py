"""The short answer in words, from the findings; numbers are typeset as on the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from empirical.measure import SAME
from verify.design import Design
from verify.findings.cells import Cell
from verify.findings.findings import Findings
from verify.findings.forms import FAST_RATE, FORMS, PAPER, PAPER_VECTOR, Form
from verify.findings.situation import against_singles, situation
from verify.findings.thresholds import Threshold
from verify.report.formats import full_name, plain_number, short_name
from verify.report.headline import headline
from verify.results.results import Subset


@dataclass(frozen=True)
class Answer:
    """The question, the short answer, and a few sentences on it, each from measured numbers."""

    question: str
    headline: str
    sentences: tuple[str, ...]


def answer(found: Findings, design: Design) -> Answer:
    """The answer to the question of a study, from its findings."""
    question = (
        f"On {design.data.name} ({design.population.rows:,} rows; modalities"
        f" {', '.join(found.modalities)}), is learning from more modalities provably better than from"
        " fewer, from which sample size on, and by how much?"
    )
    sentences = (
        _measured(found),
        _proved(found, design),
        _least_step(found),
        _vacuity(found, design),
        _verdicts(found),
        _meaning(found, design),
    )
    kept = tuple(sentence for sentence in sentences if sentence)
    return Answer(question, headline(situation(found), len(found.modalities)), kept)


def _of_form(cells: Sequence[Cell], form: Form) -> list[Cell]:
    return [cell for cell in cells if cell.theorem == form.key]


def _measured(found: Findings) -> str:
    rows = [p for p in against_singles(found.pairs, found.modalities) if p.head == SAME]
    largest = max(r.m for r in rows)
    last = [r for r in rows if r.m == largest]
    near = max(last, key=lambda r: r.risk_gap.value)
    far = min(last, key=lambda r: r.risk_gap.value)
    texts = []
    for row in (near,) if near is far else (near, far):
        gap = row.risk_gap
        texts.append(
            f"r(M) − r(N) = {plain_number(gap.value)} (mean over {row.trials} samples, 95 %"
            f" interval {plain_number(gap.low)} to {plain_number(gap.high)}) for"
            f" {_against(row.M, row.N, found)}, with risks {plain_number(row.risk_M.value)} and"
            f" {plain_number(row.risk_N.value)}; M is better in"
            f" {row.samples_where_M_is_better} of {row.trials} samples"
        )
    if len(texts) == 1:
        return f"Measured at m = {largest:,}: {texts[0]}."
    return f"Measured at m = {largest:,}, the smallest gain: {texts[0]}. The largest: {texts[1]}."


def _against(M: Subset, N: Subset | None, found: Findings) -> str:
    one = _named(M, found)
    return one if N is None else f"{one} against {_named(N, found)}"


def _named(subset: Subset, found: Findings) -> str:
    """A subset by its names, but for all of three or more."""
    whole = len(subset) == len(found.modalities) > 2
    return short_name(subset, found.modalities) if whole else full_name(subset)


def _proved(found: Findings, design: Design) -> str:
    """The least sizes at which each form proves the gain, and the least measured one of the fast rate."""
    delta = min(design.delta)
    mine = [t for t in against_singles(found.thresholds, found.modalities) if t.delta == delta]
    singles = all(t.N is not None and len(t.N) == 1 for t in mine)
    forms = [form for form in FORMS if any(t.theorem == form.key for t in mine)]
    unknown = [form for form in forms if _without_complexity(found, form)]
    text = ""
    if len(unknown) < len(forms):
        gain = "the gain over every single modality" if singles else "every gain"
        needed = [_needed(form, mine) for form in forms if form not in unknown]
        text = f"Least sample sizes that prove {gain} at δ = {delta:g}: {', '.join(needed)}. "
    if unknown:
        names = ", ".join(form.name for form in unknown)
        text += f"These forms lack a bound on the complexity of this class: {names}. "
    proving = [c for c in found.cells if c.certifies_gain and c.delta == delta]
    fast = _of_form(against_singles(proving, found.modalities), FAST_RATE)
    if fast:
        first = min(c.m for c in fast)
        example = max((c for c in fast if c.m == first), key=lambda c: c.bound.median)
        text += (
            "There κ is bounded in advance; with the κ observed on the sample, the fast-rate bound lies"
            f" below zero at m = {first:,}, the least such size measured: for"
            f" {_against(example.M, example.N, found)} it is {plain_number(example.bound.median)}, and"
            f" the gap of these plain least-squares heads is {plain_number(example.measured.median)}"
            " (medians)."
        )
    return text.rstrip()


def _needed(form: Form, thresholds: Sequence[Threshold]) -> str:
    sizes = [t.proves_gain_from for t in thresholds if t.theorem == form.key]
    finite = [size for size in sizes if size is not None and math.isfinite(size)]
    if not finite:
        return f"none ({form.name})"
    never = f"; {len(sizes) - len(finite)} never" if len(finite) < len(sizes) else ""
    return f"{plain_number(max(finite))} ({form.name}{never})"


def _least_step(found: Findings) -> str:
    steps = [p for p in found.pairs if p.head == SAME and len(p.M) == len(p.N) + 1]
    if not steps:
        return ""
    largest = max(p.m for p in steps)
    least = max((p for p in steps if p.m == largest), key=lambda p: p.risk_gap.value)
    added = tuple(name for name in least.M if name not in least.N)
    proving = [c for c in found.cells if c.certifies_gain and c.pair == (least.M, least.N)]
    gap = least.risk_gap
    text = (
        f"The smallest gain of a single step: adding {full_name(added)} to {_named(least.N, found)}"
        " changes the risk by"
        f" {plain_number(gap.value)} ({plain_number(gap.low)} to {plain_number(gap.high)}) at"
        f" m = {largest:,}"
    )
    if gap.high >= 0:
        text += ", which does not show a gain"
    if proving:
        first = min(cell.m for cell in proving)
        return f"{text}; the least size measured at which a bound certifies it is m = {first:,}."
    return f"{text}; no bound certifies it at the sizes measured."


def _without_complexity(found: Findings, form: Form) -> bool:
    """Whether the form is infinite since no bound on the class's complexity is known (gates, attention)."""
    cells = _of_form(found.cells, form)
    return not form.free and all(math.isinf(cell.bound.median) for cell in cells)


def _own_factor(cell: Cell) -> float:
    factor = cell.own_excess_critical_factor
    return math.nan if factor is None else factor.value


def _vacuity(found: Findings, design: Design) -> str:
    fast = _of_form(found.cells, FAST_RATE)
    best = max(fast, key=_own_factor, default=None)
    as_stated = PAPER_VECTOR if _of_form(found.cells, PAPER_VECTOR) else PAPER
    if _without_complexity(found, as_stated):
        text = (
            f"For this class (fusion: {design.cls.operation.name}) no bound on its complexity is"
            " known, so that every form that needs one is infinite"
        )
        if best is None:
            return f"{text}."
        return (
            f"{text}. {plain_number(_own_factor(best))} times the terms of the fast-rate form would have"
            f" been enough, at m = {best.m:,}."
        )
    paper = _of_form(found.cells, as_stated)
    empty = sum(bool(c.vacuous) for c in paper)
    text = (
        f"For this class (radii {design.cls.encoder_radius:g} and {design.cls.head_radius:g}) Theorem"
        f" 1 as the paper states it is vacuous in {empty} of {len(paper)} cells (it says no more"
        f" than that a loss lies below C = {plain_number(design.constants.C)}); in its tightest cell"
        f" {plain_number(max(map(_own_factor, paper)))} times its terms would have been enough"
    )
    if best is None:
        return f"{text}."
    return (
        f"{text}. For the fast-rate form this factor is {plain_number(_own_factor(best))}, at"
        f" m = {best.m:,}."
    )


def _verdicts(found: Findings) -> str:
    refuted = [c.title for c in found.claims if c.verdict == "refuted"]
    if refuted:
        return f"Refuted: {', '.join(refuted)}. That should not happen; see the table."
    supported = sum(c.verdict == "supported" for c in found.claims)
    violated = sum(c.violations for c in found.claims)
    times = "never" if not violated else f"{violated:,} times over all cells"
    text = (
        f"On {found.claims[0].trials} independent samples of each size the bounds were {times}"
        f" violated; {supported} of {len(found.claims)} claims are supported at the level they state"
    )
    undecided = [c for c in found.claims if c.verdict == "undecided"]
    if undecided:
        n = max(c.trials_needed for c in undecided)
        text += f", {len(undecided)} undecided ({n} samples without violation would decide)"
    return f"{text}. A bound far above what it bounds passes easily: see the critical factors."


def _meaning(found: Findings, design: Design) -> str:
    """The conditions under which the answer holds."""
    text = (
        f"What this rests on: the population is the {design.population.rows:,} rows themselves, so"
        " that γ and the risks are exact; nothing is claimed about other data. A bound holds with"
        " probability 1 − δ/2 for each pair and size by itself."
    )
    if _of_form(found.cells, FAST_RATE):
        text += (
            " The fast-rate form also takes the noise of the heads (V, λ, b) from the population,"
            " and its m counts the head's own sample; the encoder was trained on another one."
        )
    return text
