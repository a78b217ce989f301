"""`bound`: evaluate one bound, at one point or at many."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from verify.commands.application import Command, app, complete_key
from verify.commands.text import columns, finite, print_json, yes

if TYPE_CHECKING:
    from bounds.theorem import Theorem

MOST_POINTS = 10_000


@app.command(cls=Command)
def bound(
    key: Annotated[
        str,
        typer.Argument(help="a theorem, such as risk_gap.paper", autocompletion=complete_key),
    ],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            help="its arguments, as NAME=NUMBER; with NAME=NUMBER,NUMBER a table of all combinations"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Evaluate one bound and print every term of it."""
    from bounds import catalogue

    theorem = catalogue.find(key)
    given = _given(arguments or [])
    varying = [name for name, numbers in given.items() if len(numbers) > 1]
    points = math.prod(len(given[name]) for name in varying)
    if points > MOST_POINTS:
        raise ValueError(
            f"arguments must have at most {MOST_POINTS:,} combinations, got {points:,}"
        )
    if varying:
        _many(theorem, given, varying, as_json)
    else:
        _one(theorem, {name: numbers[0] for name, numbers in given.items()}, as_json)


def _given(words: list[str]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for item in words:
        name, equals, text = (part.strip() for part in item.partition("="))
        if not equals:
            raise ValueError(f"arguments must have the form NAME=NUMBER, got {item!r}")
        if name in found:
            raise ValueError(f"{name} must be given once, got it twice")
        parts = [part.strip() for part in text.split(",")]
        try:
            found[name] = [int(part) if part.isdecimal() else float(part) for part in parts]
        except ValueError:
            must = "a number" if len(parts) == 1 else "numbers separated by commas"
            raise ValueError(f"{name} must be {must}, got {text!r}") from None
    return found


def _about(theorem: Theorem) -> dict[str, Any]:
    return {"theorem": theorem.key, "title": theorem.title, "reference": theorem.reference}


def _point(value: Any, at: tuple[int, ...] = ()) -> dict[str, Any]:
    """One point of a bound, as plain values."""

    def here(array: Any) -> Any:
        return np.asarray(array)[at].item()

    return {
        "terms": {name: finite(here(term)) for name, term in value.terms.items()},
        "total": finite(here(value.total)),
        "dominant": str(here(value.dominant)),
        "vacuous": None if value.vacuous is None else bool(here(value.vacuous)),
        "failure_probability": finite(here(value.failure_probability)),
    }


def _one(theorem: Theorem, given: dict[str, float], as_json: bool) -> None:
    value = theorem.evaluate(**given)
    if as_json:
        arguments = {name: finite(number) for name, number in given.items()}
        print_json({**_about(theorem), "arguments": arguments, **_point(value)})
        return
    print(f"{theorem.title} ({theorem.reference})")
    for name, term in value.terms.items():
        print(f"  {name:<22}{float(term):>14.6g}")
    print(f"  {'total':<22}{float(value.total):>14.6g}")
    vacuous = "unknown (C was not given)" if value.vacuous is None else yes(bool(value.vacuous))
    print(f"dominant term: {value.dominant}; vacuous: {vacuous}")
    print(
        f"holds with probability at least {_chance(theorem, float(np.asarray(value.failure_probability)))}"
    )


def _many(
    theorem: Theorem, given: dict[str, list[float]], varying: list[str], as_json: bool
) -> None:
    """A table with a row for each combination; the last argument that varies runs fastest."""
    grid = np.meshgrid(*(np.asarray(given[name], dtype=object) for name in varying), indexing="ij")
    along = dict(zip(varying, (each.ravel() for each in grid), strict=True))
    fixed = {name: numbers[0] for name, numbers in given.items() if name not in along}
    value = theorem.evaluate(**fixed, **along)
    points = [_point(value, (row,)) for row in range(len(along[varying[0]]))]
    if as_json:
        rows = [
            {"arguments": {name: finite(along[name][row]) for name in varying}, **point}
            for row, point in enumerate(points)
        ]
        arguments = {name: finite(number) for name, number in fixed.items()}
        print_json({**_about(theorem), "arguments": arguments, "rows": rows})
        return
    print(f"{theorem.title} ({theorem.reference})")
    lines = [[*varying, *value.terms, "total", "holds with", "dominant", "vacuous"]]
    for row, point in enumerate(points):
        numbers = [*point["terms"].values(), point["total"]]
        vacuous = "unknown" if point["vacuous"] is None else yes(point["vacuous"])
        lines.append(
            [
                *(f"{along[name][row]:.6g}" for name in varying),
                *("inf" if number is None else f"{number:.6g}" for number in numbers),
                _chance(theorem, point["failure_probability"]),
                *(point["dominant"], vacuous),
            ]
        )
    for line in columns(lines, right=[True] * (len(lines[0]) - 2)):
        print(line)


def _chance(theorem: Theorem, failure: float) -> str:
    """The probability with which a bound holds, in words."""
    if failure == 0 and theorem.failure_probability != 0:
        failure = math.ulp(0.0)  # half of the least float is none
    # Six digits would round the rest of a small one away.
    return f"1 - {failure:.3g}" if 0 < failure < 1e-5 else f"{1 - failure:.6g}"
