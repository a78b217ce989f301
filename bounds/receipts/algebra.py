"""Exact algebra of real expressions: sums of monomials in symbols, roots, logarithms and exponentials.

This module uses the standard library alone. Every expression is real by construction: a root is
taken of what is proved non-negative, a logarithm of what is proved positive, and nothing is divided
by what is not proved positive. What cannot be proved is refused; a refusal says "not proved", never
"false".
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from fractions import Fraction

from bounds.receipts.polynomials import (
    CONFIDENCE,
    Atom,
    Key,
    Monomial,
    NotProvedError,
    Polynomial,
    add,
    common_factor,
    in_order,
    key_of,
    like_terms,
    merged,
    number,
    prime_factors,
    scaled,
    sign_of,
    text_of,
)

REAL, NON_NEGATIVE, POSITIVE, AT_LEAST_ONE = "real", "non-negative", "positive", "at least one"
LONGEST = 5_000
"""The most characters of an expression."""
HIGHEST = 1_000
"""The largest numerator and denominator of an exponent."""
EXPANDED = 20
"""The highest power of a sum that is multiplied out."""
MOST_PRODUCTS = 20_000
"""The most products of two terms in one multiplication."""
CLEARED = 20
"""The most fraction bars that are cleared before two expressions count as not proved equal."""


class Algebra:
    """Arithmetic over symbols of known kinds.

    Parameters
    ----------
    kinds
        The kind of every symbol: `REAL`, `NON_NEGATIVE`, `POSITIVE` or `AT_LEAST_ONE`. The symbol
        `delta` lies in (0, 1).
    """

    def __init__(self, kinds: Mapping[str, str]) -> None:
        self.kinds = {**kinds, CONFIDENCE: POSITIVE}
        self.known: set[Key] = set()
        self._where: Mapping[str, Polynomial] = {}
        self._already: dict[str, Polynomial] = {}

    def assume_positive(self, polynomial: Polynomial) -> None:
        """Take a polynomial as positive from now on."""
        common, rest = common_factor(polynomial)
        if not self._positive_monomial(*common):
            raise NotProvedError("a condition must be a sum of terms with positive factors")
        self.known.add(key_of(rest))
        self._already.clear()

    def parse(self, text: str, where: Mapping[str, Polynomial] | None = None) -> Polynomial:
        """Read an expression: integers, known symbols, + - * / **, sqrt, log and exp.

        Parameters
        ----------
        text
            The expression.
        where
            What parameters in it stand for.

        Raises
        ------
        NotProvedError
            If the text holds anything else, or is not proved to be a real number.
        """
        if len(text) > LONGEST:
            raise NotProvedError(f"an expression must have at most {LONGEST} characters")
        if not where and text in self._already:  # steps share most of their expressions
            return self._already[text]
        self._where = where or {}
        try:
            found = self._read(ast.parse(text, mode="eval").body)
        except SyntaxError:
            raise NotProvedError(f"{text!r} is not an expression") from None
        return found if where else self._already.setdefault(text, found)

    def _read(self, node: ast.expr) -> Polynomial:
        if isinstance(node, ast.Constant) and type(node.value) is int:
            return number(node.value)
        if isinstance(node, ast.Name) and node.id in self._where:
            return self._where[node.id]
        if isinstance(node, ast.Name):
            if node.id not in self.kinds:
                raise NotProvedError(f"{node.id!r} is not a symbol of this library")
            return {((node.id, Fraction(1)),): Fraction(1)}
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return scaled(self._read(node.operand), Fraction(-1))
        if isinstance(node, ast.BinOp):
            return self._operation(node)
        functions = {"log": self.log, "exp": self.exp}
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {*functions, "sqrt"}
            and len(node.args) == 1
            and not node.keywords
        ):
            if node.func.id == "sqrt":
                return self._powered(node.args[0], Fraction(1, 2))
            return functions[node.func.id](self._read(node.args[0]))
        raise NotProvedError(f"{ast.unparse(node)!r} is not an expression of this library")

    def _operation(self, node: ast.BinOp) -> Polynomial:
        if isinstance(node.op, ast.Div):
            return self.multiply(self._read(node.left), self._powered(node.right, Fraction(-1)))
        left, right = self._read(node.left), self._read(node.right)
        if isinstance(node.op, ast.Add):
            return add(left, right)
        if isinstance(node.op, ast.Sub):
            return add(left, scaled(right, Fraction(-1)))
        if isinstance(node.op, ast.Mult):
            return self.multiply(left, right)
        if isinstance(node.op, ast.Pow) and set(right) <= {()}:
            return self._powered(node.left, right.get((), Fraction(0)))
        raise NotProvedError(f"{ast.unparse(node)!r} is not an expression of this library")

    def _powered(self, node: ast.expr, exponent: Fraction) -> Polynomial:
        """A power of an expression, factor by factor, so that (1 - x)**2 stays a square."""
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
            right = exponent if isinstance(node.op, ast.Mult) else -exponent
            whole = exponent.denominator == 1
            if whole or all(self.non_negative(self._read(n)) for n in (node.left, node.right)):
                left = self._powered(node.left, exponent)
                return self.multiply(left, self._powered(node.right, right))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            inner = self._read(node.right)
            if set(inner) <= {()} and self.non_negative(self._read(node.left)):
                return self._powered(node.left, exponent * inner.get((), Fraction(0)))
        return self.power(self._read(node), exponent)

    def multiply(self, left: Polynomial, right: Polynomial) -> Polynomial:
        """The product, in normal form."""
        if len(left) * len(right) > MOST_PRODUCTS:
            raise NotProvedError("a product has too many terms")
        found: Polynomial = {}
        for one, a in left.items():
            for other, b in right.items():
                found = add(found, self._normal(merged(dict(one), dict(other)), a * b))
        return found

    def _normal(self, exponents: Mapping[Atom, Fraction], coefficient: Fraction) -> Polynomial:
        """A monomial with whole powers of primes multiplied out and those of sums expanded."""
        kept: dict[Atom, Fraction] = {}
        factors: list[Polynomial] = []
        for atom, exponent in exponents.items():
            whole = exponent.numerator // exponent.denominator
            if isinstance(atom, int):
                coefficient *= Fraction(atom) ** whole
                exponent -= whole
            elif isinstance(atom, tuple) and atom[0] == "sum" and whole >= 1:
                factors += [dict(atom[1])] * whole
                exponent -= whole
            if exponent:
                kept[atom] = exponent
        result: Polynomial = {in_order(kept): coefficient}
        for factor in factors:
            result = self.multiply(result, factor)
        return result

    def power(self, base: Polynomial, exponent: Fraction) -> Polynomial:
        """The power to a rational exponent.

        Raises
        ------
        NotProvedError
            If a root is taken of what is not proved non-negative, or a negative power of what is
            not proved positive.
        """
        if max(abs(exponent.numerator), exponent.denominator) > HIGHEST:
            raise NotProvedError(f"an exponent must be a fraction of integers up to {HIGHEST}")
        if len(base) > 1 and exponent > EXPANDED:
            raise NotProvedError(f"a sum must have an exponent of at most {EXPANDED}")
        if exponent.denominator == 1 and exponent >= 0:
            result = number(1)
            for _ in range(int(exponent)):
                result = self.multiply(result, base)
            return result
        if not base:
            if exponent > 0:
                return {}
            raise NotProvedError("nothing is divided by zero")
        (common, scale), rest = common_factor(base)
        single = set(rest) == {()}
        need = "positive" if exponent < 0 else "non-negative"
        if not (self.positive(base) if exponent < 0 else self.non_negative(base)):
            raise NotProvedError(f"{text_of(base)} is not proved {need}")
        safe = all(self._atom_non_negative(atom) for atom, _ in common) and self.non_negative(rest)
        if exponent.denominator > 1 and not safe:
            # (x**2)**(1/2) is |x|, not x: keep the whole as one atom.
            return {((("sum", key_of(base)), exponent),): Fraction(1)}
        primes = prime_factors(scale * rest[()] if single else scale)
        left: dict[Atom, Fraction] = {} if single else {("sum", key_of(rest)): Fraction(1)}
        whole = merged(dict(common), primes, left)
        return self._normal({atom: e * exponent for atom, e in whole.items()}, Fraction(1))

    def log(self, argument: Polynomial) -> Polynomial:
        """The natural logarithm, of products as a sum.

        Raises
        ------
        NotProvedError
            If the argument is not proved positive.
        """
        if not self.positive(argument):
            raise NotProvedError(f"{text_of(argument)} is not proved positive")
        (common, scale), rest = common_factor(argument)
        if set(rest) == {()}:
            scale, rest = scale * rest[()], number(1)
        found: Polynomial = {}
        for atom, exponent in merged(dict(common), prime_factors(scale)).items():
            found = add(found, scaled(self._log_of(atom), exponent))
        if rest != number(1):
            found = add(found, {((("log", key_of(rest)), Fraction(1)),): Fraction(1)})
        return found

    def _log_of(self, atom: Atom) -> Polynomial:
        if atom == "delta":
            return {((CONFIDENCE, Fraction(1)),): Fraction(-1)}
        if isinstance(atom, tuple) and atom[0] == "exp":
            return dict(atom[1])
        inside: Polynomial = {((atom, Fraction(1)),): Fraction(1)}
        if isinstance(atom, int):
            inside = number(atom)
        elif isinstance(atom, tuple) and atom[0] == "sum":
            inside = dict(atom[1])
        return {((("log", key_of(inside)), Fraction(1)),): Fraction(1)}

    def exp(self, argument: Polynomial) -> Polynomial:
        """The exponential; multiples of logarithms become powers."""
        result, rest = number(1), dict(argument)
        for monomial, coefficient in argument.items():
            if len(monomial) != 1 or monomial[0][1] != 1:
                continue
            (atom, _) = monomial[0]
            if atom == CONFIDENCE:
                inside: Polynomial = {(("delta", Fraction(1)),): Fraction(1)}
                exponent = -coefficient
            elif isinstance(atom, tuple) and atom[0] == "log":
                inside, exponent = dict(atom[1]), coefficient
            else:
                continue
            del rest[monomial]
            result = self.multiply(result, self.power(inside, exponent))
        if rest:
            result = self.multiply(result, {((("exp", key_of(rest)), Fraction(1)),): Fraction(1)})
        return result

    def equal(self, left: Polynomial, right: Polynomial) -> bool:
        """Whether both are proved to be the same number: fractions are cleared, sums expanded."""
        difference = add(left, scaled(right, Fraction(-1)))
        for _ in range(CLEARED):
            if not difference:
                return True
            below = {
                atom: exponent
                for monomial in difference
                for atom, exponent in monomial
                if isinstance(atom, tuple) and atom[0] == "sum" and exponent < 0
            }
            if not below:
                return False
            atom = min(below, key=repr)
            least = min(e for monomial in difference for a, e in monomial if a == atom)
            ceiling = Fraction(-(least.numerator // least.denominator))
            lift: Polynomial = {((atom, ceiling),): Fraction(1)}
            difference = self.multiply(difference, lift)
        return False

    def non_negative(self, polynomial: Polynomial) -> bool:
        """Whether it is proved non-negative: every group of like terms has non-negative factors."""
        common, rest = common_factor(polynomial)
        if key_of(rest) in self.known and self._positive_monomial(*common):
            return True
        return all(
            sign_of(coefficients) >= 0 and all(self._sign_known(a, e) for a, e in symbols)
            for symbols, coefficients in like_terms(polynomial).items()
        )

    def positive(self, polynomial: Polynomial) -> bool:
        """Whether it is proved positive: non-negative, and one term has positive factors alone."""
        if not polynomial or not self.non_negative(polynomial):
            return False
        common, rest = common_factor(polynomial)
        if key_of(rest) in self.known:
            return self._positive_monomial(*common)
        return any(
            sign_of(coefficients) > 0 and all(self._atom_positive(a) for a, _ in symbols)
            for symbols, coefficients in like_terms(polynomial).items()
        )

    def _positive_monomial(self, monomial: Monomial, coefficient: Fraction) -> bool:
        return coefficient > 0 and all(self._atom_positive(atom) for atom, _ in monomial)

    def _sign_known(self, atom: Atom, exponent: Fraction) -> bool:
        """Whether the power of an atom is non-negative."""
        even = exponent.denominator == 1 and exponent.numerator % 2 == 0
        return even or self._atom_non_negative(atom)

    def _atom_non_negative(self, atom: Atom) -> bool:
        if isinstance(atom, str):
            return self.kinds[atom] != REAL
        if isinstance(atom, tuple) and atom[0] == "log":
            return self.non_negative(add(self._from_one_on(dict(atom[1])), number(-1)))
        # Primes and exponentials are positive; sums under a root were proved when it was taken.
        return True

    def _atom_positive(self, atom: Atom) -> bool:
        if isinstance(atom, str):
            return self.kinds[atom] in (POSITIVE, AT_LEAST_ONE)
        if isinstance(atom, tuple) and atom[0] == "log":
            return self.positive(add(self._from_one_on(dict(atom[1])), number(-1)))
        return not (isinstance(atom, tuple) and atom[0] == "sum") or self.positive(dict(atom[1]))

    def _from_one_on(self, polynomial: Polynomial) -> Polynomial:
        """Symbols of at least one written as one plus something non-negative."""
        found: Polynomial = {}
        for monomial, coefficient in polynomial.items():
            part: Polynomial = {(): coefficient}
            for atom, exponent in monomial:
                factor: Polynomial = {((atom, exponent),): Fraction(1)}
                if isinstance(atom, str) and self.kinds[atom] == AT_LEAST_ONE and exponent > 0:
                    excess = f"{atom} - 1"
                    self.kinds[excess] = NON_NEGATIVE
                    whole = add(number(1), {((excess, Fraction(1)),): Fraction(1)})
                    factor = self.power(whole, exponent)
                part = self.multiply(part, factor)
            found = add(found, part)
        return found
