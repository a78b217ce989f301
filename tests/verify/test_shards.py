"""Shards: any number of processes fill one folder, and the numbers are those of one process."""

import json
import os
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from small import SMALL, small_study

from verify.cli import main
from verify.execution import part_files, run, tasks
from verify.execution.folder import PARTS, divisions, open_folder
from verify.execution.plan import Plan, Shard
from verify.execution.run import UnfinishedError
from verify.results.trials import KnownTrials

MORE = {"m": [16, 32], "trials": 70}
COMMAND = ["report", "--data", "diabetes", "--pair", "vitals+serum:vitals", "--m", "32"]
COMMAND += ["--head-m", "0", "--trials", "100"]
PROVENANCE = ("seconds", "environment", "command")
"""What time and place decide in report.json: the duration, the date and machine, and the command."""


study = partial(small_study, **MORE)


def numbers(out: Path) -> dict[str, Any]:
    document = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return {k: v for k, v in document.items() if k not in PROVENANCE}


@pytest.mark.parametrize("count", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("chunk", [8, 32])
def test_shards_share_out_every_part_once(count: int, chunk: int) -> None:
    plan = Plan(study(), chunk)
    whole = plan.missing(KnownTrials(70).gaps, ())
    shares = []
    for index in range(1, count + 1):
        trials, sizes = plan.others(Shard(index, count))
        shares.append(plan.missing(trials.gaps, sizes))
    assert sorted(str(task) for share in shares for task in share) == sorted(map(str, whole))
    for m in (16, 32):
        each = [sum(task.m == m and task.kind == "trials" for task in share) for share in shares]
        assert max(each) - min(each) <= 1


def test_what_is_there_moves_no_part_to_another_shard() -> None:
    """A process that starts later, with parts of any chunks there, agrees on the shards."""
    plan = Plan(study(), 32)
    trials = KnownTrials(70)
    trials.mark(16, range(0, 40))
    for task in plan.missing(trials.gaps, ()):
        whole = tasks.Task("trials", task.m, task.start // 32 * 32, task.stop)
        if task.kind == "trials":
            assert plan.shard(task, 3) == plan.shard(whole, 3)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        *(("0/4", "0/4"), ("5/4", "5/4"), ("", "''"), ("1", "'1'"), ("1/2/3", "'1/2/3'")),
        *(
            ("-1/2", "'-1/2'"),
            ("1/0", "1/0"),
            ("١/٢", "'١/٢'"),
            ((1,), "(1,)"),
            (3, "3"),
            ((1.0, 2), "1.0/2"),
            ("1/" + "9" * 5000, repr("1/" + "9" * 5000)),  # more digits than Python converts
        ),
        *(((True, 2), "True/2"), (("1", "2"), "'1'/'2'"), (None, "None")),
    ],
)
def test_what_is_no_shard_is_refused(value: Any, shown: str) -> None:
    with pytest.raises(ValueError, match="^shard must be i/n with 1 <= i <= n, as 2/4") as error:
        Shard.of(value)
    assert str(error.value).endswith(f"got {shown}")


@pytest.mark.parametrize("value", ["1/1000001", (1, 10**20)])
def test_more_shards_than_any_study_has_parts_are_refused(value: Any) -> None:
    assert str(Shard.of("7/1000000")) == "7/1000000"
    with pytest.raises(ValueError, match="^shard must be one of at most 1,000,000, got 1/10000"):
        Shard.of(value)


