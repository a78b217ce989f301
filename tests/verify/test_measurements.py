"""Measurements on disk: what is gathered in pieces reads as if it had come at once."""

import gc
import os
import pickle
import sys
import warnings

import numpy as np
import pandas as pd
import pytest

from empirical import datasets
from verify import Study
from verify.results import measurements as module
from verify.results.measurements import Measurements, Rows


@pytest.fixture(params=["in memory", "one kind in memory", "in a file"], autouse=True)
def place(request, monkeypatch) -> str:
    """Where rows are kept: in memory, the first kind of 20 numbers of each trial, or none."""
    limit = {"in memory": 2**24, "one kind in memory": 200, "in a file": 0}[request.param]
    monkeypatch.setattr(module, "IN_MEMORY", limit)
    return request.param


def frame(trials: range, m: int = 8) -> pd.DataFrame:
    """Two kinds of rows; every number tells where it belongs."""
    return pd.DataFrame(
        [
            {
                "trial": trial,
                "m": m,
                "subset": subset,
                "head": head,
                "m_head": m,
                "risk": 100.0 * m + 10 * subset + trial / 1000,
                "kappa": np.nan if head == "same" else trial / 7,
            }
            for subset, head in ((0, "same"), (1, "free"))
            for trial in trials
        ]
    )


def test_pieces_in_any_order_and_overlap_read_as_one() -> None:
    measurements = Measurements(10)
    for part in (range(6, 10), range(0, 3), range(2, 5), range(0, 10)):
        measurements.add(frame(part))
    measurements.add(frame(range(12), m=4))
    order = ["m", "subset", "trial"]
    whole = pd.concat([frame(range(10), 4), frame(range(10))]).sort_values(order)
    pd.testing.assert_frame_equal(
        measurements.frame(), whole.reset_index(drop=True), check_exact=True, check_like=False
    )


def test_what_is_there_stays() -> None:
    measurements = Measurements(3)
    measurements.add(frame(range(3)))
    measurements.add(frame(range(3)).assign(risk=0.0))
    assert (measurements.rows(Rows("same", 8, 8, 0)).risk >= 800).all()


def test_gaps() -> None:
    measurements = Measurements(10)
    assert measurements.gaps(8) == [range(0, 10)]
    measurements.add(frame(range(3, 5)))
    measurements.add(frame(range(8, 12)))
    assert measurements.gaps(8) == [range(0, 3), range(5, 8)]


def test_missing_trials_are_never_read_as_zeros() -> None:
    measurements = Measurements(10)
    measurements.add(frame(range(5, 10)))
    with pytest.raises(RuntimeError, match="missing at m = 8"):
        measurements.rows(Rows("same", 8, 8, 0))
    with pytest.raises(RuntimeError, match="missing"):
        measurements.frame()


def test_unknown_rows() -> None:
    measurements = Measurements(1)
    measurements.add(frame(range(1)))
    with pytest.raises(KeyError):
        measurements.rows(Rows("fresh", 8, 8, 0))


def test_a_folder_that_cannot_be_written_is_no_obstacle(tmp_path) -> None:
    measurements = Measurements(2, tmp_path / "none")
    measurements.add(frame(range(2)))
    assert len(measurements.rows(Rows("free", 8, 8, 1))) == 2


def test_nothing_is_left_in_the_folder(tmp_path) -> None:
    Measurements(2, tmp_path).add(frame(range(2)))
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_closed_with_the_object(monkeypatch) -> None:
    monkeypatch.setattr(module, "IN_MEMORY", 0)
    measurements = Measurements(2)
    measurements.add(frame(range(2)))
    file = measurements._file
    del measurements
    gc.collect()
    assert file.closed


def test_a_full_disk_raises_before_anything_is_mapped(monkeypatch) -> None:
    """Writing to a map on a full disk would end the process with SIGBUS."""
    monkeypatch.setattr(module, "IN_MEMORY", 0)
    measurements = Measurements(2)

    class Full:
        def seek(self, place: int) -> None: ...

        def write(self, content: bytes) -> None:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(measurements, "_file", Full())
    with pytest.raises(OSError, match="No space"):
        measurements.add(frame(range(2)))
    assert measurements.gaps(8) == [range(0, 2)]
    assert measurements.kinds == []


def test_pickled_rows_are_the_same_and_independent() -> None:
    measurements = Measurements(10)
    measurements.add(frame(range(0, 4)))
    copy = pickle.loads(pickle.dumps(measurements))
    assert copy.gaps(8) == measurements.gaps(8) == [range(4, 10)]
    for each in (copy, measurements):
        each.add(frame(range(4, 10)))
        pd.testing.assert_frame_equal(each.frame(), copy.frame(), check_exact=True)


def test_a_kept_cycle_leaves_no_open_file() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kept: list = [Measurements(2)]
        kept[0].add(frame(range(2)))
        kept.append(kept)
        del kept
        gc.collect()


@pytest.mark.skipif(sys.platform != "linux", reason="counts descriptors in /proc")
def test_small_measurements_that_are_kept_open_no_file(monkeypatch) -> None:
    monkeypatch.setattr(module, "IN_MEMORY", 2**24)
    before = len(os.listdir("/proc/self/fd"))
    kept = [Measurements(250) for _ in range(50)]
    for each in kept:
        each.add(frame(range(250)))
        each.frame()
    assert len(os.listdir("/proc/self/fd")) <= before


def test_results_can_be_pickled() -> None:
    pairs = [(["vitals", "serum"], ["vitals"])]
    small: dict = {"pairs": pairs, "m": [32], "head_m": [], "trials": 4, "steps": 2}
    found = Study(datasets.diabetes(), **small).run(workers=1)
    copy = pickle.loads(pickle.dumps(found))
    pd.testing.assert_frame_equal(copy.frame, found.frame, check_exact=True)
    assert copy.design.fingerprint == found.design.fingerprint
    assert copy.complexity(32, ("vitals",)).low == found.complexity(32, ("vitals",)).low
