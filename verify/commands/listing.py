"""`list`: what there is to choose from: data sets, theorems, claims and worlds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from bounds.table import Table
from verify.commands.application import Command, app
from verify.commands.text import columns, print_json

Row = dict[str, Any]


@dataclass(frozen=True)
class Listing:
    """One list: its name, what it is, its rows, and the words of a row on the terminal."""

    name: str
    what: str
    rows: Callable[[], list[Row]]
    words: Callable[[Row], list[str]]


def _data() -> list[Row]:
    from empirical.datasets.sources import BUNDLED

    found = []
    for entry in BUNDLED:
        data = entry.load(None)
        found.append(
            {
                "name": entry.name,
                "description": data.description,
                "rows": data.rows,
                "task": data.task,
                "modalities": list(data.names),
            }
        )
    return found


def _theorems() -> list[Row]:
    from bounds.catalogue import THEOREMS

    return [
        {
            "name": each.key,
            "title": each.title,
            "reference": each.reference,
            "arguments": list(each.arguments),
        }
        for each in THEOREMS
    ]


def _claims() -> list[Row]:
    from verify.claims.ledger import CLAIMS

    return [
        {
            "name": each.id,
            "section": each.section,
            "text": each.text,
            "altered": each.alteration.text,
            "expected": each.expected,
            "worlds": [source.name for source in each.sources],
        }
        for each in CLAIMS
    ]


def _worlds() -> list[Row]:
    from verify.claims.ledger import CLAIMS

    sources = {source.name: source for claim in CLAIMS for source in claim.sources}
    return [
        {"name": each.name, "world": each.world, "grade": each.grade, "m": list(each.m)}
        for each in sources.values()
    ]


LISTS = Table(
    "what",
    [
        Listing(
            "data",
            "data sets that come with the library, for --data",
            _data,
            lambda row: [
                f"{row['rows']:,} rows",
                row["task"],
                f"{row['description']}: {', '.join(row['modalities'])}",
            ],
        ),
        Listing(
            "theorems",
            "theorems, for `bound`",
            _theorems,
            lambda row: [row["title"], ", ".join(row["arguments"])],
        ),
        Listing(
            "claims",
            "claims that `claims` puts to the test, and what must come out",
            _claims,
            lambda row: [row["expected"], ", ".join(filter(None, (row["text"], row["altered"])))],
        ),
        Listing(
            "worlds",
            "worlds on which claims are tested, with the grade of evidence and the sample sizes",
            _worlds,
            lambda row: [row["grade"], f"m = {', '.join(map(str, row['m']))}", row["world"]],
        ),
    ],
)


@app.command("list", cls=Command)
def show(
    what: Annotated[
        str | None,
        typer.Argument(
            help="data, theorems, claims or worlds; by default all of them",
            autocompletion=lambda: list(LISTS.names),
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """List data sets, theorems, claims and worlds."""
    chosen = list(LISTS) if what is None else [LISTS.find(what)]
    found = {each.name: each.rows() for each in chosen}
    if as_json:
        print_json(found)
        return
    for place, each in enumerate(chosen):
        rows = found[each.name]
        print(("\n" if place else "") + f"{each.name}: {each.what}")
        for line in columns([[row["name"], *each.words(row)] for row in rows]):
            print(f"  {line}")
