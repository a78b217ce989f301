"""Intervals keep their direction, refuse crossed ends, and cover at their stated rate."""

import numpy as np
import pytest

from empirical.statistics.intervals import Estimate, Interval, mean_estimate


def test_sum_and_difference_take_the_worst_ends():
    a, b = Interval([0.0, 1.0], [2.0, 3.0]), Interval(10.0, 20.0)
    total, difference = a + b, a - b
    assert total.low.tolist() == [10.0, 11.0]
    assert total.high.tolist() == [22.0, 23.0]
    assert difference.low.tolist() == [-20.0, -19.0]
    assert difference.high.tolist() == [-8.0, -7.0]


def test_ends_broadcast_and_an_exact_value_has_no_width():
    broadcast = Interval([1.0, 2.0], 5.0)
    assert broadcast.high.tolist() == [5.0, 5.0]
    exact = Interval.exact([0.25, 0.5])
    assert np.array_equal(exact.low, exact.high)


def test_an_open_end_stays_open():
    # Nothing closes the interval above, so nothing closes the sum above either.
    found = Interval(1.0, np.inf) + Interval(1.0, 2.0)
    assert (float(found.low), float(found.high)) == (2.0, np.inf)


def test_crossed_ends_are_refused_and_the_offending_entry_named():
    with pytest.raises(ValueError, match=r"got low=3\.0 and high=2\.5"):
        Interval([np.nan, 1.0, 3.0], [0.0, 1.0, 2.5])


def test_nan_is_kept():
    kept = Interval([np.nan, 0.0], [1.0, 1.0])
    assert np.isnan(kept.low[0])
    assert kept.high[0] == 1.0


def test_student_interval_of_three_numbers():
    # Mean 2, standard deviation 1, t_{0.975} with 2 degrees of freedom 4.302653 (any table).
    estimate = mean_estimate([1.0, 2.0, 3.0], level=0.95)
    half = 4.302652729911275 / 3**0.5
    assert estimate.value == 2.0
    assert estimate.n == 3
    assert float(estimate.interval.low) == pytest.approx(2.0 - half)
    assert float(estimate.interval.high) == pytest.approx(2.0 + half)


def test_one_draw_says_nothing_about_the_mean():
    alone = mean_estimate([7.0]).interval
    assert (float(alone.low), float(alone.high)) == (-np.inf, np.inf)


def test_the_interval_covers_at_its_level():
    # 2,000 normal samples of five: the misses of a 90 % interval are Binomial(2000, 0.1), of standard
    # deviation 13.4, so that a false alarm beyond five of them has probability below 1e-6.
    draws = np.random.default_rng(0).standard_normal((2000, 5))
    intervals = [mean_estimate(row, level=0.9).interval for row in draws]
    misses = sum(not (i.low <= 0.0 <= i.high) for i in intervals)
    assert abs(misses - 200) <= 5 * 13.4


@pytest.mark.parametrize(("values", "level"), [([], 0.9), ([1.0], 0.0), ([1.0], 1.0), ([1.0], 1.5)])
def test_empty_values_and_impossible_levels_are_refused(values, level):
    with pytest.raises(ValueError, match=r"^(values|level) must"):
        mean_estimate(values, level)


@pytest.mark.parametrize(
    ("low", "high", "direction"),
    [
        (1.0, 1.0, "exact"),
        ([1.0, 2.0], [1.0, 2.5], "two-sided"),
        ([1.0, 2.0], [1.0, np.inf], "at least"),
        (-np.inf, 1.0, "at most"),
        (np.nan, 1.0, "at most"),
        ([-np.inf, 1.0], [1.0, np.inf], "none"),
    ],
)
def test_the_direction_is_that_of_the_weakest_entry(low, high, direction):
    assert Estimate(1.0, Interval(low, high)).direction == direction


def test_a_difference_charges_both_levels_and_keeps_the_smaller_count():
    a = Estimate(1.0, Interval(0.5, 1.5), level=0.99, n=20)
    b = Estimate([0.25, 0.5], Interval([0.0, 0.5], [0.5, np.inf]), level=0.95, n=10)
    difference = a - b
    assert np.asarray(difference.value).tolist() == [0.75, 0.5]
    assert difference.interval.low.tolist() == [0.0, -np.inf]
    assert difference.interval.high.tolist() == [1.5, 1.0]
    assert difference.level == pytest.approx(0.94)
    assert (difference.n, difference.direction) == (10, "at most")
