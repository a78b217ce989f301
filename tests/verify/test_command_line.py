"""The command line as a whole: exit codes, signals, streams, and nonsense in any place."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from bounds.catalogue import THEOREMS
from verify.cli import main
from verify.commands import report
from verify.study import Study

BUSY = 600.0
"""Seconds after which a process counts as stuck, however busy the machine is."""

BOUND = ("bound", "risk_gap.paper", "m=10", "delta=.1", "L=1", "C=1", "R_M=1", "gamma=0")


def code_of(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    return int(exit_.value.code or 0)


def shell(*arguments: str | bytes, **options: object) -> subprocess.CompletedProcess[bytes]:
    command: list[str | bytes] = [sys.executable, "-m", "verify", *arguments]
    return subprocess.run(command, capture_output=True, **options)  # type: ignore[call-overload]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_run_that_is_told_to_end_keeps_its_parts(tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    arguments = [
        "report",
        "--data",
        "diabetes",
        "--m",
        "8,16",
        "--head-m",
        "0",
        "--trials",
        "20000",
    ]
    run = subprocess.Popen(
        [sys.executable, "-m", "verify", *arguments, "--out", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "LOKY_MAX_CPU_COUNT": "1"},
        # Tests may themselves be run by nohup, whose children ignore SIGHUP.
        preexec_fn=lambda: signal.signal(getattr(signal, name), signal.SIG_DFL),
    )
    try:
        # On a busy machine it takes a minute until everything is imported.
        deadline = time.monotonic() + BUSY
        while not list(out.glob("parts/trials*.parquet")):
            assert run.poll() is None, run.stderr.read() if run.stderr else ""
            assert time.monotonic() < deadline
            time.sleep(0.05)
        run.send_signal(getattr(signal, name))
        _, error = run.communicate(timeout=BUSY)
    finally:
        run.kill()
    assert run.returncode == 3
    line = error.decode().strip().splitlines()[-1]
    assert line.startswith("error: interrupted; finished parts are kept, continue with: python -m")
    assert b"Traceback" not in error


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("error", [TypeError, ValueError, OSError, RuntimeError])
def test_a_signal_in_the_midst_of_a_library_is_no_fault_of_it(
    name: str,
    error: type[Exception],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """matplotlib once made a TypeError of the interrupt, which then was a fault with exit code 4."""

    def swallowing(*_: object, **__: object) -> None:
        try:
            os.kill(os.getpid(), getattr(signal, name))
            time.sleep(600)
        except KeyboardInterrupt:
            raise error("incompatible function arguments") from None

    monkeypatch.setattr(Study, "run", swallowing)
    assert code_of(["report", "--data", "diabetes", "--out", str(tmp_path)]) == 3
    assert capsys.readouterr().err.startswith("error: interrupted; finished parts are kept, ")


def test_a_terminal_without_the_characters_still_shows_the_numbers() -> None:
    for encoding in ("ascii", "cp1252"):
        run = shell(*BOUND, env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"})
        assert run.returncode == 0, run.stderr
        assert b"dominant term" in run.stdout
    code = "from verify import cli; import sys; cli._prepare_streams(); print('\\u03b3 < \\u221a2')"
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert (run.returncode, run.stdout.strip()) == (0, b"? < ?2")


def test_a_name_that_is_no_text_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9"
    run = shell(b"report", b"--data", b"diabetes", b"--out", name)
    assert run.returncode == 2
    assert b"arguments must be valid UTF-8" in run.stderr
    assert not os.path.exists(name)


def test_an_output_that_is_closed_is_no_verdict() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "verify", *BOUND]
    run = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert run.returncode == 3
    assert b"Traceback" not in run.stderr


def test_streams_that_are_closed_before_the_start_are_no_obstacle(tmp_path: Path) -> None:
    """Workers and files that are opened then would get their numbers."""
    report = f"report --data diabetes --m 8 --head-m 0 --trials 2 --out {tmp_path / 'out'}"
    for words, closed in ((" ".join(BOUND), ">&-"), (report, ">&- 2>&-")):
        command = f"{sys.executable} -m verify {words} {closed}"
        assert subprocess.run(command, shell=True).returncode == 0
    json.loads((tmp_path / "out" / "report.json").read_bytes())


def test_a_scheduler_that_is_none_is_refused_in_one_line_to_the_very_end(tmp_path: Path) -> None:
    """Its client waited for half a minute when the process ended, and printed a traceback."""
    run = shell("report", "--data", "diabetes", "--scheduler", "x", "--out", str(tmp_path))
    assert run.returncode == 2
    assert run.stderr.startswith(
        b"error: scheduler must be the address of a running dask scheduler"
    )
    assert run.stderr.count(b"\n") == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_an_output_on_a_full_disk_is_no_verdict() -> None:
    with open("/dev/full", "w") as full:
        run = subprocess.run(
            [sys.executable, "-m", "verify", *BOUND], stdout=full, stderr=subprocess.PIPE
        )
    assert run.returncode == 3
    assert run.stderr.startswith(b"error: No space left on device")
    assert run.stderr.count(b"\n") == 1


def test_a_fault_of_the_library_has_a_code_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("nothing\nof that name")

    monkeypatch.setattr(report, "listed", broken)
    assert code_of(["report"]) == 4
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.startswith("error: a fault in multimodal-bounds ")
    assert "KeyError" in error
    assert "test_command_line.py, line" in error


def test_a_folder_in_the_place_of_the_page_is_named_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command, page in (("report", "report.html"), ("claims", "claims.json")):
        (tmp_path / command / page).mkdir(parents=True)
        assert code_of([command, "--out", str(tmp_path / command)]) == 2
        captured = capsys.readouterr()
        assert f"{page} must be a file, got something else of that name" in captured.err
        assert captured.out == ""
    (tmp_path / "table4.html").mkdir()
    assert code_of(["reproduce", "table4", "--out", str(tmp_path)]) == 2
    assert "table4.html must be a file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "text"), [("m", "1" + "0" * 400), ("m", "-1e400"), ("delta", "1e-400"), ("C", "nan")]
)
def test_numbers_beyond_float64(name: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    given = [a for a in BOUND if not a.startswith(f"{name}=")]
    assert code_of([*given, f"{name}={text}"]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {name} must ")
    assert error.count("\n") == 1


def test_json_is_strict(capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(name: str) -> float:
        raise AssertionError(f"{name} is not JSON")

    for value in ("1e308", "inf", "1e-300"):
        if code_of([*BOUND[:-2], f"R_M={value}", "gamma=0", "--json"]) == 0:
            json.loads(capsys.readouterr().out, parse_constant=refuse)
        else:
            assert "R_M must" in capsys.readouterr().err


NUMBERS = [
    *("", "0", "1", "-1", "2", "0.5", "1.5", "1e4", "1e400", "-1e400", "nan", "inf", "1e-320"),
    *(
        "1" + "0" * 400,
        "9" * 5000,
        "0x10",
        "1_000",
        "１２",
        "1,2",
        "64,64",
        ",",
        " 3 ",
        "--",
        "ten",
    ),
    *("4294967296", "1e-9", "\0", "\x1b[31m", "é", "a+b", "True", "None", "[1]", "{}", "1;2"),
]
TEXTS = [
    *("digits", "diabetes", "nowhere.npz", "/dev/null", "/", "", " ", ".npz", "\0", "é", "<b>"),
    *(
        "text+audio:text",
        "vitals:vitals",
        "vitals+blood:vitals",
        ":",
        "a:",
        ":a",
        "a+a:b",
        "softmax",
    ),
    *(
        "least-squares",
        "logistic",
        "gated",
        "attention",
        "cpu",
        "cuda",
        "classification",
        "tcp://x",
    ),
]
REPORT = [
    *(
        "--data",
        "--task",
        "--loss",
        "--fusion",
        "--depth",
        "--trials",
        "--m",
        "--head-m",
        "--delta",
    ),
    *("--pair", "--seed", "--device"),
]
REPRODUCE = ["--iemocap", "--data", "--task", "--seeds", "--epochs", "--seed"]


def nonsense(draws: np.random.Generator, out: Path) -> list[str]:
    """A command line of which any part may be wrong."""

    def pick(values: list[str]) -> str:
        return str(values[int(draws.integers(len(values)))])

    command = pick(
        ["bound", "bound", "report", "report", "reproduce", "claims", "nothing", "--help"]
    )
    words: list[str] = [command]
    if command == "bound":
        theorem = THEOREMS[int(draws.integers(len(THEOREMS)))]
        words.append(theorem.key if draws.random() < 0.9 else pick(TEXTS))
        names = [name for name in theorem.arguments if draws.random() < 0.95]
        sane = {name: ["10"] if name.startswith(("m", "n")) else ["0.5", "0.1"] for name in names}
        words += [f"{n}={pick(sane[n] if draws.random() < 0.9 else NUMBERS)}" for n in names]
        return [*words, *(["--json"] if draws.random() < 0.3 else [])]
    options = {"report": REPORT, "reproduce": REPRODUCE}.get(command, ["--seed"])
    for _ in range(int(draws.integers(4))):
        words += [pick(options), pick([*NUMBERS, *TEXTS])]
    if command == "reproduce":
        words.insert(1, pick(["table1", "table4", "all", "table9", ""]))
    return [*words, "--out", str(out)]


def test_nonsense_never_ends_in_a_traceback_or_a_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """600 command lines. What is measured is cut at once: only the arguments are tested here."""

    def cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Study, "run", cut)
    monkeypatch.setattr("verify.claims.run.decide", cut)
    for name in ("simulated", "trained_table"):
        monkeypatch.setattr(f"verify.reproduce.run.{name}", cut)
    draws = np.random.default_rng(0)
    codes = []
    for _ in range(600):
        words = nonsense(draws, tmp_path / "out")
        code = code_of(words)
        captured = capsys.readouterr()
        assert code in (0, 2, 3), (words, captured.err)
        if code:
            assert captured.err.startswith("error: "), words
            assert captured.err.count("\n") == 1, words
        codes.append(code)
    assert min(map(codes.count, (0, 2, 3))) > 10, "each outcome must be met"
