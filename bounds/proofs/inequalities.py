"""Signs and directions of expressions, proved by composing monotone parts.

sympy does not decide the sign of sqrt(log(2/delta)/m), since it is not told that delta < 1. Here delta
is written exp(-w) with w > 0, which turns every ln(a/delta) with a >= 1 into w + ln(a), a sum of
non-negative parts; signs and directions then follow from those of the parts. `None` or False means
"not proved", never "disproved".
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator

import sympy

from bounds.notation import delta

CONFIDENCE = sympy.Symbol("w", positive=True)  # delta = exp(-w)


def standard_form(expression: sympy.Expr) -> sympy.Expr:
    """The expression with delta = exp(-w), logarithms and roots taken apart.

    Examples
    --------
    >>> from bounds.notation import delta
    >>> standard_form(sympy.log(2 / delta))
    w + log(2)
    """
    replaced = expression.subs(delta, sympy.exp(-CONFIDENCE))
    return sympy.expand_power_base(sympy.expand_log(replaced, force=True), force=True)


def same(first: sympy.Expr, second: sympy.Expr) -> bool:
    """Whether sympy proves two expressions equal; False if it does not.

    Examples
    --------
    >>> from bounds.notation import C, m
    >>> same(2 * C / m * sympy.sqrt(m / 2), C * sympy.sqrt(2 / m))
    True
    """
    if _visibly_not_zero(first - second):
        return False
    difference = standard_form(first) - standard_form(second)
    # Expansion first: it is cheaper than `simplify`.
    return sympy.expand(difference).is_zero is True or bool(sympy.simplify(difference) == 0)


def _visibly_not_zero(expression: sympy.Expr) -> bool:
    """A value far from 0 at one point, all in (0, 1), refutes an identity; 30 digits suffice."""
    symbols = sorted(expression.free_symbols, key=lambda symbol: str(symbol.name))
    point = {symbol: sympy.Rational(3 + 2 * i, 7 + 3 * i) for i, symbol in enumerate(symbols)}
    value = sympy.N(expression.subs(point), 30)
    return bool(value.is_number and value.is_finite and abs(value) > sympy.Float("1e-20"))


def is_non_negative(expression: sympy.Expr, positive: Collection[sympy.Expr] = ()) -> bool:
    """Whether the expression is proved non-negative, given that those in `positive` are positive.

    Examples
    --------
    >>> from bounds.notation import C, delta, m
    >>> is_non_negative(C * sympy.sqrt(sympy.log(2 / delta) / m))
    True
    >>> is_non_negative(sympy.log(2 / delta) - sympy.log(1 / delta)), is_non_negative(C - m)
    (True, False)
    """
    names = {standard_form(each): sympy.Dummy(positive=True) for each in positive}
    target = standard_form(expression).xreplace(names)
    return any(_sign_known(form, ()) for form in _spellings(target))


def direction(
    expression: sympy.Expr, symbol: sympy.Symbol, positive: Collection[sympy.Expr] = ()
) -> int | None:
    """+1 if the expression is proved non-decreasing in the symbol, -1 non-increasing, 0 constant.

    Examples
    --------
    >>> from bounds.notation import C, delta, m
    >>> bound = C * sympy.sqrt(sympy.log(2 / delta) / m)
    >>> direction(bound, m), direction(bound, delta), direction(m - C, C), direction(C**2 - C, C)
    (-1, -1, -1, None)
    """
    known = tuple(standard_form(each) for each in positive)
    moved, sign = (CONFIDENCE, -1) if symbol == delta else (symbol, 1)
    for form in _spellings(standard_form(expression)):
        found = _direction(form, moved, known)
        if found is not None:
            return sign * found
    return None


def _spellings(expression: sympy.Expr) -> Iterator[sympy.Expr]:
    """The same number written in ways of which one may show its sign term by term."""
    expanded = sympy.expand(expression)
    yield expression
    yield expanded
    yield sympy.factor(expanded)
    yield _like_terms(expanded)
    yield _like_terms(sympy.expand(_larger_roots_as_sums(expanded)))
    yield _like_terms(sympy.expand(_logs_as_sums(expanded)))


def _like_terms(expression: sympy.Expr) -> sympy.Expr:
    """8 L R - 4 sqrt(2) L R as (8 - 4 sqrt(2)) L R: irrational coefficients collected."""
    coefficients: dict[sympy.Expr, sympy.Expr] = {}
    for part in sympy.Add.make_args(expression):
        number, rest = part.as_independent(*expression.free_symbols, as_Add=False)
        coefficients[rest] = coefficients.get(rest, sympy.Integer(0)) + number
    return sympy.Add(*(number * rest for rest, number in coefficients.items()))


def _larger_roots_as_sums(expression: sympy.Expr) -> sympy.Expr:
    """sqrt(b) as sqrt(a) + d with some d >= 0, where b >= a and both roots occur."""
    roots = [power for power in expression.atoms(sympy.Pow) if power.exp == sympy.Rational(1, 2)]
    for larger in roots:
        for smaller in roots:
            if larger != smaller and _sign_known(sympy.expand(larger.base - smaller.base), ()):
                excess = sympy.Dummy(nonnegative=True)
                return expression.xreplace({larger: smaller + excess})
    return expression


def _logs_as_sums(expression: sympy.Expr) -> sympy.Expr:
    """ln(1 + x) as x/(1 + x) + d with some d >= 0, where x >= 0."""
    below = {
        each: (each.args[0] - 1) / each.args[0] + sympy.Dummy(nonnegative=True)
        for each in expression.atoms(sympy.log)
        if isinstance(each.args[0], sympy.Add) and _sign_known(each.args[0] - 1, ())
    }
    return expression.xreplace(below)


def _sign_known(expression: sympy.Expr, positive: Collection[sympy.Expr]) -> bool:
    """Non-negative, part by part."""
    if expression in positive:
        return True
    if isinstance(expression, sympy.Add):
        return all(_sign_known(part, positive) for part in expression.args) or bool(
            expression.is_nonnegative
        )
    if isinstance(expression, sympy.Mul):
        return all(_sign_known(part, positive) for part in expression.args)
    if isinstance(expression, sympy.Pow) and expression.exp.is_real:
        return bool(expression.exp.is_even) or _sign_known(expression.base, positive)
    if isinstance(expression, sympy.log):
        return _sign_known(_from_one_on(expression.args[0]) - 1, positive)
    return bool(expression.is_nonnegative)


def _from_one_on(expression: sympy.Expr) -> sympy.Expr:
    """Positive integers written as 1 + q with q >= 0."""
    whole = [symbol for symbol in expression.free_symbols if symbol.is_integer]
    return sympy.expand(
        expression.xreplace({symbol: 1 + sympy.Dummy(nonnegative=True) for symbol in whole})
    )


def _direction(
    expression: sympy.Expr, symbol: sympy.Symbol, positive: Collection[sympy.Expr]
) -> int | None:
    if symbol not in expression.free_symbols:
        return 0
    if expression == symbol:
        return 1
    if isinstance(expression, sympy.Add):
        return _common(_direction(part, symbol, positive) for part in expression.args)
    if isinstance(expression, sympy.Mul):
        return _direction_of_product(expression, symbol, positive)
    if isinstance(expression, sympy.Pow) and expression.exp.is_real:
        base = _direction(expression.base, symbol, positive)
        if base is None or not _sign_known(expression.base, positive):
            return None
        return base if expression.exp.is_nonnegative else -base
    if isinstance(expression, (sympy.log, sympy.exp)):
        return _direction(expression.args[0], symbol, positive)
    return None


def _direction_of_product(
    product: sympy.Mul, symbol: sympy.Symbol, positive: Collection[sympy.Expr]
) -> int | None:
    """Factors that are all non-negative, up to the sign of a number in front."""
    number, rest = product.as_coeff_Mul()
    sign = 1 if number > 0 else -1
    factors = sympy.Mul.make_args(rest)
    moving = [factor for factor in factors if symbol in factor.free_symbols]
    if not all(_sign_known(factor, positive) for factor in factors if len(factors) > 1):
        return None
    common = _common(_direction(factor, symbol, positive) for factor in moving)
    if common is None:
        # (1 + ln m)/m: factors that disagree; the sign of the derivative may still be plain.
        common = _direction_by_derivative(rest, symbol, positive)
    if common is None:
        # sqrt(1 + ln m)/sqrt(m): what is non-negative moves as its square does.
        roots = math.lcm(*(factor.as_base_exp()[1].as_numer_denom()[1] for factor in moving))
        if roots > 1 and all(_sign_known(factor, positive) for factor in moving):
            square = sympy.Mul(*(factor**roots for factor in moving))
            common = _direction_by_derivative(square, symbol, positive)
    return None if common is None else sign * common


def _direction_by_derivative(
    expression: sympy.Expr, symbol: sympy.Symbol, positive: Collection[sympy.Expr]
) -> int | None:
    slope = sympy.expand_log(sympy.diff(expression, symbol), force=True)
    for sign in (1, -1):
        if any(_sign_known(form, positive) for form in _spellings(sign * slope)):
            return sign
    return None


def _common(directions: Iterable[int | None]) -> int | None:
    found = set(directions) - {0}
    if None in found or len(found) > 1:
        return None
    return found.pop() if found else 0
