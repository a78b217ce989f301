"""The checklists of CONTRIBUTING.md name the files that an existing entry really touches."""

import ast
import fnmatch
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("bounds", "empirical", "verify", "multimodal_bounds")
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SOURCES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
ITEM = re.compile(r"- (?:(Optional|Test): )?`([^`]+)`: \S")


def checklists() -> dict[str, list[tuple[str, str]]]:
    """Heading to (mark, path) of every item."""
    found = {}
    for section in TEXT.split("\n### ")[1:]:
        heading, _, body = section.partition("\n")
        items = [line for line in body.splitlines() if line.startswith("- ")]
        matches = [ITEM.match(item) for item in items]
        assert all(matches), f"{heading}: each item begins with one path"
        found[heading] = [(m[1] or "", m[2]) for m in matches if m]
    return found


LISTS = checklists()
ALL = [(heading, path) for heading, items in LISTS.items() for _, path in items]


def pattern(path: str) -> str:
    """A path with its `<...>` as a pattern of file names."""
    return re.sub(r"<[^>]*>", "*", path)


def files(heading: str, *marks: str) -> set[str]:
    """The paths of a checklist with these marks, those to be created included."""
    return {path for mark, path in LISTS[heading] if mark in marks}


def words(path: Path) -> Iterator[str]:
    """Strings and names of a file, docstrings left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in prose:
                yield text
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                yield name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                yield name
            case ast.keyword(arg=str(name)):
                yield name


def mentions(name: str) -> set[str]:
    """The files whose code names an entry, as a word or as part of a longer name."""
    whole = re.compile(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", re.IGNORECASE)
    return {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if any(whole.search(word) for word in words(path))
    }


def unexplained(found: set[str], listed: set[str]) -> set[str]:
    """Files that no path of a checklist covers."""
    return {
        file for file in found if not any(fnmatch.fnmatch(file, pattern(path)) for path in listed)
    }


def unused(found: set[str], listed: set[str]) -> set[str]:
    """Paths of a checklist that cover none of the files."""
    return {path for path in listed if not fnmatch.filter(found, pattern(path))}


@pytest.mark.parametrize(("heading", "path"), ALL)
def test_every_path_exists(heading: str, path: str) -> None:
    if "<" in path:
        assert list(ROOT.glob(pattern(path))), "no file of that kind is there"
    else:
        assert (ROOT / path).is_file()


@pytest.mark.parametrize(
    ("heading", "needed"),
    [
        ("A theorem", 4),
        ("A fusion operation", 1),
        ("A loss", 2),
        ("A data format", 3),
        ("A measured quantity", 3),
        ("A report section", 3),
        ("An engine", 2),
    ],
)
def test_the_number_of_files_to_touch(heading: str, needed: int) -> None:
    assert len(files(heading, "")) == needed
    assert files(heading, "Test")


def test_every_kind_has_a_number() -> None:
    assert len(LISTS) == 7


@pytest.mark.parametrize("entry", ["gated", "attention"])
def test_an_operation_touches_its_checklist_alone(entry: str) -> None:
    found, listed = mentions(entry), files("A fusion operation", "", "Optional")
    assert unexplained(found, listed) == set()
    assert {path for path in unused(found, listed) if path.endswith(".py")} == set()


@pytest.mark.parametrize(
    ("heading", "entry"),
    [
        ("A theorem", "data_dependent"),
        ("A measured quantity", "reference_empirical"),
    ],
)
def test_an_entry_touches_exactly_the_files_that_all_need(heading: str, entry: str) -> None:
    found, listed = mentions(entry), files(heading, "")
    assert unexplained(found, listed) == set()
    assert unused(found, listed) == set()


def test_a_loss_touches_its_checklist_alone() -> None:
    # `candidates` names logistic regression, a model and not the loss.
    found = mentions("logistic") - {"verify/decisions/candidates.py"}
    listed = files("A loss", "", "Optional")
    assert unexplained(found, listed) == set()
    assert {path for path in unused(found, listed) if path.endswith(".py")} == set()


def test_a_theorem_with_a_form_touches_its_checklist_and_that_of_what_is_measured() -> None:
    # `empirical.quality.fast_rate` measures the constants of the theorem `fast_rate`.
    found = mentions("fast_rate")
    listed = files("A theorem", "", "Optional") | {"empirical/measure.py"}
    assert unexplained(found, listed) == set()
    assert {"verify/findings/forms.py", "verify/report/answer.py"} <= found


def test_a_section_touches_its_checklist_alone() -> None:
    found = mentions("dominance") | {"verify/report/sections/terms.html"}
    assert unexplained(found, files("A report section", "")) == set()
    assert unused(found, files("A report section", "")) == set()


def test_an_engine_is_known_by_its_table_alone() -> None:
    users = {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if re.search(r"empirical\.erm(\.| import )compiled", path.read_text(encoding="utf-8"))
    }
    assert users == {"empirical/erm/engines.py"}
    assert "empirical.erm.compiled" in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_a_name_is_noticed_as_a_word_alone(tmp_path: Path) -> None:
    file = tmp_path / "some.py"
    file.write_text('"""Prose on gates."""\nx = _gated(mode="by gates")\n', encoding="utf-8")
    assert [*words(file)].count("Prose on gates.") == 0
    assert {"x", "_gated", "by gates", "mode"} <= {*words(file)}
