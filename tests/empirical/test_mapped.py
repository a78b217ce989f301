"""Large tensors in files: the same numbers, one copy for all processes, nothing left behind."""

import errno
import gc
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from empirical import mapped
from empirical.datasets.dataset import from_arrays
from empirical.measure import fit_reference
from empirical.worlds import population as populations
from empirical.worlds.population import finite_population
from verify import Study
from verify.execution import workers
from verify.execution.tasks import Context


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every tensor counts as large, and files lie in a folder of this test."""
    monkeypatch.setattr(mapped, "LARGE", 0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_large_tensor_lies_in_a_file_that_goes_with_it(scratch: Path) -> None:
    tensor = mapped.zeros(200, 1000)
    assert mapped.file_of(tensor) == str(next(iter(scratch.iterdir())))
    tensor[3, 4] = 5.0
    assert torch.equal(tensor.nonzero(), torch.tensor([[3, 4]]))
    view = tensor[:, :2]
    assert mapped.file_of(view) is None, "a part of the file is not the file"
    del tensor
    gc.collect()
    assert len(list(scratch.iterdir())) == 1, "a view still needs it"
    del view
    gc.collect()
    assert list(scratch.iterdir()) == []


def test_without_room_for_a_file_a_tensor_lies_in_memory(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int, mode: str) -> object:
        os.close(handle)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    tensor = mapped.zeros(2, 3)
    assert (mapped.file_of(tensor), float(tensor.sum())) == (None, 0.0)
    assert list(scratch.iterdir()) == []
    monkeypatch.setattr(tempfile, "tempdir", str(scratch / "nowhere"))
    assert mapped.file_of(mapped.zeros(2, 3)) is None


def test_an_interrupt_while_a_file_is_written_leaves_none(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(handle: int, mode: str) -> object:
        os.close(handle)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fdopen", interrupted)
    with pytest.raises(KeyboardInterrupt):
        mapped.zeros(2, 3)
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_scaled_some_columns_at_a_time_are_the_same_population(
    dtype: str, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws = np.random.default_rng(0)
    features = {
        "a": (draws.normal(size=(90, 7)) * 10.0 ** np.arange(-3, 4)).astype(dtype),
        "b": (draws.exponential(size=(90, 2)) ** 3 + 1e6).astype(dtype),
    }
    y = draws.integers(3, size=90)
    data = from_arrays(features, y)
    assert data.modalities["a"].dtype == dtype
    at_once = finite_population(data)
    monkeypatch.setattr(populations, "AT_A_TIME", 90 * 8 * 3)
    in_parts = finite_population(data)
    wide = finite_population(from_arrays({k: x.astype(float) for k, x in features.items()}, y))
    assert wide.fingerprint() == at_once.fingerprint()
    assert in_parts.clipped == at_once.clipped
    for one, other in zip(in_parts.inputs, at_once.inputs, strict=True):
        assert mapped.file_of(one) is not None
        torch.testing.assert_close(one, other, rtol=1e-14, atol=0)


def test_workers_map_the_file_and_are_sent_no_rows(scratch: Path) -> None:
    draws = np.random.default_rng(0)
    features = {name: draws.normal(size=(400, 200)) for name in ("a", "b")}
    data = from_arrays(features, draws.integers(2, size=400))
    study = Study(data, m=[8], head_m=[], trials=1, steps=1)
    context = Context.of(study, fit_reference(study.population, study.plan))
    assert all(len(x) == 0 for x in context.population.data.modalities.values())
    assert context.population.names == ("a", "b")

    def seen(number: int) -> float:
        inputs = context.population.inputs
        total = float(sum(x.sum() for x in inputs))
        inputs[0].zero_()  # of no consequence to any other process
        return total

    total = float(sum(x.sum() for x in study.population.inputs))
    with workers._packed(seen) as path:
        assert os.path.getsize(path) < 50_000 < study.population.inputs[0].nbytes
    for _, found in workers.spread(seen, [1, 2], 2):
        assert found in (total, float(study.population.inputs[1].sum()))
    assert float(sum(x.sum() for x in study.population.inputs)) == total


def test_workers_of_a_killed_process_remove_its_files(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import os, signal, sys, tempfile\n"
        "tempfile.tempdir = sys.argv[1]\n"
        "from empirical import mapped\n"
        "from verify.execution.workers import spread\n"
        "mapped.LARGE = 0\n"
        "tensor = mapped.zeros(10)\n"
        "parent = os.getpid()\n"
        "def work(number):\n"
        "    import os, signal, time\n"
        "    assert float(tensor.sum()) == 0\n"
        "    os.kill(parent, signal.SIGKILL)\n"
        "    time.sleep(600)\n"
        "list(spread(work, [1, 2], 2))\n"
    )
    files = tmp_path / "files"
    files.mkdir()
    assert subprocess.run([sys.executable, str(script), str(files)]).returncode == -signal.SIGKILL
    deadline = time.monotonic() + 60
    while list(files.iterdir()):
        assert time.monotonic() < deadline, list(files.iterdir())
        time.sleep(0.05)


def test_a_tensor_in_memory_is_sent_as_it_is(scratch: Path) -> None:
    tensor = torch.arange(3.0)
    with workers._packed(tensor) as path, open(path, "rb") as file:
        assert torch.equal(pickle.load(file), tensor)
