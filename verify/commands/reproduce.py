"""`reproduce`: the paper's tables again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from verify.commands.application import Command, app
from verify.commands.text import again, one_integer


@app.command(cls=Command, short_help="Measure the paper's tables again.")
def reproduce(
    table: Annotated[str, typer.Argument(help="table1, table2, table3, table4 or all")] = "all",
    iemocap: Annotated[
        str | None,
        typer.Option(help="your IEMOCAP_features_raw.pkl, or an .npz of the same features"),
    ] = None,
    padded: Annotated[
        bool,
        typer.Option("--padded", help="pad IEMOCAP dialogues to 110 rows, as the paper seems to"),
    ] = False,
    data: Annotated[
        str | None,
        typer.Option(help="run tables 1 to 3 on other data, named as for report"),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(help="classification, if the target of --data does not say so itself"),
    ] = None,
    seeds: Annotated[str, typer.Option(help="trainings per cell of tables 1 to 3")] = "5",
    epochs: Annotated[str, typer.Option(help="epochs of tables 1 to 3")] = "10",
    seed: Annotated[str, typer.Option(help="the same seed gives the same numbers")] = "0",
    out: Annotated[str, typer.Option(help="folder for tableN.html and tableN.json")] = "reproduce",
) -> None:
    """Measure the paper's tables again, beside its numbers where they can be compared."""
    from verify.reproduce.run import reproduce as measure

    documents = measure(
        table,
        out=out,
        seed=one_integer("seed", seed, "a nonnegative integer"),
        iemocap=iemocap,
        padded=padded,
        data=data,
        task=task,
        seeds=one_integer("seeds", seeds, "a positive integer"),
        epochs=one_integer("epochs", epochs, "a positive integer"),
        command=again(sys.argv[1:]),
        progress=True,
    )
    if any(document["data"]["how_to_get"] for document in documents):
        print(next(d["data"]["how_to_get"] for d in documents if d["data"]["how_to_get"]))
    for document in documents:
        print(document["answer"]["headline"])
        for sentence in document["answer"]["sentences"]:
            print(f"  {sentence}")
        page = Path(out) / f"table{document['table']}.html"
        print(f"{page} and {page.with_suffix('.json')}, {document['seconds']:.0f} s")
    if not all(document["answer"]["agrees"] for document in documents):
        raise typer.Exit(1)
