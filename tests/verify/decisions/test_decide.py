"""Decisions in worlds of known truth, and what the answer says."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression

import multimodal_bounds as mb
import verify
from verify import decide
from verify.decisions.choice import Plan, all_subsets
from verify.decisions.family import family


def said(decision: verify.Decision) -> dict[str, str]:
    return {each.name: each.verdict for each in decision.modalities}


def test_both_useful_modalities_are_found(worlds: dict[str, Any]) -> None:
    features, y = worlds["useful"](np.random.default_rng(0), 1000)
    found = decide(features, y)
    assert found.recommendation.subset == ("a", "b")
    assert said(found) == {"a": "helps", "b": "helps"}
    assert found.recommendation.low is not None
    assert 0 < found.recommendation.low < found.recommendation.gap < found.recommendation.high
    assert found.recommendation.sentence.startswith("Use a + b. Against ")
    assert "with 95 % confidence, on new rows from the same source" in found.recommendation.sentence


def test_an_interaction_is_found(worlds: dict[str, Any]) -> None:
    """Neither modality alone says anything, both together all."""
    features, y = worlds["xor"](np.random.default_rng(0), 600)
    found = decide(features, y)
    assert found.recommendation.subset == ("a", "b")
    assert said(found) == {"a": "helps", "b": "helps"}
    both = found.subsets.set_index("subset").loc["a+b", "score"]
    assert both > 0.98
    assert found.document["interactions"][0]["low"] > 0.4


@pytest.mark.parametrize("name", ["noise 5", "noise 30", "redundant", "coins"])
def test_what_is_useless_is_not_said_to_help(
    name: str, worlds: dict[str, Any], useless: dict[str, set[str]]
) -> None:
    wrong = 0
    for seed in range(2):
        features, y = worlds[name](np.random.default_rng(seed), 300)
        found = decide(features, y, seed=seed)
        wrong += any(said(found)[each] == "helps" for each in useless[name])
        wrong += bool(useless[name] & set(found.recommendation.subset) - ({"a"} - useless[name]))
    assert wrong == 0


def test_nothing_is_recommended_for_coin_flips(worlds: dict[str, Any]) -> None:
    features, y = worlds["coins"](np.random.default_rng(5), 500)
    found = decide(features, y)
    assert found.recommendation.subset == ()
    assert "no modality can be shown to be better than predicting a constant" in str(
        found.recommendation
    )


@pytest.mark.slow
@pytest.mark.parametrize("n", [300, 1000, 3000])
@pytest.mark.parametrize("name", ["noise 5", "noise 30", "noise 300", "redundant", "coins", "weak"])
def test_counted_over_twenty_seeds(
    name: str, n: int, worlds: dict[str, Any], useless: dict[str, set[str]]
) -> None:
    """At most delta of the runs: the count is compared with a binomial law, at a level of 0.001."""
    wrong = recommended = 0
    for seed in range(20):
        features, y = worlds[name](np.random.default_rng([seed, n]), n)
        found = decide(features, y, seed=seed)
        wrong += any(said(found)[each] == "helps" for each in useless[name])
        recommended += bool(useless[name] & set(found.recommendation.subset))
    limit = stats.binom.ppf(0.999, 20, 0.05)
    print(f"{name}, n = {n}: helps wrongly {wrong} of 20, recommended {recommended} of 20")
    assert wrong <= limit
    if name != "redundant":  # either of two copies is as good alone
        assert recommended <= limit


@pytest.mark.slow
@pytest.mark.parametrize("n", [300, 1000])
def test_groups_counted_over_twenty_seeds(n: int) -> None:
    """Patients of six rows with a fingerprint: nothing can be predicted of new ones."""
    recommended = wrong = 0
    for seed in range(20):
        rng = np.random.default_rng([seed, n])
        count = max(100, n // 6)
        patient = np.repeat(np.arange(count), 6)
        prints = rng.normal(size=(count, 5))[patient] + 0.01 * rng.normal(size=(6 * count, 5))
        features = {"print": prints, "rest": rng.normal(size=(6 * count, 2))}
        found = decide(features, rng.integers(0, 2, count)[patient], groups=patient, seed=seed)
        recommended += found.recommendation.subset != ()
        wrong += "helps" in said(found).values()
    limit = stats.binom.ppf(0.999, 20, 0.05)
    print(f"groups, n = {n}: helps wrongly {wrong} of 20, recommended {recommended} of 20")
    assert wrong <= limit
    assert recommended <= limit


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "n", "least"), [("useful", 300, 15), ("useful", 1000, 19), ("xor", 300, 19)]
)
def test_what_helps_is_found_over_twenty_seeds(
    name: str, n: int, least: int, worlds: dict[str, Any]
) -> None:
    found = []
    for seed in range(20):
        features, y = worlds[name](np.random.default_rng([seed, n]), n)
        found.append(decide(features, y, seed=seed))
    both = sum(each.recommendation.subset == ("a", "b") for each in found)
    print(f"{name}, n = {n}: both recommended in {both} of 20")
    assert both >= least


@pytest.mark.slow
def test_what_helps_late_is_not_said_to_help_early(worlds: dict[str, Any]) -> None:
    """At 30 training rows the 60 columns hurt the model with both; at 1,500 they help."""
    early, late = [], []
    for seed in range(20):
        features, y = worlds["late"](np.random.default_rng(seed), 3000)
        found = decide(features, y, train=np.arange(3000) < 30, seed=seed)
        early.append(said(found)["late"])
        if seed < 4:
            late.append(said(decide(features, y, seed=seed))["late"])
    print(f"helps late: after 30 training rows {early}, after 1,500 {late}")
    assert set(late) == {"helps"}
    # Each verdict is about the models of one draw of 30 rows, some of which do gain.
    assert early.count("hurts") >= 2
    assert early.count("helps") <= 10


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


def test_groups_are_not_divided_and_are_what_is_counted() -> None:
    """100 patients of 6 rows with a fingerprint: labels can be learnt by heart, not predicted."""
    wrong = 0
    for seed in range(1):
        rng = np.random.default_rng(seed)
        patient = np.repeat(np.arange(100), 6)
        prints = rng.normal(size=(100, 5))[patient] + 0.01 * rng.normal(size=(600, 5))
        y = rng.integers(0, 2, 100)[patient]
        features = {"print": prints, "rest": rng.normal(size=(600, 2))}
        leaky = decide(features, y, seed=seed)
        assert leaky.recommendation.subset == ("print",), "rows of a patient on both sides"
        found = decide(features, y, groups=patient, seed=seed)
        assert found.document["groups"] == 100
        assert found.document["split"]["holdout_units"] == 50
        assert all(each["n"] == 50 for each in found.document["modalities"])
        wrong += found.recommendation.subset != ()
    assert wrong == 0


def test_regression_and_metrics(worlds: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.uniform(-1, 1, (2000, 3)), rng.uniform(-1, 1, (2000, 3))
    found = decide({"a": a, "b": b}, a[:, 0] + b[:, 0] + 0.1 * rng.normal(size=2000))
    assert found.document["task"] == "regression"
    assert found.recommendation.metric == "squared"
    assert said(found) == {"a": "helps", "b": "helps"}
    features, y = worlds["useful"](rng, 600)
    for metric in ("brier", "log-loss"):
        assert decide(features, y, metric=metric).recommendation.subset == ("a", "b")
    with pytest.raises(ValueError, match="metric must be one of accuracy, brier, log-loss for"):
        decide(features, y, metric="squared")


def test_an_estimator_of_the_user_is_what_is_judged(worlds: dict[str, Any]) -> None:
    features, y = worlds["useful"](np.random.default_rng(0), 400)
    asked = []

    def make(subset: tuple[str, ...]) -> LogisticRegression:
        asked.append(subset)
        return LogisticRegression()

    found = decide(features, y, estimators=make)
    assert {("a",), ("b",), ("a", "b")} <= set(asked)
    assert set(found.subsets["model"]) == {"your estimator", "a constant"}
    assert found.recommendation.subset == ("a", "b")


def test_prices_lead_to_the_cheapest_good_set(worlds: dict[str, Any]) -> None:
    features, y = worlds["redundant"](np.random.default_rng(0), 1000)
    found = decide(features, y, cost={"a": 10, "copy": 1}, margin=0.2)
    assert found.document["cheapest"] == ["copy"]
    front = found.subsets[found.subsets["pareto"]]
    assert "" in set(front["subset"])
    assert (front["cost"] <= 11).all()
    with pytest.raises(ValueError, match="cost must name modalities among a, copy, got 'c'"):
        decide(features, y, cost={"c": 1})


def test_losses_need_their_range_and_no_constant() -> None:
    rng = np.random.default_rng(0)
    losses = {"a": rng.random(500), "a+b": 0.5 * rng.random(500)}
    found = decide(predictions=losses, C=1)
    assert said(found) == {"b": "helps"}
    assert found.recommendation.subset == ("a", "b")
    with pytest.raises(ValueError, match="C must be the range of the losses where y is None"):
        decide(predictions=losses)
    with pytest.raises(ValueError, match="predictions must be losses of at most C = 0.5, got"):
        decide(predictions=losses, C=0.5)


def test_rows_without_a_modality_count_where_they_can(worlds: dict[str, Any]) -> None:
    features, y = worlds["useful"](np.random.default_rng(0), 1000)
    features["b"] = features["b"].copy()
    features["b"][::3] = np.nan
    found = decide(features, y)
    assert found.document["missing"] == {"a": 0, "b": 334}
    b = next(each for each in found.document["modalities"] if each["name"] == "b")
    assert b["rows"] < found.document["split"]["holdout_rows"]
    assert any("Nothing was filled in" in each["checked"] for each in found.document["assumptions"])


def test_a_given_split_and_time_are_honoured(worlds: dict[str, Any]) -> None:
    features, y = worlds["useful"](np.random.default_rng(0), 400)
    train = np.arange(400) < 150
    found = decide(features, y, train=train)
    assert found.document["split"]["training_rows"] == 150
    assert found.document["split"]["holdout_rows"] == 250
    late = decide(features, y, order=np.arange(400)[::-1])
    assert "earlier half of the rows trains" in late.document["split"]["how"]


def test_the_shares_of_delta_never_exceed_one() -> None:
    names = ("a", "b", "c")
    subsets = all_subsets(names)
    for favourite in subsets:
        path = tuple(favourite[:size] for size in range(len(favourite) + 1))
        listed = family(names, Plan(favourite, path, favourite), subsets, ("c",))
        spent = sum(each.low_share + each.high_share for each in listed)
        assert spent <= 1 + 1e-12
        pairs = [(each.larger, each.smaller) for each in listed]
        assert len(set(pairs)) == len(pairs)
        assert [each.subject for each in listed if each.subject] == list(names)


def test_the_same_seed_gives_the_same_page(worlds: dict[str, Any], tmp_path: Path) -> None:
    features, y = worlds["useful"](np.random.default_rng(0), 100)
    pages = [decide(features, y).report(tmp_path / each).read_bytes() for each in ("one", "two")]
    assert pages[0] == pages[1]
    other = decide(features, y, seed=1).report(tmp_path / "three").read_bytes()
    assert other != pages[0]
    first, second = ((tmp_path / each / "decide.json").read_bytes() for each in ("one", "two"))
    assert first == second


def test_numbers_do_not_depend_on_workers(
    worlds: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from verify.decisions import subsets as module

    features, y = worlds["useful"](np.random.default_rng(0), 80)
    alone = decide(features, y, workers=1).to_json()
    monkeypatch.setattr(module, "WORTH_A_PROCESS", 0.0)
    assert decide(features, y, workers=2).to_json() == alone


def test_the_object_in_a_notebook_and_a_figure(worlds: dict[str, Any]) -> None:
    features, y = worlds["useful"](np.random.default_rng(0), 300)
    found = mb.decide({"<b>a</b>": features["a"], "b": features["b"]}, y)
    assert "&lt;b&gt;a&lt;/b&gt;" in found._repr_html_()
    assert "<b>a" not in found._repr_html_()
    assert repr(found).splitlines()[0] == found.recommendation.sentence
    axes = found.plot()
    assert [each.get_text() for each in axes.get_yticklabels()][-1].startswith("<b>a</b>: ")
    assert list(found.frame["role"])[:2] == ["modality", "modality"]
    json.loads(found.to_json(), parse_constant=lambda name: pytest.fail(name))


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
