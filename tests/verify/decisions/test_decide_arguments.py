"""Arguments that cannot be used are refused in one line; none is ignored."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from empirical.observations import observe
from verify import decide

LABELS = [f"r{i}" for i in range(100)]
Y = pd.Series([0, 1] * 50, index=LABELS)
LOSS = pd.Series(np.linspace(0, 1, 100), index=LABELS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"delta": 0.0}, r"delta must lie in \(0, 1\), got 0"),
        ({"margin": -1.0}, "margin must be finite and non-negative, got -1"),
        ({"margin": math.nan}, "margin must be finite and non-negative, got nan"),
        ({"seed": 1.5}, "seed must be an integer of at least 0.*, got 1.5"),
        ({"C": 1.0}, "C must be left out unless predictions are losses"),
        ({"y": None}, "y must be given with features, got None"),
        ({"features": None}, "features must be given, or predictions, got neither"),
        ({"groups": [0, 1] * 150}, "the data must leave at least 30 groups in each part"),
        ({"cost": {"a": -1}}, "must be finite and non-negative, got -1"),
    ],
)
def test_bad_input_is_one_line(
    changes: dict[str, Any], message: str, worlds: dict[str, Any]
) -> None:
    features, y = worlds["useful"](np.random.default_rng(0), 300)
    with pytest.raises(ValueError, match=message) as raised:
        decide(**{"features": features, "y": y, **changes})
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("predictions", "message"),
    [
        ({"a": [0, 1] * 50}, "must map at least two subsets"),
        (
            {"a": [0, 1] * 50, "a+b": [0, 1] * 49},
            r"predictions\['a\+b'\] must have 100 rows, got 98",
        ),
        ({"a": [0, 1] * 50, "a+b": [0, 2] * 50}, "must hold labels that y has.*got '2'"),
        ({"a": [0, 1] * 50, "b+a+b": [0, 1] * 50}, "must name each modality once"),
        ({"a+b": [0, 1] * 50, "b+a": [0, 1] * 50}, "distinct subsets"),
        ({"a": [0, 1] * 50, "b": np.full((100, 2), 0.7)}, "must hold probabilities that sum to 1"),
        ({"a": [0, 1] * 50, "b": [0.0, math.nan] * 50}, "must be finite|labels that y has"),
        ({3: [0, 1] * 50, "b": [0, 1] * 50}, "must have subsets as keys"),
    ],
)
def test_bad_predictions_are_one_line(predictions: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message) as raised:
        decide(predictions=predictions, y=[0, 1] * 50)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"predictions": {"": LOSS, "a": LOSS[::-1]}, "C": 1},
            r"predictions\['a'\] must have the row labels of predictions\[''\] in the same order",
        ),
        (
            {"predictions": {"a": Y, "a+b": Y[::-1]}, "y": Y},
            r"predictions\['a\+b'\] must have the row labels of y in the same order, got 0 of 100",
        ),
        (
            {"predictions": {"": LOSS, "a": LOSS}, "C": 1, "groups": Y[::-1]},
            "groups must have the row labels of predictions",
        ),
        (
            {"predictions": {"a": Y, "a+b": Y}, "y": Y.to_numpy(), "weights": LOSS[::-1] + 1},
            "weights must have the row labels of predictions",
        ),
    ],
)
def test_rows_with_labels_in_another_order_are_refused(
    arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        decide(**arguments)


def test_losses_with_nullable_numbers_are_read() -> None:
    given = {"": LOSS, "a": LOSS / 2}
    nullable = {subset: each.astype("Float64") for subset, each in given.items()}
    assert decide(predictions=nullable, C=1).to_json() == decide(predictions=given, C=1).to_json()


@pytest.mark.parametrize("argument", ["y", "groups", "order", "weights", "train", "task", "align"])
def test_observations_have_everything_of_their_own(argument: str) -> None:
    seen = observe({"a": np.linspace(0, 1, 100)[:, None]}, Y.to_numpy())
    with pytest.raises(ValueError, match=f"{argument} must be left out where features are"):
        decide(seen, **{argument: "inner" if argument in ("task", "align") else np.arange(100)})


@pytest.mark.parametrize("argument", ["features", "estimators", "train", "align"])
def test_arguments_without_effect_on_predictions_are_refused(argument: str) -> None:
    with pytest.raises(ValueError, match=f"{argument} must be left out where predictions are"):
        decide(predictions={"": LOSS, "a": LOSS}, C=1, **{argument: "inner"})
