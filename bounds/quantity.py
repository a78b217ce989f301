"""One symbol of the notation: its domain, its meaning, its units and how it is typeset.

Units are powers of (loss, output, feature). A bound on a loss must come out in units of loss, which
catches a square root too many or too few.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import sympy

from bounds.domains import Domain

NO_UNITS = (Fraction(0), Fraction(0), Fraction(0))
LOSS = (Fraction(1), Fraction(0), Fraction(0))
ROOT_LOSS = (Fraction(1, 2), Fraction(0), Fraction(0))
LOSS_SQUARED = (Fraction(2), Fraction(0), Fraction(0))
PER_LOSS = (Fraction(-1), Fraction(0), Fraction(0))
OUTPUT = (Fraction(0), Fraction(1), Fraction(0))
OUTPUT_SQUARED = (Fraction(0), Fraction(2), Fraction(0))
LOSS_PER_OUTPUT = (Fraction(1), Fraction(-1), Fraction(0))
FEATURE = (Fraction(0), Fraction(0), Fraction(1))
OUTPUT_PER_FEATURE = (Fraction(0), Fraction(1), Fraction(-1))

Units = tuple[Fraction, Fraction, Fraction]


@dataclass(frozen=True)
class Quantity:
    """One symbol of the notation.

    Parameters
    ----------
    name, meaning
        What formulas call it, and what it is.
    domain
        The numbers that it may be.
    latex
        May contain <M> and <N>, which are replaced by the labels of a theorem's subsets.
    units
        Powers of (loss, output, feature).
    internal
        Whether it occurs in statements and derivations only, never as an argument.

    Examples
    --------
    >>> from bounds.domains import NON_NEGATIVE
    >>> width = Quantity("X", NON_NEGATIVE, "largest norm of an input", "X", FEATURE)
    >>> width.symbol.is_nonnegative
    True
    """

    name: str
    domain: Domain
    meaning: str
    latex: str = ""
    units: Units = NO_UNITS
    internal: bool = False

    @property
    def symbol(self) -> sympy.Symbol:
        """The quantity's symbol, with its domain's sympy assumptions.

        Examples
        --------
        >>> from bounds.domains import POSITIVE_INTEGER
        >>> Quantity("k", POSITIVE_INTEGER, "a count").symbol.is_positive
        True
        """
        return self.domain.symbol(self.name)

    def typeset(self, M: str, N: str) -> str:
        """The quantity as LaTeX, with the labels of both subsets put in.

        Examples
        --------
        >>> from bounds.domains import REAL
        >>> Quantity("gap", REAL, "a gap", "g(<M>, <N>)").typeset("TVA", "TA")
        'g(TVA, TA)'
        """
        return (self.latex or self.name).replace("<M>", M).replace("<N>", N)
