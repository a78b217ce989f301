"""The critical factor: the least multiple of the terms at which a claim would still have held."""

import math

import numpy as np
import pytest
from scipy import stats

from verify.verdicts.coverage import CriticalFactor, critical_factor, multiples


def test_critical_factor_is_the_quantile() -> None:
    """Of 1..100 at level 0.1: the 90th of 100 ordered ratios."""
    factor = critical_factor(np.arange(1, 101), 100.0, level=0.1)
    assert factor.value == 0.9
    assert factor.low < 0.9 < factor.high


def test_critical_factor_makes_the_claim_just_hold() -> None:
    rng = np.random.default_rng(3)
    excess, terms = rng.normal(0.2, 1, 400), rng.uniform(1, 2, 400)
    factor = critical_factor(excess, terms, level=0.05).value
    assert np.mean(excess > factor * terms) <= 0.05
    assert np.mean(excess > 0.999 * factor * terms) > 0.05


def test_critical_factor_interval_covers() -> None:
    """The order statistics enclose the true quantile in at least 95 % of 1,000 replications - 3 se."""
    rng = np.random.default_rng(5)
    truth = stats.norm.ppf(0.9)
    hits = 0
    for _ in range(1000):
        factor = critical_factor(rng.normal(size=300), 1.0, level=0.1)
        hits += factor.low <= truth <= factor.high
    assert hits >= 1000 * (0.95 - 3 * math.sqrt(0.05 * 0.95 / 1000))


def test_infinite_terms_give_zero_and_few_samples_an_open_end() -> None:
    assert critical_factor([5.0, 5.0], np.inf, level=0.1).value == 0.0
    assert critical_factor([1.0, 2.0, 3.0], 10.0, level=0.05).high == math.inf
    assert critical_factor([-1.0, -2.0], 1.0, level=0.5).value == 0.0
    for nothing in ([np.nan], [1.0, np.nan], []):
        with pytest.raises(ValueError, match="^excess and terms must hold at least .* no NaN"):
            critical_factor(nothing, 1.0, level=0.1)


def test_the_interval_of_the_factor_is_two_order_statistics() -> None:
    """Their ranks come from Binomial(200, 0.9): P(at most r below the quantile), 2.5 % a side."""
    ratios = np.arange(1, 201) / 200
    factor = critical_factor(ratios, 1.0, level=0.1)
    low, high = factor.low * 200, factor.high * 200
    assert (low, high) == pytest.approx(
        (stats.binom.ppf(0.025, 200, 0.9), 1 + stats.binom.ppf(0.975, 200, 0.9))
    )
    assert (round(low), round(high)) == (171, 189)
    # Any rank higher below, or lower above, would miss too often.
    assert stats.binom.cdf(170, 200, 0.9) <= 0.025 < stats.binom.cdf(171, 200, 0.9)
    assert stats.binom.sf(188, 200, 0.9) <= 0.025 < stats.binom.sf(187, 200, 0.9)


def test_another_confidence_moves_the_ends_alone() -> None:
    ratios = np.arange(1, 201) / 200
    wide, narrow = (critical_factor(ratios, 1.0, 0.1, confidence=c) for c in (0.99, 0.5))
    assert wide.value == narrow.value == 0.9
    assert wide.low < narrow.low < 0.9 < narrow.high < wide.high


def test_the_ends_where_the_ranks_run_out() -> None:
    """Three samples at level 1/2: no rank has P <= 2.5 %; 37 at 0.1 still end at the largest one."""
    few = critical_factor([1.0, 2.0, 3.0], 1.0, level=0.5)
    assert (few.low, few.value, few.high) == (0.0, 2.0, math.inf)
    n = next(n for n in range(5, 60) if stats.binom.ppf(0.975, n, 0.9) + 1 == n)
    last = critical_factor(np.arange(1.0, n + 1), 1.0, level=0.1)
    assert last.high == n
    n = next(n for n in range(2, 60) if stats.binom.ppf(0.025, n, 0.9) == 1)
    first = critical_factor(np.arange(1.0, n + 1), 1.0, level=0.1)
    assert first.low == 1.0


def test_a_factor_below_zero_is_zero_at_every_end() -> None:
    factor = critical_factor(-np.arange(1.0, 201), 1.0, level=0.1)
    assert (factor.value, factor.low, factor.high) == (0.0, 0.0, 0.0)


