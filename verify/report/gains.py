"""Sentences on the gain: what was measured, what is certified, and which sizes are known to be enough.

Each sentence speaks of one kind of heads and names it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from empirical.measure import SAME
from verify.findings.cells import Cell
from verify.findings.findings import Findings
from verify.findings.forms import FAST_RATE, FORMS, Form
from verify.findings.least_sizes import LeastSize
from verify.findings.pairs import PairFinding
from verify.findings.proofs import heads_of
from verify.findings.situation import Proved, against_singles, all_proved
from verify.findings.thresholds import Threshold
from verify.report.formats import full_name, plain_number, short_name
from verify.report.headline import HEADS
from verify.results.results import Subset

SHOWN_CROSSOVERS = 3


def measured(found: Findings) -> str:
    rows = [p for p in against_singles(found.pairs, found.modalities) if p.head == SAME]
    largest = max(r.m for r in rows)
    last = [r for r in rows if r.m == largest]
    high = max(last, key=lambda r: r.risk_gap.median)
    low = min(last, key=lambda r: r.risk_gap.median)
    start = f"Measured with {HEADS['ball']} at m = {largest:,}"
    if high is low:
        return f"{start}: {_gap(high, found)}."
    return (
        f"{start}, the largest r(M) − r(N): {_gap(high, found)}. The smallest: {_gap(low, found)}."
    )


def _gap(row: PairFinding, found: Findings) -> str:
    """The median gap of a pair, the risks, and on how many samples M is better."""
    said = row.preference
    return (
        f"{_with_interval(row)} for {_against(row.M, row.N, found)}, with risks"
        f" {plain_number(row.risk_M.median)} and {plain_number(row.risk_N.median)} (medians); M is"
        f" {_side(row)} ({said.better} of {row.trials} samples"
        f" drawn; of all samples {100 * said.low:.0f} to {100 * said.high:.0f} %)"
    )


def _side(row: PairFinding) -> str:
    said = row.preference
    if said.side != "open":
        return f"{said.side} on most samples"
    if row.trials < said.needed:
        return "perhaps better, perhaps worse: too few samples to tell"
    return "not shown to be better or worse on most samples"


def _with_interval(row: PairFinding) -> str:
    gap = row.risk_gap
    ends = "too few samples for an interval"
    if math.isfinite(gap.median_low) and math.isfinite(gap.median_high):
        ends = f"95 % interval {plain_number(gap.median_low)} to {plain_number(gap.median_high)}"
    return f"{plain_number(gap.median)} ({ends})"


def _against(M: Subset, N: Subset | None, found: Findings) -> str:
    one = _named(M, found)
    return one if N is None else f"{one} against {_named(N, found)}"


def _named(subset: Subset, found: Findings) -> str:
    """A subset by its names, but for all of three or more."""
    whole = len(subset) == len(found.modalities) > 2
    return short_name(subset, found.modalities) if whole else full_name(subset)


def crossovers(found: Findings) -> str:
    """Where the better one of a pair changes with m, with heads on the encoder's own sample."""
    mine = [c for c in found.crossovers if c.head == SAME]
    if not mine:
        return ""
    texts = [
        f"{_against(c.M, c.N, found)} is {c.side_before} at m = {c.before:,} and {c.side_after} at"
        f" m = {c.after:,}"
        for c in mine[:SHOWN_CROSSOVERS]
    ]
    more = f"; and {len(mine) - len(texts)} more" if len(mine) > len(texts) else ""
    return (
        f"The order changes with the sample size ({HEADS['ball']}, on most samples):"
        f" {'; '.join(texts)}{more}."
    )


def certified(found: Findings, delta: float) -> list[str]:
    """One sentence for each kind of heads for which some bound certifies a gain at the least delta."""
    proofs = against_singles(found.proofs, found.modalities)
    mine = [p for p in all_proved(proofs) if p.delta == delta and p.certified]
    return [_certificate(each, found) for each in mine]


