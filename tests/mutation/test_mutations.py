"""The checks check: every slip in the code that decides is noticed, but for listed survivors.

Each mutant of a module in BATTERY is put in the module's place, and the module's tests are run on it
until one fails. What survives must be in SURVIVORS, with the reason why no test could or need notice
it. Constants of theorems are mutated in tests/bounds/test_derivation.py, where the proof no longer
adds up.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import itertools
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from unittest import mock

import pytest

TESTS = Path(__file__).parents[1]
# Helpers of the battery lie beside it.
sys.path.append(str(TESTS / "verify"))


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"mutation_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their own module up by name.
    with mock.patch.dict(sys.modules, {module.__name__: module}):
        spec.loader.exec_module(module)
    return module


mutants = load(Path(__file__).with_name("mutants.py")).mutants

BATTERY = {
    "verify.verdicts.compare": ("verify/test_compare.py", "verify/test_check.py"),
    "verify.verdicts.anytime": ("verify/test_anytime.py", "verify/test_coverage.py"),
    "verify.verdicts.draws": ("verify/test_draws.py",),
    "verify.verdicts.coverage": (
        "verify/test_coverage.py",
        "verify/test_critical_factor.py",
        "verify/test_check.py",
    ),
    "verify.verdicts.check": ("verify/test_check.py",),
    "verify.verdicts.gain": ("verify/test_gain.py",),
    "verify.findings.cells": ("verify/test_cells.py",),
    "verify.findings.proofs": ("verify/test_headline.py",),
    "verify.findings.situation": ("verify/test_headline.py",),
    "verify.findings.claims": ("verify/test_claim_findings.py",),
    "verify.report.headline": ("verify/test_headline.py",),
    "verify.claims.alterations": ("verify/test_claims_judge.py",),
    "verify.claims.claim": ("verify/test_claims_decided.py", "verify/test_claims_judge.py"),
    "verify.claims.judge": ("verify/test_claims_judge.py",),
}
"""Every file that decides, with the tests that are run on its mutants."""

SAME_NAMES = "both ends of a bound have the same terms, of the same shape"
SAME_SHAPE = "both ends of an interval have one shape"
NO_TIE = "the evidence equals what is asked for at no count"
SURVIVORS = {
    "bound_interval: direction >= 0 -> direction >= 1": "directions are +1 or -1",
    "bound_interval: direction is not None and direction >= 0 ->"
    " direction is not None and direction > 0": "directions are +1 or -1",
    "BoundInterval.own_terms: given_names(self.upper) -> given_names(self.lower)": SAME_NAMES,
    "BoundInterval.own_terms: self.upper.terms -> self.lower.terms": SAME_NAMES,
    "BoundInterval.own_terms:"
    " _sum((self.upper.terms[n] for n in self.upper.terms if n not in given), self.upper) ->"
    " _sum((self.upper.terms[n] for n in self.upper.terms if n not in given), self.lower)": SAME_NAMES,
    "BoundInterval.given_terms: given_names(self.lower) -> given_names(self.upper)": SAME_NAMES,
    "BoundInterval.given_terms:"
    " _sum((without_rounding(term, rounding) for term in terms), self.lower) ->"
    " _sum((without_rounding(term, rounding) for term in terms), self.upper)": SAME_NAMES,
    "compare: low.shape -> high.shape": SAME_SHAPE,
    "judge: bound.lower.total -> bound.upper.total": SAME_SHAPE,
    "judge: left.low.shape -> left.high.shape": SAME_SHAPE,
    "judge: left.low.size -> left.high.size": SAME_SHAPE,
    "judge: arguments.get('delta', 0.5) -> arguments.get('delta', 0.25)": (
        "a theorem without delta has level 0 at any delta"
    ),
    "situation: all((found.modalities == M and len(N) == 1 for M, N in compared)) ->"
    " any((found.modalities == M and len(N) == 1 for M, N in compared))": (
        "the pairs compared are all of this kind or none of them is"
    ),
    "measured: (set(pair.N) < set(pair.M) for pair in worse) ->"
    " (set(pair.N) <= set(pair.M) for pair in worse)": "M and N of a pair differ",
    "module: [1.1, 1.25, 1.5, 2.0, 3.0, 6.0, 16.0] -> [1.1, 1.25, 1.5, 2.0, 3.0, 6.0, 17.0]": (
        "evidence on another odds ratio is as valid, and hardly differs"
    ),
    "anytime_interval: brentq(above, 0.0, rate) if above(0.0) > 0 else 0.0 ->"
    " brentq(above, 0.0, rate) if above(0.0) >= 0 else 0.0": NO_TIE,
    "anytime_interval: brentq(below, rate, _BELOW_1) if below(_BELOW_1) > 0 else 1.0 ->"
    " brentq(below, rate, _BELOW_1) if below(_BELOW_1) >= 0 else 1.0": NO_TIE,
    "coverage: min(1.0, level + sample_miss) -> min(2.0, level + sample_miss)": (
        "no count is evidence that a probability is above 1"
    ),
    "Draws.above: tail <= PLANNED * miss -> tail < PLANNED * miss": NO_TIE,
    "Draws.above: bool(evidence_above(self.hits, self.n, probability) >= enough) ->"
    " bool(evidence_above(self.hits, self.n, probability) > enough)": NO_TIE,
    "Draws.below: bool(evidence_below(self.hits, self.n, probability) >= enough) ->"
    " bool(evidence_below(self.hits, self.n, probability) > enough)": NO_TIE,
    "_few: bool(stats.binom.cdf(hits, n, probability) <= PLANNED * miss) ->"
    " bool(stats.binom.cdf(hits, n, probability) < PLANNED * miss)": NO_TIE,
    "caught_below: counts[evidence_above(counts, n, level) >= -math.log(alpha)] ->"
    " counts[evidence_above(counts, n, level) > -math.log(alpha)]": NO_TIE,
}
"""Mutants that nothing notices, each with the reason: it decides as the original does."""


@contextmanager
def in_place_of(name: str, tree: ast.Module) -> Iterator[None]:
    """Import module `name` from `tree`, and afresh what was built on it, inside the block."""
    saved = {each: sys.modules.pop(each) for each in BATTERY if each in sys.modules}
    attributes = [each.rpartition(".") for each in BATTERY]
    packages = {package: importlib.import_module(package) for package, _, _ in attributes}
    for package, _, attribute in attributes:
        vars(packages[package]).pop(attribute, None)
    module = ModuleType(name)
    module.__file__ = origin(name)
    sys.modules[name] = module
    try:
        exec(compile(tree, origin(name), "exec"), vars(module))
        setattr(packages[name.rpartition(".")[0]], name.rpartition(".")[2], module)
        yield
    finally:
        for package, _, attribute in attributes:
            sys.modules.pop(f"{package}.{attribute}", None)
            vars(packages[package]).pop(attribute, None)
        sys.modules.update(saved)
        for each, before in saved.items():
            package, _, attribute = each.rpartition(".")
            setattr(packages[package], attribute, before)


@cache
def origin(name: str) -> str:
    return importlib.util.find_spec(name).origin


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


def functions_of(module: ModuleType, first: str) -> list[Callable]:
    """The test functions but for slow ones: the one named first, and those with many examples last."""
    named = [f for k, f in vars(module).items() if k.startswith("test_") and inspect.isfunction(f)]
    kept = [f for f in named if "slow" not in {m.name for m in getattr(f, "pytestmark", [])}]
    many = {f: hasattr(f, "hypothesis") or "cover" in f.__name__ for f in kept}
    return sorted(kept, key=lambda f: (f.__name__ != first, many[f]))


LAST: dict[str, tuple[str, str]] = {}
"""The file and the function that noticed the last mutant of a module: the next one often falls there."""


def noticed(name: str, tree: ast.Module) -> bool:
    """Whether any test of the battery fails, warns or cannot be loaded with the mutant in place."""
    last = LAST.get(name, ("", ""))
    where = last
    try:
        with in_place_of(name, tree), warnings.catch_warnings():
            warnings.simplefilter("error")
            for path in sorted(BATTERY[name], key=lambda path: path != last[0]):
                where = path, ""
                module = load(TESTS / path)
                for function in functions_of(module, last[1] if path == last[0] else ""):
                    where = path, function.__name__
                    for call in calls(function):
                        call()
    except (Exception, pytest.fail.Exception):
        LAST[name] = where
        return True
    return False


@cache
def found(name: str) -> tuple:
    return tuple(mutants(Path(origin(name)).read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", BATTERY)
def test_the_battery_passes_on_the_code_as_it_is(name):
    assert not noticed(name, ast.parse(Path(origin(name)).read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", BATTERY)
def test_every_mutant_is_noticed_or_listed(name):
    assert len(found(name)) >= 10
    survivors = {m.name for m in found(name) if not noticed(name, m.tree)}
    assert sorted(survivors) == sorted({m.name for m in found(name) if m.name in SURVIVORS})


def test_every_listed_survivor_is_a_mutant():
    names = {mutant.name for name in BATTERY for mutant in found(name)}
    assert set(SURVIVORS) <= names


def test_the_document_has_the_real_counts():
    text = (TESTS.parent / "docs" / "mutations.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(verify/\S+)\.py` \|.*\| (\d+) \|$", text, re.MULTILINE))
    counts = {name.replace(".", "/"): str(len(found(name))) for name in BATTERY}
    assert rows == counts
    total = sum(map(int, counts.values()))
    assert f"{len(SURVIVORS)} of these {total} survive" in text
