"""A statement as data: a left-hand side, named terms whose sum bounds it, and when that may fail.

Its fields are the assumptions, the failure probability, the way its bound moves with each argument,
a derivation and a reference. Numbers, roots, tables, LaTeX and JavaScript are computed from them by
the other modules of this folder; `bounds.theorem.Theorem` joins them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Final

import sympy

from bounds.frozen import FrozenMapping
from bounds.notation import QUANTITIES, ModalitySet
from bounds.quantity import Quantity, Units
from bounds.statement.derivation import Derivation
from bounds.statement.summands import Summands


class Requirement(Enum):
    """Marks an argument that has no default."""

    REQUIRED = "required"


REQUIRED: Final = Requirement.REQUIRED
Default = float | None | Requirement


@dataclass(frozen=True)
class Assumption:
    """A hypothesis of a theorem, listed even if no training can meet it."""

    key: str
    text: str


@dataclass(frozen=True)
class Term:
    """One summand of a bound.

    Parameters
    ----------
    name, expression
        What it is called, and its value.
    where
        The condition under which the expression bounds anything; elsewhere the term is infinite.
    measured
        Whether it is an observation; such a term is never called dominant.
    against_range
        Whether it counts when the bound is compared with the range of the loss.
    """

    name: str
    expression: sympy.Expr
    where: sympy.logic.boolalg.Boolean = sympy.true
    measured: bool = False
    against_range: bool = True

    @property
    def conditions(self) -> tuple[sympy.logic.boolalg.Boolean, ...]:
        """The parts that `where` joins by "and", in the same order in every run.

        Examples
        --------
        >>> from bounds.notation import C, bet, kappa
        >>> Term("variance", C, where=sympy.And(bet * C < 1, kappa < 1)).conditions
        (C*bet < 1, kappa < 1)
        """
        # sympy keeps them as a set.
        parts = [c for c in sympy.And.make_args(self.where) if c != sympy.true]
        return tuple(sorted(parts, key=str))


@dataclass(frozen=True)
class Statement:
    """`lhs` is at most the sum of `terms`, except with probability `failure_probability`.

    Parameters
    ----------
    key, title, reference
        How it is found, what it is called, and its source.
    subsets
        The sets of modalities that it compares, M and N, or M alone.
    lhs, terms
        The left-hand side, and the summands of the bound.
    assumptions
        Hypotheses, listed even if no training can meet them.
    failure_probability
        A function of delta alone.
    directions
        For each argument whether the bound grows (+1), falls (-1) or stays (0) as it grows. An argument
        that is left out has no fixed direction. `bounds.contract.check_contract` proves them.
    defaults
        Values of arguments that may be left out.
    derivation
        Its proof as data, or None.
    symbols
        Quantities of one's own, beside those of `bounds.notation`; any other free symbol is rejected.
    alternatives
        The same theorem for other arguments: `evaluate` and `solve` take the form that fits the names.
    summands
        In which interval the summands of an empirical average lie, or None. A statement without a
        derivation must say it: `bounds.contract.check_contract` tries it in an exact world.

    Raises
    ------
    ValueError
        For unknown symbols, two terms of one name, a failure probability that depends on more than
        delta, or directions of what is not an argument.
    """

    key: str
    title: str
    subsets: tuple[ModalitySet, ...]
    lhs: sympy.Expr
    terms: tuple[Term, ...]
    assumptions: tuple[Assumption, ...]
    failure_probability: sympy.Expr
    reference: str
    directions: Mapping[str, int]
    defaults: Mapping[str, float | None] = field(default_factory=FrozenMapping)
    derivation: Derivation | None = None
    symbols: tuple[Quantity, ...] = ()
    alternatives: tuple[Statement, ...] = ()
    summands: Summands | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "directions", FrozenMapping(self.directions))
        object.__setattr__(self, "defaults", FrozenMapping(self.defaults))
        object.__setattr__(self, "failure_probability", sympy.sympify(self.failure_probability))
        if self.failure_probability.free_symbols - {QUANTITIES["delta"].symbol}:
            raise ValueError(
                "failure_probability must be a function of delta alone, "
                f"got {self.failure_probability}"
            )
        names = [term.name for term in self.terms]
        if len(set(names)) < len(names):
            raise ValueError(f"terms must have distinct names, got {', '.join(names)}")
        known = {quantity.symbol for quantity in self.quantities.values()}
        unknown = sorted(map(str, self.statement.free_symbols - known))
        if unknown:
            raise ValueError(
                f"{self.key} must use symbols of bounds.notation or of its own `symbols`, "
                f"with their assumptions, got {', '.join(unknown)}"
            )
        astray = sorted(set(self.directions) - set(self.arguments))
        if astray:
            raise ValueError(
                f"directions must name arguments of {self.key}, got {', '.join(astray)}"
            )

    @cached_property
    def quantities(self) -> FrozenMapping[str, Quantity]:
        """The notation that this theorem may use, by name.

        Examples
        --------
        >>> from bounds import latent_quality
        >>> latent_quality.sharp("TA").quantities["C"].meaning != ""
        True
        """
        return QUANTITIES | {each.name: each for each in self.symbols}

    @property
    def bound(self) -> sympy.Expr:
        """The sum of the terms.

        Examples
        --------
        >>> from bounds import latent_quality
        >>> latent_quality.sharp("TA").bound
        sqrt(2)*C*sqrt(log(1/delta))/sqrt(m) + L_hat + 2*R_loss
        """
        return sympy.Add(*(term.expression for term in self.terms))

    @property
    def statement(self) -> sympy.Rel:
        """`lhs` <= `bound`.

        Examples
        --------
        >>> from bounds import latent_quality
        >>> latent_quality.sharp("TA").statement
        eta_M <= sqrt(2)*C*sqrt(log(1/delta))/sqrt(m) + L_hat + 2*R_loss
        """
        return sympy.Le(self.lhs, self.bound, evaluate=False)

    @cached_property
    def arguments(self) -> FrozenMapping[str, Default]:
        """What `evaluate` takes: name -> default, or REQUIRED, in the order of the notation.

        Examples
        --------
        >>> from bounds import risk_gap
        >>> {k: v for k, v in risk_gap.sharp("TVA", "TA").arguments.items() if v is not REQUIRED}
        {'slack': 0.0, 'best_risk': 0.0}
        """
        given: dict[str, Default] = {
            name: self.defaults.get(name, REQUIRED) for name in self.inputs
        }
        return FrozenMapping({**given, "C": given.get("C"), "best_risk": 0.0})

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The arguments that the formula itself uses, in the order of the notation.

        Examples
        --------
        >>> from bounds import latent_quality
        >>> sorted(latent_quality.sharp("TA").inputs)
        ['C', 'L_hat', 'R_loss', 'delta', 'm']
        """
        # Symbols may cancel in the sum of the terms, and still be needed for each of them.
        parts = [part for term in self.terms for part in (term.expression, term.where)]
        free = self.failure_probability.free_symbols.union(*(p.free_symbols for p in parts))
        return tuple(q.name for q in self.quantities.values() if q.symbol in free)

    @property
    def units(self) -> Units | None:
        """The units of the left-hand side, those of its symbols; None if these differ.

        Examples
        --------
        >>> from bounds import pac_bayes, risk_gap
        >>> from bounds.quantity import LOSS, NO_UNITS
        >>> risk_gap.sharp("TVA", "TA").units == LOSS, pac_bayes.kl("TA").units == NO_UNITS
        (True, True)
        """
        by_symbol = {quantity.symbol: quantity.units for quantity in self.quantities.values()}
        found = {by_symbol[symbol] for symbol in self.lhs.free_symbols}
        return found.pop() if len(found) == 1 else None

    @property
    def sample_size(self) -> str | None:
        """The name of the argument that counts examples: "m", "m_head", "m_test" or none.

        Examples
        --------
        >>> from bounds import risk_gap
        >>> risk_gap.paper("TVA", "TA").sample_size, risk_gap.fast_rate("TVA", "TA").sample_size
        ('m', 'm_head')
        """
        return next((name for name in ("m", "m_head", "m_test") if name in self.arguments), None)

    @cached_property
    def positive_parts(self) -> tuple[sympy.Expr, ...]:
        """What is positive wherever the statement claims anything: x < y gives y - x.

        Examples
        --------
        >>> from bounds import risk_gap
        >>> risk_gap.fast_rate("T", "A").positive_parts
        (1 - kappa,)
        """
        conditions = [c for term in self.terms for c in term.conditions]
        relations = [c for c in conditions if isinstance(c, sympy.core.relational.Relational)]
        return tuple(dict.fromkeys(c.gts - c.lts for c in relations))