def _certificate(said: Proved, found: Findings) -> str:
    names = ", ".join(form.name for form in FORMS if form.key in said.theorems)
    text = (
        f"Certified for {HEADS[said.heads]} at δ = {said.delta:g} ({names}): {said.certified} of"
        f" {said.compared} comparisons"
    )
    if said.from_m is None:
        return f"{text}, each at some of the sizes measured but not at every larger one."
    cells = [
        c
        for c in against_singles(found.cells, found.modalities)
        if c.certifies_gain and heads_of(c) == said.heads and c.delta == said.delta
    ]
    tightest: dict[tuple[Subset, Subset | None], Cell] = {}
    for cell in sorted(cells, key=lambda c: c.bound.median):
        if cell.m == said.from_m:
            tightest.setdefault((cell.M, cell.N), cell)
    example = max(tightest.values(), key=lambda c: c.bound.median)
    return (
        f"{text}, at every size measured from m = {said.from_m:,} on. There the bound is"
        f" {plain_number(example.bound.median)} and the gap of the same heads"
        f" {plain_number(example.measured.median)} (medians) for"
        f" {_against(example.M, example.N, found)}, the certified comparison with the largest bound."
    )


def in_advance(found: Findings, delta: float) -> str:
    """The least sizes at which each form proves the gain, with their intervals."""
    mine = [t for t in against_singles(found.thresholds, found.modalities) if t.delta == delta]
    singles = all(t.N is not None and len(t.N) == 1 for t in mine)
    forms = [form for form in FORMS if any(t.theorem == form.key for t in mine)]
    unknown = [form for form in forms if without_complexity(found, form)]
    text = ""
    if len(unknown) < len(forms):
        gain = "the gain over every single modality" if singles else "every gain"
        needed = [_needed(form, mine) for form in forms if form not in unknown]
        text = (
            f"Sample sizes that prove {gain} at δ = {delta:g} for 95 % of encoders such as those of the"
            f" largest m, known in advance: {', '.join(needed)}. "
        )
        if FAST_RATE in forms:
            text += "In advance κ is bounded; an observed κ can do with fewer. "
    if unknown:
        names = ", ".join(form.name for form in unknown)
        text += f"These forms lack a bound on the complexity of this class: {names}. "
    return text.rstrip()


def _needed(form: Form, thresholds: Sequence[Threshold]) -> str:
    """The largest of the sizes of all pairs; the ends of its interval are the largest ends."""
    sizes = [t.proves_gain_from for t in thresholds if t.theorem == form.key]
    known = [size for size in sizes if size is not None]
    finite = [size for size in known if math.isfinite(size.value)]
    if not finite:
        return f"none ({form.name})"
    never = f"; {len(known) - len(finite)} never" if len(finite) < len(known) else ""
    largest = LeastSize(
        *(max(getattr(size, end) for size in finite) for end in ("value", "low", "high"))
    )
    return f"{plain_number(largest.value)} ({form.name}; {_ends(largest)}{never})"


def _ends(size: LeastSize) -> str:
    if math.isfinite(size.high):
        return f"95 % interval {plain_number(size.low)} to {plain_number(size.high)}"
    return f"at least {plain_number(size.low)}, too few samples for an upper end"


def least_step(found: Findings) -> str:
    steps = [p for p in found.pairs if p.head == SAME and len(p.M) == len(p.N) + 1]
    steps = [p for p in steps if set(p.N) < set(p.M)]
    if not steps:
        return ""
    largest = max(p.m for p in steps)
    least = max((p for p in steps if p.m == largest), key=lambda p: p.risk_gap.median)
    added = tuple(name for name in least.M if name not in least.N)
    start = {"better": "The step that helps least", "worse": "A step that hurts"}
    return (
        f"{start.get(least.preference.side, 'The least step')} ({HEADS['ball']}, m = {largest:,}):"
        f" adding {full_name(added)} to {_named(least.N, found)} changes the risk by"
        f" {_with_interval(least)}, M is {_side(least)}."
    )


def of_form(cells: Sequence[Cell], form: Form) -> list[Cell]:
    """The cells of one form."""
    return [cell for cell in cells if cell.theorem == form.key]


def without_complexity(found: Findings, form: Form) -> bool:
    """Whether the form is infinite since no bound on the class's complexity is known (gates, attention)."""
    cells = of_form(found.cells, form)
    return not form.free and all(math.isinf(cell.bound.median) for cell in cells)
