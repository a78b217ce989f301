"""The short answer in words, from the findings; numbers are typeset as on the page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from verify.design import Design
from verify.findings.cells import Cell
from verify.findings.findings import Findings
from verify.findings.forms import FAST_RATE, MIXTURE, PAPER, PAPER_VECTOR
from verify.findings.situation import enough, situation
from verify.report.formats import plain_number
from verify.report.gains import (
    certified,
    crossovers,
    in_advance,
    least_step,
    measured,
    of_form,
    without_complexity,
)
from verify.report.headline import APART, NO_ADVICE, few_rows, headline
from verify.report.pointer import pointer


@dataclass(frozen=True)
class Answer:
    """The question, the short answer, and a few sentences on it, each from measured numbers.

    `pointer` says where to ask about new data, and `new_data` what these rows show about it; the
    headline begins with the latter. Both are empty for the bundled data.
    """

    question: str
    pointer: str
    new_data: str
    headline: str
    sentences: tuple[str, ...]


def answer(found: Findings, design: Design, new_data: dict[str, Any] | None = None) -> Answer:
    """The answer to the question of a study, from its findings and what is known of new rows."""
    rows, columns = design.population.rows, _columns(design)
    question = (
        f"On {design.data.name} ({rows:,} rows, which are the whole population; modalities"
        f" {', '.join(found.modalities)}), is learning from more modalities provably better than from"
        " fewer, from which sample size on, and by how much?"
    )
    sentences = (
        _few(rows, columns),
        measured(found),
        crossovers(found),
        *certified(found, min(design.delta)),
        in_advance(found, min(design.delta)),
        least_step(found),
        _vacuity(found, design),
        _verdicts(found),
        _meaning(found, design),
    )
    of_new_rows = _new_rows(new_data)
    closing = APART if new_data is not None and new_data["refused"] is None else NO_ADVICE
    of_these_rows = headline(situation(found), rows, columns, len(found.modalities), closing)
    return Answer(
        question,
        pointer(design.data),
        of_new_rows,
        f"{of_new_rows} {of_these_rows}".lstrip(),
        tuple(sentence for sentence in sentences if sentence),
    )


def _new_rows(part: dict[str, Any] | None) -> str:
    if part is None:
        return ""
    if part["refused"] is not None:
        return f"Nothing can be said about new rows: {part['refused']}."
    return f"On new rows: {part['sentence']}"


def _columns(design: Design) -> int:
    return sum(int(x.shape[1]) for x in design.data.modalities.values())


def _few(rows: int, columns: int) -> str:
    if not few_rows(rows, columns):
        return ""
    share = f"about {100 * columns / (rows - 1):.0f} %" if columns < rows - 1 else "all"
    return (
        f"Warning: {rows:,} rows are few for {columns:,} columns. Least squares alone fits {share} of a"
        " target that is pure noise on these rows, and trained encoders fit more; on this population"
        " that counts as a gain."
    )


def _own_factor(cell: Cell) -> float:
    factor = cell.own_excess_critical_factor
    return math.nan if factor is None else factor.value


def _vacuity(found: Findings, design: Design) -> str:
    fast = [*of_form(found.cells, FAST_RATE), *of_form(found.cells, MIXTURE)]
    best = max(fast, key=_own_factor, default=None)
    as_stated = PAPER_VECTOR if of_form(found.cells, PAPER_VECTOR) else PAPER
    if without_complexity(found, as_stated):
        text = (
            f"For this class (fusion: {design.cls.operation.name}) no bound on its complexity is"
            " known, so that every form that needs one is infinite"
        )
        if best is None:
            return f"{text}."
        return (
            f"{text}. {plain_number(_own_factor(best))} times the terms of a fast-rate form would have"
            f" been enough, at m = {best.m:,}."
        )
    paper = of_form(found.cells, as_stated)
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
        f"{text}. For the fast-rate forms this factor is at best {plain_number(_own_factor(best))}, at"
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
        text += f", {len(undecided)} undecided ({enough(found):,} samples without violation would decide)"
    return (
        f"{text}. What these checks cannot see: terms that are too small. With its terms multiplied by its"
        " critical factor c* each claim would not have been refuted either."
    )


def _meaning(found: Findings, design: Design) -> str:
    """The conditions under which the answer holds."""
    text = (
        f"What this rests on: the population is the {design.population.rows:,} rows themselves, so"
        " that γ and the risks are exact; by the bounds nothing is claimed about other data. A bound"
        " holds with probability 1 − δ/2 for each pair and size by itself, and it certifies a gain if it"
        " lies below zero on 95 % of all samples."
    )
    if of_form(found.cells, FAST_RATE):
        text += (
            " The fast-rate forms also take the noise of the heads (V, λ, b, F) and what the head's sample"
            " distorts (κ, g) from the population, and their m counts the head's own sample; the encoder"
            " was trained on another one."
        )
    return text
