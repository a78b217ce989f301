"""What is imported is declared in pyproject.toml, and what is declared is used."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = ("bounds", "empirical", "verify", "multimodal_bounds")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Distributions that are not called as what they hold.
MODULES = {"scikit-learn": "sklearn"}
# Run as commands or read by other tools, never imported.
TOOLS = {"ruff", "mypy", "pandas_stubs", "nox", "pre_commit", "pytest_xdist"}
# The plugin is loaded by pytest, so whoever loads it has pytest.
BY_PYTEST = {"pytest"}


def declared(requirements):
    """The names under which required distributions are imported."""
    names = (re.match(r"[\w-]+", each).group() for each in requirements)
    return {MODULES.get(name, name.replace("-", "_")) for name in names}


def imported(*folders):
    """Top-level modules that the folders import, ours and the standard library's left out."""
    found = set()
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    found |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    found.add(node.module.partition(".")[0])
    return found - {*OURS, *sys.stdlib_module_names, "__future__"}


NEEDED = declared(PROJECT["dependencies"])
EXTRAS = {name: declared(each) for name, each in PROJECT["optional-dependencies"].items()}
OPTIONAL = EXTRAS["cluster"] | EXTRAS["slurm"]


def test_what_the_packages_import_is_declared():
    assert imported(*OURS) - BY_PYTEST - NEEDED - OPTIONAL == set()


def test_what_is_declared_is_imported():
    assert NEEDED - imported(*OURS) == set()
    assert OPTIONAL - imported(*OURS) == set()


def test_what_the_tests_import_is_declared_and_the_reverse():
    own = {path.stem for path in (ROOT / "tests").rglob("*.py")} | {"tests"}
    own |= {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()}
    used = imported("tests") - own
    assert used - NEEDED - EXTRAS["test"] == set()
    assert EXTRAS["test"] - used - imported(*OURS) - TOOLS == set()
    assert EXTRAS["dev"] <= TOOLS


@pytest.mark.parametrize("names", [{"numpy"}, {"sklearn"}])
def test_the_reader_of_imports_finds_them(names):
    assert names <= imported(*OURS)
