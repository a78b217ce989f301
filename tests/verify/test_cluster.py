"""A dask cluster in place of local workers: the same numbers, workers lost in mid-run included."""

import importlib.util
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from small import small_study

from empirical.measure import fit_reference
from verify.cli import main
from verify.execution import cluster, part_files
from verify.execution.tasks import Context, Task, compute

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def local() -> Iterator[Any]:
    # Its memory manager drops copies that no waiting task needs for a moment, as with tasks of 20 ms.
    without = {"distributed.scheduler.active-memory-manager.start": False}
    with (
        dask.config.set(without),
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address=":0",
            silence_logs="CRITICAL",
        ) as running,
    ):
        yield running


def test_work_of_a_lost_worker_is_done_by_another(local: Any, tmp_path: Path) -> None:
    flag = str(tmp_path / "killed")

    def work(number: int) -> int:
        if number == 3 and not os.path.exists(flag):
            open(flag, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return number**2

    with distributed.Client(local, set_as_default=False) as client:
        done = sorted(cluster.spread(client, work, range(20)))
    assert os.path.exists(flag)
    assert done == [(n, n**2) for n in range(20)]


def test_work_is_sent_to_each_worker_once_and_not_per_task(local: Any, tmp_path: Path) -> None:
    log = tmp_path / "log"

    class Work:
        """Nested, so that it travels by value; says who pickles and who reads it."""

        def __getstate__(self) -> dict[str, Any]:
            self.say("packed")
            return {"data": b"x" * 10**6}

        def __setstate__(self, state: dict[str, Any]) -> None:
            self.say("read")

        def __call__(self, number: int) -> int:
            time.sleep(0.02)
            return os.getpid()

        def say(self, what: str) -> None:
            with open(log, "a") as file:
                file.write(f"{what} {os.getpid()}\n")

    with distributed.Client(local, set_as_default=False) as client:
        done = dict(cluster.spread(client, Work(), range(40)))
    said = log.read_text().splitlines()
    assert [line for line in said if line.endswith(f" {os.getpid()}")] == [f"packed {os.getpid()}"]
    read = [line.split()[1] for line in said if line.startswith("read")]
    assert len(read) == len(set(read))
    assert {int(pid) for pid in read} >= set(done.values())
    # Each time that the megabyte travels it is packed, by dask up to twice (pickle, then cloudpickle).
    assert sum(line.startswith("packed") for line in said) <= 2 * len(read)


@pytest.mark.slow
def test_a_worker_lost_in_mid_run_changes_no_number(
    local: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = small_study(trials=160)
    whole = study.run(workers=1)
    original, killed = part_files.write_part, []

    with distributed.Client(local, set_as_default=False) as client:

        def fatal_once(path: Path, frame: pd.DataFrame, identity: str) -> None:
            original(path, frame, identity)
            if not killed and path.name.startswith("trials"):
                killed.extend(client.run(os.getpid).values())
                os.kill(killed[0], signal.SIGKILL)

        monkeypatch.setattr(part_files, "write_part", fatal_once)
        spread = study.run(tmp_path, client=client)
    assert len(killed) == 2
    pd.testing.assert_frame_equal(spread.frame, whole.frame, check_exact=True)
    pd.testing.assert_frame_equal(spread.complexities, whole.complexities, check_exact=True)
    assert len(list((tmp_path / "parts").glob("trials-*.parquet"))) == 5


def test_workers_with_other_versions_are_refused(
    local: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_versions", lambda: {"torch": "0.0"})
    refused = pytest.raises(ValueError, match="must have the versions .*'torch': '0.0'.*, got")
    with distributed.Client(local, set_as_default=False) as client, refused:
        list(cluster.spread(client, abs, [1]))


def test_work_that_kills_every_worker_ends_with_an_error(local: Any) -> None:
    def work(number: int) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    lost = pytest.raises(cluster.WorkersLostError, match="the cluster was lost")
    with distributed.Client(local, set_as_default=False) as client, lost:
        list(cluster.spread(client, work, [1]))


def test_workers_and_a_client_are_one_too_many() -> None:
    with pytest.raises(ValueError, match="workers must be None where a client is given, got 2"):
        small_study(trials=160).run(workers=2, client=object())


def refused(capsys: pytest.CaptureFixture, out: Path, address: str) -> str:
    with pytest.raises(SystemExit) as exit_:
        main(["report", "--data", "diabetes", "--out", str(out), "--scheduler", address])
    assert exit_.value.code == 2
    assert not out.exists()
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    return line


def test_an_unreachable_scheduler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(cluster, "TIMEOUT", 1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    for text in (address, ""):
        line = refused(capsys, tmp_path / "out", text)
        assert f"scheduler must be the address of a running dask scheduler, got {text!r}" in line


def test_a_scheduler_without_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(cluster, "TIMEOUT", 1)
    with distributed.LocalCluster(
        n_workers=0, dashboard_address=":0", silence_logs="CRITICAL"
    ) as empty:
        line = refused(capsys, tmp_path / "out", empty.scheduler_address)
    assert "which has no workers" in line


def test_without_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    line = refused(capsys, tmp_path / "out", "tcp://127.0.0.1:1")
    assert "pip install 'multimodal-bounds[cluster]'" in line


def test_a_scheduler_that_is_lost_ends_with_an_error(
    local: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancelled(*_: Any, **__: Any) -> None:
        raise distributed.client.FuturesCancelledError([])

    monkeypatch.setattr(distributed, "wait", cancelled)
    lost = pytest.raises(cluster.WorkersLostError, match="the cluster was lost")
    with distributed.Client(local, set_as_default=False) as client, lost:
        list(cluster.spread(client, abs, [1]))


def test_a_scheduler_without_the_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Remote:
        """Runs what is sent as a scheduler does that finds no package."""

        def __repr__(self) -> str:
            return "tcp://there:1"

        def run_on_scheduler(self, function: Any) -> Any:
            def missing(name: str) -> None:
                raise ModuleNotFoundError(f"No module named {name!r}")

            monkeypatch.setattr(importlib.util, "find_spec", missing)
            return function()

    remote: Any = Remote()
    refused = "^scheduler must run where multimodal-bounds is installed, .* tcp://there:1"
    with pytest.raises(ValueError, match=refused):
        list(cluster.spread(remote, abs, [1]))


def test_a_worker_without_the_package_is_refused(local: Any) -> None:
    def work(number: int) -> None:
        raise ModuleNotFoundError("No module named 'empirical'")

    refused = pytest.raises(ValueError, match="^workers of the cluster must have multimodal-bounds")
    with distributed.Client(local, set_as_default=False) as client, refused:
        list(cluster.spread(client, work, [1]))


def test_a_worker_with_another_engine_is_refused_in_one_line(local: Any) -> None:
    study = small_study(trials=1)
    context = Context.of(study, fit_reference(study.population, study.plan))
    work = partial(compute, replace(context, engine="compiled (another)"))
    refused = pytest.raises(
        ValueError, match=r"^workers must train with the engine compiled \(another\)"
    )
    with distributed.Client(local, set_as_default=False) as client, refused:
        list(cluster.spread(client, work, [Task("trials", 32, 0, 1)]))
