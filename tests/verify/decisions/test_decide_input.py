"""The command on files as they lie around: an answer, or one line that says what to change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse

from verify import decide
from verify.certificates.certify import in_order
from verify.cli import main

ROWS = 100
RNG = np.random.default_rng(0)
X = RNG.normal(size=(ROWS, 2))
NOISE = RNG.normal(size=(ROWS, 3))
MOOD = np.where(X[:, 0] > 0, "glad", "sad")
IDS = [f"r{i}" for i in range(ROWS)]


def table(values: np.ndarray, letter: str) -> pd.DataFrame:
    frame = pd.DataFrame(values, columns=[f"{letter}{i}" for i in range(values.shape[1])])
    frame.insert(0, "id", IDS)
    return frame


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "features"
    place.mkdir()
    table(X, "t").to_csv(place / "text.csv", index=False)
    table(NOISE, "a").sample(frac=1, random_state=0).to_parquet(place / "audio.parquet")
    labels = pd.DataFrame({"id": IDS, "mood": MOOD, "score": np.arange(ROWS)})
    labels.to_csv(place / "labels.csv", index=False)
    return place


def run(capsys: Any, *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(["decide", *map(str, arguments)])
    written = capsys.readouterr()
    return int(stop.value.code or 0), written.out, written.err


def test_a_folder_a_wide_table_and_an_archive_give_answers(
    folder: Path, tmp_path: Path, capsys: Any
) -> None:
    wide = tmp_path / "wide.csv"
    table(X, "t").merge(table(NOISE, "a"), on="id").assign(mood=MOOD).to_csv(wide, index=False)
    archive = tmp_path / "all.npz"
    half = ROWS // 2
    np.savez(
        archive,
        **{"text_train": X[:half], "text_test": X[half:], "y_train": MOOD[:half]},
        **{"audio_train": NOISE[:half], "audio_test": NOISE[half:], "y_test": MOOD[half:]},
    )
    forms: list[list[object]] = [
        ["--data", folder, "--target", "mood"],
        ["--data", wide, "--target", "mood", "--modality", "text=t*", "--modality", "audio=a*"],
        ["--data", archive],
    ]
    said = ("Rows are joined on id", "Columns not used: id", "50 rows to train on, 50 held out")
    for form, note in zip(forms, said, strict=True):
        out = tmp_path / "out"
        code, text, _ = run(capsys, *form, "--out", out)
        assert code == 0
        assert note in text
        assert "Classification with 2 classes: the target is text." in text
        assert (out / "decide.html").is_file()


def test_faults_are_one_line_and_two(folder: Path, tmp_path: Path, capsys: Any) -> None:
    for options, message in (
        (["--target", "label"], "target must name a column"),
        (["--target", "score"], "task must be given"),
        (["--target", "mood", "--on", "clip"], "must have the column 'clip'"),
        (["--target", "mood", "--align", "left"], "align must be one of"),
    ):
        code, _, error = run(capsys, "--data", folder, *options, "--out", tmp_path / "out")
        assert code == 2
        assert message in error
        assert error.count("\n") == 1
    for options, message in (
        (["--margin", "-1"], "margin must be finite and non-negative, got -1\n"),
        (["--cost", "text=1e308,audio=1e308"], "the sum of cost must be finite"),
        (["--groups", "id"], "all files share id alone, named as target, groups, order or weights"),
    ):
        code, _, error = run(capsys, "--data", folder, "--target", "mood", *options)
        assert code == 2
        assert message in error
    table(X, "t").iloc[5:].to_csv(folder / "text.csv", index=False)
    code, _, error = run(capsys, "--data", folder, "--target", "mood", "--out", tmp_path / "out")
    assert code == 2
    assert "of which 95 match" in error
    assert "align='inner' (--align inner) keeps those" in error


def test_files_that_cannot_be_joined_say_why(folder: Path, tmp_path: Path, capsys: Any) -> None:
    twice = table(X, "t")
    pd.concat([twice, twice.iloc[:3]]).to_csv(folder / "text.csv", index=False)
    code, _, error = run(capsys, "--data", folder, "--target", "mood")
    assert code == 2
    assert "none could serve: id repeats 3 value(s) in text.csv" in error
    table(X, "t").to_csv(folder / "text.csv", index=False, sep=";")
    code, _, error = run(capsys, "--data", folder, "--target", "mood")
    assert code == 2
    assert (
        "no column is in all of audio.parquet, labels.csv, text.csv; audio.parquet has id" in error
    )
    other = tmp_path / "other"
    other.mkdir()
    (other / "text.tsv").touch()
    code, _, error = run(capsys, "--data", other, "--target", "mood")
    assert code == 2
    assert "must hold files that end in .csv or .parquet, got only text.tsv" in error


@pytest.mark.parametrize("factor", [1e-200, 1e-170, 1e170, 1e300])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix])
def test_units_of_a_modality_change_no_answer(form: Any, factor: float) -> None:
    found = decide({"text": form(X * factor), "audio": NOISE}, MOOD)
    (here,) = [each for each in found.modalities if each.name == "text"]
    (same,) = [
        each
        for each in decide({"text": form(X), "audio": NOISE}, MOOD).modalities
        if each.name == "text"
    ]
    assert here.verdict == same.verdict == "helps"
    assert here.gain == same.gain


def test_columns_that_are_no_predictions_are_refused_by_name(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "predictions.csv"
    own = pd.DataFrame({"mood": MOOD, "text": MOOD, "text+audio": MOOD})
    for column, message in (
        (NOISE[:, 0], "predictions['loud'] must hold probabilities of 'sad', from 0 to 1, got"),
        (np.arange(ROWS), "predictions['loud'] must hold labels that y has"),
    ):
        own.assign(loud=column).to_csv(path, index=False)
        code, _, error = run(capsys, "--predictions", path, "--target", "mood")
        assert code == 2
        assert message in error
        assert "leave out what is no prediction" in error


def test_rows_that_begin_unlike_the_rest_leave_the_mean_in_its_interval() -> None:
    n = 400
    rows = np.arange(n)
    late = rows[n // 5 :]  # the earliest fifth chooses
    gains = np.zeros(len(late))
    first = in_order(np.arange(len(late)), 0).astype(int)
    gains[first[:60]], gains[first[60:]] = 1.0, -0.1
    worse = np.full(n, 0.5)
    better = worse.copy()
    worse[late] += gains / 2
    better[late] -= gains / 2
    found = decide(predictions={"a": worse, "a+b": better}, C=1, order=rows)
    frame = found.frame
    assert len(frame) > 0
    assert frame["gain"].between(frame["low"], frame["high"]).all()


@pytest.mark.parametrize(
    "form",
    [
        lambda x: torch.tensor(x, requires_grad=True),
        lambda x: torch.tensor(x).bfloat16(),
        sparse.csr_matrix,
        lambda x: pd.DataFrame(x).astype("double[pyarrow]"),
        np.ndarray.tolist,
        np.float16,
        np.float32,
        pd.DataFrame,
        lambda x: torch.tensor(x).half(),
        lambda x: pytest.importorskip("polars").DataFrame(x),
    ],
    ids=[
        *("tensor with gradient", "bfloat16", "sparse", "arrow", "list"),
        *("float16", "float32", "pandas", "half", "polars"),
    ],
)
def test_every_form_of_features_gives_the_same_recommendation(form: Any) -> None:
    found = decide({"text": form(X), "audio": form(NOISE)}, MOOD)
    assert found.recommendation.subset == ("text",)


def test_the_same_seed_gives_the_same_page(folder: Path, tmp_path: Path, capsys: Any) -> None:
    pages = []
    for name in ("one", "two"):
        out = tmp_path / name
        run(capsys, "--data", folder, "--target", "mood", "--seed", 3, "--out", out)
        pages.append((out / "decide.html").read_text())
    assert pages[0] == pages[1]


def test_text_columns_files_that_match_in_part_and_a_slip_of_the_pen(
    folder: Path, capsys: Any
) -> None:
    """Named on the terminal, and in the first lines of the page where they are warnings."""
    rooms = pd.DataFrame({"id": IDS[:90], "room": ["hall", "car", "yard"] * 30})
    rooms.to_csv(folder / "room.csv", index=False)
    slip = table(NOISE, "a")
    slip.loc[7, "a1"] = 1e6
    slip.to_parquet(folder / "audio.parquet")
    code, _, err = run(capsys, "--data", folder, "--target", "mood")
    assert code == 2
    assert "90" in err
    assert "align" in err
    out = folder.parent / "out"
    code, text, _ = run(
        capsys, "--data", folder, "--target", "mood", "--align", "inner", "--out", out
    )
    assert code == 0
    assert "90 rows" in text
    slips = [line for line in text.splitlines() if line.startswith("Warning: ") and "a1" in line]
    assert len(slips) == 1
    assert "1e+06" in slips[0] or "1,000,000" in slips[0]
    columns = (out / "decide.html").read_text()
    assert columns.index("a1") < columns.index("What is each modality worth?")


def test_a_target_that_could_be_either_asks_for_the_task(folder: Path, capsys: Any) -> None:
    code, _, err = run(capsys, "--data", folder, "--target", "score")
    assert code == 2
    assert "task" in err
    code, text, _ = run(
        *(capsys, "--data", folder, "--target", "score", "--task", "regression"),
        *("--out", folder.parent / "out"),
    )
    assert code == 0
    assert "Regression" in text


def test_one_dimension_in_an_archive_is_named(tmp_path: Path, capsys: Any) -> None:
    archive = tmp_path / "all.npz"
    np.savez(archive, text=X, pitch=NOISE[:, 0], y=MOOD)
    code, text, _ = run(capsys, "--data", archive, "--out", tmp_path / "out")
    assert code == 0
    assert "pitch" in text
