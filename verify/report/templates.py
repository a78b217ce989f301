"""The jinja environment of all pages: one style sheet and one set of number formats."""

from __future__ import annotations

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from verify.report import formats
from verify.report.mathml import to_mathml


def environment(package: str) -> Environment:
    """Templates of `package`, and those of the report that they include: head, macros, style.

    Missing values are errors, and whatever is not marked as safe is escaped.
    """
    made = Environment(
        loader=ChoiceLoader([PackageLoader(package, "."), PackageLoader("verify.report", ".")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "number": formats.number,
        "subscripts": formats.subscripts,
        "full_name": formats.full_name,
        "mathml": to_mathml,
        "named": lambda key, names: names.get(key, key),
    }
    made.globals |= {"interval": formats.interval}
    return made
