"""Derivations compose to their statements; every wrong constant is rejected, for the right reason."""

import dataclasses

import pytest
import slips
import sympy
import wrong_constants

from bounds.catalogue import THEOREMS, find
from bounds.frozen import FrozenMapping
from bounds.proofs import lemmas
from bounds.proofs.checker import flaws
from bounds.proofs.inequalities import same

WRONG = wrong_constants.WRONG


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda t: t.key)
def test_the_derivation_composes(theorem):
    assert flaws(theorem) == ()


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_constant_is_rejected(name):
    theorem, reason = WRONG[name]
    found = flaws(theorem)
    assert found
    assert any(reason in flaw for flaw in found), found


def _numbers(expression):
    """Positions of the positive rational numbers in an expression tree, roots and ln 2 included."""
    for path, node in _walk(expression, ()):
        if node.is_Rational and node > 0 and node != 1:
            yield path, node


def _walk(node, path):
    yield path, node
    for index, child in enumerate(node.args):
        yield from _walk(child, (*path, index))


def _put(node, path, number):
    if not path:
        return number
    args = list(node.args)
    args[path[0]] = _put(args[path[0]], path[1:], number)
    return node.func(*args)


MUTANTS = [
    (theorem, index, path, number)
    for theorem in THEOREMS
    for index, term in enumerate(theorem.terms)
    for path, number in _numbers(term.expression)
]


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda t: t.key)
def test_no_number_of_a_statement_can_be_changed(theorem):
    """Double every number in turn, exponents and the numbers in logarithms included."""
    for mutated, index, path, number in MUTANTS:
        if mutated is not theorem:
            continue
        term = theorem.terms[index]
        doubled = dataclasses.replace(term, expression=_put(term.expression, path, 2 * number))
        terms = (*theorem.terms[:index], doubled, *theorem.terms[index + 1 :])
        found = flaws(dataclasses.replace(theorem, terms=terms))
        assert any("add up" in flaw for flaw in found), doubled


def test_there_are_mutants_of_every_kind():
    assert len(MUTANTS) > 90


def test_mcdiarmids_own_constant():
    # exp(-2 t^2 / (m (2C/m)^2)) = delta/2 at t = C sqrt(2 ln(2/delta)/m).
    m, C, delta = (lemmas.m, lemmas.C, wrong_constants.delta)
    t = C * sympy.sqrt(2 * sympy.log(2 / delta) / m)
    assert same(sympy.exp(-2 * t**2 / (m * (2 * C / m) ** 2)), delta / 2)


def test_bousquet_and_chernoff_split_the_failure_probability_in_halves():
    steps = find("risk_gap.fast_rate_in_advance").derivation
    failures = [step.failure for step in steps if step.failure != 0]
    assert len(failures) == 2
    assert all(same(failure, wrong_constants.delta / 4) for failure in failures)


def test_a_lemma_refuses_unknown_parameters():
    with pytest.raises(ValueError, match="parameters of infimum must be among none, got x"):
        lemmas.INFIMUM.step(x=1)


def test_a_step_must_fix_the_parameters_of_its_lemma():
    t = find("risk_gap.sharp")
    loose = slips.with_steps(
        t,
        lambda step: (
            dataclasses.replace(step, where=FrozenMapping())
            if step.lemma is lemmas.MCDIARMID
            else step
        ),
    )
    assert any("must fix" in flaw for flaw in flaws(loose))


def test_the_multiplier_of_the_fast_rate_proof():
    """With 2/(1-k) the rest is a square; with any smaller one it is not bounded by U^2/(1-k)^2.

    At D = U/(1 - kappa) the excess equals the bound: the constant cannot be improved on.
    """
    U, D, k, a = sympy.symbols("U D k a", positive=True)
    weight = 2 / (1 - k)
    rest = D**2 + 2 * a + weight * (U * D - a - (1 - k) * D**2)
    gap = U**2 / (1 - k) ** 2 - rest - 2 * k / (1 - k) * a
    assert sympy.simplify(gap - (U / (1 - k) - D) ** 2) == 0


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda t: t.key)
def test_every_step_is_typeset(theorem):
    written = theorem.latex_proof()
    assert written.count(r"\text{") == len(theorem.derivation)
    assert "_M" not in written.replace(r"\hat L_{M}", "")
    assert written.startswith(r"\begin{align*}")


def test_every_lemma_is_used_and_cited():
    used = {step.lemma.key for theorem in THEOREMS for step in theorem.derivation}
    all_lemmas = list(lemmas.LEMMAS.values())
    assert {each.key for each in all_lemmas} == used
    assert all(each.reference and each.text for each in all_lemmas)
