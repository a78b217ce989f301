"""`bound`: evaluate one bound."""

from __future__ import annotations

import json
import math
from typing import Annotated

import typer

from verify.commands.application import app
from verify.commands.text import finite, yes


@app.command()
def bound(
    key: Annotated[str, typer.Argument(help="a theorem, such as risk_gap.paper")],
    arguments: Annotated[
        list[str] | None, typer.Argument(help="its arguments, as NAME=NUMBER")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Evaluate one bound and print every term of it."""
    from bounds import catalogue

    theorem = catalogue.find(key)
    given: dict[str, float] = {}
    for item in arguments or []:
        name, equals, text = (part.strip() for part in item.partition("="))
        if not equals:
            raise ValueError(f"arguments must have the form NAME=NUMBER, got {item!r}")
        if name in given:
            raise ValueError(f"{name} must be given once, got it twice")
        try:
            given[name] = int(text) if text.isdecimal() else float(text)
        except ValueError:
            raise ValueError(f"{name} must be a number, got {text!r}") from None
    value = theorem.evaluate(**given)
    content = {
        "theorem": theorem.key,
        "title": theorem.title,
        "reference": theorem.reference,
        "arguments": {name: finite(number) for name, number in given.items()},
        "terms": {name: finite(term) for name, term in value.terms.items()},
        "total": finite(value.total),
        "dominant": value.dominant,
        "vacuous": value.vacuous,
        "failure_probability": finite(value.failure_probability),
    }
    if as_json:
        print(json.dumps(content, indent=1, ensure_ascii=False))
        return
    print(f"{theorem.title} ({theorem.reference})")
    for name, term in value.terms.items():
        print(f"  {name:<22}{float(term):>14.6g}")
    print(f"  {'total':<22}{float(value.total):>14.6g}")
    vacuous = "unknown (C was not given)" if value.vacuous is None else yes(bool(value.vacuous))
    print(f"dominant term: {value.dominant}; vacuous: {vacuous}")
    failure = float(value.failure_probability)
    if failure == 0 and theorem.failure_probability != 0:
        failure = math.ulp(0.0)  # half of the least float is none
    # Six digits would round the rest of a small one away.
    chance = f"1 - {failure:.3g}" if 0 < failure < 1e-5 else f"{1 - failure:.6g}"
    print(f"holds with probability at least {chance}")
