"""Studies: the same numbers whatever the chunk, the workers and the interruptions."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from empirical import datasets
from empirical.blocks import block_size
from verify import Study, verify_dataset
from verify.execution import part_files, run, tasks, workers

SMALL: dict[str, Any] = {"m": [128, 256], "head_m": [500], "trials": 40, "steps": 3}


@pytest.fixture(scope="module")
def whole() -> run.Results:
    return Study(datasets.diabetes(), **SMALL).run(workers=1, chunk=1000)


def same(one: run.Results, other: run.Results) -> None:
    """Bit for bit."""
    order = ["head", "m", "m_head", "subset", "trial"]
    for name, by in (("frame", order), ("complexities", ["m", "subset"])):
        frames = [
            getattr(each, name).sort_values(by).reset_index(drop=True) for each in (one, other)
        ]
        pd.testing.assert_frame_equal(*frames, check_exact=True)
    assert one.reference_risk == other.reference_risk


@pytest.mark.parametrize(("processes", "chunk"), [(1, 1), (1, 33), (2, 8)])
def test_chunks_and_workers_change_nothing(whole: run.Results, processes: int, chunk: int) -> None:
    same(whole, Study(datasets.diabetes(), **SMALL).run(workers=processes, chunk=chunk))


def test_another_seed_changes_numbers(whole: run.Results) -> None:
    other = Study(datasets.diabetes(), **SMALL, seed=1).run(workers=1)
    assert not np.allclose(other.frame.risk_low, whole.frame.risk_low)


def test_fewer_trials_are_a_part_of_more(whole: run.Results) -> None:
    fewer = Study(datasets.diabetes(), **{**SMALL, "trials": 7}).run(workers=1)
    part = whole.frame[whole.frame.trial < 7]
    order = ["head", "m", "m_head", "subset", "trial"]
    pd.testing.assert_frame_equal(
        fewer.frame.sort_values(order).reset_index(drop=True),
        part.sort_values(order).reset_index(drop=True),
        check_exact=True,
    )


def test_a_cut_study_resumes(
    whole: run.Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stop after the third part: what was computed is on disk, and is used."""
    study = Study(datasets.diabetes(), **SMALL)
    computed: list[str] = []

    def counted(context: tasks.Context, task: tasks.Task) -> pd.DataFrame:
        if len(computed) == 3:
            raise KeyboardInterrupt
        computed.append(task.part)
        return tasks.compute(context, task)

    monkeypatch.setattr(run, "compute", counted)
    with pytest.raises(KeyboardInterrupt):
        study.run(tmp_path, workers=1, chunk=8)
    kept = {p.name for p in (tmp_path / "parts").glob("*.parquet")}
    assert kept == {*computed, "reference.parquet"}

    repeated: list[str] = []

    def watched(context: tasks.Context, task: tasks.Task) -> pd.DataFrame:
        repeated.append(task.part)
        return tasks.compute(context, task)

    monkeypatch.setattr(run, "compute", watched)
    same(whole, study.run(tmp_path, resume=True, workers=1, chunk=8))
    assert not set(repeated) & set(computed)


