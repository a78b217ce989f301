"""Derivations as data; `bounds.proofs.checker` decides whether they prove anything.

A step applies a lemma and states an inequality `left` <= `right`. A derivation is a list of steps
with non-negative multipliers; it proves a theorem when the multiplied inequalities add up to the
theorem's own, every intermediate quantity cancelling:

    sum of times * (right - left)  ==  bound - lhs,        exactly, constants and all,

when every step is an instance of its lemma whose side conditions hold, when the probabilities with
which the lemmas fail add up to the theorem's, and when the lemmas need exactly the assumptions that
the theorem lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import sympy

from bounds.frozen import FrozenMapping

Substitution = Mapping[sympy.Symbol, sympy.Expr]


@dataclass(frozen=True)
class Lemma:
    """`left` <= `right` for one of the forms, whatever the parameters stand for.

    Free symbols other than `parameters` are quantities of the setting and stand for themselves.

    Parameters
    ----------
    key, text, reference
        How it is found, what it says, and its source.
    forms
        Pairs (left, right), one for each one-sided use.
    needs
        Keys of assumptions.
    parameters
        Symbols that each use replaces.
    conditions
        Expressions that must be proved non-negative after substitution.
    failure
        The probability with which it may fail.
    objection
        A function that says what else is wrong with a substitution, or None.
    """

    key: str
    text: str
    reference: str
    forms: tuple[tuple[sympy.Expr, sympy.Expr], ...]
    needs: tuple[str, ...] = ()
    parameters: tuple[sympy.Symbol, ...] = ()
    conditions: tuple[sympy.Expr, ...] = ()
    failure: sympy.Expr = field(default_factory=lambda: sympy.Integer(0))
    objection: Callable[[Substitution], str | None] | None = None

    def step(
        self, form: int = 0, times: sympy.Expr | int = 1, **parameters: sympy.Expr | int
    ) -> Step:
        """The inequality that this lemma gives for these parameters (named as in `parameters`).

        Examples
        --------
        >>> from bounds.proofs.lemmas import SYMMETRISATION
        >>> step = SYMMETRISATION.step()
        >>> step.lemma.key
        'symmetrisation'
        """
        where = {symbol: sympy.sympify(parameters.pop(symbol.name)) for symbol in self.parameters}
        if parameters:
            raise ValueError(
                f"parameters of {self.key} must be among "
                f"{', '.join(map(str, self.parameters)) or 'none'}, got {', '.join(parameters)}"
            )
        left, right = self.forms[form]
        return Step(
            self,
            left.xreplace(where),
            right.xreplace(where),
            FrozenMapping(where),
            sympy.sympify(times),
        )


@dataclass(frozen=True)
class Step:
    """One inequality of a derivation, multiplied by the non-negative factor `times`."""

    lemma: Lemma
    left: sympy.Expr
    right: sympy.Expr
    where: FrozenMapping[sympy.Symbol, sympy.Expr]
    times: sympy.Expr

    @property
    def failure(self) -> sympy.Expr:
        """The probability with which this step may fail.

        Examples
        --------
        >>> from bounds.proofs.lemmas import SYMMETRISATION
        >>> SYMMETRISATION.step().failure
        0
        """
        return self.lemma.failure.xreplace(dict(self.where))


@dataclass(frozen=True)
class Derivation:
    """Steps that add up to a theorem."""

    steps: tuple[Step, ...]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)
