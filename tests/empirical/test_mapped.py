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
from empirical import scratch as temporary
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


linux = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs numbers of open files")


class Refusing(bytes):
    """Zeros that cannot be written."""

    def __new__(cls, error: BaseException) -> "Refusing":
        made = super().__new__(cls, 2**20)
        made.error = error
        return made

    error: BaseException

    def __getitem__(self, part: object) -> bytes:  # type: ignore[override]
        raise self.error


def open_files() -> int:
    """Of those that this process has open, the ones without a name."""
    targets = [os.readlink(each) for each in Path("/proc/self/fd").iterdir() if each.is_symlink()]
    return sum("(deleted)" in target for target in targets)


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system in which no process can open the files of another by their numbers."""
    monkeypatch.setattr(temporary, "_is", lambda path, file: False)


@linux
def test_a_large_array_lies_in_a_file_without_a_name_that_goes_with_it(scratch: Path) -> None:
    before = open_files()
    array = mapped.zeros((200, 1000))
    tensor = torch.from_numpy(array)
    path = mapped.file_of(tensor)
    assert path is not None
    assert path == mapped.file_of(array)
    assert os.path.getsize(path) == array.nbytes
    assert list(scratch.iterdir()) == []
    tensor[3, 4] = 5.0
    assert np.argwhere(mapped.map_file(path, float, (200, 1000))).tolist() == [[3, 4]]
    view = tensor[:, :2]
    assert mapped.file_of(view) is None, "a part of the file is not the file"
    del tensor, array
    gc.collect()
    assert open_files() > before, "a view still needs it"
    del view
    gc.collect()
    assert open_files() == before


@pytest.mark.usefixtures("named")
def test_elsewhere_the_file_has_a_name_until_the_array_goes(scratch: Path) -> None:
    array = mapped.zeros((200, 1000))
    assert mapped.file_of(array) == str(next(iter(scratch.iterdir())))
    array[3, 4] = 5.0
    other = mapped.map_tensor(str(mapped.file_of(array)), float, (200, 1000))
    assert other.nonzero().tolist() == [[3, 4]]
    del array, other
    gc.collect()
    assert list(scratch.iterdir()) == []


@linux
def test_pages_that_are_released_leave_memory_and_keep_their_numbers(scratch: Path) -> None:
    def resident() -> int:
        status = Path("/proc/self/status").read_text().splitlines()
        return sum(int(line.split()[1]) for line in status if line.startswith(("RssF", "RssS")))

    array = mapped.zeros((2**22,))
    mapped.release(array)
    before = resident()
    array[:] = np.arange(2**22)
    assert resident() > before + 30_000
    mapped.release(torch.from_numpy(array))
    assert resident() < before + 2_000
    assert float(array.sum()) == 2**21 * (2.0**22 - 1)
    mapped.release(np.zeros(3), torch.zeros(3), array[1:])  # in memory, or a part


def test_without_room_for_a_file_an_array_lies_in_memory(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = open_files()
    with monkeypatch.context() as patched:
        patched.setattr(
            mapped, "_ZEROS", Refusing(OSError(errno.ENOSPC, "No space left on device"))
        )
        array = mapped.zeros((2, 3))
    assert (mapped.file_of(array), float(array.sum())) == (None, 0.0)
    assert open_files() == before
    monkeypatch.setattr(tempfile, "tempdir", str(scratch / "nowhere"))
    assert mapped.file_of(mapped.zeros((2, 3))) is None


@linux
@pytest.mark.usefixtures("scratch")
def test_arrays_take_half_of_the_files_that_a_process_may_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    most = 2 * len(os.listdir("/proc/self/fd")) + 40
    monkeypatch.setattr(temporary, "_most_files", lambda: most)
    arrays = [mapped.zeros((2, 3)) for _ in range(most)]
    assert 0 < sum(mapped.file_of(each) is not None for each in arrays) < most / 2
    assert mapped.file_of(arrays[-1]) is None
    assert len(os.listdir("/proc/self/fd")) < most / 2 + 4
    arrays.clear()
    gc.collect()
    assert mapped.file_of(mapped.zeros((2, 3))) is not None


@linux
@pytest.mark.usefixtures("scratch")
def test_an_array_whose_file_cannot_be_mapped_lies_in_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = open_files()

    def refused(*_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(mapped, "_Map", refused)
    assert mapped.zeros((2, 3)).tolist() == [[0.0] * 3] * 2
    assert open_files() == before


@pytest.mark.usefixtures("named")
def test_a_file_that_cannot_be_closed_is_removed(scratch: Path) -> None:
    made = temporary.Scratch(".rows")

    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    made._opened.callback(full)
    with pytest.raises(OSError, match="No space"):
        made.close()
    assert list(scratch.iterdir()) == []


@pytest.mark.usefixtures("named")
def test_an_interrupt_while_a_file_is_written_leaves_none(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapped, "_ZEROS", Refusing(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        mapped.zeros((2, 3))
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


PARENT = """
import os, signal, sys, tempfile
tempfile.tempdir = sys.argv[1]
import numpy, torch
from empirical import mapped, scratch
from verify.execution.workers import spread
if sys.argv[2] == "named":
    scratch._is = lambda path, file: False
mapped.LARGE = 0
tensor = torch.from_numpy(mapped.zeros((10,)))
parent = os.getpid()
def work(number):
    import os, signal, time
    assert float(tensor.sum()) == 0
    os.kill(parent, signal.SIGKILL)
    if sys.argv[2] == "all at once":
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(600)
work.__globals__["sys"] = sys
list(spread(work, [1, 2], 2))
"""


@pytest.mark.parametrize("how", ["named", "all at once"])
def test_nothing_stays_of_a_process_that_was_killed(tmp_path: Path, how: str) -> None:
    """Of files with a name the workers remove what their parent cannot; others need nobody."""
    if how == "all at once" and not Path("/proc/self/fd").exists():
        pytest.skip("files have names here")
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    files = tmp_path / "files"
    files.mkdir()
    command = [sys.executable, str(script), str(files), how]
    assert subprocess.run(command, timeout=600).returncode == -signal.SIGKILL
    deadline = time.monotonic() + 600
    while list(files.iterdir()):
        assert how == "named"
        assert time.monotonic() < deadline, list(files.iterdir())
        time.sleep(0.05)


def test_a_tensor_in_memory_is_sent_as_it_is(scratch: Path) -> None:
    tensor = torch.arange(3.0)
    with workers._packed(tensor) as path, open(path, "rb") as file:
        assert torch.equal(pickle.load(file), tensor)
