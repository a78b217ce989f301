"""No false proof survives: what the verifier lets pass is violated in no exact world."""

import dataclasses
from pathlib import Path

import kills
import mutants
import pytest
import sympy

from bounds import catalogue

PAGE = Path(__file__).parents[2] / "docs" / "proof-mutants.md"


@pytest.fixture(scope="module")
def counted():
    return kills.table()


def test_no_mutant_survives_that_an_exact_world_violates(counted):
    by_theorem, _ = counted
    assert {key for key, outcome in by_theorem if outcome == kills.VIOLATED} == set()


def test_every_kind_of_change_is_refused_many_times(counted):
    _, by_change = counted
    assert all(by_change[change, kills.REFUSED] > 50 for change in mutants.CHANGES)


def test_the_page_says_what_the_run_found(counted):
    assert PAGE.read_text(encoding="utf-8") == kills.page(*counted)


def test_the_worlds_do_notice_a_false_statement():
    # The sharp form with 99 % of its terms, with no proof: the settling must see it.
    theorem = catalogue.find("risk_gap.sharp")
    fields = mutants.fields(theorem)
    first, *rest = theorem.terms
    scaled = [
        dataclasses.replace(t, expression=t.expression * sympy.Rational(99, 100)) for t in rest
    ]
    fields.terms = (first, *scaled)
    assert kills.violated(theorem, mutants.Mutant(("by hand",), False, fields))


@pytest.mark.slow
def test_no_mutant_survives_in_thousands():
    by_theorem, _ = kills.table(count=2000, seed=1)
    assert {key for key, outcome in by_theorem if outcome == kills.VIOLATED} == set()
