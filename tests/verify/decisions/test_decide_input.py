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
    table(X, "t").iloc[5:].to_csv(folder / "text.csv", index=False)
    code, _, error = run(capsys, "--data", folder, "--target", "mood", "--out", tmp_path / "out")
    assert code == 2
    assert "of which 95 match" in error


@pytest.mark.parametrize(
    "form",
    [
        lambda x: torch.tensor(x, requires_grad=True),
        lambda x: torch.tensor(x).bfloat16(),
        sparse.csr_matrix,
        lambda x: pd.DataFrame(x).astype("double[pyarrow]"),
        np.ndarray.tolist,
    ],
    ids=["tensor with gradient", "bfloat16", "sparse", "arrow", "list"],
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
