"""Decisions from predictions and losses of models that were trained elsewhere."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import verify
from verify import decide


def said(decision: verify.Decision) -> dict[str, str]:
    return {each.name: each.verdict for each in decision.modalities}


def test_a_gain_of_five_points_is_certified_at_two_thousand_rows() -> None:
    """15 of 100 rows are right with one set of modalities only: 10 with the larger, 5 with the smaller."""
    certified = 0
    runs = 20
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        y = rng.integers(0, 2, 2000)
        right = rng.choice(4, size=2000, p=[0.10, 0.05, 0.65, 0.20])
        larger = np.where((right == 0) | (right == 2), y, 1 - y)
        smaller = np.where((right == 1) | (right == 2), y, 1 - y)
        found = decide(predictions={"a": smaller, "a+b": larger}, y=y, seed=seed)
        certified += said(found)["b"] == "helps"
    assert certified >= 0.9 * runs


def test_no_noise_column_is_certified_with_predictions_alone() -> None:
    wrong = 0
    for seed in range(25):
        rng = np.random.default_rng(seed)
        y = rng.integers(0, 2, 400)
        guess = [np.where(rng.random(400) < 0.7, y, 1 - y) for _ in range(2)]
        found = decide(predictions={"a": guess[0], "a+b": guess[1]}, y=y, seed=seed)
        wrong += said(found)["b"] == "helps"
    assert wrong <= stats.binom.ppf(0.999, 25, 0.05)


def test_losses_need_their_range_and_no_constant() -> None:
    rng = np.random.default_rng(0)
    losses = {"a": rng.random(500), "a+b": 0.5 * rng.random(500)}
    found = decide(predictions=losses, C=1)
    assert said(found) == {"a": "undecided", "b": "helps"}
    assert found.recommendation.subset == ("a", "b")
    with pytest.raises(ValueError, match="C must be the range of the losses where y is None"):
        decide(predictions=losses)
    with pytest.raises(ValueError, match="predictions must be losses of at most C = 0.5, got"):
        decide(predictions=losses, C=0.5)


def test_labels_probabilities_and_frames_of_predictions_agree() -> None:
    rng = np.random.default_rng(0)
    y = rng.choice(["no", "yes"], 200)
    right = np.where(rng.random(200) < 0.9, y, np.where(y == "yes", "no", "yes"))
    yes = (right == "yes").astype(float)
    forms: list[Any] = [
        right,
        np.stack([1 - yes, yes], axis=1),
        pd.DataFrame({"yes": yes, "no": 1 - yes}),
        yes * 0.8 + 0.1,
    ]
    answers = {
        decide(predictions={"a": np.full(200, "no"), "a+b": form}, y=y).recommendation
        for form in forms
    }
    assert len(answers) == 1
