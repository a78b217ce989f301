"""Every example in a docstring runs and prints what it says, in the packages as they are imported."""

import ast
import doctest
import importlib
import importlib.util
import inspect
import pkgutil
import re
import warnings
from pathlib import Path

import pytest

PACKAGES = ("bounds", "empirical", "verify")


def modules_with_examples():
    """Names of the modules whose source has an example; nothing but packages is imported for it."""
    found = []
    for package in PACKAGES:
        root = importlib.import_module(package)
        names = [package]
        names += [m.name for m in pkgutil.walk_packages(root.__path__, f"{package}.")]
        for name in names:
            spec = importlib.util.find_spec(name)
            if spec is None or not (spec.origin or "").endswith(".py"):
                continue
            if ">>> " in Path(spec.origin).read_text(encoding="utf-8"):
                found.append(name)
    return found


MODULES = modules_with_examples()


def test_each_package_has_examples():
    assert {name.partition(".")[0] for name in MODULES} == set(PACKAGES)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    module = importlib.import_module(name)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        results = doctest.testmod(module, verbose=False)
    assert results.attempted > 0
    assert results.failed == 0, f"{results.failed} of {results.attempted} examples in {name} failed"


INTERNAL = (
    # Helpers behind `bounds.linear_case`, and the verifier of receipts, which has a command instead.
    "bounds.linear_case.exact_sums",
    "bounds.linear_case.schur",
    "bounds.receipts",
    # The steps of `bounds.audit`, which has the example.
    *(f"bounds.auditing.{step}" for step in ("checks", "points", "rows", "target", "worlds")),
)


def public_functions_of_bounds():
    """Every public function, method and property that `bounds` defines, by dotted name."""
    root = importlib.import_module("bounds")
    for info in pkgutil.walk_packages(root.__path__, "bounds."):
        if info.name.startswith(INTERNAL):
            continue
        module = importlib.import_module(info.name)
        for name, thing in vars(module).items():
            if name.startswith("_") or getattr(thing, "__module__", None) != info.name:
                continue
            if inspect.isfunction(thing):
                yield f"{info.name}.{name}", thing
            elif inspect.isclass(thing):
                for inner, member in vars(thing).items():
                    function = getattr(member, "fget", None) or getattr(member, "func", member)
                    function = getattr(function, "__func__", function)
                    if not inner.startswith("_") and inspect.isfunction(function):
                        yield f"{info.name}.{name}.{inner}", function


def test_every_public_function_of_bounds_has_an_example():
    functions = dict(public_functions_of_bounds())
    assert len(functions) > 80
    assert [name for name, f in functions.items() if ">>> " not in (f.__doc__ or "")] == []


def test_docstrings_speak_one_dialect():
    """Sections are numpydoc's; no aligned columns, no "Args:", no errors hidden in running text."""
    found = []
    for package in (*PACKAGES, "multimodal_bounds"):
        root = Path(importlib.import_module(package).__file__).parent
        for path in sorted(root.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                    continue
                text = ast.get_docstring(node) or ""
                foreign = re.search(r"^(Args|Arguments|Params):|^\w+(, \w+)* {2,}\S", text, re.M)
                hidden = re.search(r"\b(Raises|raises) \w+Error\b", text)
                bare = ">>> " in text and "Examples\n--------" not in text
                if foreign or hidden or bare:
                    found.append(f"{path.name}: {node.name}")
    assert found == []
