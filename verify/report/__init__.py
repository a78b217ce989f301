"""report.json and report.html: the study as data, and the same data as one self-contained page."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, Template

from verify.report import figures, formats, svg, view
from verify.report.document import document
from verify.report.headline import HEADS
from verify.report.provenance import write_document
from verify.report.sections import SECTIONS, Section
from verify.report.templates import environment
from verify.results.results import Results

PAGE, DATA = "report.html", "report.json"


def write_report(
    results: Results,
    out: Path,
    command: str | None = None,
    new_data: dict[str, Any] | None = None,
) -> Path:
    """Write report.json, then report.html made from that JSON alone; return the page's path.

    Parameters
    ----------
    command
        The command line that repeats the study; None if it was run from Python.
    new_data
        What the rows show about new rows, as plain values; see `verify.new_data`. None for bundled
        data: the page then has no such section.
    """
    return write_document(document(results, command, new_data), out / PAGE, render)


def render(document: dict[str, Any]) -> str:
    """The page of a report, from the contents of its report.json and nothing else."""
    canvas = svg.Canvas()
    pairs = view.pairs(document)
    for index, pair in enumerate(pairs):
        pair["panels"] = figures.panels(canvas, pair, f"figure{index + 2}")
    small = svg.Canvas(svg.SMALL_SIZE, svg.SMALL_FRAME)
    for pair, panel in zip(pairs, figures.multiples(small, pairs, "small"), strict=True):
        pair["small"] = panel
    everything = list(document["config"]["modalities"])
    sections = [section for section in SECTIONS if section.applies(document)]
    shown: dict[str, Any] = {}
    for section in sections:
        shown |= section.shows(document)
    return (
        _environment()
        .get_template("template.html")
        .render(
            document=document,
            sections=[(each, _template(each)) for each in sections],
            pairs=pairs,
            titles=view.titles(document),
            line_names=view.line_names(document),
            forms=view.form_names(document),
            deltas=view.deltas(document),
            heads=HEADS,
            sides=view.SIDES,
            subset=lambda names: formats.subset(names, everything),
            **shown,
        )
    )


def _template(section: Section) -> Template:
    if section.source is not None:
        return _environment().from_string(section.source)
    return _environment().get_template(f"sections/{section.name}.html")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return environment("verify.report")
