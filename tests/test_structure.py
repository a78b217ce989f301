"""The structure inside each package: no circle, no arrow that points back, no name compared by hand."""

import ast
import importlib.util
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(importlib.util.find_spec("bounds").origin).parents[1]
PACKAGES = ("bounds", "empirical", "verify")
FILES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def module_of(path):
    """The dotted name of a file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in FILES}


def imported(path):
    """Our modules that a file imports, inside functions and for type checkers too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are written in full"
            names = [
                full if (full := f"{node.module}.{alias.name}") in MODULES else node.module
                for alias in node.names
            ]
        yield from (name for name in names if name in MODULES and name != module_of(path))


GRAPH = {name: set(imported(path)) for name, path in MODULES.items()}


def circle(graph):
    """The names of one circle, or an empty list."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def folders(package):
    """The rooms of a package and the arrows between them; a file of its own is a room."""

    def room(name):
        return ".".join(name.split(".")[:2])

    found = {}
    for name, targets in GRAPH.items():
        if name.startswith(f"{package}."):
            arrows = {room(t) for t in targets if t.startswith(f"{package}.")} - {room(name)}
            found.setdefault(room(name), set()).update(arrows)
    return found


def test_the_graph_is_read():
    assert len(MODULES) > 100
    assert "bounds.statement.statement" in GRAPH["bounds.theorem"]


def test_a_circle_is_noticed():
    assert circle({"a": {"b"}, "b": {"a"}})
    assert not circle({"a": {"b"}, "b": set()})


def test_no_circle_of_files():
    assert circle(GRAPH) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_arrow_between_folders_points_back(package):
    assert circle(folders(package)) == []
