"""The short answer in words, written from the report's own numbers."""

from __future__ import annotations

import math
from typing import Any

from empirical.measure import SAME
from verify.verdicts.gain import certified_from, gain


def label(subset: list[str], everything: list[str]) -> str:
    """A subset as text: its names joined by plus signs, or that it is all of three or more.

    >>> label(["text", "audio"], ["text", "audio", "video"])
    'text + audio'
    >>> label(["text", "audio", "video"], ["text", "audio", "video"])
    'all 3 modalities'
    """
    if len(subset) == len(everything) > 2:
        return f"all {len(everything)} modalities"
    return " + ".join(subset)


def number(value: float | None) -> str:
    """A number for prose: three significant digits, powers of ten for the very large.

    >>> number(0.02578), number(8.6e10), number(3340)
    ('0.0258', '8.6e+10', '3,340')
    """
    if value is None or not math.isfinite(value):
        return "none"
    if abs(value) >= 1e7:
        return f"{value:.1e}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def answer(
    config: dict[str, Any],
    claims: list[dict[str, Any]],
    pairs: list[dict[str, Any]],
    cells: list[dict[str, Any]],
    thresholds: list[dict[str, Any]],
) -> dict[str, Any]:
    """The question and the short answer: a headline and a few sentences, each from measured numbers."""
    everything = list(config["modalities"])
    question = (
        f"On {config['data']} ({config['rows']:,} rows; modalities {', '.join(everything)}), is"
        " learning from more modalities provably better than from fewer, from which sample size on,"
        " and by how much?"
    )
    sentences = [
        _measured(pairs, everything),
        _proved(cells, thresholds, everything, config),
        _least_step(pairs, cells, everything),
        _vacuity(cells, config),
        _verdicts(claims),
        _meaning(config, cells),
    ]
    return {
        "question": question,
        "headline": _headline(cells, pairs, everything),
        "sentences": [s for s in sentences if s],
    }


def _against_singles(rows: list[dict[str, Any]], everything: list[str]) -> list[dict[str, Any]]:
    chosen = [r for r in rows if r["M"] == everything and r["N"] and len(r["N"]) == 1]
    return chosen or [r for r in rows if r["N"]]


