"""The structure inside each package: no circle, no arrow that points back, no name compared by hand."""

import ast
import importlib.util
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from bounds import catalogue
from empirical.fusion import OPERATIONS
from empirical.losses import LOSSES

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
    """The folders of a package and the imports between them; a file beside them counts as a folder."""

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


# ---- names of entries stand in their tables, and nothing else compares them

KEYS = {theorem.key for theorem in catalogue.THEOREMS}
CHOICES = {*OPERATIONS.names, *LOSSES.names}
TABLES = {"bounds/catalogue.py", "empirical/fusion/operations.py", "empirical/losses.py"}


def literals(node):
    """The words that an expression compares with: its strings, and those of a literal inside it."""
    return {
        inner.value
        for inner in ast.walk(node)
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str)
    }


def compared(tree):
    """(line, word) of every string that is compared, matched, or asked for as the start of another."""
    for node in ast.walk(tree):
        asks = isinstance(node, ast.Call) and re.search(
            r"(starts|ends)with$", ast.unparse(node.func)
        )
        if asks or isinstance(node, ast.Compare | ast.MatchValue):
            yield from ((node.lineno, word) for word in literals(node))


def is_forbidden(word, package):
    """Whether a compared word is an entry's name; `bounds` knows no operations, and adds up sums."""
    modules = {key.partition(".")[0] for key in KEYS}
    return word in KEYS or word.rstrip(".") in modules or (package != "bounds" and word in CHOICES)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ('theorem.key == "risk_gap.sharp"', {"risk_gap.sharp"}),
        ('name in ("sum", "gated")', {"sum", "gated"}),
        ('key.startswith("risk_gap.")', {"risk_gap."}),
        ('match loss:\n    case "softmax":\n        pass', {"softmax"}),
        ('find("softmax")', set()),
    ],
)
def test_a_compared_name_is_noticed(code, words):
    found = {word for _, word in compared(ast.parse(code))}
    assert found == words
    assert all(is_forbidden(word, "verify") for word in found)


def test_no_name_of_an_entry_is_compared_outside_its_table():
    found = [
        f"{path.relative_to(ROOT)}:{line}: {word}"
        for path in FILES
        if path.relative_to(ROOT).as_posix() not in TABLES
        for line, word in compared(ast.parse(path.read_text(encoding="utf-8")))
        if is_forbidden(word, path.relative_to(ROOT).parts[0])
    ]
    assert found == []


def test_no_template_compares_a_name_of_an_entry():
    found = [
        (path.name, word)
        for path in (ROOT / "verify").rglob("*.html")
        for word in re.findall(r"""[=!]= *["']([^"']+)["']""", path.read_text(encoding="utf-8"))
        if is_forbidden(word, "verify")
    ]
    assert found == []


def test_files_stay_short_enough_for_one_sitting():
    lines = {path: path.read_text(encoding="utf-8").count("\n") for path in FILES}
    assert {path.name: n for path, n in lines.items() if n >= 350} == {}
