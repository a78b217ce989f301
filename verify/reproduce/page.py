"""tableN.html, made from the contents of tableN.json and nothing else."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jinja2 import Template

from verify.report import formats, svg
from verify.report.templates import environment
from verify.reproduce import figures

_FIGURES = {1: figures.table1, 2: figures.table2, 3: figures.table3, 4: figures.table4}


def render(document: dict[str, Any]) -> str:
    """The page of one table as HTML. `document`: the contents of its tableN.json."""
    cells = document["cells"]
    return _template().render(
        document=document,
        grids=_grids(document),
        with_paper=any(c["paper"] is not None for c in cells),
        panels=_FIGURES[document["table"]](svg.Canvas(), document),
        legend=figures.legend(document),
    )


def _grids(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The cells as tables of rows and columns; table 4 has one per construction."""
    cells = document["cells"]
    keys = list(dict.fromkeys(c.get("construction") for c in cells))
    grids = []
    for key in keys:
        mine = [c for c in cells if c.get("construction") == key]
        found = {(c["row"], c["column"]): c for c in mine}
        columns = list(dict.fromkeys(c["column"] for c in mine))
        rows = list(dict.fromkeys(c["row"] for c in mine))
        grids.append(
            {
                "key": key,
                "columns": columns,
                "rows": [(row, [found[row, column] for column in columns]) for row in rows],
            }
        )
    return grids


@lru_cache(maxsize=1)
def _template() -> Template:
    made = environment("verify.reproduce")
    made.filters["fixed"] = formats.fixed
    return made.get_template("page.html")