def _proving(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [c for c in cells if c["certifies_gain"]]


def _below_zero(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [c for c in cells if c["N"] and c["bound"]["q95"] < 0]


def _headline(
    cells: list[dict[str, Any]], pairs: list[dict[str, Any]], everything: list[str]
) -> str:
    singles = _against_singles(cells, everything)
    compared = {(tuple(c["M"]), tuple(c["N"])) for c in singles}
    proving = _proving(singles)
    proved = {(tuple(c["M"]), tuple(c["N"])) for c in proving}
    measured = [p for p in _against_singles(pairs, everything) if p["head"] == SAME]
    largest = max(p["m"] for p in measured)
    better = [p for p in measured if p["m"] == largest and p["risk_gap"]["high"] < 0]
    whole = all(list(M) == everything and len(N) == 1 for M, N in compared)
    claim = (
        f"the {len(everything)} modalities together beat each one alone"
        if whole and len(compared) == len(everything)
        else f"M beats N in all {len(compared)} comparisons"
        if len(compared) > 1
        else "M beats N"
    )
    below = _below_zero(singles)
    outcome = gain(len(compared), len(proved), len({_pair(c) for c in below}), len(better))
    if outcome == "proved":
        starts = [
            certified_from(
                {c["m"] for c in singles if _pair(c) == pair},
                {c["m"] for c in proving if _pair(c) == pair},
            )
            for pair in proved
        ]
        certified = [m for m in starts if m is not None]
        return f"Yes, provably: {claim}, certified by a bound " + (
            f"at every size measured from m = {max(certified):,} on."
            if len(certified) == len(starts)
            else "at some of the sizes measured."
        )
    if outcome == "too few samples":
        few = below[0]
        return (
            f"Undecided: bounds lie below zero, but {few['trials']} samples are too few to support"
            f" them at their level; {few['trials_needed']} without violation would be enough."
        )
    if outcome == "proved in part":
        return f"In part: a bound certifies {len(proved)} of the {len(compared)} gains."
    if outcome == "measured":
        return f"Measured, not proved: {claim}, but no bound certifies it at the sizes measured."
    if outcome == "measured in part":
        return (
            f"In part, and not proved: more is better in {len(better)} of {len(compared)}"
            " comparisons, and no bound certifies a gain at the sizes measured."
        )
    return "No: no gain was measured at the largest sample size, and no bound certifies one."


def _pair(cell: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(cell["M"]), tuple(cell["N"])


def _measured(pairs: list[dict[str, Any]], everything: list[str]) -> str:
    rows = [p for p in _against_singles(pairs, everything) if p["head"] == SAME]
    largest = max(r["m"] for r in rows)
    last = [r for r in rows if r["m"] == largest]
    near = max(last, key=lambda r: r["risk_gap"]["value"])
    far = min(last, key=lambda r: r["risk_gap"]["value"])
    texts = []
    for row in (near,) if near is far else (near, far):
        gap = row["risk_gap"]
        texts.append(
            f"r(M) − r(N) = {number(gap['value'])} (mean over {row['trials']} samples, 95 %"
            f" interval {number(gap['low'])} to {number(gap['high'])}) for {label(row['M'], everything)}"
            f" against {label(row['N'], everything)}, with risks {number(row['risk_M']['value'])} and"
            f" {number(row['risk_N']['value'])}; M is better in"
            f" {row['samples_where_M_is_better']} of {row['trials']} samples"
        )
    if len(texts) == 1:
        return f"Measured at m = {largest:,}: {texts[0]}."
    return f"Measured at m = {largest:,}, the smallest gain: {texts[0]}. The largest: {texts[1]}."


def _proved(
    cells: list[dict[str, Any]],
    thresholds: list[dict[str, Any]],
    everything: list[str],
    config: dict[str, Any],
) -> str:
    delta = min(config["delta"])
    mine = [t for t in _against_singles(thresholds, everything) if t["delta"] == delta]

    def needed(key: str) -> str:
        sizes = [t["proves_gain_from"] for t in mine if t["theorem"] == key]
        finite = [s for s in sizes if s is not None and math.isfinite(s)]
        if not finite:
            return "no sample size"
        text = f"m = {number(max(finite))}"
        return (
            text if len(finite) == len(sizes) else f"{text} (and {len(sizes) - len(finite)} never)"
        )

    if _open_above(cells):
        parts = ["the paper's form and its sharp form lack a bound on the complexity of this class"]
    else:
        parts = [f"the paper's form needs {needed('risk_gap.paper')}"]
        parts.append(f"its sharp form {needed('risk_gap.sharp')}")
    observed = [c for c in _against_singles(_proving(cells), everything) if c["delta"] == delta]
    fast = [c for c in observed if c["theorem"] == "risk_gap.fast_rate"]
    if any(t["theorem"] == "risk_gap.fast_rate" for t in mine):
        verb = "needs " if _open_above(cells) else ""
        parts.append(f"the fast-rate form {verb}{needed('risk_gap.fast_rate')} in advance")
    singles = all(len(t["N"]) == 1 for t in mine)
    gain = "the gain over every single modality" if singles else "every gain"
    text = f"To prove {gain} at δ = {delta:g}, " + ", ".join(parts) + "."
    if fast:
        first = min(c["m"] for c in fast)
        example = max((c for c in fast if c["m"] == first), key=lambda c: c["bound"]["median"])
        text += (
            f" With the distortion κ observed on the sample, the fast-rate bound is below zero from"
            f" m = {first:,} of the sizes measured: for {label(example['M'], everything)} against"
            f" {label(example['N'], everything)} it is {number(example['bound']['median'])}, where the gap of"
            f" these plain least-squares heads is {number(example['measured']['median'])} (medians)."
        )
    return text


def _least_step(
    pairs: list[dict[str, Any]], cells: list[dict[str, Any]], everything: list[str]
) -> str:
    steps = [p for p in pairs if p["head"] == SAME and len(p["M"]) == len(p["N"]) + 1]
    if not steps:
        return ""
    largest = max(p["m"] for p in steps)
    least = max((p for p in steps if p["m"] == largest), key=lambda p: p["risk_gap"]["value"])
    added = [name for name in least["M"] if name not in least["N"]]
    certified = [c for c in _proving(cells) if c["M"] == least["M"] and c["N"] == least["N"]]
    gap = least["risk_gap"]
    worth = "worth" if gap["high"] < 0 else "not shown to be worth anything"
    size = (
        f"a risk gap of {number(gap['value'])} ({number(gap['low'])} to {number(gap['high'])})"
        f" at m = {largest:,}"
    )
    text = (
        f"The step that adds least is {label(added, everything)} on top of"
        f" {label(least['N'], everything)}: {worth}"
        f"{':' if worth != 'worth' else ''} {size}"
    )
    if certified:
        return f"{text}, certified from m = {min(c['m'] for c in certified):,} on."
    return f"{text}, certified by no bound at the sizes measured."


def _open_above(cells: list[dict[str, Any]]) -> bool:
    """Whether no bound on the class's complexity is known (gates, attention)."""
    paper = [c for c in cells if c["theorem"] == "risk_gap.paper"]
    return all(math.isinf(c["bound"]["median"]) for c in paper)


def _vacuity(cells: list[dict[str, Any]], config: dict[str, Any]) -> str:
    fast = [c for c in cells if c["theorem"] == "risk_gap.fast_rate"]
    if _open_above(cells):
        text = (
            f"For this class (fusion: {config['fusion']}) no bound on its complexity is known, so"
            " that every form that needs one is infinite and claims nothing"
        )
        if not fast:
            return text + "."
        best = max(fast, key=lambda c: c["own_excess_critical_factor"]["value"])
        return (
            f"{text}; of the fast-rate form's terms"
            f" {number(best['own_excess_critical_factor']['value'])} would have been enough, at"
            f" m = {best['m']:,}."
        )
    paper = [c for c in cells if c["theorem"] == "risk_gap.paper"]
    empty = sum(bool(c["vacuous"]) for c in paper)
    factor = max(c["own_excess_critical_factor"]["value"] for c in paper)
    text = (
        f"For this class (radii {config['encoder_radius']:g} and {config['head_radius']:g}) Theorem"
        f" 1 as the paper states it is vacuous in {empty} of {len(paper)} cells (it says no more"
        f" than that a loss lies below C = {number(config['C'])}), and {number(factor)} of its terms"
        " would have been enough in its tightest cell"
    )
    if not fast:
        return text + "."
    best = max(fast, key=lambda c: c["own_excess_critical_factor"]["value"])
    return (
        f"{text}; for the fast-rate form {number(best['own_excess_critical_factor']['value'])}"
        f" would have been, at m = {best['m']:,}."
    )


def _verdicts(claims: list[dict[str, Any]]) -> str:
    refuted = [c["title"] for c in claims if c["verdict"] == "refuted"]
    if refuted:
        return f"Refuted: {', '.join(refuted)}. That should not happen; see the table."
    supported = sum(c["verdict"] == "supported" for c in claims)
    violated = sum(c["violations"] for c in claims)
    times = "never" if not violated else f"{violated:,} times over all cells"
    text = (
        f"On {claims[0]['trials']} independent samples of each size the bounds were {times}"
        f" violated; {supported} of {len(claims)} claims are supported at the level they state"
    )
    undecided = [c for c in claims if c["verdict"] == "undecided"]
    if undecided:
        n = max(c["trials_needed"] for c in undecided)
        text += f", {len(undecided)} undecided (at least {n} samples without violation decide)"
    return text + ". A bound far above what it bounds passes easily: see the critical factors."


def _meaning(config: dict[str, Any], cells: list[dict[str, Any]]) -> str:
    """What "provably" rests on, said beside the answer and not in a footnote."""
    text = (
        f"What this rests on: the population is the {config['rows']:,} rows themselves, so that γ"
        " and the risks are exact; nothing is claimed about other data. A bound holds with"
        " probability 1 − δ/2 for each pair and size by itself."
    )
    if any(c["theorem"] == "risk_gap.fast_rate" for c in cells):
        text += (
            " The fast-rate form also takes the noise of the heads (V, λ, b) from the population,"
            " and its m counts the head's own sample; the encoder was trained on another one."
        )
    return text
