"""The history of the benchmarks: every script adds a line, and the lines can be drawn."""

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
HELPERS = {"history.py", "plot_history.py", "populations.py"}
HELPERS |= {path.name for path in FOLDER.glob("test_*.py")}
SCRIPTS = sorted(path for path in FOLDER.glob("*.py") if path.name not in HELPERS)


@pytest.fixture
def history(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(FOLDER)
    import history

    return history


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_every_benchmark_records_its_figures(script: Path) -> None:
    calls = {
        node.func.attr
        for node in ast.walk(ast.parse(script.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "history"
    }
    assert calls == {"parser", "record"}


def test_a_run_adds_one_line(history: Any, tmp_path: Path) -> None:
    file = str(tmp_path / "runs.jsonl")
    history.record("tests/benchmarks/speed.py", {"ours": 3.14159265, "theirs": 1}, file)
    history.record("tests/benchmarks/speed.py", {"ours": 4}, file)
    first, second = (json.loads(line) for line in Path(file).read_text("utf-8").splitlines())
    assert first["benchmark"] == "speed"
    assert first["figures"] == {"ours": 3.14159, "theirs": 1.0}
    assert second["figures"] == {"ours": 4.0}
    assert {"commit", "changed", "machine", "time"} <= set(first)
    assert {"processor", "instructions", "cores", "torch"} <= set(first["machine"])
    assert history.read(file) == [first, second]


def test_no_history_if_none_is_asked_for(history: Any, tmp_path: Path) -> None:
    options = history.parser("What it does.").parse_args(["--history", ""])
    history.record("speed.py", {"ours": 2.0}, options.history)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("figures", [{}, {"ours": float("nan")}, {"ours": float("inf")}])
def test_what_is_no_figure_is_refused(history: Any, tmp_path: Path, figures: Any) -> None:
    with pytest.raises(ValueError, match="figures must be finite numbers, got"):
        history.record("speed.py", figures, str(tmp_path / "runs.jsonl"))
    assert not list(tmp_path.iterdir())


def test_the_commit_is_that_of_the_library(history: Any, tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@b")
        command = ["git", "-C", str(tmp_path), *who, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert history.commit(tmp_path / "none") == {"commit": None, "changed": None}
    git("init", "-q")
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "-qm", "first")
    head = git("rev-parse", "HEAD")[:10]
    assert history.commit(tmp_path) == {"commit": head, "changed": False}
    (tmp_path / "a").write_text("2")
    assert history.commit(tmp_path) == {"commit": head, "changed": True}


def test_lines_that_are_no_runs_are_named(history: Any, tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    for wrong in ("{", "[]", '{"benchmark": "x"}', '{"benchmark": "x", "figures": {}}'):
        file.write_text(wrong)
        with pytest.raises(ValueError, match=r"^line 1 of .*runs.jsonl must be a run, got"):
            history.read(file)


def test_a_history_is_drawn(history: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One curve for each figure and processor; the same file from the same runs."""
    import plot_history

    machines = [{"processor": "A"}, {"processor": "A"}, {"processor": "B"}]
    runs = [
        {
            "benchmark": "speed",
            "time": f"2026-01-0{day}T00:00:00Z",
            "commit": f"{day}" * 10,
            "changed": False,
            "machine": machine,
            "figures": {"ours": 2.0 * day, "theirs": 1.0},
        }
        for day, machine in enumerate(machines, start=1)
    ]
    (tmp_path / "runs.jsonl").write_text("".join(json.dumps(run) + "\n" for run in reversed(runs)))
    pictures = []
    for name in ("a.svg", "b.svg"):
        arguments = ["plot_history.py", str(tmp_path / "runs.jsonl"), str(tmp_path / name)]
        monkeypatch.setattr(sys, "argv", arguments)
        plot_history.main()
        pictures.append((tmp_path / name).read_text("utf-8"))
    assert pictures[0] == pictures[1]
    for text in ("speed", "ours", "theirs", "1111111", "2222222", "3333333", "2026-01-03"):
        assert f">{text}<" in pictures[0]


def test_the_history_in_the_docs_is_one(history: Any) -> None:
    docs = FOLDER.parents[1] / "docs"
    runs = history.read(docs / "benchmarks.jsonl")
    picture = (docs / "benchmarks.svg").read_text("utf-8")
    drawn = [run for run in runs if run["benchmark"] in ("train_models", "rademacher_draws")]
    assert {run["changed"] for run in drawn} == {False}
    for run in drawn:
        assert f">{run['commit'][:7]}<" in picture


def test_a_pattern_chooses_figures(history: Any) -> None:
    import plot_history

    runs = [{"benchmark": "speed", "time": "2026-01-01", "figures": {"ours": 2.0, "theirs": 1.0}}]
    (panel,) = plot_history.draw(runs, [], "^our").axes
    assert [line.get_label() for line in panel.lines] == ["ours"]
