"""The page on the architecture names what is there, and the top level holds nothing else."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("bounds", "empirical", "verify", "multimodal_bounds")
PAGE = ROOT / "docs" / "architecture.md"
TEXT = PAGE.read_text(encoding="utf-8")
CODE = re.findall(r"`([^`\n]+)`", TEXT)
TOP = {
    *(*PACKAGES, "tests", "docs", "examples", "pyproject.toml", "noxfile.py", "LICENSE"),
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "CITATION.cff"),
}
BUILT = re.compile(r"build|dist|.*\.egg-info|__pycache__|report|claims|reproduce|shared|venv")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without its first two lines."""
    section = TEXT.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.mark.parametrize("path", sorted({each for each in CODE if "/" in each}))
def test_every_path_exists(path: str) -> None:
    assert (ROOT / path).exists()


def test_every_folder_has_its_line() -> None:
    listed = [row[0] for row in rows("Folders")]
    there = {
        file.parent.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for file in (ROOT / package).rglob("__init__.py")
    }
    assert len(listed) == len(set(listed))
    assert set(listed) == there


def test_every_table_has_its_line() -> None:
    listed = {(name, file) for name, file, _ in rows("Tables")}
    there = {
        (name, file.relative_to(ROOT).as_posix())
        for package in PACKAGES
        for file in (ROOT / package).rglob("*.py")
        for name in re.findall(
            r"^([A-Z_]+)(?:: [^=\n]+)? = Table\(", file.read_text("utf-8"), re.MULTILINE
        )
    }
    assert listed == there


def top_level() -> set[str]:
    """What git tracks at the top; in an exported archive what lies there, without what is built."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        listed = subprocess.run(
            ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.splitlines()
        return {name.partition("/")[0] for name in listed}
    return {each.name for each in ROOT.iterdir() if not BUILT.fullmatch(each.name)}


def test_the_top_level_holds_nothing_else() -> None:
    assert {name for name in top_level() if not name.startswith(".")} <= TOP
