"""The README's examples run, and print what it says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"
TEXT = README.read_text(encoding="utf-8")
# The example of a test suite is run by tests/verify/test_pytest_plugin.py.
BLOCKS = re.findall(r"^```python\n(.*?)^```", TEXT, re.M | re.S)
PYTHON = [block for block in BLOCKS if "def test_" not in block]
COMMANDS = re.findall(r"^    (python -m verify bound .*)$", TEXT, re.M)


@pytest.mark.parametrize("code", PYTHON)
def test_python_example(code: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_own_features_example_writes_its_report() -> None:
    assert any("verify_dataset" in code for code in PYTHON)


@pytest.mark.parametrize("command", COMMANDS)
def test_printed_output_is_the_real_one(command: str) -> None:
    done = subprocess.run(
        [sys.executable, *command.split()[1:]], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    after = TEXT.split(command, 1)[1]
    shown = re.search(r"```text\n(.*?)```", after, re.S)
    assert shown is not None
    assert shown.group(1).rstrip() == done.stdout.rstrip()


def test_set_up_commands_come_first() -> None:
    commands = re.findall(r"^    (pip install .*)$", TEXT, re.M)
    assert commands[:2] == [
        "pip install . && python -m verify report",
        "pip install '.[test]' && pytest",
    ]
