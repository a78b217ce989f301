"""Complexities of homogeneous classes at every scale: the numbers at scale one, times the scale."""

from __future__ import annotations

import numpy as np
import pytest

from empirical.complexity import (
    linear_complexity,
    linear_empirical,
    relu_complexity,
    relu_empirical,
)

ROWS = np.random.default_rng(1).standard_normal((6, 2))


def linear(x, radius, **options):
    draw = np.random.default_rng(0)
    return linear_empirical(x, radius=radius, draws=16, generator=draw, **options)


def l1(x, radius):
    return linear(x, radius, ball="l1")


def linear_mean(x, radius):
    return linear_complexity(x, 6, radius=radius, draws=16, generator=np.random.default_rng(0))


def relu(x, radius):
    radii = {"encoder_radius": radius, "head_radius": 1.0}
    return relu_empirical(x, **radii, draws=4, generator=np.random.default_rng(0))


def relu_mean(x, radius):
    radii = {"encoder_radius": 1.0, "head_radius": radius}
    return relu_complexity(x, 6, **radii, draws=4, generator=np.random.default_rng(0))


def numbers(found):
    ends = found.certified.interval, found.student.interval
    return [found.certified.value, *(float(x) for each in ends for x in (each.low, each.high))]


ALL = [linear, l1, linear_mean, relu, relu_mean]


@pytest.mark.parametrize("complexity", ALL)
@pytest.mark.parametrize(
    ("features", "radius"),
    [(-660, 0), (660, 0), (990, 0), (0, -660), (0, 660), (0, 1020), (-900, 900), (900, -900)],
)
def test_a_power_of_two_times_the_complexity(complexity, features, radius):
    """1e-200 underflowed to an interval [0, 0], 1e200 gave NaN, infinity or an overflow."""
    scaled = numbers(complexity(np.ldexp(ROWS, features), 2.0**radius))
    expected = np.ldexp(numbers(complexity(ROWS, 1.0)), features + radius)
    # The bound on the rounding of a value is part of it, and scales as well.
    assert scaled == pytest.approx(list(expected), rel=1e-12, abs=2e-13 * expected[2])


@pytest.mark.parametrize("complexity", ALL)
def test_what_is_too_large_is_refused_and_what_vanishes_has_an_upper_end(complexity):
    with pytest.raises(ValueError, match="^features and radii must be small enough"):
        complexity(1e200 * ROWS, 1e200)
    tiny = complexity(1e-200 * ROWS, 1e-200).certified.interval
    assert tiny.low == 0
    assert 0 < tiny.high < 1e-300


@pytest.mark.parametrize("complexity", ALL)
def test_no_complexity_is_below_zero(complexity):
    assert complexity(ROWS, 1.0).certified.interval.low >= 0
    assert complexity(0 * ROWS, 1.0).certified.interval.high == 0