def test_without_terms_an_excess_has_no_factor_and_no_excess_needs_none() -> None:
    """Ten of 100 samples have an excess and no terms: infinite at level 0.05, 0 at 0.2."""
    excess, terms = np.repeat([1.0, 0.0, -1.0], [10, 30, 60]), np.zeros(100)
    assert critical_factor(excess, terms, level=0.05).value == math.inf
    assert critical_factor(excess, terms, level=0.2).value == 0.0
    assert critical_factor([2.0] * 10, [4.0] * 9 + [0.0], level=0.1).value == 0.5
    assert critical_factor([0.0] * 10, 0.0, level=0.1).high == math.inf


def test_the_factor_of_enumerated_outcomes_is_a_quantile_of_their_law() -> None:
    excess, weights = [1.0, 2.0, 3.0], [0.5, 0.25, 0.25]
    at = [critical_factor(excess, 4.0, x, weights=weights).value for x in (0.1, 0.25, 0.5)]
    assert at == [0.75, 0.5, 0.25]
    open_ = critical_factor(excess, 4.0, 0.25, weights=weights, error=0.1)
    assert (open_.low, open_.value, open_.high) == (0.5, 0.75, 0.75)
    assert critical_factor([-1.0], 4.0, 0.25, weights=[1.0]) == CriticalFactor(0.0, 0.0, 0.0)


def test_multiples_of_terms_that_are_infinite_zero_negative_or_unknown() -> None:
    excess = [1.0, np.inf, -np.inf, 1.0, 0.0, -1.0, 1.0, -1.0, np.nan, np.nan, 1.0]
    terms = [np.inf, np.inf, np.inf, 0.0, 0.0, 0.0, -2.0, -2.0, 1.0, np.inf, np.nan]
    expected = [0.0, 0.0, 0.0, np.inf, 0.0, 0.0, np.inf, 0.0, np.nan, np.nan, np.nan]
    np.testing.assert_array_equal(multiples(excess, terms), expected)
    np.testing.assert_array_equal(multiples([np.nan, 3.0], [0.0, 2.0]), [np.nan, 1.5])


def test_the_critical_factor_of_equal_outcomes_is_an_order_statistic() -> None:
    tenths = critical_factor(np.arange(1, 11) / 10, 1.0, 0.1, weights=[0.1] * 10)
    assert tenths == CriticalFactor(0.9, 0.9, 0.9)
    # 1/n and k/n are rounded; what that leaves open is an error.
    for n in range(2, 60):
        for k in range(1, n):
            values = np.arange(1, n + 1) / n
            found = critical_factor(values, 1.0, k / n, weights=np.full(n, 1 / n), error=1e-15)
            assert found.low <= values[n - k - 1] <= found.high <= values[n - k]


@pytest.mark.parametrize(
    "bad",
    [
        np.ma.masked_array([0.5] * 150, mask=[1] + [0] * 149),
        np.full(150, 0.5 + 1j),
        ["0.5"] * 150,
    ],
)
def test_excess_and_terms_are_real_numbers(bad) -> None:
    numbers = np.full(150, 0.5)
    for excess, terms, name in ((bad, numbers, "excess"), (numbers, bad, "terms")):
        with pytest.raises(ValueError, match=f"^{name} must hold real numbers, got"):
            multiples(excess, terms)
        with pytest.raises(ValueError, match=f"^{name} must hold real numbers, got"):
            critical_factor(excess, terms, 0.1)
    with pytest.raises(ValueError, match="^weights must be"):
        critical_factor(numbers, 1.0, 0.1, weights=bad)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"level": 1.5}, r"level must lie in \[0, 1\), got 1.5"),
        ({"level": math.nan}, r"level must lie in \[0, 1\), got nan"),
        ({"confidence": 1.0}, r"confidence must lie in \(0, 1\), got 1"),
        ({"weights": [-1.0, 2.0]}, "weights must be finite and non-negative, got -1"),
        ({"weights": [0.5]}, r"weights must have shape \(2,\), got \(1,\)"),
    ],
)
def test_a_factor_of_no_level_or_of_no_law_is_refused(change, message) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        critical_factor([0.1, 0.2], 1.0, **{"level": 0.1} | change)
