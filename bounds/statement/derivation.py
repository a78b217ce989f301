"""Derivations as data, and the checker that composes them.

A step applies a lemma and states an inequality `left` <= `right`. A derivation is a list of steps
with non-negative multipliers; it proves a theorem when the multiplied inequalities add up to the
theorem's own, every intermediate quantity cancelling:

    sum of times * (right - left)  ==  bound - lhs,        exactly, constants and all,

when every step is an instance of its lemma whose side conditions hold, when the probabilities with
which the lemmas fail add up to the theorem's, and when the lemmas need exactly the assumptions that
the theorem lists. Everything is decided by sympy; `flaws` says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import sympy

from bounds.frozen import FrozenMapping
from bounds.proofs.inequalities import is_non_negative, same
from bounds.statement.typesetting import latex_of, symbol_names

if TYPE_CHECKING:
    from bounds.theorem import Theorem

Substitution = Mapping[sympy.Symbol, sympy.Expr]


@dataclass(frozen=True)
class Lemma:
    """`left` <= `right` for one of the forms, whatever the parameters stand for.

    Free symbols other than `parameters` are quantities of the setting and stand for themselves.
    `conditions` are expressions that must be proved non-negative after substitution; `objection`
    says what else is wrong with a substitution, or None. `needs` are keys of assumptions.
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
    """One inequality of a derivation, `times` a non-negative factor."""

    lemma: Lemma
    left: sympy.Expr
    right: sympy.Expr
    where: FrozenMapping[sympy.Symbol, sympy.Expr]
    times: sympy.Expr

    @property
    def failure(self) -> sympy.Expr:
        """The probability with which this step may fail.

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

    def latex(self, theorem: Theorem) -> str:
        """The steps as an `align` environment, each with its lemma.

        >>> from bounds import risk_gap
        >>> t = risk_gap.sharp("TVA", "TA")
        >>> print(t.derivation.latex(t).splitlines()[1])  # doctest: +ELLIPSIS
        \\inf_h r(h \\circ \\hat g_{TVA}) ... &\\le \\gamma_S(TVA, TA) && \\text{quality gap} \\\\
        """
        names = symbol_names(theorem)
        lines = [
            f"{_factor(step, names)}{latex_of(step.left, names)} &\\le "
            f"{latex_of(step.right, names)} && \\text{{{step.lemma.key}}} \\\\"
            for step in self.steps
        ]
        return "\n".join(["\\begin{align*}", *lines, "\\end{align*}"])


def _factor(step: Step, names: Mapping[sympy.Symbol, str]) -> str:
    return "" if step.times == 1 else f"{latex_of(step.times, names)} \\;\\times\\quad "


def flaws(theorem: Theorem) -> tuple[str, ...]:
    """Everything that keeps the derivation from proving the theorem; empty if it does.

    >>> import dataclasses
    >>> from bounds import risk_gap
    >>> t = risk_gap.sharp("TVA", "TA")
    >>> flaws(t)
    ()
    >>> careless = dataclasses.replace(t.terms[1], expression=t.terms[1].expression / 2)
    >>> wrong = dataclasses.replace(t, terms=(t.terms[0], careless, *t.terms[2:]))
    >>> flaws(wrong)
    ('the steps add up to a bound that differs from the stated one by -2*R_loss',)
    """
    if theorem.derivation is None:
        return (f"{theorem.key} has no derivation",)
    known = positive_parts(theorem)
    found = [
        f"step {number} ({step.lemma.key}): {flaw}"
        for number, step in enumerate(theorem.derivation, start=1)
        for flaw in _flaws_of_step(step, known)
    ]
    found.extend(_composition_flaws(theorem, theorem.derivation))
    return tuple(found)


def positive_parts(theorem: Theorem) -> tuple[sympy.Expr, ...]:
    """What is positive wherever the theorem claims anything: x < y gives y - x.

    >>> from bounds import risk_gap
    >>> positive_parts(risk_gap.fast_rate("T", "A"))
    (1 - kappa,)
    """
    parts: list[sympy.Expr] = []
    for term in theorem.terms:
        for condition in sympy.And.make_args(term.where):
            if isinstance(condition, sympy.core.relational.Relational):
                part = condition.gts - condition.lts
                if part not in parts:
                    parts.append(part)
    return tuple(parts)


@lru_cache(maxsize=1024)
def _flaws_of_step(step: Step, known: tuple[sympy.Expr, ...]) -> tuple[str, ...]:
    """Theorems share steps, and so do the many variants that tests make of one theorem."""
    return tuple(_step_flaws(step, known))


def _step_flaws(step: Step, known: tuple[sympy.Expr, ...]) -> Iterator[str]:
    lemma, where = step.lemma, dict(step.where)
    if set(where) != set(lemma.parameters):
        yield f"must fix {_listed(lemma.parameters)}, fixes {_listed(where)}"
        return
    instances = [(left.xreplace(where), right.xreplace(where)) for left, right in lemma.forms]
    if not any(same(step.left, left) and same(step.right, right) for left, right in instances):
        yield f"{step.left} <= {step.right} is not an instance of the lemma"
    for condition in lemma.conditions:
        if not is_non_negative(condition.xreplace(where), known):
            yield f"{condition.xreplace(where)} is not proved non-negative"
    complaint = None if lemma.objection is None else lemma.objection(where)
    if complaint:
        yield complaint
    if not is_non_negative(step.times, known):
        yield f"the factor {step.times} is not proved non-negative"


def _composition_flaws(theorem: Theorem, derivation: Derivation) -> Iterator[str]:
    gained = sympy.Add(*(step.times * (step.right - step.left) for step in derivation))
    stated = theorem.bound - theorem.lhs
    if not same(gained, stated):
        difference = sympy.expand(stated - gained)
        yield f"the steps add up to a bound that differs from the stated one by {difference}"
    failure = sympy.Add(*(step.failure for step in derivation))
    if not same(failure, theorem.failure_probability):
        yield (
            f"the lemmas fail with probability {sympy.simplify(failure)}, "
            f"the theorem states {theorem.failure_probability}"
        )
    needed = {key for step in derivation for key in step.lemma.needs}
    listed = {assumption.key for assumption in theorem.assumptions}
    if needed - listed:
        yield f"the lemmas need assumptions that are not listed: {_listed(needed - listed)}"
    if listed - needed:
        yield f"assumptions are listed that no lemma needs: {_listed(listed - needed)}"


def _listed(things: Iterable[object]) -> str:
    return ", ".join(sorted(map(str, things)))
