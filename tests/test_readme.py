"""Every block of code in the README and the pages runs, and prints what is shown below it.

A page is read from top to bottom in one folder. A block that is not run says why in a comment above it:

    <!-- not run: needs your own files -->
    <!-- slow -->                          run by `pytest -m slow`
    <!-- shown: what a wrong constant gives -->   text that is not the output of the block before it
"""

import contextlib
import io
import re
import shlex
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
DOCUMENTS = [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in DOCUMENTS}
FRONT_PAGES = ("README.md", "index.md")

MARK = re.compile(r"<!-- (not run|slow|shown)(?:: (.+?))? -->$")
PROGRAMS = "python|pip|pytest|nox|dask|pre-commit|multimodal-bounds|sbatch|srun"
COMMAND = re.compile(rf"(^|\$\()({PROGRAMS})\b", re.M)
SHELLS = ("bash", "sh", "console")
KINDS = ("python", "text")


@dataclass(frozen=True)
class Block:
    """One block of a page: its kind ("python", "text", "command" or "plain"), what it holds, its mark."""

    line: int
    kind: str
    code: str
    mark: str = ""
    reason: str = ""
    shown: str = ""  # what it prints, if the page shows that

    @property
    def runs(self) -> bool:
        return self.kind in ("python", "command") and self.mark != "not run"


def raw_blocks(text: str):
    """(line, kind, code, mark, reason, lines of prose before it) of every block, in order."""
    lines, place, prose, mark = text.splitlines(), 0, 99, ("", "")
    while place < len(lines):
        line = lines[place]
        start = place + 1
        if line.startswith("```"):
            kind, end = line[3:].strip(), lines.index("```", start)
            code = "\n".join(lines[start:end])
            yield start, "command" if kind in SHELLS else kind, code, *mark, prose
            place, prose, mark = end + 1, 0, ("", "")
        elif line.startswith("    ") and (place == 0 or not lines[place - 1].strip()):
            end = place
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            code = "\n".join(each[4:] for each in lines[place:end]).strip("\n")
            kind = "command" if COMMAND.search(code) else "plain"
            yield start, kind, code, *mark, prose
            place, prose, mark = end, 0, ("", "")
        else:
            if found := MARK.match(line):
                mark = found[1], found[2] or ""
            elif line.strip():
                prose, mark = prose + 1, ("", "")
            place += 1


def blocks(text: str) -> list[Block]:
    """The blocks of a page; text right below one that runs, or after a line, is what that one prints."""
    found: list[Block] = []
    for line, kind, code, mark, reason, prose in raw_blocks(text):
        before = found[-1] if found else None
        if (
            kind == "text"
            and not mark
            and before
            and before.runs
            and prose <= 1
            and not before.shown
        ):
            found[-1] = Block(
                before.line, before.kind, before.code, before.mark, before.reason, code
            )
        else:
            found.append(Block(line, kind, code, mark, reason))
    return found


PAGES = {name: blocks(text) for name, text in TEXTS.items()}


def run_python(code: str) -> str:
    """What a block prints; each has names of its own, and the modules that are there already."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), warnings.catch_warnings():
        exec(compile(code, "<page>", "exec"), {"__name__": "__main__"})
    return printed.getvalue()


def run_command(line: str) -> str:
    """What a command prints."""
    done = subprocess.run(
        [sys.executable, *shlex.split(line)[1:]],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, f"{line}: {done.stderr}"
    return done.stdout


def run(block: Block) -> None:
    """Run a block in the working folder, and compare what it prints with what is shown."""
    if block.kind == "python":
        printed = run_python(block.code)
    else:
        printed = "".join(run_command(line) for line in block.code.splitlines())
    if block.shown:
        assert printed.rstrip() == block.shown.rstrip()
    else:
        assert printed or "savez" in block.code


def is_test(block: Block) -> bool:
    """The example of a test suite is run by tests/verify/test_pytest_plugin.py."""
    return "def test_" in block.code


def in_turn(name: str, slow: bool) -> list[Block]:
    """The blocks of a page that run by default, or the slow ones."""
    return [
        each
        for each in PAGES[name]
        if each.runs and (each.mark == "slow") == slow and not is_test(each)
    ]


@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        pytest.param(name, chosen, id=f"slow {name}" if slow else name, marks=marks)
        for slow, marks in ((False, ()), (True, pytest.mark.slow))
        for name in PAGES
        if (chosen := in_turn(name, slow))
    ],
)
def test_the_blocks_of_a_page_run(
    name: str, chosen: list[Block], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for block in chosen:
        try:
            run(block)
        except BaseException as error:
            error.add_note(f"in the block of {name} at line {block.line}")
            raise


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_block_is_accounted_for(name: str) -> None:
    """A command can be run by this file, python is python, and what is not run or compared says why."""
    for block in PAGES[name]:
        where = f"{name}, line {block.line}"
        if block.kind == "command" and block.runs:
            assert all(line.startswith("python -m ") for line in block.code.splitlines()), where
        if block.kind == "text":
            assert block.mark == "shown", f"{where}: text that no block prints needs a mark"
        if block.mark in ("not run", "shown"):
            assert block.reason, f"{where}: the mark needs a reason"
        assert block.kind in (*KINDS, "command", "plain"), f"{where}: unknown kind {block.kind!r}"


def test_blocks_are_found() -> None:
    everything = [each for page in PAGES.values() for each in page]
    assert sum(each.runs and each.kind == "python" for each in everything) >= 30
    assert sum(bool(each.shown) for each in everything) >= 20
    assert any("verify_dataset" in each.code and each.runs for each in PAGES["README.md"])


PLANTED = """# Title

<!-- not run: needs your own files -->

    python -m verify report --data x.npz

```python
print(1)
```

prints

```text
1
```

```text
2
```

    a <= b

<!-- slow -->
```python
print(3)
```
"""


def test_the_parser_on_a_planted_page() -> None:
    found = blocks(PLANTED)
    assert [(each.kind, each.mark, each.shown) for each in found] == [
        ("command", "not run", ""),
        ("python", "", "1"),
        ("text", "", ""),
        ("plain", "", ""),
        ("python", "slow", ""),
    ]
    assert [each.runs for each in found] == [False, True, False, False, True]


def test_wrong_output_and_failures_are_noticed() -> None:
    with pytest.raises(AssertionError):
        run(Block(1, "python", "print(1)", shown="2"))
    with pytest.raises(AssertionError):
        run(Block(1, "python", "x = 1"))
    with pytest.raises(ZeroDivisionError):
        run(Block(1, "python", "print(1 / 0)"))
    with pytest.raises(AssertionError):
        run(Block(1, "command", "python -m verify bound none"))


@pytest.mark.parametrize("name", sorted(set(TEXTS) - {"CONTRIBUTING.md"}))
def test_every_page_is_reached_from_both_front_pages(name: str) -> None:
    assert name in FRONT_PAGES or f"]({name})" in TEXTS["index.md"]
    assert name == "README.md" or f"](docs/{name})" in TEXTS["README.md"]


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_commands_that_are_shown_exist(name: str) -> None:
    from verify.cli import app

    known = {each.name or each.callback.__name__ for each in app.registered_commands}
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
