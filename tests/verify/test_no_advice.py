"""Labels of a coin and a modality of noise: what the report then says cannot be read as advice."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from empirical import datasets
from empirical.datasets import from_arrays
from verify import verify_dataset
from verify.cli import main
from verify.report import render
from verify.report.document import document
from verify.report.headline import NO_ADVICE


def noise(rows: int, columns: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    rng = np.random.default_rng(0)
    x = {name: rng.normal(size=(rows, columns)) for name in ("sound", "noise")}
    return x, rng.integers(0, 2, rows)


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    """80 rows, 40 columns: heads of 1,000,000 rows drawn from them remember the labels, and provably so."""
    study = verify_dataset(
        *noise(80, 20), m=[64], head_m=[1_000_000], delta=[0.5], trials=120, steps=10
    )
    return document(study.run(workers=1))


def test_a_gain_in_noise_is_proved_of_these_rows_alone(report: dict[str, Any]) -> None:
    said = report["answer"]["headline"]
    assert re.match(
        r"On these 80 rows \(few for 40 columns, so that memorised noise counts as a gain\) taken as the"
        r" whole population: provably yes for plain least-squares heads",
        said,
    ), said
    assert said.endswith(NO_ADVICE)
    # No "provably" that stands outside the sentence that names the population.
    assert len(re.findall("provabl", said)) == 1
    text = " ".join(report["answer"]["sentences"])
    assert "Warning: 80 rows are few for 40 columns. Least squares alone fits about 51 % of" in text
    assert "nothing is claimed about other data" in text


def test_data_of_ones_own_point_to_decide_in_the_first_line(report: dict[str, Any]) -> None:
    pointer = "python -m verify decide --data FILE"
    assert report["answer"]["pointer"].endswith(pointer)
    page = render(report)
    assert page.index(pointer) < page.index(report["answer"]["headline"][:40])


def test_two_samples_are_too_few_to_tell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    x, y = noise(300, 3)
    np.savez(tmp_path / "mine.npz", **x, y=y)
    options = ["--m", "32", "--head-m", "0", "--trials", "2", "--out", str(tmp_path / "out")]
    with pytest.raises(SystemExit) as ended:
        main(["report", "--data", str(tmp_path / "mine.npz"), *options])
    assert ended.value.code == 0
    out = capsys.readouterr().out.splitlines()
    first = next(i for i, line in enumerate(out) if line.endswith("--data FILE"))
    headline = out[first + 1]
    assert headline.startswith("On new rows: ")
    assert "On these 300 rows taken as the whole population: " in headline
    assert "too few samples to tell in 2 of 2 comparisons" in headline
    assert "No:" not in headline
    assert "no gain" not in headline
    numbers = set(re.findall(r"([\d,]+) (?:would be enough|trials without)", "\n".join(out)))
    assert len(numbers) == 1
    page = (tmp_path / "out" / "report.html").read_text()
    found = re.findall(r">([\d,]+)</data> samples without violation would decide", page)
    assert set(found) == numbers


def test_the_bundled_data_have_no_pointer() -> None:
    from verify.report.pointer import POINTER, pointer

    assert pointer(datasets.digits()) == ""
    assert pointer(from_arrays(*noise(30, 2))) == POINTER
    # The name alone does not make a file of the user's a bundled set.
    assert pointer(from_arrays(*noise(30, 2), name="digits")) == POINTER
