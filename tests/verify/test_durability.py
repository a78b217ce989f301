"""Studies that are killed, starved of disk or memory, or run twice at once: same numbers, nothing lost."""

import errno
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from small import small_study

from verify.cli import main
from verify.execution import part_files, run, tasks, workers

SCRIPTS = Path(__file__).parent.parent / "durability"
COMMAND = ["report", "--data", "diabetes", "--pair", "vitals+serum:vitals", "--m", "32"]
COMMAND += ["--head-m", "0", "--trials", "64"]


def script(name: str, *arguments: str, seconds: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPTS / name), *arguments],
        capture_output=True,
        text=True,
        timeout=seconds,
    )


def test_kill_and_resume_at_ten_moments() -> None:
    arguments = ("--small", "--kills", "10", "--trials", "64", "--workers", "1", "--seed", "3")
    done = script("kill_and_resume.py", *arguments, seconds=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "10 kills" in done.stdout
    assert ", 0 faults" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("size", [(), ("--small", "--trials", "320")])
def test_kill_and_resume_at_fifty_moments(size: tuple[str, ...]) -> None:
    done = script("kill_and_resume.py", "--kills", "50", *size, seconds=7200)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_disk_that_cannot_sync_folders_keeps_all_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CIFS, some of FUSE, and Windows: one run once wrote one part and ended."""
    original = os.fsync

    def only_files(number: int) -> None:
        if stat.S_ISDIR(os.fstat(number).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        original(number)

    whole = small_study().run(workers=1)
    monkeypatch.setattr(os, "fsync", only_files)
    study = small_study()
    study.run(tmp_path, workers=1, chunk=32)
    assert len(list((tmp_path / "parts").glob("trials-*.parquet"))) == 2
    again = study.run(tmp_path, workers=1, resume=True)
    pd.testing.assert_frame_equal(again.frame, whole.frame, check_exact=True)


def growth(*trials: int, seconds: float) -> tuple[float, float]:
    """Megabytes at the fewest trials, and how many more at the most."""
    done = script("memory.py", "--trials", *map(str, trials), seconds=seconds)
    assert done.returncode == 0, done.stderr
    few, many = (json.loads(line)["process"] for line in done.stdout.splitlines())
    return few, many - few


def test_memory_does_not_grow_with_the_trials() -> None:
    """In one frame of all trials the same study takes 18 MB more; see the script."""
    assert growth(100, 1500, seconds=300)[1] < 6


@pytest.mark.slow
def test_ten_thousand_trials_stay_within_the_memory_of_five_hundred() -> None:
    few, more = growth(500, 10_000, seconds=1800)
    assert more < 0.1 * few


def command(capsys: pytest.CaptureFixture, out: Path, *more: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as exit_:
        main([*COMMAND, "--out", str(out), *more])
    return int(exit_.value.code or 0), capsys.readouterr().err


@pytest.mark.parametrize("what", ["disk", "interrupt"])
def test_a_full_disk_or_an_interrupt_ends_with_one_line_and_resumes(
    what: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    original, written = part_files.write_part, []
    error = OSError(errno.ENOSPC, "No space left on device") if what == "disk" else None

    def full(path: Path, frame: pd.DataFrame, study: str) -> None:
        if len(written) == 3:
            raise error or KeyboardInterrupt
        written.append(path)
        original(path, frame, study)

    monkeypatch.setattr(part_files, "write_part", full)
    monkeypatch.setattr(workers.loky, "cpu_count", lambda: 1)
    code, line = command(capsys, tmp_path)
    assert code == 3
    assert line.count("\n") == 1
    start = "error: No space left on device; " if error else "error: interrupted; "
    assert line.startswith(f"{start}finished parts are kept, continue with: python -m verify")
    assert line.rstrip().endswith("--resume")
    kept = {path: path.stat().st_mtime_ns for path in written}
    monkeypatch.undo()
    monkeypatch.setattr(workers.loky, "cpu_count", lambda: 1)
    code, line = command(capsys, tmp_path, "--resume")
    assert (code, line) == (0, "")
    assert {path: path.stat().st_mtime_ns for path in written} == kept


@pytest.mark.parametrize(("name", "work"), [("claims", "decide"), ("reproduce", "reproduce")])
def test_what_has_no_parts_says_to_start_again(
    name: str,
    work: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"verify.{name}.run.{work}", interrupted)
    with pytest.raises(SystemExit) as exit_:
        main([name, "--out", str(tmp_path)])
    assert exit_.value.code == 3
    line = capsys.readouterr().err
    assert line.startswith(f"error: interrupted; start again with: python -m verify {name} --out")
    assert "--resume" not in line


def test_a_disk_that_is_really_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """A file system of 100 kB: the run ends, keeps what is whole, and goes on where there is room."""
    monkeypatch.setattr(workers.loky, "cpu_count", lambda: 1)
    tiny = tmp_path / "tiny"
    tiny.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(tiny)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs the right to mount a file system")
    try:
        code, line = command(capsys, tiny / "out")
        assert code == 3
        assert "No space left on device" in line
        assert line.count("\n") == 1
        kept = list((tiny / "out" / "parts").glob("*.parquet"))
        assert kept
        assert all(part_files.read_part(path) is not None for path in kept)
        subprocess.run(["mount", "-o", "remount,size=20m", str(tiny)], check=True)
        code, line = command(capsys, tiny / "out", "--resume")
        assert (code, line) == (0, "")
    finally:
        subprocess.run(["umount", "-l", str(tiny)], check=True)


@pytest.mark.slow
def test_a_killed_worker_changes_no_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = small_study()
    flag = str(tmp_path / "killed")

    def fatal_once(context: tasks.Context, task: tasks.Task) -> pd.DataFrame:
        from verify.execution.tasks import compute

        if task.start and not os.path.exists(flag):
            open(flag, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return compute(context, task)

    whole = study.run(workers=1, chunk=8)
    monkeypatch.setattr(run, "compute", fatal_once)
    cut = study.run(tmp_path / "out", workers=2, chunk=8)
    assert os.path.exists(flag)
    pd.testing.assert_frame_equal(cut.frame, whole.frame, check_exact=True)
    pd.testing.assert_frame_equal(cut.complexities, whole.complexities, check_exact=True)
