"""How a slip changes a theorem: in one term, or in some steps of its derivation."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import sympy

from bounds.statement.derivation import Derivation, Lemma, Step
from bounds.theorem import Theorem


def with_term(theorem: Theorem, name: str, expression: sympy.Expr) -> Theorem:
    terms = tuple(
        dataclasses.replace(term, expression=expression) if term.name == name else term
        for term in theorem.terms
    )
    return dataclasses.replace(theorem, terms=terms)


def with_steps(theorem: Theorem, change: Callable[[Step], Step | None]) -> Theorem:
    steps = (change(step) for step in theorem.derivation)
    kept = tuple(step for step in steps if step is not None)
    return dataclasses.replace(theorem, derivation=Derivation(kept))


def altered(
    theorem: Theorem, lemma: Lemma, change: Callable[[Step], Step | None] | None = None, **fields
) -> Theorem:
    """Replace the steps that use this lemma: by `change`, or in some of their fields."""
    change = change or (lambda step: dataclasses.replace(step, **fields))
    return with_steps(theorem, lambda step: change(step) if step.lemma is lemma else step)


def without(theorem: Theorem, left: sympy.Expr) -> Theorem:
    return with_steps(theorem, lambda step: None if step.left == left else step)


def times(theorem: Theorem, lemma: Lemma, factor: int) -> Theorem:
    return altered(theorem, lemma, lambda s: dataclasses.replace(s, times=s.times * factor))
