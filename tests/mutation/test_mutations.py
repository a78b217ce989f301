"""The checks check: every slip in the code that decides is noticed, but for listed survivors.

Each mutant of `compare`, `coverage` and `check` in `verify.verdicts` is put in the module's place, and
the tests of these modules are run on it until one fails. What survives must be in SURVIVORS, with the
reason why no test could or need notice it. Constants of theorems are mutated in
tests/bounds/test_derivation.py, where the proof no longer adds up.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import itertools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from unittest import mock

import pytest

TESTS = Path(__file__).parents[1]


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"mutation_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their own module up by name.
    with mock.patch.dict(sys.modules, {module.__name__: module}):
        spec.loader.exec_module(module)
    return module


mutants = load(Path(__file__).with_name("mutants.py")).mutants

DECIDING = ("compare", "coverage", "check")
BATTERY = {
    "compare": ("verify/test_compare.py", "verify/test_check.py"),
    "coverage": ("verify/test_coverage.py", "verify/test_check.py"),
    "check": ("verify/test_check.py",),
}

SURVIVORS = {
    "bound_interval: direction >= 0 -> direction >= 1": "directions are +1 or -1",
    "bound_interval: direction is not None and direction >= 0 ->"
    " direction is not None and direction > 0": "the same",
    "compare: low.shape -> high.shape": "both ends were broadcast to one shape",
    "check_theorem: bound.lower.total -> bound.usable.total": "the same",
    "check_theorem: left.low.shape -> left.high.shape": "the same",
    "check_theorem: left.low.size -> left.high.size": "the same",
    "coverage: low > level + sample_miss -> low >= level + sample_miss": (
        "a quantile of the beta distribution equals the level for no count of violations"
    ),
    "coverage: high <= level -> high < level": "the same",
    "critical_factor: (1 - level) * n - 1e-09 -> (1 - level) * n - 5e-10": (
        "an allowance for rounding, a million times what it must absorb"
    ),
}
"""Mutants that nothing notices, each with the reason: it decides as the original does."""


@contextmanager
def in_place_of(name: str, tree: ast.Module) -> Iterator[None]:
    """Import `verify.verdicts.name` from `tree`, and afresh what was built on it, inside the block."""
    package = importlib.import_module("verify.verdicts")
    known = [n for n in DECIDING if f"verify.verdicts.{n}" in sys.modules]
    saved = {n: sys.modules.pop(f"verify.verdicts.{n}") for n in known}
    attributes = {n: vars(package).pop(n) for n in DECIDING if n in vars(package)}
    origin = importlib.util.find_spec(f"verify.verdicts.{name}").origin
    module = ModuleType(f"verify.verdicts.{name}")
    module.__file__ = origin
    sys.modules[module.__name__] = module
    try:
        exec(compile(tree, origin, "exec"), vars(module))
        setattr(package, name, module)
        yield
    finally:
        for n in DECIDING:
            sys.modules.pop(f"verify.verdicts.{n}", None)
            vars(package).pop(n, None)
        sys.modules.update({f"verify.verdicts.{n}": m for n, m in saved.items()})
        vars(package).update(attributes)


def calls(function: Callable) -> Iterator[Callable[[], None]]:
    """A test function's calls, one for each combination of its parameters."""
    marks = [m for m in getattr(function, "pytestmark", []) if m.name == "parametrize"]
    axes = []
    for mark in marks:
        names, values = mark.args[:2]
        names = [n.strip() for n in names.split(",")] if isinstance(names, str) else list(names)
        axes.append([dict(zip(names, v if len(names) > 1 else [v], strict=True)) for v in values])
    for chosen in itertools.product(*axes):
        arguments = {k: v for each in chosen for k, v in each.items()}
        yield lambda arguments=arguments: function(**arguments)


def functions_of(module: ModuleType) -> list[Callable]:
    """The test functions, those that draw many examples last: most mutants fall at the first."""
    found = [f for k, f in vars(module).items() if k.startswith("test_") and inspect.isfunction(f)]
    return sorted(found, key=lambda f: hasattr(f, "hypothesis") or "cover" in f.__name__)


def noticed(name: str, tree: ast.Module) -> bool:
    """Whether any test of the battery fails, or cannot even be loaded, with the mutant in place."""
    try:
        with in_place_of(name, tree):
            for path in BATTERY[name]:
                module = load(TESTS / path)
                for function in functions_of(module):
                    for call in calls(function):
                        call()
    except (Exception, pytest.fail.Exception):
        return True
    return False


def source(name: str) -> str:
    return Path(importlib.util.find_spec(f"verify.verdicts.{name}").origin).read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize("name", DECIDING)
def test_the_battery_passes_on_the_code_as_it_is(name):
    assert not noticed(name, ast.parse(source(name)))


@pytest.mark.parametrize("name", DECIDING)
def test_every_mutant_is_noticed_or_listed(name):
    found = list(mutants(source(name)))
    assert len(found) > 15
    survivors = {m.name for m in found if not noticed(name, m.tree)}
    assert survivors == {m.name for m in found if m.name in SURVIVORS}


def test_every_listed_survivor_is_a_mutant():
    names = {m.name for name in DECIDING for m in mutants(source(name))}
    assert set(SURVIVORS) <= names
