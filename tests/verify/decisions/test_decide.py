"""Decisions in worlds of known truth, and what the answer says."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import multimodal_bounds as mb
import verify
from verify import decide
from verify.decisions import page
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


def test_rows_without_a_modality_count_where_they_can(worlds: dict[str, Any]) -> None:
    features, y = worlds["useful"](np.random.default_rng(0), 1000)
    features["b"] = features["b"].copy()
    features["b"][::3] = np.nan
    found = decide(features, y)
    assert found.document["missing"] == {"a": 0, "b": 334}
    b = next(each for each in found.document["modalities"] if each["name"] == "b")
    assert b["rows"] < found.document["split"]["holdout_rows"]
    assert any("Nothing was filled in" in each["checked"] for each in found.document["assumptions"])
    # Scores on the rows that a set can be judged on, and on those that all sets can.
    sets = {tuple(each["subset"]): each for each in found.document["subsets"]}
    assert sets["a",]["rows"] == found.document["split"]["holdout_rows"]
    assert {each["complete_rows"] for each in sets.values()} == {sets["a", "b"]["rows"]}
    assert sets["a", "b"]["complete_loss"] == sets["a", "b"]["loss"]
    assert sets["a",]["complete_loss"] != sets["a",]["loss"]
    assert "complete cases" in page.render(found.document)
    whole = decide({"a": features["a"]} | {"c": features["a"][:, :1]}, y).document
    assert "complete cases" not in page.render(whole)


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
    from verify.decisions import decide as module

    features, y = worlds["useful"](np.random.default_rng(0), 80)
    alone = decide(features, y, workers=1).to_json()
    monkeypatch.setattr(module, "WORTH_WORKERS", 0.0)
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
