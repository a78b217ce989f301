"""`reproduce`: measure the tables asked for and write tableN.json and tableN.html of each."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from verify.document import environment, plain
from verify.folder import check_writable
from verify.reproduce import answers, overlap, page, paper, slips, table4
from verify.store import write_atomically
from verify.tasks import one_thread

SCHEMA_VERSION = 1
ALL = "all"
NAMES = tuple(f"table{number}" for number in paper.TABLES)


def chosen(which: str) -> tuple[int, ...]:
    """The numbers of the tables that a command names.

    >>> chosen("all"), chosen("table3")
    ((1, 2, 3, 4), (3,))
    >>> chosen("table5")
    Traceback (most recent call last):
    ValueError: table must be one of table1, table2, table3, table4, all, got 'table5'
    """
    if which == ALL:
        return paper.TABLES
    if which not in NAMES:
        raise ValueError(f"table must be one of {', '.join((*NAMES, ALL))}, got {which!r}")
    return (NAMES.index(which) + 1,)


def reproduce(
    which: str = ALL,
    *,
    out: str | Path = "reproduce",
    seed: int = 0,
    command: str | None = None,
) -> list[dict[str, Any]]:
    """Measure the tables, write ``tableN.json`` and ``tableN.html`` into `out`, and return the JSON.

    which    "table1" … "table4" or "all"
    seed     a non-negative integer; the same seed gives the same numbers
    command  the command line that repeats it, for the page

    Raises ValueError for an unknown table, a bad seed, or an `out` that cannot be written.
    """
    numbers = chosen(which)
    if not isinstance(seed, int) or not 0 <= seed < 2**63:
        raise ValueError(f"seed must be an integer from 0 to 2**63 - 1, got {seed!r}")
    check_writable(out)
    documents = []
    for number in numbers:
        began = time.monotonic()
        # One thread for torch and for numpy: sums split over threads round differently.
        with one_thread(), threadpool_limits(1):
            measured = _table4(seed)
        frame = {
            "schema_version": SCHEMA_VERSION,
            "table": number,
            "tables": list(numbers),
            "source": paper.tables()["source"],
            **measured,
            "slips": [asdict(slip) for slip in slips.of_table(number)],
            "environment": environment(),
            "seconds": round(time.monotonic() - began, 1),
            "command": command,
        }
        document: dict[str, Any] = plain(frame)
        text = json.dumps(document, allow_nan=False, ensure_ascii=False, indent=1)
        write_atomically(Path(out) / f"table{number}.json", text.encode())
        write_atomically(Path(out) / f"table{number}.html", page.render(json.loads(text)).encode())
        documents.append(document)
    return documents


def _table4(seed: int) -> dict[str, Any]:
    measured = table4.measure(seed)
    modalities = measured["config"]["modalities"]
    document = {
        "title": "Table 4: simulated data, error against overlap",
        "what": "Test mean squared error of predicting y = Σ 1ᵀx⁽ᵏ⁾ from the first modalities",
        "row_title": "M",
        "column_title": "overlap",
        "data": {
            "name": "simulated",
            "kind": "simulated",
            "description": "Four Gaussian modalities of 100 features that overlap with the first,"
            " 7,000 training and 3,000 test rows.",
            "modalities": [f"x{k + 1}" for k in range(modalities)],
        },
        "formulas": {n: overlap.statement(n, modalities) for n in range(1, modalities)},
        "criterion": None,
        **measured,
    }
    document["answer"] = answers.table4(document)
    document["differences"] = answers.table4_differences(document)
    return document
