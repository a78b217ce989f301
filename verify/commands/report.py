"""`report`: train, measure, compare with the bounds, and write the page."""

from __future__ import annotations

import json
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from verify.commands.application import WithNames, app, complete
from verify.commands.text import again, integer, listed, one_integer, pair_of


@app.command(cls=WithNames, short_help="Test the bounds on a data set, and write the report.")
def report(
    data: Annotated[
        str,
        typer.Option(help="a bundled data set, or a path", autocompletion=complete("data")),
    ] = "digits",
    task: Annotated[
        str | None,
        typer.Option(help="classification or regression; by default read off the target"),
    ] = None,
    loss: Annotated[
        str, typer.Option(help="a loss", autocompletion=complete("loss"))
    ] = "least-squares",
    fusion: Annotated[
        str, typer.Option(help="a fusion operation", autocompletion=complete("fusion"))
    ] = "concatenation",
    depth: Annotated[
        str, typer.Option(help="ReLU layers of an encoder; 0 for linear encoders")
    ] = "1",
    out: Annotated[str, typer.Option(help="folder for the report and the parts")] = "report",
    trials: Annotated[
        str | None,
        typer.Option(
            help="independent samples per m; by default as many as can support the claims"
        ),
    ] = None,
    m: Annotated[
        str, typer.Option("--m", help="sample sizes, separated by commas")
    ] = "64,256,1024",
    head_m: Annotated[
        str,
        typer.Option("--head-m", help="further sizes at which heads alone are fitted; 0 for none"),
    ] = "8000",
    delta: Annotated[
        str, typer.Option(help="confidence parameters in (0, 1), separated by commas")
    ] = "0.1,0.05",
    pair: Annotated[
        list[str] | None,
        typer.Option(
            help="compare M with N, as text+audio:text; may be repeated; names that hold + or : in"
            " double quotes, or the pair as JSON; by default every single modality and one chain"
        ),
    ] = None,
    seed: Annotated[str, typer.Option(help="the same seed gives the same numbers")] = "0",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, or one card as cuda:1")] = "auto",
    resume: Annotated[
        bool,
        typer.Option("--resume", help="continue what was cut, reopen what is finished"),
    ] = False,
    shard: Annotated[
        str | None,
        typer.Option(
            help="compute share i of n of the parts, as 2/4, and write no report: any number of"
            " processes and machines may fill one folder"
        ),
    ] = None,
    assemble: Annotated[
        bool,
        typer.Option("--assemble", help="write the report of parts that are there, compute none"),
    ] = False,
    scheduler: Annotated[
        str | None,
        typer.Option(help="compute on the dask cluster at this address, as tcp://10.0.0.1:8786"),
    ] = None,
) -> None:
    """Train, measure, compare with the bounds, and write report.html and report.json."""
    began = time.monotonic()
    from empirical import datasets
    from verify.execution import devices
    from verify.execution.cluster import connect
    from verify.execution.folder import check_writable
    from verify.new_data import new_data
    from verify.report import DATA, PAGE, write_report
    from verify.study import Study

    # The names are checked by the study itself, whatever the annotation says.
    settings: dict[str, Any] = {"loss": loss, "device": device, "fusion": fusion}
    study = Study(
        datasets.by_name(data, task),
        pairs=[pair_of(text) for text in pair] if pair else None,
        m=listed("m", m, integer, "positive integers separated by commas"),
        head_m=[]
        if head_m.strip() == "0"
        else listed("head_m", head_m, integer, "positive integers separated by commas, or 0"),
        delta=listed("delta", delta, float, "numbers in (0, 1) separated by commas"),
        trials=None if trials is None else one_integer("trials", trials, "a positive integer"),
        seed=one_integer("seed", seed, "a nonnegative integer"),
        depth=one_integer("depth", depth, "an integer of at least 0"),
        **settings,
    )
    if shard is not None and assemble:
        raise ValueError(f"assemble must be left out where a shard is computed, got shard {shard}")
    with nullcontext() if scheduler is None else connect(scheduler) as client:
        if shard is not None:
            print(study.fill(out, shard, progress=True, client=client))
            return
        # Reopening a finished study writes no part, but the report is written in any case.
        devices.check(study.device, resume or assemble, client)
        check_writable(out, PAGE, DATA)
        results = study.run(out, resume=resume, progress=True, client=client, assemble=assemble)
    page = write_report(results, Path(out), command=again(sys.argv[1:]), new_data=new_data(study))
    document = json.loads(page.with_name("report.json").read_text(encoding="utf-8"))
    answer = document["answer"]
    print("\n".join(filter(None, (answer["pointer"], answer["headline"]))))
    width = max(len(claim["title"]) for claim in document["claims"])
    for claim in document["claims"]:
        decided = claim["decided_by"]
        line = (
            f"  {claim['title']:<{width}} {claim['verdict']:<10} {decided['violations']} of"
            f" {decided['trials']} violated, level {decided['level']:g}"
        )
        if claim["verdict"] == "undecided":
            line += f"; {document['enough']} trials without violation would decide"
        print(line)
    elapsed = time.monotonic() - began
    print(f"{page} and {page.with_name('report.json')}, {elapsed:.0f} s")
    if any(claim["verdict"] == "refuted" for claim in document["claims"]):
        raise typer.Exit(1)
