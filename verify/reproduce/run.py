"""`reproduce`: measure the tables asked for and write tableN.json and tableN.html of each."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bounds.domains import at_least, one_of
from empirical import datasets
from empirical.modalities import Subset
from empirical.paper.iemocap import load as load_iemocap
from empirical.paper.iemocap import stand_in
from empirical.paper.splits import Split, from_dataset
from verify.execution.folder import check_writable
from verify.report.provenance import plain, provenance, write_document
from verify.reproduce import page, paper, slips
from verify.reproduce.contents import simulated, trained_table
from verify.reproduce.tables123 import experiment

SCHEMA_VERSION = 1
ALL = "all"
NAMES = tuple(f"table{number}" for number in paper.TABLES)


MOST_TRAININGS = 100_000
"""Trainings per cell, and epochs of each; more would take weeks."""


def chosen(which: str) -> tuple[int, ...]:
    """The numbers of the tables that a command names.

    Examples
    --------
    >>> chosen("all"), chosen("table3")
    ((1, 2, 3, 4), (3,))
    >>> chosen("table5")
    Traceback (most recent call last):
    ValueError: table must be one of table1, table2, table3, table4, all, got 'table5'; did you mean 'table4'?
    """
    if which == ALL:
        return paper.TABLES
    one_of("table", which, (*NAMES, ALL))
    return (NAMES.index(which) + 1,)


def reproduce(
    which: str = ALL,
    *,
    out: str | Path = "reproduce",
    seed: int = 0,
    iemocap: str | Path | None = None,
    padded: bool = False,
    data: str | None = None,
    task: str | None = None,
    seeds: int = experiment.SEEDS,
    epochs: int = experiment.EPOCHS,
    command: str | None = None,
    workers: int | None = None,
    progress: bool = False,
) -> list[dict[str, Any]]:
    """Measure the tables, write ``tableN.json`` and ``tableN.html`` into `out`, and return the JSON.

    Parameters
    ----------
    which
        "table1" … "table4" or "all".
    seed
        A non-negative integer; the same seed gives the same numbers, whatever `workers`.
    iemocap
        The user's own IEMOCAP features for tables 1 to 3 (`empirical.paper.iemocap.load`), padded
        to 110 rows per dialogue where `padded`; without it and without `data` a stand-in is used.
    data
        Another data set with class labels: a name or an ``.npz`` (`empirical.datasets.by_name`).
    task
        "classification", where the target of `data` does not say so itself.
    seeds, epochs
        Of tables 1 to 3.
    command
        The command line that repeats it, for the page.
    progress
        Show a bar with the time left on a terminal.

    Raises
    ------
    ValueError
        For an unknown table, a bad number, data that cannot be used, both `iemocap` and `data`, or
        an `out` that cannot be written.
    """
    numbers = chosen(which)
    at_least(0).whole("seed", seed)
    for name, value in (("seeds", seeds), ("epochs", epochs)):
        at_least(1, MOST_TRAININGS).whole(name, value)
    split = _split(numbers, iemocap, padded, data, task, seed)
    check_writable(out, *(f"table{n}.{kind}" for n in numbers for kind in ("html", "json")))
    trained: dict[tuple[Subset, ...], list[experiment.Run]] = {}
    documents = []
    for number in numbers:
        began = time.monotonic()
        if split is None or number == 4:
            measured = simulated(seed)
        else:
            measured = trained_table(
                number,
                numbers,
                split,
                trained,
                seed=seed,
                seeds=seeds,
                epochs=epochs,
                workers=workers,
                progress=progress,
            )
        frame = {
            "schema_version": SCHEMA_VERSION,
            "table": number,
            "tables": list(numbers),
            "source": paper.tables()["source"],
            **measured,
            "slips": _slips(number, measured["data"]["kind"]),
            "environment": provenance(),
            "seconds": round(time.monotonic() - began, 1),
            "command": command,
        }
        document: dict[str, Any] = plain(frame)
        write_document(document, Path(out) / f"table{number}.html", page.render)
        documents.append(document)
    return documents


def _slips(table: int, kind: str) -> list[dict[str, Any]]:
    """The slips about a table, where the page is about the paper's numbers at all."""
    if kind in ("user", "stand-in"):
        return []
    return [asdict(slip) for slip in slips.of_table(table)]


def _split(
    numbers: tuple[int, ...],
    iemocap: str | Path | None,
    padded: bool,
    data: str | None,
    task: str | None,
    seed: int,
) -> Split | None:
    """The rows of tables 1 to 3, None where none of them is asked for."""
    if numbers == (4,):
        if iemocap is not None or data is not None:
            raise ValueError(
                "table must be table1, table2, table3 or all where data are given, got table4"
            )
        return None
    if task is not None and data is None:
        raise ValueError(f"task must be left out where no data are given, got {task!r}")
    if iemocap is not None and data is not None:
        raise ValueError(f"data must be left out where iemocap is given, got {data!r}")
    if padded and iemocap is None:
        raise ValueError("padded must be used with iemocap, got no iemocap")
    if iemocap is not None:
        return load_iemocap(iemocap, padded=padded)
    if data is not None:
        return from_dataset(datasets.by_name(data, task), seed)
    return stand_in(seed)
