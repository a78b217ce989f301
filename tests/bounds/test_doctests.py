"""Every example in a docstring of the theorems' modules runs, and every public function has one."""

import doctest
import importlib
import inspect

import pytest

MODULES = [
    "assumptions",
    "catalogue",
    "contract",
    "derivation",
    "evaluation",
    "fast_rate",
    "frozen",
    "inequalities",
    "intermediate",
    "inversion",
    "latent_quality",
    "lemmas",
    "modality_gain",
    "nested_quality",
    "notation",
    "presentation",
    "relations",
    "risk_gap",
    "text",
    "theorem",
]
# Functions that only do the work of a documented method of `Theorem`.
WORK_OF_METHODS = {
    "evaluate", "failure_probability", "fitting_form", "solve", "nonvacuous_from", "resolved",
    "table", "plot", "latex", "javascript", "labels", "symbol_names", "latex_of", "common_shape",
    "plain", "shown",
}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    module = importlib.import_module(f"bounds.{name}")
    result = doctest.testmod(module)
    assert result.failed == 0


@pytest.mark.parametrize("name", MODULES)
def test_public_functions_have_an_example(name):
    module = importlib.import_module(f"bounds.{name}")
    for each, member in inspect.getmembers(module, inspect.isfunction):
        if member.__module__ == module.__name__ and not each.startswith("_"):
            assert member.__doc__, each
            assert ">>>" in member.__doc__ or each in WORK_OF_METHODS, each
