"""The examples of the README and of the pages in docs run, and print what is shown below them."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
DOCUMENTS = [README, *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in DOCUMENTS}
# A block and, if it follows with at most a line of prose between, what the block prints.
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```)?", re.M | re.S)
COMMAND = re.compile(
    r"^    python -m (verify bound \S+ [^\n]*)\n(?:\n[^\n]*\n)?\n```text\n(.*?)^```", re.M | re.S
)
# The example of a test suite is run by tests/verify/test_pytest_plugin.py.
EXAMPLES = [
    pytest.param(code, shown, id=f"{name}, {code.strip().splitlines()[-1][:40]}")
    for name, text in TEXTS.items()
    for code, shown in BLOCK.findall(text)
    if "def test_" not in code
]
COMMANDS = [match for text in TEXTS.values() for match in COMMAND.findall(text)]


def printed(arguments: list[str], folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.rstrip()


@pytest.mark.parametrize(("code", "shown"), EXAMPLES)
def test_python_example(code: str, shown: str, tmp_path: Path) -> None:
    out = printed(["-c", code], tmp_path)
    assert out
    if shown:
        assert out == shown.rstrip()


@pytest.mark.parametrize(("command", "shown"), COMMANDS)
def test_printed_output_is_the_real_one(command: str, shown: str, tmp_path: Path) -> None:
    assert printed(["-m", *shlex.split(command)], tmp_path) == shown.rstrip()


def test_examples_are_found() -> None:
    assert len(COMMANDS) == 1
    assert len(EXAMPLES) >= 10
    assert any("verify_dataset" in code for code, _ in BLOCK.findall(TEXTS["README.md"]))


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_every_page_is_reached_from_the_readme(name: str) -> None:
    assert name == "README.md" or f"(docs/{name})" in TEXTS["README.md"]


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_commands_that_are_shown_exist(name: str) -> None:
    known = ("report", "decide", "bound", "claims", "reproduce", "list")
    for command in re.findall(r"python -m verify (\w+)", TEXTS[name]):
        assert command in known


def test_scripts_that_are_shown_exist() -> None:
    shown = {
        each for text in TEXTS.values() for each in re.findall(r"`python (tests/\S+\.py)", text)
    }
    assert shown
    assert [path for path in shown if not (ROOT / path).is_file()] == []


def test_set_up_commands_come_first() -> None:
    commands = re.findall(r"^    (pip install .*)$", TEXTS["README.md"], re.M)
    assert commands[:2] == [
        "pip install . && python -m verify report",
        "pip install '.[test]' && pytest",
    ]
