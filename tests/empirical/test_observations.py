"""Observations: whatever holds rows is read the same way, and nothing is dropped or guessed in silence."""

from __future__ import annotations

import re
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import torch
from observed import LABELS, ROWS, TABLE, seen
from scipy import sparse

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
