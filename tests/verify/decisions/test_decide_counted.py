"""Errors and successes of decisions, counted over seeds in worlds of known truth."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

import verify
from verify import decide


def said(decision: verify.Decision) -> dict[str, str]:
    return {each.name: each.verdict for each in decision.modalities}


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


@pytest.fixture(autouse=True)
def no_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    """They decide nothing, and take time."""
    monkeypatch.setattr("verify.decisions.curves.BUDGET", 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("n", [300, 1000, 3000])
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
    ("name", "n", "least"),
    [
        *(("useful", 300, 15), ("useful", 1000, 19), ("useful", 3000, 19)),
        *(("xor", 300, 19), ("xor", 1000, 19), ("xor", 3000, 19)),
    ],
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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "discordant", "flipped"),
    [(2000, 0.15, 2 / 3), (8000, 0.10, 0.6)],
    ids=["5 points", "2 points"],
)
def test_power_with_the_default_split(n: int, discordant: float, flipped: float) -> None:
    """b says on which rows a is more often wrong than right: a gain of discordant * (2 flipped - 1).

    The best predictions with and without b differ on exactly these rows. The true gain is 5 points at 15 %,
    and 2 points at 10 %; half of the rows train.
    """
    helps = 0
    for seed in range(20):
        rng = np.random.default_rng([seed, n])
        a = rng.choice([-1.0, 1.0], n)
        b = (rng.random(n) < discordant).astype(float)
        right = rng.random(n) < np.where(b > 0, 1 - flipped, 0.9)
        y = np.where(np.where(right, a, -a) > 0, "yes", "no")
        helps += said(decide({"a": a[:, None], "b": b[:, None]}, y, seed=seed))["b"] == "helps"
    print(
        f"gain of {100 * discordant * (2 * flipped - 1):.0f} points, n = {n}: helps {helps} of 20"
    )
    assert helps >= stats.binom.ppf(0.01, 20, 0.9)
