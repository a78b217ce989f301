"""What a user must know of the rows: copies, values far from all others, constant columns, rare classes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from observed import IDS, LABELS, MOOD, ROWS, TABLE, seen
from scipy import sparse

from empirical.observations import observe


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
