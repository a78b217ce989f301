"""Roots of a function of one unknown: in closed form if possible, else by bisection.

A closed form is found by a substitution that turns the bound into a polynomial of degree two at
most (m = 1/s^2; delta = a exp(-s^2) if ln(a/delta) occurs; x = s^2; x = s). Otherwise the root
is bracketed on a logarithmic grid and bisected to double precision.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy.core.evalf import PrecisionExhausted

from bounds.domains import NON_NEGATIVE, REAL, Domain, shown

Curve = Callable[[NDArray[np.float64]], NDArray[np.float64]]

LARGEST_SAMPLE = 10**300
# Every integer up to 4096, then a ratio of 1.01.
_NEAR = np.concatenate([np.arange(1.0, 4097.0), np.floor(np.geomspace(4097, 1e18, 3400))])
_FAR = np.floor(np.geomspace(1e18, float(LARGEST_SAMPLE), 65_300))
UNKNOWN = sympy.Symbol("x", positive=True)
ROOT = sympy.Symbol("s", positive=True)


def lambdified(expression: sympy.Expr) -> Curve:
    """An expression in `UNKNOWN` as a function of arrays, its long integers in floating point.

    Examples
    --------
    >>> lambdified(UNKNOWN**2 + 1)(np.array([1.0, 2.0])).tolist()
    [2.0, 5.0]
    """
    # In floating point first: numpy has neither root nor logarithm of an integer of twenty digits,
    # and sympy.N leaves alone what stands in a condition.
    long = {n: sympy.Float(n, 20) for n in expression.atoms(sympy.Rational) if _digits(n) > 15}
    floating = sympy.N(expression.xreplace(long), 20)
    function = sympy.lambdify([UNKNOWN], floating, modules="numpy", cse=True)

    def curve(x: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(all="ignore"):
            return np.broadcast_to(np.asarray(function(x), dtype=np.float64), x.shape)

    return curve


def closed_form(
    difference: sympy.Expr, domain: Domain, curve: Curve, target: float
) -> sympy.Expr | None:
    """The smallest root in the domain, if a substitution makes the equation quadratic at most.

    Parameters
    ----------
    difference
        The expression in `UNKNOWN` whose root is sought.
    domain
        Of the unknown.
    curve, target
        The same in numbers: a root must give `curve` the value `target`.

    Examples
    --------
    >>> closed_form(1 / sympy.sqrt(UNKNOWN) - 3, REAL, lambdified(1 / sympy.sqrt(UNKNOWN)), 3.0)
    1/9
    """
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
    """Simplified where the numbers are short; sympy would take too long to factorise others."""
    if any(_digits(n) > 9 for n in value.atoms(sympy.Rational)):
        return value
    simple = sympy.simplify(value)
    # Powers gathered inside a logarithm can have far longer numbers than before.
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
    return np.concatenate(
        [
            np.geomspace(1e-9, 1, 901),
            np.geomspace(1, 1e18, 1801)[1:],
            np.geomspace(1e18, float(LARGEST_SAMPLE), 28_201)[1:],
        ]
    )


def bisected(curve: Curve, target: float, domain: Domain, name: str) -> float:
    """The first place in the domain at which the curve crosses the target, to double precision.

    Raises
    ------
    ValueError
        If it never does; the message holds the range of the curve and the `name` of its argument.

    Examples
    --------
    >>> round(bisected(lambdified(UNKNOWN + sympy.exp(UNKNOWN)), 2.0, NON_NEGATIVE, "x"), 6)
    0.442854
    """
    x = _grid(domain)
    y = curve(x)
    above = y > target
    changes = np.flatnonzero(above[1:] != above[:-1])
    if domain.integer and (x[changes] >= 1).any():
        changes = changes[x[changes] >= 1]  # below 1 only if there is no other
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


def least_integer(
    holds: Callable[[NDArray[np.float64]], NDArray[np.bool_]],
    exact: Callable[[int], bool] | None = None,
) -> int | None:
    """The least positive integer at which a condition holds, or None.

    Right for conditions that stay true, up to `LARGEST_SAMPLE`; for others the least found among the
    integers up to 4096 and, beyond, between points of a grid with ratio 1.01.

    Parameters
    ----------
    holds
        The condition in floating point, at many numbers.
    exact
        The same at one integer without rounding. It decides on either side of the answer; without it
        a tie may be decided by rounding, and floats beyond 2**53 leave integers out.

    Examples
    --------
    >>> least_integer(lambda n: n**2 > 50), least_integer(lambda n: n < 0)
    (8, None)
    >>> least_integer(lambda n: n > 1e20, lambda n: n > 10**20)
    100000000000000000001
    """

    def true(n: int) -> bool:
        return bool(holds(np.asarray(float(n)))) if exact is None else exact(n)

    for grid in (_NEAR, _FAR):
        # Rounding may have hidden a tie one point earlier, or have made one up.
        found = np.flatnonzero(holds(grid))
        ahead = found[:1][found[:1] > 0] - 1
        first = next((i for i in (*ahead, *found) if true(int(grid[i]))), None)
        if first is not None:
            break
    else:
        return None
    low, high = (int(grid[first - 1]) if first else 0), int(grid[first])
    while high - low > 1:
        middle = (low + high) // 2
        if true(middle):
            high = middle
        else:
            low = middle
    return high


def sign_at(expression: sympy.Expr, n: int) -> int:
    """The sign of an expression at an integer; 0 also if it cancels to 300 digits.

    Parameters
    ----------
    expression
        In `UNKNOWN` alone, with exact numbers.

    Examples
    --------
    >>> tie = sympy.sqrt(2 / UNKNOWN) - sympy.Rational(1, 10**9)
    >>> [sign_at(tie, 2 * 10**18 + k) for k in (-1, 0, 1)]
    [1, 0, -1]
    """
    value = expression.xreplace({UNKNOWN: sympy.Integer(n)})
    try:
        return int(sympy.sign(value.evalf(3, maxn=300, strict=True)))
    except PrecisionExhausted:
        return 0
