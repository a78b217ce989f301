"""Work spread over processes: killed workers are replaced, and none outlives its parent."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from small import small_study

from empirical import datasets
from empirical.erm import ENGINES
from empirical.erm import engines as erm_engines
from empirical.measure import fit_reference
from verify import Study
from verify.execution import workers
from verify.execution.tasks import Context, Task, compute
from verify.execution.workers import WorkersLostError, spread

# Functions below are nested, so that they travel by value: workers know nothing of the tests.


def test_every_piece_is_done_once() -> None:
    def square(number: int) -> int:
        return number**2

    assert sorted(spread(square, range(20), 2)) == [(n, n**2) for n in range(20)]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_a_full_disk_is_said_to_be_that_of_temporary_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", partial(open, "/dev/full", "r+b"))
    with pytest.raises(OSError, match="No space left on device") as caught:
        list(spread(abs, [1, 2], 2))
    assert caught.value.filename == tempfile.gettempdir()


def test_work_stays_in_this_process_with_one_worker() -> None:
    assert list(spread(lambda _: os.getpid(), [1, 2], 1)) == [(1, os.getpid()), (2, os.getpid())]


def test_a_killed_worker_is_replaced_and_its_work_done_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    flag = str(tmp_path / "killed")

    def work(number: int) -> int:
        if number == 3 and not os.path.exists(flag):
            open(flag, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    assert sorted(spread(work, range(8), 2)) == [(n, n) for n in range(8)]
    assert os.path.exists(flag)
    assert [record.message for record in caplog.records] == [
        "a worker process was killed; its work is done again"
    ]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs a list of processes")
def test_a_worker_killed_while_it_starts_is_replaced(tmp_path: Path) -> None:
    """With 1 MB of work in the pipe of a starting process, a killed one stopped the run for ever."""
    ballast, killed = b"x" * 2**20, threading.Event()
    flag = str(tmp_path / "killed")

    def kill_first() -> None:
        while not killed.is_set():
            for child in multiprocessing_children():
                os.kill(child, signal.SIGKILL)
                killed.set()
                open(flag, "w").close()
                return

    def work(number: int) -> int:
        # However late the first worker is seen, it is killed before the work is done.
        deadline = time.monotonic() + 60
        while not os.path.exists(flag) and time.monotonic() < deadline:
            time.sleep(0.01)
        return number + len(ballast)

    thread = threading.Thread(target=kill_first, daemon=True)
    thread.start()
    assert sorted(spread(work, range(4), 2)) == [(n, n + 2**20) for n in range(4)]
    assert killed.is_set()


def multiprocessing_children() -> list[int]:
    """The worker processes of this one; their command lines name loky."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parent = (place / "stat").read_text().rpartition(")")[2].split()[1]
            command = (place / "cmdline").read_bytes()
        except OSError:  # it has ended in the meantime
            continue
        if parent == str(os.getpid()) and b"popen_loky" in command:
            found.append(int(place.name))
    return found


def test_the_file_of_the_work_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def work(number: int) -> int:
        if number == 2:
            raise ValueError("number must not be 2")
        return number

    assert sorted(spread(work, [0, 1], 2)) == [(0, 0), (1, 1)]
    with pytest.raises(ValueError, match="must not be 2"):
        list(spread(work, [2, 3], 2))
    assert list(tmp_path.glob("*.work")) == []


