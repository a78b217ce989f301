"""The table of sections of the page: what each is called, what it shows, and its template.

A section is one entry here, one template beside the others in the folder `sections`, and a test. Its
function takes the content of report.json and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bounds.table import Table
from verify.report import view

Document = dict[str, Any]
AT_ONCE = 9
"""Panels of Figure 1; those of further comparisons are folded."""


def _nothing_more(document: Document) -> Document:
    return {}


def _always(document: Document) -> bool:
    return True


@dataclass(frozen=True)
class Section:
    """One section of the page.

    Parameters
    ----------
    name
        Its address in the page, and the name of its template unless there is a `source`.
    short, heading
        Its name in the table of contents, and its heading.
    shows
        The document to the variables that its template takes beside those of the whole page.
    source
        The text of its template, for a section from outside.
    applies
        Whether the document has what the section shows; by default always.
    """

    name: str
    short: str
    heading: str
    shows: Callable[[Document], Document] = _nothing_more
    source: str | None = None
    applies: Callable[[Document], bool] = _always


def _of_own_data(document: Document) -> bool:
    return document["new_data"] is not None


def _pairs(document: Document) -> Document:
    return {"shown_at_once": AT_ONCE}


def _terms(document: Document) -> Document:
    return {"dominance": view.dominance(document)}


def _sizes(document: Document) -> Document:
    return {"threshold_tables": view.threshold_tables(document)}


def _assumptions(document: Document) -> Document:
    assured, rest = view.assured(document)
    return {"assured_rows": assured, "unassured": rest}


def _class(document: Document) -> Document:
    return {
        "complexities": view.complexities(document),
        "encoders": view.encoders(document["config"]),
    }


SECTIONS: Table[Section] = Table(
    "section",
    [
        Section("answer", "Answer", "The short answer"),
        Section("new-data", "On new data", "On new data", applies=_of_own_data),
        Section("verdicts", "Verdicts", "Do the claims hold?"),
        Section("pairs", "Pair by pair", "Pair by pair: the gap, γ and the bounds", _pairs),
        Section("terms", "Dominant terms", "Which term dominates?", _terms),
        Section("sizes", "Sample sizes", "From which sample size on?", _sizes),
        Section(
            "assumptions",
            "Assumptions",
            "What the claims assume, and how it was assured",
            _assumptions,
        ),
        Section("class", "Data and class", "Data, function class and confidence", _class),
        Section("environment", "Repeat it", "Repeat it"),
    ],
)
