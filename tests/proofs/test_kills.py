"""No false proof survives: what the verifier lets pass is violated in no exact world."""

import importlib.util
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "proof-mutants.md"


@pytest.fixture(scope="module")
def kills():
    here = Path(__file__).with_name("kills.py")
    spec = importlib.util.spec_from_file_location("kills", here)
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def counted(kills):
    return kills.table()


def test_no_mutant_survives_that_an_exact_world_violates(kills, counted):
    by_theorem, _ = counted
    assert {key for key, outcome in by_theorem if outcome == kills.VIOLATED} == set()


def test_every_kind_of_change_is_refused_many_times(kills, counted):
    _, by_change = counted
    assert all(by_change[change, kills.REFUSED] > 50 for change in kills.CHANGES)


def test_the_page_says_what_the_run_found(kills, counted):
    assert PAGE.read_text(encoding="utf-8") == kills.page(*counted)


def test_the_worlds_do_notice_a_false_statement(kills):
    # The terms of the sharp form divided by a hundred, with no proof: the settling must see it.
    theorem = kills.catalogue.find("risk_gap.sharp")
    fields = sys.modules["mutants"].fields(theorem)
    first, *rest = theorem.terms
    scaled = [kills.dataclasses.replace(t, expression=t.expression / 100) for t in rest]
    fields.terms = (first, *scaled)
    assert kills.violated(theorem, kills.Mutant(("by hand",), False, fields))


@pytest.mark.slow
def test_no_mutant_survives_in_thousands(kills):
    by_theorem, _ = kills.table(count=2000, seed=1)
    assert {key for key, outcome in by_theorem if outcome == kills.VIOLATED} == set()
