"""claims.json and claims.html: the ledger as data, and the same data as one self-contained page."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Template
from markupsafe import Markup

from verify.claims.report.document import SECTIONS
from verify.claims.report.terminal import LETTERS, below, violated
from verify.report.provenance import write_document
from verify.report.templates import environment

PAGE, DATA = "claims.html", "claims.json"


def write(document: dict[str, Any], out: Path) -> Path:
    """Write claims.json, then claims.html made from that JSON alone; return the page's path."""
    return write_document(document, out / PAGE, render)


def render(document: dict[str, Any]) -> str:
    """The page, from the contents of claims.json and nothing else."""
    sections = {
        key: [claim for claim in document["claims"] if claim["section"] == key] for key in SECTIONS
    }
    return _template().render(
        document=document,
        sections=sections,
        titles=SECTIONS,
        letters=LETTERS,
        crossover=_crossover(document),
    )


def _below(factor: float) -> Markup:
    """As on the terminal, with all digits in the page."""
    return Markup('<data value="{}">{}</data>').format(repr(factor), below(factor))


def _crossover(document: dict[str, Any]) -> list[dict[str, Any]]:
    """How often the crossover criterion was right: one row per form, world and m."""
    return [
        {"form": claim["id"].rpartition(".")[2], **finding}
        for claim in document["claims"]
        if claim["id"].startswith("crossover.")
        for finding in claim["findings"]
    ]


@lru_cache(maxsize=1)
def _template() -> Template:
    made = environment("verify.claims.report")
    made.filters["violated"] = violated
    made.filters["below"] = _below
    return made.get_template("page.html")