def test_two_shards_and_one_kill_give_the_report_of_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second shard is killed in mid-run with SIGKILL's effect: no handler, a temporary file left."""
    whole = study(trials=150)
    whole.report(tmp_path / "whole", workers=1, chunk=8)
    out = tmp_path / "shared"
    first = whole.fill(out, "1/2", workers=1, chunk=8)
    assert first.computed >= 6
    assert first.unfinished == (2,)
    write, written = part_files.write_part, []

    def killed(path: Path, frame: pd.DataFrame, identity: str) -> None:
        if len(written) == 2:
            path.with_name(f".{path.name}.0123.tmp").write_bytes(b"half")
            raise SystemExit
        written.append(path.name)
        write(path, frame, identity)

    monkeypatch.setattr(part_files, "write_part", killed)
    with pytest.raises(SystemExit):
        whole.fill(out, (2, 2), workers=1, chunk=8)
    monkeypatch.undo()
    with pytest.raises(UnfinishedError, match="parts are missing in .*shared: shard 2 of 2 is"):
        whole.report(out, assemble=True)
    assert not (out / "report.json").exists()
    again = whole.fill(out, (2, 2), workers=1, chunk=8)
    assert first.computed + again.computed + len(written) == 12
    assert again.unfinished == ()

    def never(*_: Any) -> None:
        raise AssertionError("everything is there")

    monkeypatch.setattr(run, "compute", never)
    whole.report(out, assemble=True, workers=1)
    assert numbers(out) == numbers(tmp_path / "whole")
    one, other = (
        {p.name: p.read_bytes() for p in (tmp_path / f / PARTS).glob("*.parquet")}
        for f in ("whole", "shared")
    )
    assert one == other


