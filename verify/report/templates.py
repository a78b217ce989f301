"""The jinja environment of all pages: one style sheet and one set of number formats."""

from __future__ import annotations

from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from bounds.characters import has_commands, printable
from verify.report import formats
from verify.report.mathml import to_mathml
from verify.report.provenance import digest


def environment(package: str) -> Environment:
    """Templates of `package`, and those of the report that they include: head, macros, style.

    Missing values are errors, whatever is not marked as safe is escaped, and control characters are shown
    as pictures.
    """
    made = Environment(
        loader=ChoiceLoader([PackageLoader(package, "."), PackageLoader("verify.report", ".")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    made.filters |= {
        "number": formats.number,
        "subscripts": formats.subscripts,
        "full_name": formats.full_name,
        "mathml": to_mathml,
        "named": lambda key, names: names.get(key, key),
    }
    made.globals |= {"interval": formats.interval, "digest": digest}
    return made


def _shown(value: Any) -> Any:
    """What an expression of a template writes: names of a user's data come in here."""
    if not isinstance(value, str) or not has_commands(value):
        return value
    return type(value)(printable(value))
