"""Words of a command line as values, and values as words."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from typing import Any


def one_integer(name: str, text: str, must: str) -> int:
    """One integer.

    Examples
    --------
    >>> one_integer("seed", "7", "a nonnegative integer")
    7
    """
    try:
        return int(text)
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


def listed(name: str, text: str, kind: type, must: str) -> list[Any]:
    """What commas separate.

    Examples
    --------
    >>> listed("m", "64,256", int, "positive integers separated by commas")
    [64, 256]
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

    Examples
    --------
    >>> pair_of("text+audio:text")
    (['text', 'audio'], ['text'])
    """
    M, colon, N = text.partition(":")
    if not colon or ":" in N:
        raise ValueError(f"pair must have the form M:N, as text+audio:text, got {text!r}")
    return M.split("+"), N.split("+")


def again(arguments: Sequence[str]) -> str:
    """The command line that repeats a run."""
    return shlex.join(["python", "-m", "verify", *arguments])


def finite(value: Any) -> float | None:
    """The number, or None where JSON has none."""
    number = float(value)
    return number if math.isfinite(number) else None
