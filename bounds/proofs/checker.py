"""The checker of derivations: do the steps, each an instance of its lemma, add up to the statement?

Everything is decided by sympy here, and a second time by `bounds.receipts.replay`, which imports
nothing from outside its own folder.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

import sympy

from bounds.proofs.assumptions import ASSUMPTIONS
from bounds.proofs.inequalities import is_non_negative, same
from bounds.proofs.lemmas import LEMMAS
from bounds.proofs.receipt import receipt
from bounds.receipts import replay
from bounds.statement.derivation import Derivation, Lemma, Step
from bounds.statement.statement import Statement


def flaws(theorem: Statement, own_lemmas: Collection[Lemma] = ()) -> tuple[str, ...]:
    """Everything that keeps the derivation from proving the theorem; empty if it does.

    Parameters
    ----------
    theorem
        A statement with a derivation.
    own_lemmas
        Lemmas beside those of `bounds.proofs.lemmas`. They are taken on trust, and a proof that uses one
        is checked by sympy alone: the verifier of receipts knows the library's lemmas only.

    Examples
    --------
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
    known = theorem.positive_parts
    found = list(_statement_flaws(theorem))
    found += [
        f"step {number} ({step.lemma.key}): {flaw}"
        for number, step in enumerate(theorem.derivation, start=1)
        for flaw in _flaws_of_step(step, known)
    ]
    found += _composition_flaws(theorem, theorem.derivation)
    foreign = [
        step.lemma for step in theorem.derivation if LEMMAS.get(step.lemma.key) != step.lemma
    ]
    found += [
        f"{lemma.key} is not as bounds.proofs.lemmas has it"
        if lemma.key in LEMMAS
        else f"{lemma.key} is not a lemma of bounds.proofs.lemmas, nor among own_lemmas"
        for lemma in foreign
        if lemma not in own_lemmas
    ]
    if found or foreign:
        return tuple(found)
    # The second opinion, from a closed registry of lemmas and without sympy.
    return replay.flaws(receipt(theorem))


def _statement_flaws(theorem: Statement) -> Iterator[str]:
    """What is wrong with the fields that no step mentions."""
    for assumption in theorem.assumptions:
        if ASSUMPTIONS.get(assumption.key) != assumption:
            yield f"the assumption {assumption.key} must have the text of bounds.proofs.assumptions"
    for alternative in theorem.alternatives:
        if (alternative.lhs, alternative.subsets) != (theorem.lhs, theorem.subsets):
            yield f"the alternative {alternative.key} must bound the same quantity"


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


def _composition_flaws(theorem: Statement, derivation: Derivation) -> Iterator[str]:
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
