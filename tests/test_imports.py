"""The arrows between the packages: bounds -> empirical -> verify, read from the source itself."""

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

OURS = {"bounds", "empirical", "verify"}
# What `empirical` may take from `bounds`: vocabulary, checks, tables, complexities, constants of losses.
SHARED = (
    "bounds.arrays",
    "bounds.characters",
    "bounds.domains",
    "bounds.names",
    "bounds.losses",
    "bounds.notation",
    "bounds.on_first_use",
    "bounds.rademacher",
    "bounds.table",
)


def sources(package):
    """The package's files wherever it is installed, found without importing it."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    root = Path(next(iter(spec.submodule_search_locations)))
    files = sorted(root.rglob("*.py"))
    assert files
    return root, files


def imported(node, package):
    """Full names that one import statement names; `from a import b` may mean the module a.b."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*above, base] if base else above)
        return [f"{base}.{alias.name}" for alias in node.names]
    return []


def imports(package):
    """(file, name, whether at module level, where type checkers alone look) of every import."""
    root, files = sources(package)
    for path in files:
        inside = ".".join([package, *path.relative_to(root).parent.parts])
        tree = ast.parse(path.read_text(encoding="utf-8"))
        deferred, hidden = set(), set()
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                deferred.update(map(id, ast.walk(node)))
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                hidden.update(id(inner) for child in node.body for inner in ast.walk(child))
        for node in ast.walk(tree):
            for name in imported(node, inside):
                yield path.name, name, id(node) not in deferred, id(node) in hidden


def top(name):
    return name.partition(".")[0]


def test_bounds_needs_sympy_and_numpy_alone():
    loose = [
        (file, name)
        for file, name, at_module_level, hidden in imports("bounds")
        if at_module_level
        and not hidden
        and top(name) not in {"bounds", "sympy", "numpy", *sys.stdlib_module_names}
    ]
    assert not loose


def test_bounds_knows_no_torch_and_no_data_not_even_inside_functions():
    forbidden = {"torch", "sklearn", "empirical", "verify"}
    assert not [(file, name) for file, name, *_ in imports("bounds") if top(name) in forbidden]


def test_empirical_knows_no_theorem():
    loose = [
        (file, name)
        for file, name, *_ in imports("empirical")
        if top(name) in {"bounds", "verify"}
        and not any(name == shared or name.startswith(f"{shared}.") for shared in SHARED)
    ]
    assert not loose


def test_empirical_does_use_what_it_shares():
    # Otherwise the test above could pass by looking at nothing.
    used = {name for _, name, *_ in imports("empirical") if top(name) == "bounds"}
    assert any(name.startswith("bounds.losses") for name in used)
    assert any(name.startswith("bounds.rademacher") for name in used)


def test_verify_is_the_last():
    used = {top(name) for package in ("bounds", "empirical") for _, name, *_ in imports(package)}
    assert "verify" not in used
    assert {top(name) for _, name, *_ in imports("verify")} >= {"bounds", "empirical"}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("import torch.nn as nn", ["torch.nn"]),
        ("from bounds import losses, notation", ["bounds.losses", "bounds.notation"]),
        ("from . import a", ["bounds.rademacher.a"]),
        ("from ..losses import squared", ["bounds.losses.squared"]),
        ("x = 1", []),
    ],
)
def test_the_reader_of_imports_reads_them_all(line, expected):
    assert imported(ast.parse(line).body[0], "bounds.rademacher") == expected


def test_importing_bounds_loads_no_heavy_library():
    code = """
import importlib, pkgutil, sys
import bounds
for module in pkgutil.walk_packages(bounds.__path__, "bounds."):
    importlib.import_module(module.name)
print(*sorted({"torch", "pandas", "matplotlib", "scipy", "sklearn", "empirical", "verify"}
              & set(sys.modules)))
assert "bounds.rademacher.fusion" in sys.modules and "sympy" in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