def test_what_takes_long_is_written_block_by_block(
    whole: run.Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part whose time is up holds the blocks that are done; the rest comes with later parts."""
    monkeypatch.setattr(tasks, "PART_SECONDS", 0.0)
    study = Study(datasets.diabetes(), **SMALL)
    same(whole, study.run(tmp_path, workers=1, chunk=1000))
    rows = study.population.rows
    parts = {(task.m, task.start, task.stop) for task in run.finished(tmp_path / "parts")}
    expected = set()
    for m in SMALL["m"]:
        size = block_size(m, rows)
        assert size < 40
        expected |= {(m, a, min(a + size, 40)) for a in range(0, 40, size)}
    assert parts == expected
    same(whole, study.run(tmp_path, resume=True, workers=1))


def test_a_finished_study_opens_without_computing_or_writing(
    whole: run.Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Study(datasets.diabetes(), **SMALL)
    study.run(tmp_path, workers=1, chunk=8)
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")}

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("nothing is left to do")

    for module, name in (
        (run, "compute"),
        (run.measure, "fit_reference"),
        (workers, "ProcessPoolExecutor"),
        (part_files, "write_atomically"),
        (part_files, "create"),
    ):
        monkeypatch.setattr(module, name, never)
    same(whole, study.run(tmp_path, resume=True))
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")} == before


def test_parts_of_other_chunks_and_of_fewer_trials_are_used(
    whole: run.Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part serves whatever it was cut from; only what no part holds is computed."""
    Study(datasets.diabetes(), **{**SMALL, "trials": 20}).run(tmp_path, workers=1, chunk=8)
    computed: list[tasks.Task] = []

    def watched(context: tasks.Context, task: tasks.Task) -> pd.DataFrame:
        computed.append(task)
        return tasks.compute(context, task)

    monkeypatch.setattr(run, "compute", watched)
    study = Study(datasets.diabetes(), **SMALL)
    same(whole, study.run(tmp_path, resume=True, workers=1, chunk=32))
    assert {(task.m, task.start, task.stop) for task in computed} == {
        (m, *ends) for m in SMALL["m"] for ends in ((20, 32), (32, 40))
    }


def test_a_damaged_part_is_computed_again(whole: run.Results, tmp_path: Path) -> None:
    study = Study(datasets.diabetes(), **SMALL)
    study.run(tmp_path, workers=1)
    part = next((tmp_path / "parts").glob("trials-m128*.parquet"))
    part.write_bytes(part.read_bytes()[:-50])
    same(whole, study.run(tmp_path, resume=True, workers=1))


def test_default_trials_can_decide() -> None:
    """Digits: 7 pairs x 4 sizes x 2 deltas = 56 tests need 305 samples at the level 0.025."""
    assert Study(datasets.digits()).trials == 305
    assert Study(datasets.diabetes(), delta=[0.5]).trials == 250


def test_the_fingerprint_knows_the_configuration_but_not_delta_or_trials() -> None:
    first = Study(datasets.diabetes(), **SMALL).fingerprint
    for same_study in ({"delta": [0.2]}, {"trials": 9}):
        assert Study(datasets.diabetes(), **{**SMALL, **same_study}).fingerprint == first
    for other in (
        {"seed": 5},
        {"m": [128]},
        {"head_m": []},
        {"steps": 4},
        {"head_radius": 2.0},
        {"pairs": [(["vitals"], ["serum"])]},
    ):
        assert Study(datasets.diabetes(), **{**SMALL, **other}).fingerprint != first


def test_a_script_needs_no_main_guard(tmp_path: Path) -> None:
    """Ten lines in a file, workers and all: the way most people try a library."""
    script = tmp_path / "mine.py"
    script.write_text(
        "import numpy as np\n"
        "from verify import verify_dataset\n"
        "rng = np.random.default_rng(0)\n"
        "x = {'text': rng.normal(size=(60, 3)), 'audio': rng.normal(size=(60, 2))}\n"
        "y = (x['text'][:, 0] > 0).astype(int)\n"
        "study = verify_dataset(x, y, m=[16], head_m=[], trials=6, steps=2)\n"
        "print(len(study.run(workers=2, chunk=1).frame))\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, cwd=tmp_path, timeout=120
    )
    assert done.returncode == 0, done.stderr
    # 6 trials x 3 subsets x (same, free)
    assert done.stdout.split() == ["36"]


def test_tensors_and_frames_are_features_too() -> None:
    import torch

    rng = np.random.default_rng(0)
    text, audio = rng.normal(size=(60, 3)), rng.normal(size=(60, 2))
    y = text[:, 0] + 0.1 * audio[:, 1]
    plain = verify_dataset({"text": text, "audio": audio}, y)
    other = verify_dataset({"text": torch.from_numpy(text), "audio": pd.DataFrame(audio)}, y)
    assert plain.population.fingerprint() == other.population.fingerprint()


def test_softmax_has_certified_gaps_and_no_fast_rate() -> None:
    study = Study(datasets.breast_cancer(), loss="softmax", m=[32], head_m=[64], trials=2, steps=3)
    frame = study.run(workers=1).frame
    assert set(frame["head"]) == {"same", "fresh"}
    assert (frame.best_low <= frame.best_high).all()
    assert (frame.best_high - frame.best_low <= 1.01e-4).all()
    assert (frame.slack <= 1.01e-4).all()
