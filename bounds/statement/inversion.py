"""Bounds read backwards: which argument gives this total, which sample size suffices.

A closed form is found by a substitution that turns the bound into a polynomial of degree two at
most (m = 1/s^2; delta = a exp(-s^2) where ln(a/delta) occurs; x = s^2; x = s). Otherwise the root
is bracketed on a logarithmic grid and bisected to double precision.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from bounds.domains import NON_NEGATIVE, REAL, Domain, shown
from bounds.statement.evaluation import fitting_form
from bounds.statement.statement import Statement, Term

Curve = Callable[[NDArray[np.float64]], NDArray[np.float64]]

LARGEST_SAMPLE = 10**18
UNKNOWN = sympy.Symbol("x", positive=True)
ROOT = sympy.Symbol("s", positive=True)


@dataclass(frozen=True)
class Solution:
    """Where a bound equals a total: `float(solution)` is the value.

    `exact` is the closed form, decimals read as written (0.05 is 1/20), or None. For an argument
    that counts something, `value` is the real root and `least_integer` the least positive integer
    at which the bound is at most the total (None where the bound is at most it nowhere).
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
    curve = _curve(form.terms, values)
    exact = _closed_form(expression - target, domain, curve, float(target))
    value = _bisected(curve, float(target), domain, name) if exact is None else float(exact)
    least = _least_integer(lambda n: curve(n) <= float(target)) if domain.integer else None
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
        `math.inf` if the bound stays vacuous for ever.

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
    return _least_below([t for t in form.terms if t.against_range], values, limit)


