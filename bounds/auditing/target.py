"""The bound under audit as a function of the reference's arguments, however it is called."""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy

from bounds.auditing.means import VARIANCE_HAT
from bounds.auditing.references import Point, Reference
from bounds.domains import FloatArray
from bounds.theorem import Theorem

ROWS, BATCHES = "losses", "batches"
"""Arguments that stand for the sample itself: its numbers, or a list of arrays of them."""
_ARRANGEMENT = 20_260


@dataclass(frozen=True)
class Target:
    """A bound as a function of numbers, or of a sample.

    Parameters
    ----------
    name
        What it is called.
    call
        The bound itself.
    names
        The reference's name of each of its own arguments.
    sample
        "losses" or "batches" if it takes a sample, or "".
    sample_name
        Its own name of that argument.
    reference
        What it is compared with.
    """

    name: str
    call: Callable[..., Any]
    names: Mapping[str, str]
    sample: str
    sample_name: str
    reference: Reference

    @property
    def arguments(self) -> tuple[str, ...]:
        """The reference's arguments that it takes, from the sample or as numbers."""
        taken = {*self.names.values(), *(self.reference.averages if self.sample else ())}
        return tuple(name for name in self.reference.inputs if name in taken)

    def at(self, point: Point) -> float:
        """The bound at a point; NaN where it gives no number.

        For a bound on a sample the numbers lie at the ends of their range, and have the point's average.
        """
        return self._number(self._given(point))

    def on(self, rows: FloatArray, point: Point, cuts: int = 2) -> float:
        """The bound on a sample, in as many batches, with the other arguments of a point."""
        return self._number(self._given(point, rows, cuts))

    def trouble(self, point: Point) -> str:
        """What the bound raised at a point, in words; empty if it returned something."""
        try:
            self._called(self._given(point))
        except Exception as error:  # whatever someone's code raises is a finding
            return f"{type(error).__name__}: {error}"
        return ""

    def _given(self, point: Point, rows: FloatArray | None = None, cuts: int = 2) -> dict[str, Any]:
        """Its own arguments; what counts something is an int, and a sample has the rows or the average."""
        given: dict[str, Any] = {
            name: int(point[known])
            if self.reference.quantity(known).domain.integer
            else point[known]
            for name, known in self.names.items()
        }
        if self.sample:
            rows = rows_of(self.reference, point) if rows is None else rows
            given[self.sample_name] = np.array_split(rows, cuts) if self.sample == BATCHES else rows
        return given

    def _called(self, given: Mapping[str, Any]) -> float:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            number = self.call(**given)
        return math.nan if isinstance(number, complex) else float(number)

    def _number(self, given: Mapping[str, Any]) -> float:
        try:
            return self._called(given)
        except Exception:  # whatever someone's code raises is no number
            return math.nan

    def exchanged(self, one: str, other: str) -> Target:
        """The same bound with two of its numbers exchanged."""
        swap = {one: other, other: one}
        names = {name: swap.get(known, known) for name, known in self.names.items()}
        return replace(self, names=names)


def target(bound: object, reference: Reference, names: Mapping[str, str] | None = None) -> Target:
    """Read a callable, an expression or a theorem as a function of the reference's arguments.

    Raises
    ------
    ValueError
        For another kind of object, or arguments that are not the reference's.
    """
    call, own, title = _callable(bound)
    given = dict(names or {})
    strange = sorted(set(given) - set(own))
    if strange:
        raise ValueError(f"names must be those of {title}: {', '.join(own)}, got {strange[0]}")
    sample = next((name for name in own if given.get(name, name) in (ROWS, BATCHES)), "")
    known = {name: given.get(name, name) for name in own if name != sample}
    form = given.get(sample, sample)
    reference = reference.fitting([*known.values(), *(reference.averages if sample else ())])
    for name, meant in known.items():
        if meant not in reference.inputs:
            raise ValueError(
                f"arguments of {title} must be among {', '.join(reference.inputs)}, {ROWS} and"
                f" {BATCHES}, got {name}; names={{{name!r}: ...}} says which it is"
            )
    if len(set(known.values())) < len(known):
        raise ValueError(f"names must be different arguments, got {given}")
    if sample and reference.summands is None:
        raise ValueError(
            f"like must have an average if the bound takes {form}, got {reference.name}"
        )
    # A loss in [0, 1] needs no C, and slack may be nothing.
    free = {"C", *reference.theorem.defaults, *(reference.averages if sample else ())}
    free |= {name for name in reference.averages if name == VARIANCE_HAT.name}
    missing = [n for n in reference.inputs if n not in {*known.values(), *free}]
    if missing:
        meaning = reference.quantity(missing[0]).meaning
        raise ValueError(
            f"{title} must take {missing[0]} ({meaning}) to be compared with {reference.name}, got"
            f" {', '.join(own)}"
        )
    return Target(title, call, known, form, sample, reference)


def _callable(bound: object) -> tuple[Callable[..., Any], tuple[str, ...], str]:
    """What to call, its arguments, and its name."""
    if isinstance(bound, Theorem):
        theorem = bound

        def total(**given: Any) -> float:
            return float(theorem.evaluate(**given).total)

        return total, theorem.inputs, theorem.key
    if isinstance(bound, sympy.Expr):
        symbols = sorted(bound.free_symbols, key=str)
        own = tuple(map(str, symbols))
        function = sympy.lambdify(symbols, bound, modules="numpy")

        def value(**given: Any) -> Any:
            # Numbers of numpy: a division by zero is infinite, and no error.
            return function(*(np.float64(given[name]) for name in own))

        return value, own, "the expression"
    if callable(bound):
        try:
            parameters = inspect.signature(bound).parameters.values()
        except ValueError:
            raise ValueError(f"bound must have named arguments, got {bound!r}") from None
        taken = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
        required = [p.name for p in taken if p.default is p.empty]
        return bound, tuple(required), getattr(bound, "__name__", "the bound")
    raise ValueError(
        f"bound must be a function of named arguments, a sympy expression or a Theorem, got {bound!r}"
    )


def rows_of(reference: Reference, point: Point) -> FloatArray:
    """A sample of the point's size and average, at the ends of the range, in an order of no meaning."""
    assert reference.summands is not None
    low, high = ends(reference, point)
    size = int(point[reference.size])
    ones = round((point[reference.summands.average] - low) / (high - low) * size)
    rows = np.where(np.arange(size) < min(max(ones, 0), size), high, low)
    return np.random.default_rng(_ARRANGEMENT).permutation(rows)


def ends(reference: Reference, point: Point) -> tuple[float, float]:
    """The interval of one number."""
    assert reference.summands is not None
    C = point.get("C", 1.0)
    low, high = (
        float(end.subs({symbol: C for symbol in end.free_symbols}))
        for end in (reference.summands.low, reference.summands.high)
    )
    return low, high


def with_rows(reference: Reference, point: Point, rows: FloatArray) -> dict[str, float]:
    """The point with the averages of a sample."""
    assert reference.summands is not None
    found = {reference.summands.average: float(rows.mean()), reference.size: float(rows.size)}
    if VARIANCE_HAT.name in reference.inputs:
        found[VARIANCE_HAT.name] = float(rows.var(ddof=1)) if rows.size > 1 else 0.0
    return {**point, **found}
