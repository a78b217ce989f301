"""The section on new data: nothing shown for noise, a useful modality certified, none for bundled data."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from empirical import datasets
from empirical.datasets import from_arrays
from empirical.observations import observed
from verify import Study, report, verify_dataset
from verify.cli import main
from verify.new_data import new_data
from verify.report.headline import APART, NO_ADVICE

SMALL: dict[str, Any] = {"m": [24], "head_m": [], "trials": 2, "steps": 2}


def rows(useful: bool, n: int = 240) -> tuple[dict[str, np.ndarray], np.ndarray]:
    rng = np.random.default_rng(3)
    x = {name: rng.normal(size=(n, 4)) for name in ("sound", "noise")}
    return x, np.where(x["sound"][:, 0] > 0, "yes", "no") if useful else rng.integers(0, 2, n)


def written(folder: Path, study: Study) -> tuple[str, dict[str, Any]]:
    page = study.report(folder, workers=1)

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    text = page.with_name("report.json").read_text("utf-8")
    return page.read_text("utf-8"), json.loads(text, parse_constant=refuse)


def visible(html: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", html).split())


@pytest.fixture(scope="module")
def useful(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    return written(tmp_path_factory.mktemp("useful"), verify_dataset(*rows(True), **SMALL))


def test_coin_flips_show_nothing(tmp_path: Path) -> None:
    html, content = written(tmp_path, verify_dataset(*rows(False), **SMALL))
    part = content["new_data"]
    assert part["subset"] == []
    assert not {"helps", "hurts"} & {each["verdict"] for each in part["modalities"]}
    assert all(each["low"] <= 0 <= each["high"] for each in part["modalities"])
    said = "no modality can be shown to be better than predicting a constant"
    assert said in content["answer"]["headline"].partition(" On these ")[0]
    assert said in html.partition('<section id="new-data">')[2].partition("</section>")[0]


def test_a_useful_modality_is_certified_and_noise_is_not(
    useful: tuple[str, dict[str, Any]],
) -> None:
    html, content = useful
    part = content["new_data"]
    assert part["subset"] == ["sound"]
    sound, noise = part["modalities"]
    assert (sound["name"], sound["verdict"]) == ("sound", "helps")
    assert 0 < sound["low"] < sound["gain"] < sound["high"]
    assert noise["verdict"] not in ("helps", "hurts")
    assert part["split"]["training_rows"] == part["split"]["holdout_rows"] == 120
    section = visible(html.partition('<section id="new-data">')[2].partition("</section>")[0])
    for each in part["modalities"]:
        points = each["points"]
        assert f"{each['verdict']} {points['gain']} {points['low']} to {points['high']}" in section
    assert part["sentence"] in section
    assert part["about"] in section
    assert "python -m verify decide --data FILE" in section


def test_the_headline_begins_with_new_rows_and_the_section_stands_second(
    useful: tuple[str, dict[str, Any]],
) -> None:
    html, content = useful
    headline = content["answer"]["headline"]
    assert headline.startswith("On new rows: Use sound. Against a constant")
    assert " On these 240 rows taken as the whole population: " in headline
    # The advice on new rows is not denied by what is said of the population.
    assert headline.endswith(f"comparisons. {APART}")
    assert NO_ADVICE not in headline
    ids = re.findall(r'<section id="([^"]+)"', html)
    assert ids[:3] == ["answer", "new-data", "verdicts"]
    assert report.render(content) == html


def test_the_same_seed_gives_the_same_part_and_another_delta_another_one(
    useful: tuple[str, dict[str, Any]],
) -> None:
    _, content = useful
    again = new_data(verify_dataset(*rows(True), **SMALL))
    assert json.loads(json.dumps(again)) == content["new_data"]
    assert again is not None
    assert again["delta"] == 0.05
    strict = new_data(verify_dataset(*rows(True), **{**SMALL, "delta": [0.2, 0.001]}))
    assert strict is not None
    assert strict["confidence"] == "99.9 %"
    assert strict["modalities"][0]["low"] < again["modalities"][0]["low"]


def test_too_few_rows_are_one_line_and_no_error(tmp_path: Path) -> None:
    html, content = written(tmp_path, verify_dataset(*rows(True, 50), **SMALL))
    why = "the data must leave at least 30 rows in each part, got 25 in the training part"
    assert content["new_data"] == {"refused": why}
    said = f"Nothing can be said about new rows: {why}."
    assert content["answer"]["headline"].startswith(f"{said} On these 50 rows")
    assert content["answer"]["headline"].endswith(NO_ADVICE)
    assert said in html.partition('<section id="new-data">')[2]


def test_the_largest_seed_is_taken() -> None:
    part = new_data(verify_dataset(*rows(True, 60), seed=2**64 - 1, **SMALL))
    assert part is not None
    assert part["refused"] is None


def test_bundled_data_have_no_such_section(tmp_path: Path) -> None:
    html, content = written(tmp_path, Study(datasets.diabetes(), **SMALL))
    assert content["new_data"] is None
    assert content["answer"]["new_data"] == ""
    assert content["answer"]["headline"].startswith("On these 442 rows")
    assert "new-data" not in html


def test_the_files_own_training_rows_are_kept() -> None:
    x, y = rows(True, 70)
    data = from_arrays(x, y, train_rows=40)
    train = observed(data).train
    assert train is not None
    assert np.flatnonzero(train).tolist() == list(range(40))
    part = new_data(Study(data, **SMALL))
    assert part is not None
    assert part["split"]["training_rows"] == 40
    assert part["split"]["how"].startswith("The training rows are those that you gave")


def test_names_are_text_on_the_page(useful: tuple[str, dict[str, Any]]) -> None:
    name = "<i>sound</i>"
    html = report.render(json.loads(json.dumps(useful[1]).replace("sound", name)))
    assert name not in html
    assert "&lt;i&gt;sound&lt;/i&gt;" in html


def test_the_command_writes_it_and_says_it_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    x, y = rows(True)
    np.savez(tmp_path / "mine.npz", **x, y=y)
    options = ["--m", "24", "--head-m", "0", "--trials", "2", "--out", str(tmp_path / "out")]
    with pytest.raises(SystemExit) as ended:
        main(["report", "--data", str(tmp_path / "mine.npz"), *options])
    assert ended.value.code == 0
    assert "On new rows: Use sound. Against a constant" in capsys.readouterr().out
    content = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert content["new_data"]["subset"] == ["sound"]
