"""Names that were nearly right: which known one is meant."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from difflib import get_close_matches
from functools import wraps
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def did_you_mean(name: object, known: Collection[str]) -> str:
    """The end of a message that refuses a name: the nearest known one, if any is near.

    Examples
    --------
    >>> did_you_mean("sofmax", ["least-squares", "softmax"])
    "; did you mean 'softmax'?"
    >>> did_you_mean("trees", ["least-squares", "softmax"])
    ''
    """
    if not isinstance(name, str):
        return ""
    folded = {each.casefold(): each for each in known}
    found = get_close_matches(name.casefold(), folded, 1)
    return f"; did you mean {folded[found[0]]!r}?" if found else ""


def known_options(
    function: Callable[Arguments, Result],
) -> Callable[Arguments, Result]:
    """Refuse a misspelt keyword with the nearest one that the function takes.

    The signature, and so the help, stays that of the function.

    Raises
    ------
    ValueError
        When the function is called with a keyword that it does not take; Python itself raises a
        TypeError, which knows no nearest name.

    Examples
    --------
    >>> @known_options
    ... def study(*, trials=1):
    ...     return trials
    >>> study(trails=3)
    Traceback (most recent call last):
    ...
    ValueError: options of study must be among trials, got 'trails'; did you mean 'trials'?
    """
    parameters = list(inspect.signature(function).parameters.values())
    named = [
        each.name
        for each in parameters
        if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY) and each.name != "self"
    ]
    called = function.__qualname__.removesuffix(".__init__")

    @wraps(function)
    def checked(*values: Arguments.args, **options: Arguments.kwargs) -> Result:
        check_options(called, options, named)
        return function(*values, **options)

    return checked


def check_options(called: str, given: Collection[str], known: Collection[str]) -> None:
    """Refuse the first name that is not known.

    Raises
    ------
    ValueError
        With the known names and the nearest of them.

    Examples
    --------
    >>> check_options("study", ["trails"], ["trials"])
    Traceback (most recent call last):
    ...
    ValueError: options of study must be among trials, got 'trails'; did you mean 'trials'?
    """
    for name in given:
        if name not in known:
            raise ValueError(
                f"options of {called} must be among {', '.join(known)}, got {name!r}"
                f"{did_you_mean(name, known)}"
            )