def least_sample_size(statement: Statement, /, *, below: Any, **arguments: Any) -> float:
    """The least sample size at which the bound lies below a number; infinite if there is none.

    Parameters
    ----------
    below
        The number; 0 for a bound on a risk gap asks from where on it proves a gain.
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
    return _least_below(form.terms, values, _exact_number("below", REAL, below))


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
    terms: Sequence[Term], values: Mapping[sympy.Symbol, sympy.Expr], limit: sympy.Expr
) -> float:
    total, most = _curve(tuple(terms), values), _lambdified(limit)
    least = _least_integer(lambda n: total(n) < most(n))
    return math.inf if least is None else least


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


def _lambdified(expression: sympy.Expr) -> Curve:
    # In floating point first: numpy has neither root nor logarithm of an integer of twenty digits,
    # and sympy.N leaves alone what stands in a condition.
    long = {n: sympy.Float(n, 20) for n in expression.atoms(sympy.Rational) if _digits(n) > 15}
    floating = sympy.N(expression.xreplace(long), 20)
    function = sympy.lambdify([UNKNOWN], floating, modules="numpy", cse=True)

    def curve(x: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(all="ignore"):
            return np.broadcast_to(np.asarray(function(x), dtype=np.float64), x.shape)

    return curve


def _curve(terms: tuple[Term, ...], values: Mapping[sympy.Symbol, sympy.Expr]) -> Curve:
    total = _lambdified(sympy.Add(*(term.expression for term in terms)).xreplace(dict(values)))
    where = _lambdified(
        sympy.Piecewise(
            (sympy.Integer(1), sympy.And(*(term.where for term in terms)).xreplace(dict(values))),
            (sympy.Integer(0), True),
        )
    )

    def curve(x: NDArray[np.float64]) -> NDArray[np.float64]:
        value = total(x)
        return np.where((where(x) > 0) & ~np.isnan(value), value, np.inf)

    return curve


def _closed_form(
    difference: sympy.Expr, domain: Domain, curve: Curve, target: float
) -> sympy.Expr | None:
    """The smallest admissible root, where a substitution makes the equation quadratic at most."""
    for substitution in _substitutions(difference):
        roots = _quadratic_roots(difference.xreplace({UNKNOWN: substitution}))
        if roots is None:
            continue
        candidates = []
        for root in roots:
            value = substitution.xreplace({ROOT: root})
            number = complex(sympy.N(value, 30))
            if number.imag or not _admissible(domain, complex(sympy.N(root, 30)), number.real):
                continue
            reached = float(curve(np.asarray(number.real)))
            if math.isclose(reached, target, rel_tol=1e-9, abs_tol=1e-9):
                candidates.append(value)
        best = min(candidates, key=float, default=None)
        return best if best is None else _tidy(best)
    return None


def _quadratic_roots(equation: sympy.Expr) -> list[sympy.Expr] | None:
    """Roots in `ROOT` of an expression that is a polynomial of degree 1 or 2 in it, else None."""
    # Not expanding logarithms: that would factorise every decimal into primes.
    expanded = sympy.expand(equation, log=False)
    a, b, c = (expanded.coeff(ROOT, power) for power in (2, 1, 0))
    rest = expanded - sympy.expand(a * ROOT**2 + b * ROOT + c, log=False)
    if rest != 0 or any(ROOT in each.free_symbols for each in (a, b, c)):
        return None
    if a == 0:
        return [] if b == 0 else [-c / b]
    spread = sympy.sqrt(b**2 - 4 * a * c)
    return [(-b + spread) / (2 * a), (-b - spread) / (2 * a)]


def _tidy(value: sympy.Expr) -> sympy.Expr:
    """Simplified where the numbers are short; sympy would factorise long ones for ever."""
    if any(_digits(n) > 9 for n in value.atoms(sympy.Rational)):
        return value
    simple = sympy.simplify(value)
    # Powers gathered inside a logarithm can grow numbers that no one would call simple.
    return value if any(_digits(n) > 30 for n in simple.atoms(sympy.Rational)) else simple


def _digits(number: sympy.Rational) -> int:
    """About how many decimal digits the longer of numerator and denominator has."""
    return int(max(abs(number.p), number.q).bit_length() * 0.30103) + 1


def _substitutions(difference: sympy.Expr) -> Iterator[sympy.Expr]:
    yield ROOT
    yield ROOT**-2
    yield ROOT**2
    for logarithm in difference.atoms(sympy.log):
        scale = sympy.cancel(logarithm.args[0] * UNKNOWN)
        if UNKNOWN not in scale.free_symbols:
            yield scale * sympy.exp(-(ROOT**2))


def _admissible(domain: Domain, root: complex, value: float) -> bool:
    if root.imag or (domain is not REAL and root.real < 0):
        return False
    if domain.integer:
        return value > 0
    return domain.low < value < domain.high if domain.open_ends else value >= domain.low


def _grid(domain: Domain) -> NDArray[np.float64]:
    if domain.high < math.inf:
        small = np.geomspace(1e-300, 0.5, 2000)
        return np.concatenate([small, 1 - np.geomspace(0.5, 1e-15, 200)[1:]])
    if domain is NON_NEGATIVE or domain.low == 0:
        return np.concatenate([[0.0], np.geomspace(1e-12, 1e18, 3000)])
    return np.concatenate([np.geomspace(1e-9, 1, 901), np.geomspace(1, LARGEST_SAMPLE, 1801)[1:]])


def _bisected(curve: Curve, target: float, domain: Domain, name: str) -> float:
    x = _grid(domain)
    y = curve(x)
    above = y > target
    changes = np.flatnonzero(above[1:] != above[:-1])
    if domain.integer and (x[changes] >= 1).any():
        changes = changes[x[changes] >= 1]  # what lies below 1 is only there for want of another
    if not changes.size:
        y = y[x >= 1] if domain.integer else y
        raise ValueError(
            f"total must be one that the bound takes for some {name}, between "
            f"{float(y.min()):.6g} and {float(y.max()):.6g}, got {shown(target)}"
        )
    low, high = float(x[changes[0]]), float(x[changes[0] + 1])
    low_is_above = bool(above[changes[0]])
    while True:
        middle = math.sqrt(low) * math.sqrt(high) if low > 0 else high / 2
        if not low < middle < high:
            return high
        if bool(curve(np.asarray(middle)) > target) == low_is_above:
            low = middle
        else:
            high = middle


def _least_integer(holds: Callable[[NDArray[np.float64]], NDArray[np.bool_]]) -> int | None:
    """The least positive integer at which `holds`.

    Exact for conditions that stay true; for others the least found among the integers up to 4096
    and, beyond, between points of a grid with ratio 1.01.
    """
    grid = np.unique(
        np.concatenate(
            [np.arange(1, 4097), np.floor(np.geomspace(4097, LARGEST_SAMPLE, 3400))]
        ).astype(np.float64)
    )
    found = np.flatnonzero(holds(grid))
    if not found.size:
        return None
    if found[0] == 0:
        return 1
    low, high = int(grid[found[0] - 1]), int(grid[found[0]])
    while high - low > 1:
        middle = (low + high) // 2
        if bool(holds(np.asarray(float(middle)))):
            high = middle
        else:
            low = middle
    return high
