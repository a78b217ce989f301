"""Shards as jobs: submitit's executors, and the batch script of the docs."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from small import small_study

from verify.execution.folder import PARTS
from verify.execution.plan import Shard
from verify.execution.shards import Filled

psutil = pytest.importorskip("psutil")
submitit = pytest.importorskip("submitit")

ROOT = Path(__file__).parents[2]
study = partial(small_study, m=[16], trials=70)


def test_jobs_fill_the_folder(tmp_path: Path) -> None:
    executor = submitit.AutoExecutor(tmp_path / "jobs", cluster="debug")
    jobs = study().submit(executor, tmp_path / "out", shards=2, workers=1)
    assert [job.result() for job in jobs] == [
        Filled(Shard(1, 2), 3, (2,)),
        Filled(Shard(2, 2), 1, ()),
    ]
    found = study().run(tmp_path / "out", assemble=True)
    pd.testing.assert_frame_equal(found.frame, study().run(workers=1).frame, check_exact=True)


def test_the_study_is_written_once_for_all_jobs(tmp_path: Path) -> None:
    executor = submitit.AutoExecutor(tmp_path / "jobs", cluster="debug")
    mine = study()
    assert mine.population.rows == 442
    for _ in range(2):
        jobs = mine.submit(executor, tmp_path / "out", shards=3, workers=1)
    (pickled,) = (tmp_path / "out" / PARTS).glob("study-*.pickle")
    first = jobs[0].submission().function
    assert first.study == pickled.resolve()
    again = first.checkpoint()
    assert (again.function, again.args) == (first, ())
    assert first().unfinished == (2, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"executor": None}, "executor must be one of submitit .*, got NoneType"),
        ({"shards": 0}, "shards must be a positive integer, got 0"),
        ({"chunk": 0}, "chunk must be a positive integer, got 0"),
        ({"workers": -1}, "workers must be a positive integer, got -1"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_written(
    tmp_path: Path, arguments: dict[str, Any], message: str
) -> None:
    executor = submitit.AutoExecutor(tmp_path / "jobs", cluster="debug")
    given: dict[str, Any] = {"executor": executor, "out": tmp_path / "out", "shards": 2}
    with pytest.raises(ValueError, match=message):
        study().submit(**{**given, **arguments})
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_interrupted_jobs_are_queued_again_and_go_on(tmp_path: Path) -> None:
    """submitit's local executor: processes of their own, one of which gets the signal of a preemption."""
    mine = study(trials=3000, m=[64])
    executor = submitit.AutoExecutor(tmp_path / "jobs", cluster="local")
    executor.update_parameters(timeout_min=20)
    out = tmp_path / "out"
    jobs = mine.submit(executor, out, shards=2, workers=1)
    while len(list((out / PARTS).glob("trials-*.parquet"))) < 4:
        time.sleep(0.05)
    for job in jobs:
        for process in psutil.Process(int(job.job_id)).children():
            process.send_signal(signal.SIGUSR2)
    # Written just before the signal, and not again after it.
    kept = {path: path.stat().st_mtime_ns for path in (out / PARTS).glob("trials-*.parquet")}
    filled = [job.result() for job in jobs]
    assert any("Requeued job" in job.stderr() + job.stdout() for job in jobs)
    assert sum(each.computed for each in filled) < 95
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    found = mine.run(out, assemble=True)
    pd.testing.assert_frame_equal(found.frame, mine.run(workers=1).frame, check_exact=True)


def script() -> str:
    """The batch script of docs/studies.md."""
    text = (ROOT / "docs" / "studies.md").read_text(encoding="utf-8")
    (found,) = re.findall(r"```bash\n(#!/bin/bash\n.*?)```", text, re.DOTALL)
    return str(found)


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("code", "restarts", "requeued"),
    [(0, "0", False), (3, "0", True), (3, "20", False), (2, "0", False)],
)
def test_the_batch_script_requeues_what_was_cut(
    tmp_path: Path, code: int, restarts: str, requeued: bool
) -> None:
    """With commands in place of Slurm's that write down how they were called."""
    for name, ends in (("srun", code), ("scontrol", 0)):
        command = tmp_path / name
        command.write_text(f'#!/bin/bash\necho "{name} $@" >> called\nexit {ends}\n')
        command.chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "SLURM_ARRAY_TASK_ID": "3",
        "SLURM_JOB_ID": "77",
        "SLURM_RESTART_COUNT": restarts,
    }
    done = subprocess.run(["bash", "-c", script()], cwd=tmp_path, env=environment)
    assert done.returncode == code
    called = (tmp_path / "called").read_text().splitlines()
    assert called[0].startswith("srun python -m verify report ")
    assert called[0].endswith(" --shard 3/16")
    assert called[1:] == (["scontrol requeue 77"] if requeued else [])


@pytest.mark.slow
def test_the_batch_script_computes_a_study(tmp_path: Path) -> None:
    """Each task of the array in turn, with `srun` that runs its command; then the assembly."""
    import numpy as np

    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 3))
    np.savez(tmp_path / "features.npz", a=x[:, :2], b=x[:, 2:], y=(x[:, 0] > 0).astype(int))
    text = script().replace("--trials 10000", "--trials 100 --m 16 --head-m 0")
    text = text.replace("shards=16", "shards=2")
    (tmp_path / "srun").write_text('#!/bin/bash\nexec "$@"\n')
    (tmp_path / "python").write_text(f'#!/bin/bash\nexec {sys.executable} "$@"\n')
    for name in ("srun", "python"):
        (tmp_path / name).chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    for index in ("1", "2"):
        subprocess.run(
            ["bash", "-c", text],
            cwd=tmp_path,
            env={**environment, "SLURM_ARRAY_TASK_ID": index},
            check=True,
        )
    command = (
        f"{sys.executable} -m verify report --data features.npz --trials 100 --m 16 --head-m 0"
    )
    assemble = [*command.split(), "--out", "long", "--assemble"]
    subprocess.run(assemble, cwd=tmp_path, env=environment, check=True)
    assert (tmp_path / "long" / "report.html").exists()
