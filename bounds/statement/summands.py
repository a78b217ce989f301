"""What an empirical average is the average of: the interval in which its summands lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sympy

from bounds.frozen import FrozenMapping

CHANCE = sympy.Symbol("chance", positive=True)
"""In the world of `bounds.one_predictor`: the probability with which a summand takes its upper end."""


@dataclass(frozen=True)
class Summands:
    """The argument `average` of a statement is a mean of independent numbers in [low, high].

    Hoeffding's and McDiarmid's inequalities pay the length of this interval. A loss lies in [0, C], and
    the difference of two losses, as in a centred loss, in [-C, C].

    Parameters
    ----------
    average
        The name of the argument.
    low, high
        The ends of the interval, in symbols of the statement.
    known
        Values of further arguments if one summand is `high` with probability `CHANCE` and `low`
        otherwise: their variance, say. What is left out is 0 there, or 1 if it counts something.

    Examples
    --------
    >>> from bounds.notation import C
    >>> Summands("L_hat", -C, C).length
    2*C
    """

    average: str
    low: sympy.Expr
    high: sympy.Expr
    known: Mapping[str, sympy.Expr] = field(default_factory=FrozenMapping)

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            object.__setattr__(self, name, sympy.sympify(getattr(self, name)))
        known = {name: sympy.sympify(value) for name, value in self.known.items()}
        object.__setattr__(self, "known", FrozenMapping(known))

    @property
    def length(self) -> sympy.Expr:
        """high - low.

        Examples
        --------
        >>> Summands("L_hat", 0, 1).length
        1
        """
        return self.high - self.low
