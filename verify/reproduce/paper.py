"""The paper's own numbers, kept as data beside this module and looked up cell by cell."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

TABLES = (1, 2, 3, 4)


@cache
def tables() -> dict[str, Any]:
    """The contents of ``paper_tables.json``: the source, and ``table1`` … ``table4``.

    Examples
    --------
    >>> tables()["table1"]["rows"]["T"]
    [49.93, 0.57]
    """
    text = resources.files("verify.reproduce").joinpath("paper_tables.json")
    loaded: dict[str, Any] = json.loads(text.read_text(encoding="utf-8"))
    return loaded


def cell(table: int, row: str, column: str) -> tuple[float, float | None] | None:
    """The paper's (mean, spread) for one cell, or None where it has no such cell.

    Rows and columns are those of our tables: table 1 ("TV", "accuracy"); table 2 ("TV:T",
    "accuracy difference" or "gamma"), which the paper gives without spread; table 3 ("TV", "0.1");
    table 4 ("1,2", "0.5").

    Examples
    --------
    >>> cell(4, "1,2", "0.5"), cell(2, "TV:T", "gamma"), cell(1, "V", "accuracy")
    ((51.25, 1.06), (1.36, None), None)
    >>> cell(1, "T", "test loss"), cell(2, "TV:T", "gamma in loss, test rows")
    (None, None)
    """
    content = tables()[f"table{table}"]
    if table == 2:
        for M, N, difference, gamma in content["rows"]:
            found = {"accuracy difference": difference, "gamma": gamma}
            if row == f"{M}:{N}" and column in found:
                return found[column], None
        return None
    if row not in content["rows"] or (table == 1 and column != "accuracy"):
        return None
    if table == 1:
        mean, spread = content["rows"][row]
        return mean, spread
    places = content["ratios" if table == 3 else "overlap"]
    mean, spread = content["rows"][row][[float(place) for place in places].index(float(column))]
    return mean, spread
