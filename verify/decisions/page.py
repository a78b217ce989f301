"""decide.html: the answer on one self-contained page, made from decide.json alone."""

from __future__ import annotations

import base64
import csv
import io
import math
from collections.abc import Sequence
from functools import lru_cache
from html import escape
from typing import Any

from jinja2 import Template

from verify.decisions import words
from verify.report.templates import environment

PAGE, DATA = "decide.html", "decide.json"
WIDTH, LABEL, ROW = 640, 190, 44
BADGES = {"helps": "good", "hurts": "bad", "negligible": "", "undecided": "open"}
SAID = {
    "helps": "helps",
    "hurts": "hurts",
    "negligible": "too little to matter",
    "undecided": "cannot be told yet",
}


def render(document: dict[str, Any]) -> str:
    """The page, from the content of decide.json and nothing else."""
    return _template().render(
        document=document,
        forest=forest(document),
        curves=learning_curves(document),
        table=base64.b64encode(comparisons_csv(document).encode()).decode(),
        badges=BADGES,
        said=SAID,
        points=words.points,
        signed=words.signed,
        joined=words.joined,
        count=words.count,
        confidence=words.confidence(document["delta"]),
    )


def fragment(document: dict[str, Any]) -> str:
    """The answer and the modalities, for a notebook."""
    rows = "".join(
        f"<tr><th>{escape(each['name'])}</th><td>{SAID[each['verdict']]}</td>"
        f"<td>{words.signed(each['gain'])}</td>"
        f"<td>{words.signed(each['low'])} to {words.signed(each['high'])}</td></tr>"
        for each in document["modalities"]
    )
    return (
        f"<p><strong>{escape(document['recommendation']['sentence'])}</strong></p>"
        "<table><thead><tr><th>modality</th><th></th><th>gain, points</th><th>certified</th></tr>"
        f"</thead><tbody>{rows}</tbody></table>"
    )


def forest(document: dict[str, Any]) -> dict[str, Any]:
    """Where the lines of the forest plot lie: one row per modality, and the margin as a band."""
    modalities = document["modalities"]
    margin = document["margin"]
    # The ends of the range of a metric would hide everything else.
    reach = max([4 * margin, *(2.5 * abs(each["gain"]) for each in modalities)])
    ends = [abs(end) for each in modalities for end in (each["low"], each["high"])]
    limit = max(min(max(ends), max(reach, _median(ends))), 1e-9)

    def x(value: float) -> float:
        kept: float = min(max(value, -limit), limit)
        return float(round(LABEL + (kept + limit) / (2 * limit) * (WIDTH - LABEL - 16), 1))

    rows = [
        {
            **each,
            "y": 14 + ROW * place + ROW // 2,
            "x_low": x(each["low"]),
            "x_high": x(each["high"]),
            "x": x(each["gain"]),
            "cut_low": each["low"] < -limit,
            "cut_high": each["high"] > limit,
        }
        for place, each in enumerate(modalities)
    ]
    return {
        "width": WIDTH,
        "height": 14 + ROW * len(rows) + 40,
        "bottom": 14 + ROW * len(rows),
        "left": LABEL,
        "band": (x(-margin), x(margin)),
        "zero": x(0.0),
        "ticks": [(x(value), words.signed(value)) for value in ticks(-limit, limit)],
        "rows": rows,
    }


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers between two ends.

    Examples
    --------
    >>> ticks(-0.1, 0.1)
    [-0.1, -0.05, 0.0, 0.05, 0.1]
    """
    if not high > low:
        return [low]
    raw = (high - low) / (most - 1)
    scale = 10.0 ** math.floor(math.log10(raw))
    step = scale * next(each for each in (1, 2, 5, 10) if each * scale >= raw * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def learning_curves(document: dict[str, Any]) -> dict[str, Any] | None:
    """Where the points of the learning curves lie; None if there are none."""
    found = document["curves"]
    if not found:
        return None
    sizes = sorted({each["m"] for each in found})
    if len(sizes) < 2:
        return None
    low = min(each["low"] for each in found)
    high = max(each["high"] for each in found)
    room = max(high - low, 1e-12)
    width, height, left, bottom = 640, 300, 56, 44

    def x(m: float) -> float:
        share = (math.log(m) - math.log(sizes[0])) / (math.log(sizes[-1]) - math.log(sizes[0]))
        return round(left + share * (width - left - 170), 1)

    def y(loss: float) -> float:
        return float(round(12 + (high - loss) / room * (height - bottom - 12), 1))

    subsets = list(dict.fromkeys(tuple(each["subset"]) for each in found))
    lines = []
    for place, subset in enumerate(subsets):
        points = [each for each in found if tuple(each["subset"]) == subset]
        lines.append(
            {
                "name": words.joined(subset),
                "colour": f"var(--form-{place % 5})",
                "dash": ("", "6 4", "2 3")[place // 5 % 3],
                "path": " ".join(f"{x(p['m'])},{y(p['loss'])}" for p in points),
                "bars": [(x(p["m"]), y(p["low"]), y(p["high"])) for p in points],
                "end": (x(points[-1]["m"]), y(points[-1]["loss"])),
            }
        )
    _spread(lines)
    return {
        "width": width,
        "height": height,
        "left": left,
        "bottom": height - bottom,
        "right": width - 170,
        "lines": lines,
        "sizes": [(x(m), words.count(m)) for m in sizes],
        "ticks": [(y(v), f"{v:.3g}") for v in ticks(low, high) if low <= v <= high],
    }


def comparisons_csv(document: dict[str, Any]) -> str:
    """Every certified gain and every subset as one table.

    A cell that a spreadsheet would read as a formula is quoted.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["kind", "larger", "smaller", "gain", "low", "high", "rows", "certified"])
    for each in document["comparisons"]:
        pair = ("+".join(each["larger"]), "+".join(each["smaller"]))
        numbers = (each["gain"], each["low"], each["high"], each["rows"])
        writer.writerow([each["role"], *map(_cell, pair), *numbers, "yes"])
    for each in document["subsets"]:
        numbers = (each["score"], each["score_low"], each["score_high"], each["rows"])
        writer.writerow(["score", _cell("+".join(each["subset"])), "", *numbers, "no"])
    return text.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _median(values: Sequence[float]) -> float:
    listed = sorted(values)
    return listed[len(listed) // 2]


def _spread(lines: list[dict[str, Any]], least: float = 15.0) -> None:
    """Labels at the ends of lines, moved apart until they can be read."""
    last = -math.inf
    for line in sorted(lines, key=lambda each: each["end"][1]):
        last = max(line["end"][1], last + least)
        line["label_y"] = round(last, 1)


@lru_cache(maxsize=1)
def _template() -> Template:
    return environment("verify.decisions").get_template("page.html")
