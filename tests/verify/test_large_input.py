"""Large files: memory of at most three times the data, and the same numbers however it is divided."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from empirical import mapped
from empirical.datasets.dataset import from_arrays
from empirical.datasets.npz import load_npz
from empirical.measure import features_of, fit_reference, train
from empirical.observations.observe import observed
from empirical.worlds.population import finite_population
from verify import Study
from verify.decisions.matrices import Standard

SCRIPT = Path(__file__).parent.parent / "durability" / "large_input.py"
RESET = Path("/proc/self/clear_refs")


def draws(rows: int, columns: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    random = np.random.default_rng(0)
    names = ("a", "b")
    features = {k: random.standard_normal((rows, columns), dtype=np.float32) for k in names}
    return features, random.integers(2, size=rows)


def bytes_of(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return 1024 * int(line.split()[1])
    raise KeyError(name)


def used(study: Study) -> None:
    """What a run does with the rows: hash, scale, train on all of them, and measure."""
    assert len(study.fingerprint) == 64
    fit_reference(study.population, study.plan, steps=1)
    stack, _ = train(study.population, study.plan, 8, range(1))
    for index in range(len(study.plan.subsets)):
        features_of(stack, index, study.population, study.plan)
    seen = observed(study.data)
    rows = np.arange(0, study.data.rows, 2)
    Standard.of(seen, seen.names, rows).matrix(seen, rows[:1000])


@pytest.mark.skipif(not RESET.exists(), reason="needs a system that tells the largest memory used")
def test_a_run_holds_at_most_three_times_the_rows_of_a_file(tmp_path: Path) -> None:
    def study(rows: int) -> Study:
        features, y = draws(rows, 160)
        np.savez(tmp_path / "rows.npz", **features, y=y)
        del features
        return Study(load_npz(tmp_path / "rows.npz"), m=[8], head_m=[], trials=1, steps=1)

    used(study(300))  # what is loaded and compiled on the way
    features, y = draws(30_000, 160)
    size = sum(each.nbytes for each in features.values())
    np.savez(tmp_path / "large.npz", **features, y=y)
    del features
    RESET.write_text("5")  # the largest is counted from here
    before = bytes_of("VmRSS")
    used(Study(load_npz(tmp_path / "large.npz"), m=[8], head_m=[], trials=1, steps=1))
    assert bytes_of("VmHWM") - before < 3 * size


@pytest.mark.slow
@pytest.mark.skipif(not RESET.exists(), reason="needs a system that tells the largest memory used")
def test_a_report_on_fifty_thousand_rows_holds_at_most_three_times_their_size() -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], capture_output=True, text=True, timeout=3600
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["process_ratio"] <= 3.0
    assert found["together_ratio"] <= 3.0


@pytest.mark.parametrize("columns", [2, 3, 7, 160])
def test_no_number_depends_on_how_much_is_worked_on_at_a_time(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    features, y = draws(700, columns)
    features["a"][:, 0] = 1.0
    whole = finite_population(from_arrays(features, y))
    norms = [whole.mean_square_norm(members) for members in ((0,), (0, 1))]
    assert norms == [
        sum(float(whole.inputs[k].square().sum(1).mean()) for k in m) for m in ((0,), (0, 1))
    ]
    monkeypatch.setattr(mapped, "LARGE", 1)
    for at_a_time in (1, 10_000, 50_000):
        monkeypatch.setattr(mapped, "AT_A_TIME", at_a_time)
        data = from_arrays(features, y)
        assert data.dropped == {"a": (0,)}
        assert mapped.file_of(data.modalities["a"]) is not None
        again = finite_population(data)
        assert again.fingerprint() == whole.fingerprint()
        assert again.input_norm == whole.input_norm
        assert [again.mean_square_norm(members) for members in ((0,), (0, 1))] == norms


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["float32", "float64", ">f4", "int16", "bool", "float16"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_file_is_read_as_numpy_reads_it(
    order: str,
    dtype: str,
    save: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mapped, "LARGE", 1)
    monkeypatch.setattr(mapped, "AT_A_TIME", 100)
    random = np.random.default_rng(0)
    x = random.integers(-9, 9, size=(23, 5)).astype(dtype, order=order)
    y = random.normal(size=23)
    save(tmp_path / "rows.npz", a=x, b=x[:, ::-1], y=y)
    data = load_npz(tmp_path / "rows.npz")
    wide = np.float32 if x.dtype == np.float32 else np.float64
    assert data.modalities["a"].dtype == wide
    np.testing.assert_array_equal(data.modalities["a"], x.astype(wide))
    np.testing.assert_array_equal(data.modalities["b"], x[:, ::-1].astype(wide))
    np.testing.assert_array_equal(data.target, y)


def test_a_change_of_the_users_array_changes_no_study(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapped, "LARGE", 1)
    features, y = draws(50, 4)
    data = from_arrays(features, y)
    before = {name: x.copy() for name, x in features.items()}
    for x in features.values():
        x[:] = 0.0
    for name, x in data.modalities.items():
        np.testing.assert_array_equal(x, before[name])
