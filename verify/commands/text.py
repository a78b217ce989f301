"""Words of a command line as values, and values as words."""

from __future__ import annotations

import json
import math
import re
import shlex
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

MOST_DIGITS = 400
"""Integers of more digits are beyond every number of the library."""
_NAMES = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^"+:]+?)\s*([+:]|$)')


def integer(text: str) -> int:
    """An integer, in digits or with an exponent.

    Raises
    ------
    ValueError
        For anything else, a fraction included.

    Examples
    --------
    >>> integer("10000"), integer("1e4"), integer("2.5e3")
    (10000, 10000, 2500)
    """
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is no integer") from None
    if not number.is_finite() or number.adjusted() > MOST_DIGITS:
        raise ValueError(f"{text!r} is no integer")
    if number != number.to_integral_value():
        raise ValueError(f"{text!r} is no integer")
    return int(number)


def one_integer(name: str, text: str, must: str) -> int:
    """One integer.

    Examples
    --------
    >>> one_integer("seed", "7", "a nonnegative integer")
    7
    """
    try:
        return integer(text)
    except ValueError:
        raise ValueError(f"{name} must be {must}, got {text!r}") from None


def one_number(name: str, text: str, must: str) -> float:
    """One number.

    Examples
    --------
    >>> one_number("margin", "0.5", "a number")
    0.5
    """
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{name} must be {must}, got {text!r}") from None


def listed(name: str, text: str, kind: Callable[[str], Any], must: str) -> list[Any]:
    """What commas separate.

    Examples
    --------
    >>> listed("m", "64,1e3", integer, "positive integers separated by commas")
    [64, 1000]
    """
    try:
        return [kind(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(f"{name} must be {must}, got {text!r}") from None


def yes(fact: bool) -> str:
    """A fact in one word."""
    return "yes" if fact else "no"


def pair_of(text: str) -> tuple[list[str], list[str]]:
    """Two sets of modalities.

    Names that hold ``+``, ``:``, quotes or outer blanks are put in double quotes, or the whole pair is
    written as JSON.

    Examples
    --------
    >>> pair_of("text+audio:text")
    (['text', 'audio'], ['text'])
    >>> pair_of('"c++: audio" + text : text')
    (['c++: audio', 'text'], ['text'])
    >>> pair_of('[["a:b", "c"], ["c"]]')
    (['a:b', 'c'], ['c'])
    """
    found = _pair_in_json(text) if text.lstrip().startswith("[[") else _pair_in_words(text)
    if found is None:
        raise ValueError(
            "pair must have the form M:N, as text+audio:text, with names that hold + or : in double"
            f' quotes, or be JSON, as [["a+b", "c"], ["c"]], got {text!r}'
        )
    return found


def _pair_in_json(text: str) -> tuple[list[str], list[str]] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    sides = [
        side
        for side in value
        if isinstance(side, list) and all(isinstance(name, str) for name in side)
    ]
    return (sides[0], sides[1]) if len(sides) == len(value) == 2 else None


def _pair_in_words(text: str) -> tuple[list[str], list[str]] | None:
    sides: list[list[str]] = [[]]
    place, after = 0, "+"
    while after:
        found = _NAMES.match(text, place)
        if found is None:
            return None
        name, after = found.groups()
        try:
            sides[-1].append(json.loads(name) if name.startswith('"') else name)
        except ValueError:
            return None
        if after == ":":
            sides.append([])
        place = found.end()
    return (sides[0], sides[1]) if len(sides) == 2 else None


def again(arguments: Sequence[str]) -> str:
    """The command line that repeats a run."""
    return shlex.join(["python", "-m", "verify", *arguments])


def finite(value: Any) -> float | None:
    """The number, or None where JSON has none."""
    number = float(value)
    return number if math.isfinite(number) else None


def print_json(content: Any) -> None:
    """Print JSON, as `--json` asks for it."""
    print(json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False))


def columns(rows: Sequence[Sequence[str]], right: Sequence[bool] = ()) -> list[str]:
    """Rows as lines with aligned columns, those of numbers to the right.

    Examples
    --------
    >>> columns([["m", "total"], ["1000", "0.5"]], right=[True, True])
    ['   m  total', '1000    0.5']
    """
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    sides = [*right, *[False] * (len(widths) - len(right))]
    return [
        "  ".join(
            cell.rjust(width) if side else cell.ljust(width)
            for cell, width, side in zip(row, widths, sides, strict=True)
        ).rstrip()
        for row in rows
    ]
