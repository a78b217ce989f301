"""Rows of frames that have labels are matched by them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from observed import FRAME, IDS, LABELS, MOOD, ROWS, SHUFFLED, TABLE

from empirical.observations import observe


def test_equal_labels_in_another_order_are_put_in_order():
    found = observe(
        {"a": FRAME.iloc[SHUFFLED], "b": FRAME["x"].iloc[::-1]},
        MOOD,
        groups=pd.Series(range(ROWS), IDS).iloc[SHUFFLED],
    )
    np.testing.assert_array_equal(found.features["a"], TABLE)
    np.testing.assert_array_equal(found.features["b"][:, 0], TABLE[:, 0])
    assert found.groups[0] == SHUFFLED.tolist().index(0)
    note = "features['a']: rows were put in the order of target by id."
    assert note in found.notes


def test_labels_are_called_by_the_name_of_their_column():
    found = observe({"a": FRAME.iloc[5:]}, MOOD, align="inner")
    start = "target: 5 of 40 rows were left out, since another table has no row of that"
    assert f"{start} id." in found.notes
    with pytest.raises(ValueError, match="and target must have the same values of 'id', got 35"):
        observe({"a": FRAME.iloc[5:]}, MOOD)
    frame, mood = FRAME.rename_axis(None), MOOD.rename_axis(None)
    found = observe({"a": frame.iloc[SHUFFLED]}, mood)
    note = "features['a']: rows were put in the order of target by their labels."
    assert note in found.notes
    found = observe({"a": frame.iloc[5:]}, mood, align="inner")
    assert f"{start} label." in found.notes
    with pytest.raises(ValueError, match="and target must have the same row labels, got 35"):
        observe({"a": frame.iloc[5:]}, mood)


def test_partial_overlap_is_an_error_that_names_how_many_match():
    other = FRAME.set_axis([f"p{i + 30}" for i in range(ROWS)])
    with pytest.raises(ValueError, match="got 40 and 40 rows of which 10 match; align='inner'"):
        observe({"a": other, "b": FRAME}, MOOD)
    renamed = MOOD.rename({"p7": "q7"}).iloc[SHUFFLED]
    with pytest.raises(ValueError, match="features.'a'. and target .* of which 39 match"):
        observe({"a": FRAME}, renamed)
    found = observe({"a": FRAME}, renamed, align="inner")
    assert found.rows == 39
    kept = [row for row in SHUFFLED if row != 7]
    np.testing.assert_array_equal(found.features["a"], TABLE[kept])
    assert [found.classes[code] for code in found.target] == LABELS[kept].tolist()
    assert "target: 1 of 40 rows were left out" in " ".join(found.notes)


def test_outer_takes_a_modality_as_absent_where_its_row_is_missing():
    found = observe({"a": FRAME.iloc[5:], "b": FRAME["x"]}, MOOD, align="outer")
    assert found.rows == ROWS
    assert np.flatnonzero(~found.present["a"]).tolist() == [0, 1, 2, 3, 4]
    assert np.isnan(found.features["a"][:5]).all()
    np.testing.assert_array_equal(found.features["a"][5:], TABLE[5:])
    wide = FRAME.iloc[5:].astype(pd.SparseDtype("float64", 0.0))
    thin = observe({"a": wide, "b": FRAME["x"]}, MOOD, align="outer")
    np.testing.assert_array_equal(thin.present["a"], found.present["a"])
    assert thin.features["a"][:5].nnz == 0
    with pytest.raises(ValueError, match="groups must have a value in every row, got none for 3"):
        observe({"a": FRAME}, MOOD, groups=MOOD.iloc[3:], align="outer")


def test_a_filtered_frame_is_not_laid_beside_a_full_count():
    frame = pd.DataFrame(TABLE)
    kept = frame.iloc[::2]
    with pytest.raises(ValueError, match="got 20 and 20 rows of which 10 match"):
        observe({"a": kept}, pd.Series(LABELS[:20]))
    np.testing.assert_array_equal(observe({"a": kept}, LABELS[:20]).features["a"], TABLE[::2])
    same = observe({"a": kept}, pd.Series(LABELS[:20]), align="position")
    np.testing.assert_array_equal(same.features["a"], TABLE[::2])


def test_an_index_that_only_counts_is_no_label_beside_names():
    found = observe({"a": FRAME.iloc[SHUFFLED]}, pd.Series(LABELS))
    np.testing.assert_array_equal(found.features["a"], TABLE[SHUFFLED])


def test_rows_without_labels_cannot_follow_frames_in_two_orders():
    frames = {"a": FRAME, "b": FRAME.iloc[SHUFFLED]}
    with pytest.raises(ValueError, match="target must have row labels, since"):
        observe(frames, LABELS)
    assert observe(frames, LABELS, align="position").rows == ROWS


def test_labels_that_repeat_serve_if_they_agree_and_not_otherwise():
    twice = pd.Index(np.arange(ROWS) // 2)
    found = observe({"a": FRAME.set_axis(twice)}, MOOD.set_axis(twice))
    np.testing.assert_array_equal(found.features["a"], TABLE)
    with pytest.raises(ValueError, match="must have distinct row labels .* got 0 more than once"):
        observe({"a": FRAME.set_axis(twice)}, MOOD.set_axis(twice).iloc[::-1])


def test_labels_of_two_types_are_named():
    with pytest.raises(ValueError, match=r"of which 0 match \(labels are .* and int64\)"):
        observe({"a": FRAME}, MOOD.set_axis(np.arange(ROWS) + 100))
    with pytest.raises(ValueError, match="tables must share row labels for align='inner'"):
        observe({"a": FRAME}, MOOD.set_axis(np.arange(ROWS) + 100), align="inner")
    with pytest.raises(ValueError, match="align must be one of equal, inner, outer, position"):
        observe({"a": FRAME}, MOOD, align="left")