def test_workers_that_never_become_ready_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that waits for a lock or a disk while it starts would be waited for without end."""

    class Work:
        def __reduce__(self) -> tuple[Any, ...]:
            return time.sleep, (600,)

        def __call__(self, number: int) -> int:
            return number

    monkeypatch.setattr(workers, "START_SECONDS", 0.5)
    with pytest.raises(WorkersLostError, match=r"no worker process was ready within 0\.5 s"):
        list(spread(Work(), [1, 2], 2))
    _until(lambda: not multiprocessing_children())


def test_an_interrupt_while_workers_start_and_end_leaves_nothing_on_the_terminal(
    tmp_path: Path,
) -> None:
    """Without care, a worker that reads half a message prints a traceback: in about one of ten."""
    script = tmp_path / "interrupted.py"
    script.write_text(
        "import os, random, signal, threading\n"
        "from verify.execution.workers import spread\n"
        "moments = random.Random(0)\n"
        "ended = 0\n"
        "for _ in range(12):\n"
        "    end = lambda: os.kill(os.getpid(), signal.SIGINT)\n"
        "    timer = threading.Timer(moments.uniform(0.001, 0.1), end)\n"
        "    timer.start()\n"
        "    try:\n"
        "        list(spread(abs, range(100_000), 2))\n"
        "    except KeyboardInterrupt:\n"
        "        ended += 1\n"
        "    timer.join()\n"
        "print(ended)\n"
    )
    run = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    assert (run.returncode, run.stdout, run.stderr) == (0, "12\n", "")


def test_a_daemonic_process_works_alone(tmp_path: Path) -> None:
    """A worker of `multiprocessing.Pool` may start no processes of its own."""
    script = tmp_path / "pool.py"
    script.write_text(
        "import logging, multiprocessing\n"
        "from verify.execution.workers import most_workers, spread\n"
        "def inner(workers):\n"
        "    logging.basicConfig()\n"
        "    return sorted(spread(abs, [-2, 3], most_workers(workers)))\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "        print(pool.map(inner, [None, 2]))\n"
    )
    run = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    assert run.stdout.strip() == "[[(-2, 2), (3, 3)], [(-2, 2), (3, 3)]]", run.stderr
    assert run.stderr.count("everything is done in this one") == 1


def test_a_piece_that_always_kills_its_worker_ends_the_rest_first() -> None:
    def work(number: int) -> int:
        if number == 0:
            time.sleep(0.5)
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    done = []
    with pytest.raises(WorkersLostError, match="killed 3 times"):
        done.extend(piece for piece, _ in spread(work, [1, 2, 0], 2))
    assert len(done) <= 2


def test_an_error_in_the_work_is_raised_and_the_workers_end() -> None:
    def work(number: int) -> int:
        raise ValueError(f"number must be even, got {number}")

    with pytest.raises(ValueError, match="number must be even"):
        list(spread(work, [1, 3], 2))


def test_results_that_nobody_fetched_are_bounded() -> None:
    """The queue of futures follows the number of workers, not of pieces."""
    started: list[int] = []

    class Done:
        def __init__(self, piece: int) -> None:
            started.append(piece)
            self.piece = piece

        def done(self) -> bool:
            return True

        def result(self) -> int:
            return self.piece

    pieces = workers.drain(Done, range(1000), lambda: 4, lambda futures: None)
    assert next(pieces) == (0, 0)
    assert len(started) == 4


def test_workers_end_soon_after_their_parent_is_killed(tmp_path: Path) -> None:
    """SIGKILL leaves the parent no time to tell them, in the middle of a long piece of work."""
    script = tmp_path / "parent.py"
    script.write_text(
        "import sys\n"
        "from verify.execution.workers import spread\n"
        "def work(number):\n"
        "    import os, time\n"
        "    with open(f'{sys.argv[1]}/{os.getpid()}', 'w'): pass\n"
        "    time.sleep(600)\n"
        "list(spread(work, [1, 2], 2))\n"
    )
    pids = tmp_path / "pids"
    pids.mkdir()
    parent = subprocess.Popen([sys.executable, str(script), str(pids)])
    _until(lambda: len(list(pids.iterdir())) == 2)
    children = [int(path.name) for path in pids.iterdir()]
    assert all(map(_alive, children))
    parent.kill()
    parent.wait()
    _until(lambda: not any(map(_alive, children)))


def test_a_worker_that_is_still_loading_its_work_ends_with_its_parent_too(tmp_path: Path) -> None:
    """Importing torch takes seconds, many on a busy machine; the parent may be gone by then."""
    script = tmp_path / "parent.py"
    script.write_text(
        "import sys\n"
        "from verify.execution.workers import spread\n"
        "def slow(folder):\n"
        "    import os, time\n"
        "    with open(f'{folder}/{os.getpid()}', 'w'): pass\n"
        "    time.sleep(600)\n"
        "class Work:\n"
        "    def __reduce__(self):\n"
        "        return slow, (sys.argv[1],)\n"
        "    def __call__(self, number):\n"
        "        return number\n"
        "list(spread(Work(), [1, 2], 2))\n"
    )
    pids = tmp_path / "pids"
    pids.mkdir()
    parent = subprocess.Popen([sys.executable, str(script), str(pids)])
    _until(lambda: len(list(pids.iterdir())) == 2)
    children = [int(path.name) for path in pids.iterdir()]
    parent.kill()
    parent.wait()
    _until(lambda: not any(map(_alive, children)))


def _until(met, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"  # a process that ended, and that nobody has buried yet


@pytest.mark.parametrize("name", ["compiled (clang 1.0 x86-64)", "no such engine"])
def test_a_worker_with_another_engine_or_build_is_refused(name: str) -> None:
    study = small_study(m=[8], trials=1, steps=1)
    context = Context.of(study, fit_reference(study.population, study.plan))
    compute(context, Task("trials", 8, 0, 1))
    refused = (
        f"^workers must train with the engine {re.escape(name)}, got {re.escape(context.engine)} on"
    )
    with pytest.raises(ValueError, match=refused):
        compute(replace(context, engine=name), Task("trials", 8, 0, 1))


def test_the_engine_of_a_study_says_how_it_was_built(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = ENGINES.find("compiled")
    assert re.fullmatch(r"compiled \(.+\)", str(compiled))
    assert str(ENGINES.find("torch")).startswith(f"torch ({torch.__version__} ")
    monkeypatch.setattr(erm_engines, "fastest", lambda kind: replace(compiled, build=lambda: "one"))
    one = Study(datasets.diabetes(), m=[8], trials=1)
    assert one.config()["engine"] == "compiled (one)"
    first = one.fingerprint
    monkeypatch.setattr(erm_engines, "fastest", lambda kind: replace(compiled, build=lambda: "two"))
    assert Study(datasets.diabetes(), m=[8], trials=1).fingerprint != first
