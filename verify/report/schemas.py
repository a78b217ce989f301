"""The JSON Schemas of the files that the library writes, each shipped beside the module that writes it."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from bounds.domains import one_of

HOMES = {
    "report.json": "verify.report",
    "claims.json": "verify.claims.report",
    "decide.json": "verify.decisions",
    "tableN.json": "verify.reproduce",
}
"""The package that holds `schema.json`, for each file."""


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a file.

    Parameters
    ----------
    name
        "report.json", "claims.json", "decide.json" or "tableN.json".

    Raises
    ------
    ValueError
        For any other name.

    Examples
    --------
    >>> schema("claims.json")["title"]
    'claims.json'
    """
    home = resources.files(HOMES[one_of("name", name, HOMES)])
    found: dict[str, Any] = json.loads(home.joinpath("schema.json").read_text(encoding="utf-8"))
    return found
