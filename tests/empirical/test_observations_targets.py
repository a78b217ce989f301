"""Targets: what is a label and what an amount, and when the user is asked."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
import torch
from observed import LABELS, ROWS, TABLE, seen


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
