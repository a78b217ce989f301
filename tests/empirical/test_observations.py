"""Observations: whatever holds rows is read the same way, and nothing is dropped or guessed in silence."""

from __future__ import annotations

import re
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse

from empirical.observations import observe

ROWS = 40
TABLE = np.arange(2.0 * ROWS).reshape(ROWS, 2) % 7
LABELS = np.where(np.arange(ROWS) % 3 > 0, "glad", "sad")


def seen(value, target=LABELS, **more):
    return observe({"a": value}, target, **more)


FORMS = {
    **{f"numpy {t}": TABLE.astype(t) for t in ("f2", "f4", "f8", "g", "i1", "u8", ">f8", "?")},
    "fortran": np.asfortranarray(TABLE),
    "list": TABLE.tolist(),
    "tuples": tuple(map(tuple, TABLE.tolist())),
    "objects": TABLE.astype(object),
    "frame": pd.DataFrame(TABLE),
    "frame of mixed types": pd.DataFrame(TABLE).astype({0: "float32", 1: "int8"}),
    "nullable": pd.DataFrame(TABLE).astype("Int64"),
    "nullable floats": pd.DataFrame(TABLE).astype("Float32"),
    "arrow": pd.DataFrame(TABLE).astype("double[pyarrow]"),
    "arrow booleans": pd.DataFrame(TABLE > 3).astype("bool[pyarrow]"),
    "nullable booleans": pd.DataFrame(TABLE > 3).astype("boolean"),
    "decimals": pd.DataFrame(TABLE).map(Decimal),
    "sparse frame": pd.DataFrame(TABLE).astype(pd.SparseDtype("float64", 0.0)),
    "csr": sparse.csr_matrix(TABLE),
    "coo array": sparse.coo_array(TABLE),
    "tensor": torch.tensor(TABLE),
    "tensor with gradient": torch.tensor(TABLE, requires_grad=True),
    "bfloat16": torch.tensor(TABLE, dtype=torch.bfloat16),
    "half": torch.tensor(TABLE, dtype=torch.float16, requires_grad=True),
    "integers of torch": torch.tensor(TABLE).long(),
    "booleans of torch": torch.tensor(TABLE) > 3,
    "sparse tensor": torch.tensor(TABLE).to_sparse(),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_numbers_has_the_same_values(form):
    values = seen(FORMS[form]).features["a"]
    dense = values.toarray() if sparse.issparse(values) else values
    truth = TABLE > 3 if "boolean" in form else TABLE != 0 if "?" in form else TABLE
    assert dense.dtype in (np.float32, np.float64)
    np.testing.assert_array_equal(dense, truth)


def test_sparse_stays_sparse():
    wide = sparse.random_array((ROWS, 5000), density=0.001, rng=np.random.default_rng(0))
    found = seen(wide).features["a"]
    assert sparse.issparse(found)
    assert found.nnz == wide.nnz


@pytest.mark.parametrize(("offset", "scale"), [(0, 1e-300), (0, 1e-47), (0, 1e300), (1.7e9, 20)])
def test_no_digit_is_lost(offset, scale):
    column = offset + scale * np.linspace(1, 2, ROWS)
    found = seen(column[:, None])
    np.testing.assert_array_equal(found.features["a"][:, 0], column)
    assert found.warnings == ()


def test_features_cannot_be_changed_and_large_ones_are_not_copied():
    table = TABLE.copy()
    found = seen(table).features["a"]
    assert np.shares_memory(found, table)
    with pytest.raises(ValueError, match="read-only"):
        found[0, 0] = 1.0
    table[0, 0] = 5.0  # the user's own array stays his


REFUSED = {
    "complex": (TABLE + 1j, "features['a'] must hold real numbers, got dtype complex128"),
    "complex frame": (pd.DataFrame(TABLE + 1j), "got complex128 in column '0'"),
    "complex tensor": (torch.tensor(TABLE + 1j), "must hold real numbers"),
    "masked": (
        np.ma.masked_less(TABLE, 1),
        f"features['a'] must have no masked values, got {(TABLE < 1).sum()}",
    ),
    "three dimensions": (
        TABLE[:, :, None],
        "must have two dimensions (rows, columns), got shape (40, 2, 1)",
    ),
    "dates": (
        pd.DataFrame({"when": pd.date_range("2024", periods=ROWS)}),
        "must hold real numbers or text, got datetime64",
    ),
    "mixed": (pd.DataFrame({"m": ["a", 1.0] * (ROWS // 2)}), "got float and str in 'm'"),
    "ragged": ([[1.0], [1.0, 2.0]] * (ROWS // 2), "must be a rectangular array"),
    "identifiers": (
        pd.DataFrame({"id": [f"p{i}" for i in range(200)]}),
        "got 200 different texts in 200 rows of column 'id'",
    ),
    "infinity": (np.where(TABLE == 3, np.inf, TABLE), "must be finite, got inf in row 1"),
    "too large": (np.full((ROWS, 1), np.longdouble("1e4000")), "must be finite, got inf in row 0"),
    "one NaN": (
        pd.DataFrame(np.where(TABLE == 3, np.nan, TABLE), index=[f"p{i}" for i in range(ROWS)]),
        "must be finite, got nan in row 1 (labelled 'p1'), column '1'; impute it",
    ),
    "sparse NaN": (sparse.csr_matrix(np.where(TABLE == 3, np.nan, TABLE)), "got nan in row 1"),
    "nothing": (np.empty((ROWS, 0)), "at least one row and one column, got shape (40, 0)"),
    "all missing": (np.full((ROWS, 2), np.nan), "must be present in at least one row, got none"),
    "rows": (TABLE[1:], "must have as many rows as target, 40, got 39"),
    "bytes": (b"abc", "must be a table or a list of rows, got b'abc'"),
    "nothing at all": (None, "must be a table or a list of rows, got None"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused_in_one_sentence(case):
    value, message = REFUSED[case]
    rows = 200 if case == "identifiers" else ROWS
    with pytest.raises(ValueError, match=re.escape(message)):
        seen(value, np.resize(LABELS, rows))
    with pytest.raises(ValueError, match=re.escape("features['a']")):
        seen(value, np.resize(LABELS, rows))


def test_one_dimension_is_one_column_and_is_named():
    found = seen(TABLE[:, 0])
    assert found.features["a"].shape == (ROWS, 1)
    assert found.columns["a"] == ("a",)
    assert "a is a 1-D array, read as one column." in found.notes
    assert seen(pd.Series(TABLE[:, 0], name="pitch")).columns["a"] == ("pitch",)


def test_text_becomes_named_columns_and_a_missing_text_one_of_its_own():
    weather = pd.DataFrame({"sky": ["clear", None, "grey", "clear"] * 10, "wind": range(ROWS)})
    found = seen(weather)
    assert found.columns["a"] == ("sky=clear", "sky=grey", "sky missing", "wind")
    assert found.features["a"][:3].tolist() == [[1, 0, 0, 0], [0, 0, 1, 1], [0, 1, 0, 2]]
    assert found.present["a"].all()
    assert any("sky holds text, read as 3 columns" in note for note in found.notes)
    for kind in ("category", "string", "string[pyarrow]", object):
        again = seen(weather.astype({"sky": kind}))
        np.testing.assert_array_equal(again.features["a"], found.features["a"])


@pytest.mark.parametrize("form", [np.array, np.ndarray.tolist, lambda t: t.astype("S4")])
def test_text_arrays_and_lists_of_text(form):
    words = np.array([["up", "no"], ["down", "no"]] * (ROWS // 2))
    assert seen(form(words)).columns["a"] == ("0=down", "0=up", "1=no")


def test_a_list_keeps_numbers_beside_text_as_numbers():
    found = seen([["up", 1.5], ["down", 2.5]] * (ROWS // 2))
    assert found.columns["a"] == ("0=down", "0=up", "1")
    assert found.features["a"][0].tolist() == [0.0, 1.0, 1.5]


def test_a_row_that_is_missing_altogether_is_absent():
    table = TABLE.copy()
    table[[3, 5]] = np.nan
    for value in (table, pd.DataFrame(table), pd.DataFrame(table).astype("Float64")):
        found = seen(value)
        assert np.flatnonzero(~found.present["a"]).tolist() == [3, 5]
        assert np.isnan(found.features["a"][[3, 5]]).all()
        assert "a is missing in 2 of 40 rows." in found.notes


# ---- targets


@pytest.mark.parametrize("kind", [None, "category", "string[pyarrow]", object, "string"])
def test_text_is_a_class_label(kind):
    target = LABELS if kind is None else pd.Series(LABELS).astype(kind)
    found = seen(TABLE, target)
    assert found.classes == ("glad", "sad")
    assert found.target.dtype == np.int64
    assert [found.classes[code] for code in found.target] == LABELS.tolist()
    assert found.task == "classification"


@pytest.mark.parametrize(
    "kind", [bool, "boolean", "bool[pyarrow]", object, "category"], ids=lambda kind: str(kind)
)
def test_booleans_are_class_labels(kind):
    found = seen(TABLE, pd.Series(LABELS == "sad").astype(kind))
    assert found.classes == ("False", "True")
    np.testing.assert_array_equal(found.target, LABELS == "sad")


def test_a_categorical_target_is_a_class_label_whatever_its_values():
    thirty = pd.Series(np.arange(120) % 30).astype("category")
    assert len(seen(np.arange(120.0), thirty).classes) == 30
    halves = pd.Series(np.arange(120) % 3 / 2).astype("category")
    assert seen(np.arange(120.0), halves).classes == ("0.0", "0.5", "1.0")
    ordered = pd.Series(pd.Categorical(LABELS, ["sad", "glad", "unused"], ordered=True))
    assert seen(TABLE, ordered).classes == ("sad", "glad")


@pytest.mark.parametrize("kind", ["i1", "u8", "Int64", "int64[pyarrow]", object])
def test_few_integers_are_labels_and_the_note_says_how_to_change_that(kind):
    target = pd.Series(np.arange(ROWS) % 4 + 7).astype(kind)
    found = seen(TABLE, target)
    assert found.classes == ("7", "8", "9", "10")
    assert any("4 distinct integers" in note and "task='reg" in note for note in found.notes)
    amounts = seen(TABLE, target, task="regression")
    assert amounts.classes is None
    assert amounts.target.dtype == np.float64


ASKED = {
    "integers with many values": (np.arange(ROWS), "integers with many distinct values, got 40"),
    "floats that are few whole numbers": (np.arange(ROWS) % 2 * 1.0, "few whole numbers, got 2"),
    "the same of torch": (torch.arange(ROWS) % 5 * 1.0, "few whole numbers, got 5"),
    "nullable floats": (pd.Series(np.arange(ROWS) % 2).astype("Float64"), "few whole numbers"),
}


@pytest.mark.parametrize("case", ASKED)
def test_a_target_that_could_be_either_asks(case):
    target, message = ASKED[case]
    with pytest.raises(ValueError, match=f"task must be given.*{message}.*--task"):
        seen(TABLE, target)
    assert seen(TABLE, target, task="regression").classes is None


def test_floats_are_amounts():
    found = seen(TABLE, TABLE[:, 0] / 3)
    assert found.classes is None
    np.testing.assert_array_equal(found.target, TABLE[:, 0] / 3)
    assert found.notes[0].startswith("Regression: the target holds floats")


BAD_TARGETS = {
    "constant": (np.ones(ROWS), "target must vary, got"),
    "missing text": ([None, *LABELS[1:]], "must have a value in every row, got none in row 0"),
    "NaN": (np.r_[np.nan, np.arange(ROWS - 1) / 3], "got none in row 0"),
    "infinite": (np.r_[np.inf, np.arange(ROWS - 1) / 3], "target must be finite, got inf in row 0"),
    "complex": (np.arange(ROWS) * 1j, "target must hold real numbers"),
    "masked": (np.ma.masked_less(np.arange(ROWS), 3), "target must have no masked values, got 3"),
    "two columns": (TABLE, "target must be a 1-D array, got shape (40, 2)"),
    "dates": (pd.Series(pd.date_range("2024", periods=ROWS)), "must hold labels or real numbers"),
    "mixed": ([1, "a"] * (ROWS // 2), "must hold labels of one kind, or numbers, got int and str"),
    "row names": ([f"p{i}" for i in range(ROWS)], "at least two rows per class"),
    "empty": ([], "target must have at least one row"),
}


@pytest.mark.parametrize("case", BAD_TARGETS)
def test_targets_that_cannot_be_used(case):
    target, message = BAD_TARGETS[case]
    with pytest.raises(ValueError, match=re.escape(message)):
        seen(TABLE, target)


# ---- what else is known of the rows


def test_groups_order_weights_and_split():
    days = pd.Series(pd.date_range("2024", periods=ROWS))[::-1].reset_index(drop=True)
    found = seen(
        TABLE,
        groups=[f"g{i // 4}" for i in range(ROWS)],
        order=days,
        weights=np.arange(1, ROWS + 1) * 1e300,
        train=np.arange(ROWS) < 30,
    )
    assert found.groups.tolist() == [i // 4 for i in range(ROWS)]
    assert found.order.tolist() == list(range(ROWS))[::-1]
    assert found.weights.mean() == pytest.approx(1)
    assert found.weights[1] == pytest.approx(2 * found.weights[0])
    assert found.train.sum() == 30


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("groups", [None] * ROWS, "groups must have a value in every row, got none in row 0"),
        ("groups", ["a"] * ROWS, "at least two groups, got only 'a'"),
        ("order", [1, "a"] * (ROWS // 2), "order must hold times or numbers"),
        ("order", [1] * ROWS, "at least two different times"),
        ("weights", np.arange(ROWS), "weights must be positive finite numbers, got 0.0 in row 0"),
        ("weights", ["x"] * ROWS, "weights must be positive numbers, got 'x'"),
        ("train", np.arange(ROWS), "train must hold True"),
        ("train", np.ones(ROWS, bool), "train must leave rows on both sides, got 40 of 40"),
        ("groups", [1, 2], "groups must have as many rows as target, 40, got 2"),
        ("task", "ranking", "task must be classification or regression, got 'ranking'"),
    ],
)
def test_what_else_is_known_is_checked(argument, value, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        seen(TABLE, **{argument: value})


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({}, "features must hold at least one modality"),
        ({" ": TABLE}, "a modality name must be a non-empty string"),
        ([("a", TABLE), ("a", TABLE)], "modality names must be distinct, got 'a' more than once"),
        (TABLE, "features must map modality names to tables"),
        (pd.DataFrame(TABLE), "features must map modality names to tables"),
    ],
)
def test_modalities_need_names(features, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        observe(features, LABELS)


# ---- rows of frames find each other by their labels


IDS = pd.Index([f"p{i}" for i in range(ROWS)], name="id")
FRAME = pd.DataFrame(TABLE, index=IDS, columns=["x", "z"])
MOOD = pd.Series(LABELS, index=IDS)
SHUFFLED = np.random.default_rng(0).permutation(ROWS)


def test_equal_labels_in_another_order_are_put_in_order():
    found = observe(
        {"a": FRAME.iloc[SHUFFLED], "b": FRAME["x"].iloc[::-1]},
        MOOD,
        groups=pd.Series(range(ROWS), IDS).iloc[SHUFFLED],
    )
    np.testing.assert_array_equal(found.features["a"], TABLE)
    np.testing.assert_array_equal(found.features["b"][:, 0], TABLE[:, 0])
    assert found.groups[0] == SHUFFLED.tolist().index(0)
    note = "features['a']: rows were put in the order of target by their labels."
    assert note in found.notes


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


# ---- what a user must know


def test_copies_are_counted_and_named():
    table = np.random.default_rng(0).normal(size=(ROWS, 2))
    table[7], table[9] = table[2], table[2]
    labels = LABELS.copy()
    labels[[7, 9]] = labels[2]
    for value in (table, sparse.csr_matrix(table), pd.DataFrame(table)):
        found = seen(value, labels)
        assert len(found.warnings) == 1
        assert found.warnings[0].startswith("2 of 40 rows repeat an earlier row")
        assert "(row 7 repeats row 2)" in found.warnings[0]
    labels[9] = "glad" if labels[2] == "sad" else "sad"
    assert seen(table, labels).warnings[0].startswith("1 of 40 rows repeat")
    labels[9] = labels[2]
    split = seen(table, labels, train=np.arange(ROWS) < 8, groups=np.arange(ROWS))
    text = " ".join(split.warnings)
    assert "2 rows repeat a row of another group" in text
    assert "1 of 32 held-out rows repeat a training row (row 9 repeats row 2)" in text


def test_copies_need_every_modality_to_agree():
    table = np.random.default_rng(0).normal(size=(ROWS, 2))
    table[7] = table[2]
    other = np.arange(ROWS) % 2
    assert observe({"a": table, "b": np.arange(ROWS)}, LABELS).warnings == ()
    assert len(observe({"a": table, "b": other}, np.resize(["p", "q"], ROWS)).warnings) == 0
    assert len(observe({"a": table, "b": np.arange(ROWS) // 9}, LABELS[::-1]).warnings) <= 1
    assert seen(np.r_[table[:2], -table[:2] * 0, table[4:]]).rows == ROWS


def test_a_value_far_from_all_others_is_named_with_its_row():
    table = np.random.default_rng(0).normal(size=(ROWS, 3))
    assert seen(table).warnings == ()
    table[4, 1] = -1e6
    warning = seen(pd.DataFrame(table, IDS, ["f0", "hz", "db"]), MOOD).warnings[0]
    assert warning.endswith("its column: -1e+06 in row 4 (p4) of hz.")
    target = table[:, 0].copy()
    target[3] = 1e9
    assert "the target has a value" in seen(table[:, :1], target).warnings[0]


def test_rare_ones_and_counts_are_not_far_off_but_a_slip_among_them_is():
    rng = np.random.default_rng(0)
    rare = (rng.random((400, 3)) < 0.05).astype(float)
    counts = rng.poisson(0.1, (400, 3)).astype(float)
    labels = np.resize(LABELS, 400)
    far = [w for v in (rare, counts) for w in seen(v, labels).warnings if "interquartile" in w]
    assert far == []
    counts[11, 2] = 1e6
    for value in (counts, sparse.csr_matrix(counts)):
        assert "1e+06 in row 11 of 2" in " ".join(seen(value, labels).warnings)


def test_constant_columns_are_named_and_a_constant_modality_is_refused():
    table = np.c_[TABLE, np.ones(ROWS)]
    for value in (table, sparse.csr_matrix(table)):
        assert "a: 1 of 3 columns is constant: 2." in seen(value).notes
    table[3] = np.nan
    assert "a: 1 of 3 columns is constant: 2." in seen(table).notes
    with pytest.raises(ValueError, match="must have a column that varies, got 2 constant"):
        seen(np.ones((ROWS, 2)))


def test_a_class_with_one_row_is_named():
    labels = LABELS.copy()
    labels[3] = "shy"
    assert (
        "Classes with fewer than two rows: shy."
        in seen(TABLE[:, :1] + np.arange(ROWS)[:, None], labels).warnings
    )
