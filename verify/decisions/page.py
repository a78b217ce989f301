"""decide.html: the answer on one self-contained page, made from decide.json alone."""

from __future__ import annotations

import base64
import csv
import io
from functools import lru_cache
from html import escape
from typing import Any

from jinja2 import Template

from bounds.characters import printable
from verify.decisions import words
from verify.decisions.figures import forest, learning_curves, price_picture
from verify.report.templates import environment

PAGE, DATA = "decide.html", "decide.json"
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
        prices=price_picture(document),
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
        f"<td>{'—' if each['gain'] is None else words.signed(each['gain'])}</td><td>"
        f"{escape(each['why']) if each['gain'] is None else words.between(each)}</td></tr>"
        for each in document["modalities"]
    )
    return printable(
        f"<p><strong>{escape(document['recommendation']['sentence'])}</strong></p>"
        "<table><thead><tr><th>modality</th><th></th><th>gain, points</th><th>certified</th></tr>"
        f"</thead><tbody>{rows}</tbody></table>"
    )


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


@lru_cache(maxsize=1)
def _template() -> Template:
    return environment("verify.decisions").get_template("page.html")
