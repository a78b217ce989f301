"""Sums of monomials with rational exponents: the plain arithmetic of exact expressions.

This module uses the standard library alone. A polynomial is a dictionary from monomials to rational
coefficients. A monomial is a sorted tuple of (atom, exponent). An atom is a symbol, a prime number
(for irrational roots), or a function of a polynomial: `("sum", p)` for a sum under a root or a
fraction bar, `("log", p)`, `("exp", p)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import gcd

Atom = str | int | tuple[str, "Key"]
Monomial = tuple[tuple[Atom, Fraction], ...]
Key = tuple[tuple[Monomial, Fraction], ...]
Polynomial = dict[Monomial, Fraction]

CONFIDENCE = "ln(1/delta)"
"""The symbol that stands for -ln(delta): positive, since delta < 1."""

DIGITS = 60
LARGEST = 10**6
"""The largest prime that is looked for in an integer."""


class NotProvedError(ValueError):
    """An expression that is not proved to be real, or a sign that is not proved."""


def number(value: int | Fraction) -> Polynomial:
    """A rational number as a polynomial."""
    return {(): Fraction(value)} if value else {}


def add(left: Polynomial, right: Polynomial) -> Polynomial:
    """The sum; terms that cancel are dropped."""
    found = dict(left)
    for monomial, coefficient in right.items():
        found[monomial] = found.get(monomial, Fraction(0)) + coefficient
        if not found[monomial]:
            del found[monomial]
    return found


def scaled(polynomial: Polynomial, factor: Fraction) -> Polynomial:
    """A rational multiple."""
    return {monomial: factor * c for monomial, c in polynomial.items()} if factor else {}


def merged(*factors: Mapping[Atom, Fraction]) -> dict[Atom, Fraction]:
    """The product of monomials without coefficients: the exponents of each atom are added."""
    found: dict[Atom, Fraction] = {}
    for each in factors:
        for atom, exponent in each.items():
            found[atom] = found.get(atom, Fraction(0)) + exponent
    return found


def symbols_of(polynomial: Polynomial) -> set[str]:
    """The symbols that occur, `delta` for its logarithm too."""
    found: set[str] = set()
    for monomial in polynomial:
        for atom, _ in monomial:
            if isinstance(atom, str):
                found.add("delta" if atom == CONFIDENCE else atom)
            elif isinstance(atom, tuple):
                found |= symbols_of(dict(atom[1]))
    return found


def text_of(polynomial: Polynomial) -> str:
    """A readable form, for messages."""

    def atom_text(atom: Atom) -> str:
        if isinstance(atom, tuple):
            inside = text_of(dict(atom[1]))
            return f"({inside})" if atom[0] == "sum" else f"{atom[0]}({inside})"
        return str(atom)

    terms = []
    for monomial, coefficient in sorted(polynomial.items(), key=repr):
        factors = [atom_text(a) if e == 1 else f"{atom_text(a)}**({e})" for a, e in monomial]
        terms.append(" ".join([str(coefficient), *factors]))
    return " + ".join(terms) or "0"


def in_order(exponents: Mapping[Atom, Fraction]) -> Monomial:
    return tuple(sorted(exponents.items(), key=lambda item: repr(item[0])))


def key_of(polynomial: Polynomial) -> Key:
    return tuple(sorted(polynomial.items(), key=repr))


def common_factor(polynomial: Polynomial) -> tuple[tuple[Monomial, Fraction], Polynomial]:
    """The common factor of all terms (a positive rational times a monomial), and what is left."""
    if not polynomial:
        return ((), Fraction(1)), {}
    atoms = {atom for monomial in polynomial for atom, _ in monomial}
    least: dict[Atom, Fraction] = {}
    for atom in atoms:
        exponent = min(dict(monomial).get(atom, Fraction(0)) for monomial in polynomial)
        if exponent:
            least[atom] = exponent
    over = gcd(*(c.numerator for c in polynomial.values()))
    under = 1
    for c in polynomial.values():
        under = under * c.denominator // gcd(under, c.denominator)
    scale = Fraction(over, under)
    rest: Polynomial = {}
    for monomial, coefficient in polynomial.items():
        exponents = {a: e - least.get(a, Fraction(0)) for a, e in monomial}
        for atom in least:
            exponents.setdefault(atom, -least[atom])
        rest[in_order({a: e for a, e in exponents.items() if e})] = coefficient / scale
    return (in_order(least), scale), rest


def prime_factors(value: Fraction) -> dict[Atom, Fraction]:
    """The prime factors of a positive rational with their exponents.

    Raises
    ------
    NotProvedError
        If two of its prime factors are above `LARGEST`: they would take too long to find.
    """
    found: dict[Atom, Fraction] = {}
    for part, sign in ((value.numerator, 1), (value.denominator, -1)):
        divisor = 2
        while part > 1:
            if divisor * divisor > part:
                divisor = part
            elif divisor > LARGEST:
                raise NotProvedError(f"{part} is not split into primes")
            if part % divisor == 0:
                found[divisor] = found.get(divisor, Fraction(0)) + sign
                part //= divisor
            else:
                divisor += 1
    return found


def like_terms(polynomial: Polynomial) -> dict[Monomial, list[tuple[Fraction, Monomial]]]:
    """Terms that differ by a number alone, such as 8 x and -4 sqrt(2) x, under their symbols."""
    found: dict[Monomial, list[tuple[Fraction, Monomial]]] = {}
    for monomial, coefficient in polynomial.items():
        symbols = tuple((a, e) for a, e in monomial if not isinstance(a, int))
        roots = tuple((a, e) for a, e in monomial if isinstance(a, int))
        found.setdefault(symbols, []).append((coefficient, roots))
    return found


def sign_of(coefficients: Iterable[tuple[Fraction, Monomial]]) -> int:
    """1 if a sum of rational multiples of roots of primes is proved positive, 0 if proved
    non-negative, else -1.
    """
    low = Fraction(0)
    for coefficient, roots in coefficients:
        ends = [Fraction(1), Fraction(1)]
        for prime, exponent in roots:
            assert isinstance(prime, int)
            below = _root(prime**exponent.numerator, exponent.denominator)
            ends[0] *= below
            ends[1] *= below + Fraction(1, 10**DIGITS)
        low += min(coefficient * end for end in ends)
    return (low > 0) - (low < 0)


def _root(value: int, degree: int) -> Fraction:
    """The largest multiple of 10^-DIGITS that is no larger than the root."""
    target = value * 10 ** (DIGITS * degree)
    low, high = 0, 1
    while high**degree <= target:
        high *= 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**degree <= target else (low, middle)
    return Fraction(low, 10**DIGITS)
