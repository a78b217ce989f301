"""Bounds inverted: which argument gives this total, which sample size suffices."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from bounds.domains import REAL, Domain, shown
from bounds.statement.evaluation import fitting_form
from bounds.statement.roots import (
    UNKNOWN,
    Curve,
    bisected,
    closed_form,
    lambdified,
    least_integer,
    sign_at,
)
from bounds.statement.statement import Statement, Term

# More than floating point loses in a bound, as a fraction of the sum of the sizes of its terms.
_ERROR = 1e-9


@dataclass(frozen=True)
class Solution:
    """The argument at which a bound equals a total; `float(solution)` is its value.

    Parameters
    ----------
    name
        Of the argument.
    value
        The root, real also for an argument that counts something.
    exact
        The closed form, decimals read as written (0.05 is 1/20), or None.
    least_integer
        For an argument that counts something the least positive integer at which the bound is at
        most the total; None if there is none, and for other arguments.
    """

    name: str
    value: float
    exact: sympy.Expr | None
    least_integer: int | None

    def __float__(self) -> float:
        return self.value


def solve(statement: Statement, /, name: str, *, total: Any, **arguments: Any) -> Solution:
    """The value of the argument `name` at which the bound equals `total`.

    Parameters
    ----------
    name
        The argument to solve for.
    total
        One number.
    arguments
        The others: numbers, or expressions in `name`.

    Raises
    ------
    ValueError
        If there is no solution; it says which totals can be reached.

    Examples
    --------
    >>> import sympy
    >>> from bounds import latent_quality, risk_gap
    >>> t, m = risk_gap.paper("TVA", "TA"), sympy.Symbol("m")
    >>> s = t.solve("m", total=0.1, gamma=0, R_M=2 / sympy.sqrt(m), L=1, C=1, delta=0.05)
    >>> s.least_integer, round(float(s), 3)
    (64681, 64680.728)
    >>> t = latent_quality.sharp("TA")
    >>> s = t.solve("delta", total=0.5, L_hat=0, R_loss=0.1, C=1, m=100)
    >>> s.exact, round(s.value, 4)
    (exp(-9/2), 0.0111)
    >>> t.solve("m", total=0.1, L_hat=0.2, R_loss=0.1, C=1, delta=0.05)
    Traceback (most recent call last):
    ...
    ValueError: total must be one that the bound takes for some m, between 0.4 and 2.84775, got 0.1
    """
    if name in arguments:
        raise ValueError(f"{name} must be left out where it is solved for, got {arguments[name]!r}")
    form = fitting_form(statement, {**arguments, name: None})
    if name not in form.inputs:
        raise ValueError(
            f"the argument to solve for must be among {', '.join(form.inputs)}, got {name!r}"
        )
    target = _exact_number("total", REAL, total)
    values = resolved(form, name, arguments)
    domain = form.quantities[name].domain
    expression = form.bound.xreplace(values)
    if UNKNOWN not in expression.free_symbols:
        raise ValueError(f"the bound does not depend on {name} for these arguments: no solution")
    curve = _curve(form, name, form.terms, values)
    exact = closed_form(expression - target, domain, curve, float(target))
    value = bisected(curve, float(target), domain, name) if exact is None else float(exact)
    least = None
    if domain.integer:
        at_most = _comparison(curve, form.terms, values, target, strict=False)
        least = least_integer(lambda n: curve(n) <= float(target), at_most)
    return Solution(name, value, exact, least)


def nonvacuous_from(statement: Statement, /, **arguments: Any) -> float:
    """The least sample size from which the bound says more than the loss's range does.

    Parameters
    ----------
    arguments
        Those of the statement but for the sample size; they may be expressions in it.

    Returns
    -------
    float
        `math.inf` if the bound is vacuous at every size.

    Examples
    --------
    >>> import sympy
    >>> from bounds import risk_gap
    >>> t, m = risk_gap.paper("TVA", "TA"), sympy.Symbol("m")
    >>> t.nonvacuous_from(gamma=0, R_M=2 / sympy.sqrt(m), L=1, C=1, delta=0.05)
    647
    """
    not_needed = {
        str(symbol): 0
        for each in (statement, *statement.alternatives)
        for term in each.terms
        if not term.against_range
        for symbol in term.expression.free_symbols
    }
    form, values = _with_free_size(statement, {**not_needed, **arguments})
    domain = form.quantities["C"].domain
    if form.quantities["C"].symbol not in values:
        raise ValueError(f"C must {domain.text}, got nothing")
    limit = (form.quantities["C"].symbol - form.quantities["best_risk"].symbol).xreplace(values)
    return _least_below(form, [t for t in form.terms if t.against_range], values, limit)


def least_sample_size(statement: Statement, /, *, below: Any, **arguments: Any) -> float:
    """The least sample size at which the bound lies below a number; infinite if there is none.

    Parameters
    ----------
    below
        The number; 0 for a bound on a risk gap gives the size from which it proves a gain.
    arguments
        As for `nonvacuous_from`.

    Examples
    --------
    >>> from bounds import latent_quality
    >>> known = dict(L_hat=-0.5, R_loss=0, C=1, delta=0.05)    # sqrt(2 ln 20 / m) < 0.5
    >>> latent_quality.sharp("TA").least_sample_size(below=0, **known)
    24
    """
    form, values = _with_free_size(statement, arguments)
    return _least_below(form, form.terms, values, _exact_number("below", REAL, below))


def _with_free_size(
    statement: Statement, arguments: Mapping[str, Any]
) -> tuple[Statement, dict[sympy.Symbol, sympy.Expr]]:
    """The form that fits the arguments, and their values with the sample size unknown."""
    size = statement.sample_size
    if size is None:
        raise ValueError(
            f"{statement.key} must have a sample size for this, got {statement.inputs}"
        )
    form = fitting_form(statement, {**arguments, size: None})
    return form, resolved(form, size, arguments)


def _least_below(
    form: Statement,
    terms: Sequence[Term],
    values: Mapping[sympy.Symbol, sympy.Expr],
    limit: sympy.Expr,
) -> float:
    total, most = _curve(form, form.sample_size, terms, values), lambdified(limit)
    below = _comparison(total, terms, values, limit, strict=True)
    least = least_integer(lambda n: total(n) < most(n), below)
    return math.inf if least is None else least


def _comparison(
    total: Curve,
    terms: Sequence[Term],
    values: Mapping[sympy.Symbol, sympy.Expr],
    limit: sympy.Expr,
    *,
    strict: bool,
) -> Callable[[int], bool]:
    """Whether the sum of terms lies below a limit at an integer, or at most at it, without rounding.

    Floating point decides where the two are farther apart than it can err, digits at demand elsewhere.
    """
    parts = [term.expression.xreplace(dict(values)) for term in terms]
    difference = sympy.Add(*parts, -limit)
    in_floats = lambdified(difference)
    scale = lambdified(sympy.Add(sympy.Abs(limit), *(sympy.Abs(part) for part in parts)))

    def holds(n: int) -> bool:
        at = np.asarray(float(n))
        if not np.isfinite(total(at)):
            return False
        apart = float(in_floats(at))
        if abs(apart) > _ERROR * float(scale(at)):
            return apart < 0
        sign = sign_at(difference, n)
        return sign < 0 or (sign == 0 and not strict)

    return holds


def resolved(
    form: Statement, unknown: str, arguments: Mapping[str, Any]
) -> dict[sympy.Symbol, sympy.Expr]:
    """Every symbol of a statement as an exact number or an expression in `UNKNOWN`.

    Symbols inside an expression are recognised by name, whatever their sympy assumptions.

    Examples
    --------
    >>> from bounds import latent_quality
    >>> known = dict(L_hat=0, R_loss=1 / sympy.sqrt(sympy.Symbol("m")), C=1, delta=0.5)
    >>> found = resolved(latent_quality.sharp("TA"), "m", known)
    >>> found[latent_quality.sharp("TA").quantities["delta"].symbol]
    1/2
    """
    given: dict[str, sympy.Expr] = {}
    for name, value in {**form.defaults, "best_risk": 0, **arguments}.items():
        if isinstance(value, sympy.Expr) and not value.is_number:
            given[name] = value
        elif value is not None:
            given[name] = _exact_number(name, form.quantities[name].domain, value)
    for _ in given:  # an expression may use another argument, itself an expression
        given = {name: _by_name(value, given, unknown) for name, value in given.items()}
    for name, value in given.items():
        left = sorted(map(str, value.free_symbols - {UNKNOWN}))
        if left:
            raise ValueError(
                f"{name} must be a number or an expression in the arguments of {form.key}, "
                f"got {arguments[name]} with {', '.join(left)} undetermined"
            )
        if value.is_number:
            form.quantities[name].domain.check(name, float(value))
    return {form.quantities[name].symbol: value for name, value in given.items()} | {
        form.quantities[unknown].symbol: UNKNOWN
    }


def _by_name(value: sympy.Expr, given: Mapping[str, sympy.Expr], unknown: str) -> sympy.Expr:
    known = {**given, unknown: UNKNOWN}
    return value.xreplace(
        {s: known[s.name] for s in value.free_symbols if s != UNKNOWN and s.name in known}
    )


def _exact_number(name: str, domain: Domain, value: Any) -> sympy.Expr:
    if isinstance(value, sympy.Expr) and value.is_real:
        domain.check(name, float(value))
        return value
    number = domain.check(name, value)
    if number.ndim:
        raise ValueError(f"{name} must be one number here, got shape {number.shape}")
    if not np.isfinite(number):
        raise ValueError(f"{name} must be finite here, got {shown(float(number))}")
    return sympy.Rational(shown(float(number)))


def _curve(
    form: Statement,
    unknown: str | None,
    terms: Sequence[Term],
    values: Mapping[sympy.Symbol, sympy.Expr],
) -> Curve:
    """The sum of terms as a function of `UNKNOWN`; infinite if an argument leaves its domain."""
    moving = [
        (lambdified(values[quantity.symbol]), quantity.domain)
        for name, quantity in form.quantities.items()
        if name != unknown and values.get(quantity.symbol, sympy.S.Zero).free_symbols
    ]
    total = lambdified(sympy.Add(*(term.expression for term in terms)).xreplace(dict(values)))
    where = lambdified(
        sympy.Piecewise(
            (sympy.Integer(1), sympy.And(*(term.where for term in terms)).xreplace(dict(values))),
            (sympy.Integer(0), True),
        )
    )

    def curve(x: NDArray[np.float64]) -> NDArray[np.float64]:
        value = total(x)
        sound = (where(x) > 0) & ~np.isnan(value)
        for argument, domain in moving:
            sound &= domain.within(argument(x))
        return np.where(sound, value, np.inf)

    return curve
