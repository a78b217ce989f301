"""What is known of rows beside features and target: groups, time, weights, a split; and names."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from observed import LABELS, ROWS, TABLE, seen

from empirical.observations import observe


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
