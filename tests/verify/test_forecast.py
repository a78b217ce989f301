"""How long a study will take: said once, early, from what was timed, with what it may be off by."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from empirical import datasets
from empirical.blocks import block_size
from verify import Study
from verify.execution import run, tasks
from verify.execution.plan import Plan
from verify.execution.progress import Forecast
from verify.execution.tasks import Task, Timing, timed

MEASURE = tasks.compute


def told(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def test_it_is_told_once_with_the_fastest_and_the_slowest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    forecast = Forecast({64: 1000, 1024: 1000}, workers=4, show=True)
    forecast.add(64, 10, 10.0, cold=False)
    assert told(capsys) == "", "nothing is known of the largest size"
    forecast.add(1024, 10, 30.0)
    assert "; 2 parts alone were timed, half or twice as long is possible" in (line := told(capsys))
    assert line.startswith("this will take about 16 minutes on 4 workers;")  # 990 (1 + 3) / 4 s
    forecast.add(1024, 10, 30.0)
    assert told(capsys) == ""

    forecast = Forecast({64: 1000, 1024: 1000}, workers=1, show=True)
    for m, seconds in ((64, 0.5), (64, 1.0), (1024, 1.5), (1024, 2.5)):
        forecast.add(m, 5, seconds)
    # 990 (0.15 + 0.4), 990 (0.1 + 0.3), 990 (0.2 + 0.5) s
    assert told(capsys) == (
        "this will take about 9 minutes; 7 minutes or 12 minutes, if the rest goes as the fastest or the"
        " slowest of 4 timed parts\n"
    )


def test_what_a_process_does_once_does_not_count(capsys: pytest.CaptureFixture[str]) -> None:
    forecast = Forecast({64: 10**6}, workers=1, show=True)
    forecast.add(64, 10, 6.0, cold=True)
    forecast.add(64, 10, 1.0)
    assert told(capsys) == ""
    forecast.add(64, 10, 1.0)
    assert "about 27.8 hours; 27.8 hours or 27.8 hours" in told(capsys)
    forecast = Forecast({64: 10**6}, workers=1, show=True)
    forecast.add(64, 10, 60.0, cold=True)
    assert "1 parts alone were timed" not in (line := told(capsys))
    assert "one part alone was timed, half or twice as long is possible" in line


@pytest.mark.parametrize("left", [{}, {64: 0}, {64: 100, 256: 100}])
def test_a_short_study_says_nothing(
    left: dict[int, int], capsys: pytest.CaptureFixture[str]
) -> None:
    forecast = Forecast(left, workers=1, show=True)
    for m in left:
        for _ in range(3):
            forecast.add(m, 10, 1.0)
    assert told(capsys) == ""


def test_a_study_that_becomes_long_says_so_then(capsys: pytest.CaptureFixture[str]) -> None:
    forecast = Forecast({64: 1000}, workers=1, show=True)
    for seconds in (1.0, 1.0, 1.0, 20.0):  # at first 99 seconds
        forecast.add(64, 10, seconds)
    assert "about 9 minutes; 96 seconds or 32 minutes" in told(capsys)


@pytest.mark.parametrize("workers", [1, 2, 7])
@pytest.mark.parametrize("m", [(64,), (64, 256), (16, 64, 256)])
def test_pilots_come_first_and_no_part_is_lost(workers: int, m: tuple[int, ...]) -> None:
    plan = Plan(Study(datasets.diabetes(), m=m, head_m=[], trials=320), chunk=32)
    missing = plan.missing(lambda _: [range(320)], ())
    ordered = plan.order(missing, workers)
    assert sorted(map(repr, ordered)) != sorted(map(repr, missing)), "pilots are marked"
    assert sorted(task.part for task in ordered) == sorted(task.part for task in missing)
    pilots = [task for task in ordered if task.pilot]
    assert ordered[: len(pilots)] == pilots
    assert len(pilots) == min(workers + 4, 10 * len(m))
    assert [task.m for task in pilots[:4]] == [m[0], m[-1], m[0], m[-1]]
    assert plan.order([], workers) == []
    assert plan.order([Task("complexity", 64)], workers) == [Task("complexity", 64)]


class Clock:
    """Seconds that pass only where a sample is measured: one each at m = 16, five at m = 128."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def measure(self, context: Any, task: Task) -> pd.DataFrame:
        frame = MEASURE(context, task)
        if task.kind == "trials":
            self.now += {16: 1.0, 64: 2.0, 128: 5.0}[task.m] * task.done(frame).trials
        return frame


def test_a_study_says_after_its_first_parts_how_long_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a clock of its own: one part each of the least and the largest size, before all else."""
    clock, said = Clock(), []
    study = Study(datasets.diabetes(), m=[16, 64, 128], head_m=[], trials=64, steps=1)

    def written(line: str, **_: Any) -> None:
        said.append((clock.now, line))

    monkeypatch.setattr(tasks.time, "monotonic", clock.monotonic)
    monkeypatch.setattr(run, "compute", clock.measure)
    monkeypatch.setattr("verify.execution.progress.tqdm.write", written)
    monkeypatch.setattr(tasks, "_cold", True)
    shown = study.run(tmp_path, workers=1, chunk=8, progress=True)
    ((when, line),) = said
    block = block_size(128, study.population.rows)
    assert when == 6.0 * block, "after one part of m = 16 and one of m = 128"
    found = re.match(r"this will take about (\d+) minutes; 2 parts alone were timed, half or", line)
    assert found, line
    # The middle size is on the line between: 1 + 4 (64 - 16) / (128 - 16) seconds a sample, not 2.
    left = (64 - block) * 6.0 + 64 * (1 + 4 * 48 / 112)
    assert int(found[1]) == round(left / 60)
    monkeypatch.undo()
    quiet = study.run(workers=1, chunk=32)
    pd.testing.assert_frame_equal(shown.frame, quiet.frame, check_exact=True)


def test_a_pilot_ends_sooner_and_its_samples_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    study = Study(datasets.diabetes(), m=[16], head_m=[], trials=96, steps=1)
    monkeypatch.setattr(tasks, "PILOT_SECONDS", 0.0)
    computed: list[tuple[bool, int]] = []

    def watched(context: Any, task: Task) -> pd.DataFrame:
        frame = MEASURE(context, task)
        computed.append((task.pilot, task.done(frame).trials))
        return frame

    monkeypatch.setattr(run, "compute", watched)
    short = study.run(workers=1, chunk=96)
    block = block_size(16, study.population.rows)
    assert block < 96
    assert computed[0] == (True, block)
    assert [pilot for pilot, _ in computed[1:]] == [False] * (len(computed) - 1)
    monkeypatch.undo()
    pd.testing.assert_frame_equal(short.frame, study.run(workers=1).frame, check_exact=True)


def test_only_the_first_part_of_a_process_is_cold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "_cold", True)
    frame = pd.DataFrame({"trial": np.arange(3)})

    def work(context: Any, task: Task) -> pd.DataFrame:
        return frame

    kinds = [Task("complexity", 8), Task("trials", 8, 0, 3), Task("trials", 8, 3, 6)]
    timings = [timed(work, None, task)[1] for task in kinds]  # type: ignore[arg-type]
    assert [timing.cold for timing in timings] == [True, True, False]
    assert all(isinstance(timing, Timing) and timing.seconds >= 0 for timing in timings)