def test_resume_says_which_shards_are_unfinished_and_computes_their_parts(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    study().fill(tmp_path, "3/4", workers=1)
    capsys.readouterr()
    results = study().run(tmp_path, resume=True, workers=1, progress=True)
    assert (
        "shards 1, 2, 4 of 4 are unfinished: what is missing is computed" in capsys.readouterr().out
    )
    pd.testing.assert_frame_equal(results.frame, study().run(workers=1).frame, check_exact=True)
    study().run(tmp_path, resume=True, workers=1, progress=True)
    assert "unfinished" not in capsys.readouterr().out


def test_a_finished_shard_computes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study().fill(tmp_path, "1/2", workers=1)

    def never(*_: Any) -> None:
        raise AssertionError("nothing is left to do")

    monkeypatch.setattr(run, "compute", never)
    monkeypatch.setattr(run.measure, "fit_reference", never)
    assert study().fill(tmp_path, "1/2", workers=1).computed == 0


def test_a_damaged_part_is_computed_again_by_its_shard(tmp_path: Path) -> None:
    study().fill(tmp_path, "1/2", workers=1)
    part = sorted((tmp_path / PARTS).glob("trials-*.parquet"))[0]
    whole = part.read_bytes()
    part.write_bytes(whole[:-30])
    assert study().fill(tmp_path, "1/2", workers=1).computed == 1
    assert part.read_bytes() == whole


def test_shards_of_another_study_are_refused(tmp_path: Path) -> None:
    study().fill(tmp_path, "1/2", workers=1)
    with pytest.raises(ValueError, match=r"another configuration \(seed 0 there, 1 here\)"):
        study(seed=1).fill(tmp_path, "2/2", workers=1)


def test_all_shards_use_the_reference_that_was_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Processors of two kinds fit it with other rounding; the numbers of a study must have one."""
    folder = open_folder(tmp_path, study())
    parts = run.Parts(folder, study().fingerprint, resume=True)
    fit = run.measure.fit_reference

    def overtaken(*arguments: Any) -> Any:
        mine = fit(*arguments)
        theirs = pd.DataFrame({"loss": mine.losses.numpy() * (1 + 1e-12)})
        parts.write(run.REFERENCE, theirs)
        return mine

    monkeypatch.setattr(run.measure, "fit_reference", overtaken)
    seen = []
    monkeypatch.setattr(
        run.Context,
        "of",
        classmethod(lambda cls, design, reference, turn: seen.append(reference.risk)),
    )

    def cut(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "_spread", cut)
    with pytest.raises(KeyboardInterrupt):
        study().fill(tmp_path, "1/2", workers=1)
    there = part_files.read_part(folder / run.REFERENCE)
    assert there is not None
    assert seen == [pytest.approx(there["loss"].mean(), rel=1e-15)]


def test_of_two_configurations_at_once_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both find no configuration; on a file system with links and on one without."""
    for place, links in (("a", True), ("b", False)):
        if not links:
            monkeypatch.setattr(Path, "hardlink_to", _no_links)
        out, ready, results = tmp_path / place, threading.Barrier(6), []

        def start(seed: int, out: Path = out, ready: Any = ready, results: list = results) -> None:
            mine = study(seed=seed)
            assert mine.fingerprint
            ready.wait()
            try:
                open_folder(out, mine)
                results.append(seed)
            except ValueError as error:
                results.append(str(error))

        threads = [threading.Thread(target=start, args=(seed,)) for seed in (0, 1, 2) * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        opened = {each for each in results if isinstance(each, int)}
        assert len(opened) == 1
        assert len([each for each in results if isinstance(each, int)]) == 2
        config = json.loads((out / PARTS / "config.json").read_text())
        assert {config["settings"]["seed"]} == opened


def _no_links(self: Path, target: Path) -> None:
    raise OSError(95, "Operation not supported")


def test_a_file_that_was_mended_in_the_meantime_is_not_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(b"mended")
    part_files.set_aside(path, b"damaged")
    assert path.read_bytes() == b"mended"
    assert os.listdir(tmp_path) == ["config.json"]


def test_the_division_is_kept(tmp_path: Path) -> None:
    for shard in ("1/2", "2/2"):
        study(trials=1).fill(tmp_path, shard, workers=1)
    study(trials=1).fill(tmp_path, "1/3", workers=1, chunk=8)
    assert divisions(tmp_path / PARTS) == [(2, 32), (3, 8)]
    (tmp_path / PARTS / "shards-0000-0032.json").write_text("{}")
    assert divisions(tmp_path / PARTS) == [(2, 32), (3, 8)]


def command(*more: str) -> int:
    with pytest.raises(SystemExit) as exit_:
        main([*COMMAND, *more])
    return int(exit_.value.code or 0)


def test_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loky.cpu_count", lambda: 1)
    out = ["--out", str(tmp_path)]
    assert command(*out, "--shard", "2/2") == 0
    assert "shard 2/2 is finished, 2 parts computed; shard 1 of 2 is unfinished" in (
        capsys.readouterr().out
    )
    assert not (tmp_path / "report.html").exists()
    assert command(*out, "--assemble") == 3
    line = capsys.readouterr().err
    assert line.startswith("error: 3 parts are missing in ")
    assert "shard 1 of 2 is unfinished; finished parts are kept, continue with: " in line
    assert line.endswith("--resume\n")
    assert "--assemble" not in line
    assert command(*out, "--shard", "1/2") == 0
    assert "all 2 shards are finished" in capsys.readouterr().out
    assert command(*out, "--assemble") == 0
    assert (tmp_path / "report.html").exists()
    capsys.readouterr()
    assert command(*out, "--shard", "3/2") == 2
    assert "shard must be i/n with 1 <= i <= n, as 2/4, got 3/2" in capsys.readouterr().err
    assert command(*out, "--shard", "1/2", "--assemble") == 2
    assert "assemble must be left out where a shard is computed" in capsys.readouterr().err


@pytest.mark.slow
def test_three_processes_at_once_with_real_kills(tmp_path: Path) -> None:
    """Three shards in one folder, each killed once with SIGKILL and started again, all at once."""
    study(trials=400).report(tmp_path / "whole", workers=1)
    script = (
        "import sys; from verify import Study; from empirical import datasets\n"
        f"Study(datasets.diabetes(), **{ {**SMALL, **MORE, 'trials': 400}!r}).fill("
        "sys.argv[1], sys.argv[2], workers=1)"
    )

    def start(index: int) -> subprocess.Popen:
        arguments = [sys.executable, "-c", script, str(tmp_path / "shared"), f"{index}/3"]
        return subprocess.Popen(arguments)

    parts = tmp_path / "shared" / PARTS
    running = {index: start(index) for index in (1, 2, 3)}
    for index, process in running.items():
        while process.poll() is None and len(list(parts.glob("trials-*"))) < 3 * index:
            pass
        process.kill()
        process.wait()
        running[index] = start(index)
    assert [process.wait(timeout=300) for process in running.values()] == [0, 0, 0]
    study(trials=400).report(tmp_path / "shared", assemble=True, workers=1)
    assert numbers(tmp_path / "shared") == numbers(tmp_path / "whole")


def test_a_million_rows_are_counts_of_the_population() -> None:
    """At m = 10^6 a sample is 442 counts: risks come within 1 % of the best heads' of its encoders."""
    frame = study(m=[10**6], trials=2).run(workers=1).frame
    assert set(frame["m"]) == {10**6}
    excess = frame.risk_high / frame.best_low - 1
    assert ((excess >= 0) & (excess < 0.01)).all()
