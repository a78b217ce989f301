"""What comes in is finite, aligned and varied, or one clear line says what was wrong with it."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from empirical.datasets import from_arrays
from empirical.worlds.population import finite_population

LABELS = np.array([0, 1, 0, 1, 1])


def features(**changes):
    base = {"text": np.arange(10.0).reshape(5, 2), "audio": np.arange(15.0).reshape(5, 3) ** 2}
    return base | changes


def with_value(value):
    matrix = np.arange(10.0).reshape(5, 2)
    matrix[3, 1] = value
    return matrix


# ---- what is accepted


def test_arrays_frames_and_tensors_mean_the_same():
    plain = from_arrays(features(), LABELS)
    as_frames = {name: pd.DataFrame(x) for name, x in features().items()}
    as_tensors = {name: torch.tensor(x, requires_grad=True) for name, x in features().items()}
    for values, y in ((as_frames, pd.Series(LABELS)), (as_tensors, torch.tensor(LABELS))):
        other = from_arrays(values, y)
        assert other.names == plain.names == ("text", "audio")
        assert np.array_equal(other.target, plain.target)
        for name in plain.names:
            assert other.modalities[name].dtype == np.float64
            assert np.array_equal(other.modalities[name], plain.modalities[name])


def test_narrow_and_boolean_features_become_float64_exactly():
    data = from_arrays(
        {
            "half": torch.tensor([[0.5], [0.25]], dtype=torch.bfloat16),
            "flag": np.array([[True], [False]]),
            "nullable": pd.DataFrame({"n": pd.array([1, 3], dtype="Int64")}),
        },
        [0, 1],
    )
    assert {k: v.ravel().tolist() for k, v in data.modalities.items()} == {
        "half": [0.5, 0.25],
        "flag": [1.0, 0.0],
        "nullable": [1.0, 3.0],
    }


def test_nothing_is_shared_with_the_input():
    given = features()
    data = from_arrays(given, LABELS)
    given["text"][:] = 99
    assert data.modalities["text"].max() == 9


def test_constant_columns_are_dropped_and_recorded_by_name_or_index():
    frame = pd.DataFrame({"a": [1, 2, 3, 4, 5], "b": [7.0] * 5, "c": [0, 0, 0, 0, 1]})
    array = np.column_stack([np.full(5, np.float32(0.1)), np.arange(5)])
    data = from_arrays({"frame": frame, "array": array, "full": features()["audio"]}, LABELS)
    assert data.dropped == {"frame": ("b",), "array": (0,)}
    assert {name: x.shape[1] for name, x in data.modalities.items()} == {
        "frame": 2,
        "array": 1,
        "full": 3,
    }


def test_a_tiny_variation_is_not_a_constant():
    tiny = np.array([[1.0], [1.0], [1.0], [1.0], [np.nextafter(1.0, 2.0)]])
    assert from_arrays(features(tiny=tiny), LABELS).dropped == {}


@pytest.mark.parametrize(
    ("y", "task", "expected_task", "classes", "target"),
    [
        (["b", "a", "b", "c", "a"], None, "classification", ("a", "b", "c"), [1, 0, 1, 2, 0]),
        (np.array([b"b", b"a", b"b", b"b", b"a"]), None, "classification", "ab", [1, 0, 1, 1, 0]),
        (pd.Series(list("baaba")), None, "classification", "ab", [1, 0, 0, 1, 0]),
        (pd.Categorical(list("baaba")), None, "classification", "ab", [1, 0, 0, 1, 0]),
        # Numbers sort by value, not as text: 10 comes after 9.
        ([10, 9, 10, -3, 9], None, "classification", ("-3", "9", "10"), [2, 1, 2, 0, 1]),
        ([True, False, True, True, True], None, "classification", ("False", "True"), None),
        ([0.0, 1.0, 0.0, 1.0, 1.0], None, "regression", (), [0, 1, 0, 1, 1]),
        ([0.0, 2.0, 0.0, 2.0, 2.0], "classification", "classification", "02", [0, 1, 0, 1, 1]),
        ([5, 4, 3, 2, 1], "regression", "regression", (), [5, 4, 3, 2, 1]),
        ([0.5, 1, 2, 3, 4], None, "regression", (), [0.5, 1, 2, 3, 4]),
        (np.array([3, 1, 3, 1, 1], dtype=object), None, "classification", "13", [1, 0, 1, 0, 0]),
    ],
)
def test_what_a_target_means(y, task, expected_task, classes, target):
    data = from_arrays(features(), y, task=task)
    assert data.task == expected_task
    assert data.classes == tuple(classes)
    assert data.target.dtype == (np.int64 if classes else np.float64)
    if target is not None:
        assert data.target.tolist() == target


@pytest.mark.parametrize(("distinct", "task"), [(20, "classification"), (21, "regression")])
def test_integers_with_at_most_twenty_values_are_classes(distinct, task):
    y = np.arange(105) % distinct
    x = np.arange(105.0)[:, None]
    assert from_arrays({"a": x, "b": x**2}, y).task == task


# ---- what is refused: one line each, naming the argument and what it was


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (features(text=with_value(np.nan)), r"'text'\] must be finite, got nan in row 3, column 1"),
        (
            features(text=np.ma.masked_greater(features()["text"], 7.5)),
            r"'text'\] must have no masked values, got 2",
        ),
        (features(text=with_value(-np.inf)), r"'text'\] must be finite, got -inf in row 3"),
        (
            features(text=pd.DataFrame(with_value(np.nan), columns=["u", "v"])),
            "got nan in row 3, column 'v'",
        ),
        (
            features(text=pd.DataFrame({"n": pd.array([1, None, 2, 3, 4], dtype="Int64")})),
            "got nan in row 1, column 'n'",
        ),
        (features(text=np.ones((4, 2))), r"'text'\] must have as many rows as y, 5, got 4"),
        (features(text=np.arange(5.0)), r"'text'\] must be a 2-D array .*got shape \(5,\)"),
        (features(text=np.zeros((5, 2, 2))), r"2-D array .*got shape \(5, 2, 2\)"),
        (features(text=np.zeros((5, 0))), r"at least one row and one column, got shape \(5, 0\)"),
        (features(text=[[1, 2], [3]]), "rectangular array, got a list that cannot be read as one"),
        (features(text=np.array([["a"]] * 5)), r"'text'\] must hold real numbers, got dtype <U1"),
        (features(text=np.ones((5, 2)) * 1j), "real numbers, got dtype complex128"),
        (features(text=np.ones((5, 2), dtype=object)), "real numbers, got dtype object"),
        (
            features(text=pd.DataFrame({"w": list("abcde")})),
            r"'text'\] must hold real numbers, got str in column 'w'",
        ),
        (features(text=np.ones((5, 2))), r"'text'\] must have a column that varies, got 2"),
        ({"text": features()["text"]}, "at least two modalities are needed, got 1"),
        ({}, "at least two modalities are needed, got 0"),
        ([("t", np.eye(5)), ("t", np.eye(5))], "distinct, got 't' more than once"),
        (features(**{"": np.eye(5)}), "non-empty string, got ''"),
        ({**features(), 3: np.eye(5)}, "non-empty string, got 3"),
        (np.eye(5), r"features must map modality names .*got ndarray"),
    ],
)
def test_bad_features(given, message):
    with pytest.raises(ValueError, match=message) as caught:
        from_arrays(given, LABELS)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("y", "task", "message"),
    [
        ([0.1, np.nan, 1, 2, 3], None, "y must be finite, got nan in row 1"),
        ([0.1, np.inf, 1, 2, 3], "regression", "y must be finite, got inf in row 1"),
        (pd.Series(["a", None, "b", "a", "b"]), None, "a value in every row, got .* in row 1"),
        (["a", None, "b", "a", "b"], None, "a value in every row, got None in row 1"),
        (["a", "b", math.nan, "a", "b"], None, "a value in every row, got nan in row 2"),
        (["a", 1, "b", "a", "b"], None, "text labels or real numbers, got dtype object"),
        (np.ma.array(LABELS, mask=LABELS == 0), None, "y must have no masked values, got 2"),
        (pd.Series([1, None, 2, 1, 2], dtype="Int64"), None, "y must be finite, got nan in row 1"),
        (np.array(["a", 1, "b", 2, "c"], dtype=object), None, "text labels or real numbers"),
        ([1, 1, 1, 1, 1], None, "at least two classes, got only '1'"),
        (["a"] * 5, None, "at least two classes, got only 'a'"),
        ([2.5] * 5, None, "y must vary for regression, got the constant 2.5"),
        (np.zeros((5, 1)), None, r"y must be a 1-D array, got shape \(5, 1\)"),
        ([1j, 2, 3, 4, 5], None, "text labels or real numbers, got dtype complex128"),
        (pd.date_range("2020", periods=5), None, "text labels or real numbers, got dtype datetime"),
        ([0.5, 1, 2, 3, 4], "classification", "labels or integers for classification, got 0.5"),
        (list("abcab"), "regression", "numbers for regression, got text such as 'a'"),
        (LABELS, "ranking", r"task must be .* got 'ranking'"),
    ],
)
def test_bad_targets(y, task, message):
    with pytest.raises(ValueError, match=message) as caught:
        from_arrays(features(), y, task=task)
    assert "\n" not in str(caught.value)


def test_no_rows():
    with pytest.raises(ValueError, match="y must have at least one row, got none"):
        from_arrays({"a": np.zeros((0, 2)), "b": np.zeros((0, 2))}, [])


def test_row_numbers_are_no_labels():
    x = np.arange(50.0)[:, None]
    with pytest.raises(ValueError, match="two rows per class on average, got 50 classes in 50"):
        from_arrays({"a": x, "b": -x}, [f"row {i}" for i in range(50)])


def test_frames_whose_rows_were_shuffled_apart_are_refused():
    one = pd.DataFrame({"a": [1.0, 2, 3]}, index=[0, 1, 2])
    other = pd.DataFrame({"b": [1.0, 2, 3]}, index=[2, 0, 1])
    with pytest.raises(ValueError, match="rows in the same order"):
        from_arrays({"one": one, "other": other}, [0, 1, 0])
    # Indexes that have nothing in common say nothing about the order: rows go by position.
    renamed = other.set_axis(["x", "y", "z"])
    assert from_arrays({"one": one, "other": renamed}, [0, 1, 0]).rows == 3


SIGNS = np.array([[1, 0], [0, 1], [1, 1], [0, 0]], dtype=bool)


@pytest.mark.parametrize(
    "form",
    [
        lambda x: pd.DataFrame(x).astype("bool[pyarrow]"),
        lambda x: pd.DataFrame(x).astype("boolean"),
        lambda x: pd.DataFrame(x).astype({0: "bool[pyarrow]", 1: "int8[pyarrow]"}),
        lambda x: sparse.csr_matrix(x),
        lambda x: sparse.coo_array(x.astype(float)),
        lambda x: pd.DataFrame.sparse.from_spmatrix(sparse.csr_matrix(x.astype(float))),
        lambda x: x.tolist(),
        lambda x: list(x),
    ],
    ids=["arrow", "nullable", "mixed", "csr", "coo", "frame", "list", "rows"],
)
def test_features_of_every_form_are_the_same_numbers(form):
    read = from_arrays({"a": form(SIGNS), "b": [[1.0], [2], [3], [4]]}, list("abab"))
    np.testing.assert_array_equal(read.modalities["a"], SIGNS.astype(float))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([1.0] * 4, r"got shape \(4,\); reshape\(-1, 1\) makes it one column"),
        (None, "2-D array .*, got NoneType"),
        ([["1", "2"]] * 4, "got dtype <U1; encode text and categories as numbers"),
        (pd.DataFrame({"c": list("abab")}, dtype="category"), "encode text and categories"),
        (pd.DataFrame({"c": [1, 2, 1, 2]}, dtype="category"), "encode text and categories"),
        (
            np.where(SIGNS, np.nan, 1.0),
            "got nan in row 0.*; leave out its rows or columns, or impute",
        ),
        (
            pd.DataFrame({"c": pd.array([None, True, True, False], dtype="bool[pyarrow]")}),
            "got nan in row 0, column 'c'.*; leave out",
        ),
        (sparse.csr_matrix(SIGNS * 1j), "real numbers, got dtype complex128"),
    ],
)
def test_features_that_cannot_be_used_say_what_to_do(wrong, message):
    with pytest.raises(ValueError, match=rf"^features\['a'\] must .*{message}"):
        from_arrays({"a": wrong, "b": [[1.0], [2], [3], [4]]}, list("abab"))


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (2**60 + np.arange(40), r"integers that float64 can hold \(all up to 2\*\*53\), got"),
        (np.arange(40, dtype=np.uint64) + 2**63, "integers that float64 can hold"),
        (np.where(np.arange(40) % 2, 5e-324, 0.0), "vary by at least 2e-290 for regression, got"),
        (np.arange(40) * 1e-300, "vary by at least 2e-290"),
    ],
)
def test_targets_beyond_float64_are_refused(target, message):
    with pytest.raises(ValueError, match=f"^y must .*{message}|^y must {message}"):
        from_arrays({n: np.arange(80.0).reshape(40, 2) for n in "ab"}, target, task="regression")


@settings(max_examples=80, deadline=None)
@given(st.integers(-280, 300), st.integers(-(2**40), 2**40))
def test_targets_of_every_scale_are_told_apart(exponent, offset):
    whole = 2**12 * np.arange(40) + offset
    for target in (whole, np.arange(40) * 10.0**exponent):
        data = from_arrays(
            {n: np.arange(80.0).reshape(40, 2) for n in "ab"}, target, task="regression"
        )
        population = finite_population(data)
        assert len(population.targets.unique()) == 40
        assert float(population.targets.abs().max()) <= 1.0
