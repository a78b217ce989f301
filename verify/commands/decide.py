"""`decide`: which modalities pay, on new rows from the same source."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bounds.domains import FINITE_NON_NEGATIVE
from verify.commands.application import Command, app
from verify.commands.text import one_integer, one_number

if TYPE_CHECKING:
    from empirical.observations import Observations


@app.command(cls=Command, short_help="Say which modalities pay on new rows.")
def decide(
    data: Annotated[
        str | None,
        typer.Option(
            help="a folder of .csv or .parquet files, one modality each; one such file with --modality;"
            " an .npz; or a bundled data set"
        ),
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="the column to predict; in an archive, y by default")
    ] = None,
    modality: Annotated[
        list[str] | None,
        typer.Option(help="columns of one table, as audio=mfcc_*,pitch; may be repeated"),
    ] = None,
    groups: Annotated[
        str | None, typer.Option(help="the column of patients, speakers, …: never divided")
    ] = None,
    order: Annotated[
        str | None, typer.Option(help="the column of times: models are trained on the past")
    ] = None,
    weights: Annotated[str | None, typer.Option(help="the column of weights")] = None,
    on: Annotated[str | None, typer.Option(help="the column of ids that joins the files")] = None,
    align: Annotated[
        str | None, typer.Option(help="inner: keep the rows that all files have; outer: all rows")
    ] = None,
    predictions: Annotated[
        str | None,
        typer.Option(
            help="instead of --data: a table with the target and one column per set of modalities,"
            " as text or text+audio, each with predictions of your own models on held-out rows"
        ),
    ] = None,
    cost: Annotated[str | None, typer.Option(help="prices, as audio=2.5,video=10")] = None,
    metric: Annotated[
        str | None, typer.Option(help="accuracy, brier or log-loss; squared for numbers")
    ] = None,
    margin: Annotated[str, typer.Option(help="what is too little to matter, in points")] = "0.5",
    delta: Annotated[
        str, typer.Option(help="probability that something certified is wrong")
    ] = "0.05",
    task: Annotated[str | None, typer.Option(help="classification or regression")] = None,
    seed: Annotated[str, typer.Option(help="the same seed gives the same page")] = "0",
    out: Annotated[str, typer.Option(help="folder for decide.html and decide.json")] = "decide",
) -> None:
    """Say which modalities pay, on new rows from the same source, and write decide.html and decide.json."""
    began = time.monotonic()
    from empirical.datasets.sources import BUNDLED
    from empirical.observations import read
    from verify.decisions import page
    from verify.decisions.decide import decide as choose
    from verify.decisions.own import read_table
    from verify.decisions.subsets import limited
    from verify.execution.folder import check_writable

    settings: dict[str, Any] = {
        "metric": metric,
        "margin": _points(margin) / 100,
        "delta": one_number("delta", delta, "a number in (0, 1)"),
        "seed": one_integer("seed", seed, "a nonnegative integer"),
        "cost": None if cost is None else _prices(cost),
    }
    if (data is None) == (predictions is None):
        got = "neither" if data is None else "both"
        raise ValueError(f"data or predictions must be given, got {got}")
    columns: dict[str, Any] = {
        "target": target,
        "groups": groups,
        "order": order,
        "weights": weights,
    }
    check_writable(out, page.PAGE, page.DATA)
    if predictions is not None:
        for name, value in (("modality", modality), ("on", on), ("align", align)):
            if value is not None:
                raise ValueError(f"{name} must be left out where predictions are given")
        found = choose(**read_table(predictions, **columns), task=task, **settings)
    else:
        patterns = None if modality is None else _modalities(modality)
        form: dict[str, Any] = {"modality": patterns, "on": on, "align": align}
        if data in BUNDLED.names:
            seen = _bundled(str(data), {**columns, **form}, task)
        else:
            seen = read(str(data), **form, task=task, **columns)
        print(f"{seen.name}: {seen.rows:,} rows, modalities {', '.join(seen.names)}", flush=True)
        for note in (*seen.notes, *limited(seen.names)):
            print(f"  {note}")
        found = choose(seen, **settings)
    written = found.report(Path(out))
    for warning in found.warnings:
        print(f"Warning: {warning}")
    print()
    print(found)
    print(f"{written} and {written.with_name(page.DATA)}, {time.monotonic() - began:.0f} s")


def _points(text: str) -> float:
    """The margin, checked as it was given: in points."""
    points = one_number("margin", text, "a number of points of at least 0")
    return FINITE_NON_NEGATIVE.number("margin", points)


def _bundled(name: str, given: dict[str, Any], task: str | None) -> Observations:
    """A data set that comes with the library."""
    from empirical.datasets.sources import BUNDLED
    from empirical.observations import observed

    for option, value in given.items():
        if value is not None:
            raise ValueError(f"{option} must be left out for the bundled data set {name}")
    return observed(BUNDLED.find(name).load(task))


def _modalities(texts: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in texts:
        name, equals, patterns = text.partition("=")
        listed = [pattern.strip() for pattern in patterns.split(",")]
        if not equals or not name.strip() or not all(listed):
            raise ValueError(f"modality must have the form NAME=COLUMN,COLUMN, got {text!r}")
        if name.strip() in found:
            raise ValueError(f"modality must name each modality once, got {name.strip()!r} twice")
        found[name.strip()] = listed
    return found


def _prices(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in text.split(","):
        name, equals, number = (each.strip() for each in part.rpartition("="))
        if not equals or not name:
            raise ValueError(f"cost must have the form NAME=PRICE,NAME=PRICE, got {text!r}")
        if name in found:
            raise ValueError(f"cost must name each modality once, got {name!r} twice")
        found[name] = one_number(f"cost of {name}", number, "a number of at least 0")
    return found
