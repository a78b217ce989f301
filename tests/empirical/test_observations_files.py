"""Observations from files: what is joined, split, used and left out is said, and never guessed."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from empirical.observations import read

ROWS = 30
RNG = np.random.default_rng(0)
IDS = [f"clip{i:02}" for i in range(ROWS)]
TEXT = pd.DataFrame({"clip": IDS, "t0": RNG.normal(size=ROWS), "t1": RNG.normal(size=ROWS)})
AUDIO = pd.DataFrame({"clip": IDS, "hz": RNG.normal(size=ROWS), "voice": ["a", "b", "c"] * 10})
LABELS = pd.DataFrame(
    {
        "clip": IDS,
        "mood": np.resize(["glad", "sad"], ROWS),
        "speaker": np.arange(ROWS) // 3,
        "day": pd.date_range("2024", periods=ROWS).astype(str),
        "trust": np.arange(ROWS) + 1.0,
    }
)


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "features"
    place.mkdir()
    TEXT.to_csv(place / "text.csv", index=False)
    AUDIO.sample(frac=1, random_state=0).to_parquet(place / "audio.parquet", index=False)
    LABELS.sample(frac=1, random_state=1).to_csv(place / "labels.csv", index=False)
    return place


ALL = {"target": "mood", "groups": "speaker", "order": "day", "weights": "trust"}


def test_a_folder_is_joined_on_the_column_that_all_files_share(folder):
    found = read(folder, **ALL)
    assert found.names == ("audio", "text")
    assert found.columns["audio"] == ("hz", "voice=a", "voice=b", "voice=c")
    assert found.name == "features"
    # Rows are found again by their values, in whatever order.
    rows = [int(np.flatnonzero(TEXT.t0 == value)[0]) for value in found.features["text"][:, 0]]
    assert sorted(rows) == list(range(ROWS))
    np.testing.assert_array_equal(found.features["audio"][:, 0], AUDIO.hz.to_numpy()[rows])
    assert [found.classes[c] for c in found.target] == LABELS.mood[rows].tolist()
    assert found.order.tolist() == rows
    assert len(set(zip(found.groups.tolist(), LABELS.speaker[rows], strict=True))) == 10
    np.testing.assert_allclose(found.weights, (LABELS.trust[rows] / LABELS.trust.mean()))
    assert "Rows are joined on clip" in " ".join(found.notes)


def test_the_target_may_be_a_column_of_a_modality(folder):
    (folder / "labels.csv").unlink()
    AUDIO.assign(mood=LABELS.mood).to_parquet(folder / "audio.parquet")
    found = read(folder, target="mood")
    assert found.names == ("audio", "text")
    assert "mood" not in " ".join(found.columns["audio"])


def test_rows_that_a_file_lacks(folder):
    AUDIO.iloc[6:].to_parquet(folder / "audio.parquet")
    with pytest.raises(ValueError, match=r"features.*24 and 30 rows of which 24 match.*'inner'"):
        read(folder, target="mood", groups="speaker", on="clip")
    assert read(folder, align="inner", **ALL).rows == 24
    outer = read(folder, align="outer", **ALL)
    assert outer.rows == ROWS
    assert outer.present["audio"].sum() == 24


FAULTS = {
    "no target": ({}, "target must name the column that is to be predicted, got none"),
    "unknown target": ({"target": "label"}, "target must name a column of"),
    "same column twice": ({"target": "mood", "groups": "mood"}, "must differ, got 'mood' twice"),
    "unknown id": (
        {"target": "mood", "on": "id"},
        "must have the column 'id', got clip, hz, voice",
    ),
    "id that repeats": ({"target": "mood", "on": "speaker"}, "must have the column 'speaker'"),
    "patterns": ({"target": "mood", "modality": {"a": "hz"}}, "one wide table only"),
    "unknown groups": ({"target": "mood", "groups": "who"}, "groups must name a column of"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_faults_name_the_folder_and_the_column(folder, case):
    options, message = FAULTS[case]
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        read(folder, **options)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_faults_of_files_name_the_file(folder):
    for content, message in (
        (b"", "must be an intact .csv file"),
        (b"\xff\xfe\x00", "must be an intact .csv file"),
        (b"clip,x\n", "must hold rows and columns, got shape (0, 2)"),
        (b"clip,x\na,1\na,2\n", "must have distinct values of 'clip', got 'a' more than once"),
        (b"clip,x\n,1\na,2\n", "must have a value of 'clip' in every row, got 1 without"),
    ):
        (folder / "video.csv").write_bytes(content)
        with pytest.raises(ValueError, match=re.escape(f"video.csv {message}")):
            read(folder, target="mood", groups="speaker", on="clip")
    (folder / "video.csv").unlink()
    (folder / "video.parquet").write_bytes(b"PAR1")
    with pytest.raises(ValueError, match=r"video.parquet must be an intact .parquet file"):
        read(folder, target="mood")


def test_two_candidates_for_the_join_are_named(folder):
    for name, frame in (("text", TEXT), ("labels", LABELS)):
        frame.assign(n=range(ROWS)).to_csv(folder / f"{name}.csv", index=False)
    AUDIO.assign(n=range(ROWS)).to_parquet(folder / "audio.parquet")
    with pytest.raises(
        ValueError, match="on must name the column .* got nothing, and clip, n could"
    ):
        read(folder, target="mood")
    assert read(folder, target="mood", groups="speaker", on="n").rows == ROWS


def test_a_column_that_two_files_hold_differently(folder):
    TEXT.assign(mood="glad").to_csv(folder / "text.csv", index=False)
    with pytest.raises(ValueError, match="target must be the same wherever it is given"):
        read(folder, target="mood", on="clip")


def test_other_files_are_named_and_a_folder_without_tables_is_refused(folder, tmp_path):
    (folder / "notes.txt").write_text("hello")
    assert "Not read in features: notes.txt." in read(folder, **ALL).notes
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ValueError, match="must hold files that end in .csv or .parquet, got none"):
        read(empty, target="mood")


# ---- one wide table


@pytest.fixture(params=[".csv", ".parquet"])
def wide(tmp_path, request):
    table = TEXT.merge(AUDIO, on="clip").merge(LABELS, on="clip")
    path = tmp_path / f"all{request.param}"
    if request.param == ".csv":
        table.to_csv(path, index=False)
    else:
        table.set_index("clip").to_parquet(path)
    return path


def test_patterns_make_modalities_and_unused_columns_are_named(wide):
    found = read(wide, modality={"text": "t[0-9]", "audio": ["hz"]}, **ALL)
    assert found.names == ("text", "audio")
    np.testing.assert_allclose(found.features["text"], TEXT[["t0", "t1"]])
    assert "Columns not used: clip, voice." in found.notes
    assert found.groups.max() == 9
    labelled = read(wide, modality={"text": "t?"}, on="clip", target="mood", groups="speaker")
    assert "Columns not used: hz, voice, day, trust." in labelled.notes


@pytest.mark.parametrize(
    ("modality", "message"),
    [
        (None, "modality must say which columns belong together"),
        ({"a": "mfcc_*"}, "'mfcc_*', which matches none of clip, t0"),
        ({"a": "t0,hz", "b": "t*"}, "must put each column into one modality, got 't0' in a and b"),
    ],
)
def test_patterns_that_do_not_fit(wide, modality, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        read(wide, modality=modality, **ALL)


# ---- archives


def save(path, **arrays):
    np.savez(path, **arrays)
    return path


def test_an_archive_names_what_it_does_not_use(tmp_path):
    path = save(
        tmp_path / "a.npz",
        text=TEXT[["t0", "t1"]].to_numpy(),
        pitch=AUDIO.hz.to_numpy(),
        clip=np.array(IDS),
        row=np.arange(ROWS),
        rate=np.array(16000),
        words=np.arange(7),
        speaker=np.arange(ROWS) // 3,
        y=np.array(LABELS.mood, dtype=str),
    )
    found = read(path, groups="speaker")
    assert found.names == ("text", "pitch")
    text = " ".join(found.notes)
    for said in (
        "The array clip was not used: it is a 1-D array of text.",
        "The array row was not used: it is a 1-D array of integers that are all different",
        "The array rate was not used: it is a single value.",
        "The array words was not used: it has 7 rows and the target 30.",
        "pitch is a 1-D array, read as one column.",
    ):
        assert said in text
    assert found.groups.max() == 9


def test_the_split_of_an_archive_is_kept(tmp_path):
    halves = {
        **{"a_train": TEXT[["t0"]].to_numpy()[:20], "a_test": TEXT[["t0"]].to_numpy()[20:]},
        **{"y_train": np.arange(20) % 2, "y_test": np.arange(10, dtype=np.uint64) % 2},
    }
    found = read(save(tmp_path / "s.npz", **halves))
    assert found.train.tolist() == [True] * 20 + [False] * 10
    assert found.classes == ("0", "1")
    np.testing.assert_array_equal(found.features["a"][:, 0], TEXT.t0)
    assert "20 rows to train on, 10 held out" in " ".join(found.notes)
    for broken, message in (
        ({k: v for k, v in halves.items() if k != "a_test"}, "both halves, got no a_test"),
        ({**halves, "b": TEXT[["t1"]].to_numpy()}, "must hold b_train and b_test, got b"),
        ({**halves, "a_test": halves["a_train"]}, "y_train and y_test must have as many rows"),
        ({**halves, "a_test": np.ones((10, 3))}, "must have the same columns"),
    ):
        with pytest.raises(ValueError, match=re.escape(message)):
            read(save(tmp_path / "broken.npz", **broken))


def test_other_targets_and_faults_of_archives(tmp_path):
    path = save(tmp_path / "a.npz", text=TEXT[["t0"]].to_numpy(), score=TEXT.t1.to_numpy())
    assert read(path, target="score").classes is None
    with pytest.raises(ValueError, match="target must name an array, got 'y', not in text, score"):
        read(path)
    cube = save(tmp_path / "c.npz", video=np.zeros((ROWS, 2, 2)), y=np.arange(ROWS) % 2)
    with pytest.raises(ValueError, match=r"video must have two dimensions .* shape .30, 2, 2.$"):
        read(cube)
    with pytest.raises(ValueError, match="data must hold arrays of features beside y"):
        read(save(tmp_path / "y.npz", y=np.arange(ROWS) % 2))


@pytest.mark.parametrize("name", ["none", "none.npz", "data.txt"])
def test_paths_that_are_no_data(tmp_path, name):
    (tmp_path / "data.txt").write_text("x")
    with pytest.raises(ValueError, match=re.escape(str(tmp_path / name))):
        read(tmp_path / name, target="y")
