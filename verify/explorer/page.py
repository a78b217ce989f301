"""explore.html: every theorem with its own function in JavaScript, and nothing that leaves the page."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Template
from markupsafe import Markup

from bounds import catalogue
from bounds.statement.scripting import code, function_name, identifiers
from bounds.statement.typesetting import labels, symbol_names
from bounds.theorem import Theorem
from verify.explorer.starts import start
from verify.report.mathml import to_mathml
from verify.report.templates import environment

PAGE = "explore.html"


def content(theorem: Theorem) -> dict[str, Any]:
    """What the page knows of a theorem beside its function, as JSON's types.

    Examples
    --------
    >>> from bounds import latent_quality
    >>> found = content(latent_quality.sharp("M"))
    >>> found["key"], found["size"], [each["name"] for each in found["arguments"]][:2]
    ('latent_quality.sharp', 'm', ['L_hat', 'R_loss'])
    """
    M, N = labels(theorem)
    written = symbol_names(theorem)
    arguments = []
    for name in theorem.inputs:
        quantity = theorem.quantities[name]
        first, domain = start(quantity), quantity.domain
        arguments.append(
            {
                "name": name,
                "meaning": quantity.typeset(M, N) and quantity.meaning,
                "symbol": str(to_mathml(written[quantity.symbol])),
                "must": domain.text,
                "value": first.value,
                "from": first.low,
                "to": first.high,
                "scale": first.scale,
                "low": _finite(domain.low),
                "high": _finite(domain.high),
                "open": domain.open_ends,
                "integer": domain.integer,
                "clip": domain.clip,
            }
        )
    return {
        "key": theorem.key,
        "title": theorem.title,
        "function": function_name(theorem),
        "statement": str(to_mathml(theorem.latex())),
        "reference": theorem.reference,
        "chance": code(theorem.failure_probability, identifiers(theorem.arguments)),
        "assumptions": [each.text for each in theorem.assumptions],
        "arguments": arguments,
        "terms": [{"name": each.name, "measured": each.measured} for each in theorem.terms],
        "size": theorem.sample_size
        if theorem.directions.get(theorem.sample_size or "") == -1
        else None,
    }


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def render(theorems: Sequence[Theorem] = catalogue.THEOREMS) -> str:
    """The page for these theorems; one without arguments has nothing to explore.

    Raises
    ------
    ValueError
        If two theorems have one key, or none has arguments.

    Examples
    --------
    >>> "risk_gap_sharp" in render()
    True
    """
    shown = [theorem for theorem in theorems if theorem.inputs]
    keys = [theorem.key for theorem in shown]
    functions = {function_name(theorem) for theorem in shown}
    if not shown or len(functions) < len(shown):
        raise ValueError(
            f"theorems must have arguments, and keys of their own, got {', '.join(keys) or 'none'}"
        )
    return _template().render(
        title="Bound explorer",
        data=_script(json.dumps([content(theorem) for theorem in shown], ensure_ascii=False)),
        functions=_script("\n".join(theorem.javascript() for theorem in shown)),
        table=_script(_table(shown)),
        script=Markup(_asset("explore.js")),
        style=Markup(_asset("explore.css")),
    )


def _table(theorems: Iterable[Theorem]) -> str:
    entries = ", ".join(f"{json.dumps(each.key)}: {function_name(each)}" for each in theorems)
    return f"const BOUNDS = {{{entries}}};"


def _script(text: str) -> Markup:
    """Text inside a script element: nothing in it may end the element."""
    return Markup(text.replace("</", "<\\/").replace("<!--", "<\\!--"))


def _asset(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _template() -> Template:
    return environment("verify.explorer").get_template("explore.html")


def write(out: str | Path) -> Path:
    """Write the page to a file that ends in .html, or into a folder; returns the file.

    Raises
    ------
    ValueError
        If it cannot be written there.
    """
    path = Path(out)
    file = path if path.suffix.lower() in (".html", ".htm") else path / PAGE
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(render(), encoding="utf-8")
    except OSError as error:
        raise ValueError(
            f"out must be a file or folder that can be written, got {str(out)!r} ({error.strerror})"
        ) from None
    return file
