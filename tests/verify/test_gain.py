"""What bounds and measurements allow a report to say about a gain."""

import math

import numpy as np
import pytest
from scipy import stats

from verify.verdicts.coverage import trials_needed
from verify.verdicts.gain import certified_from, preference, proof, prove_gain


@pytest.mark.parametrize(
    ("below", "above", "verdict", "proves"),
    [
        (67, 0, "supported", "yes"),
        (66, 0, "supported", "open"),
        (2, 0, "supported", "open"),
        (67, 0, "undecided", "open"),
        (67, 0, "refuted", "no"),
        (2, 0, "refuted", "no"),
        # 97 % of the samples are below zero, but perhaps only 93 % of all.
        (194, 6, "supported", "open"),
        (385, 15, "supported", "open"),
        (393, 7, "supported", "yes"),
        (0, 40, "supported", "no"),
        (360, 40, "supported", "no"),
        (0, 40, "undecided", "no"),
        (1, 1, "supported", "open"),
    ],
)
def test_a_bound_certifies_if_it_is_below_zero_on_95_percent_of_all_samples(
    below, above, verdict, proves
) -> None:
    bounds = np.concatenate([np.full(below, -1e-9), np.zeros(above)])
    found = prove_gain(bounds, verdict)
    assert (found.proves, found.below_zero) == (proves, below)
    assert 0 <= found.low <= below / (below + above) <= found.high <= 1
    assert prove_gain(np.where(bounds < 0, -5.0, math.inf), verdict) == found
    assert prove_gain(np.where(bounds < 0, -5.0, math.nan), verdict) == found


def test_a_certificate_says_how_many_samples_would_be_enough() -> None:
    """As `trials_needed` for a level of 0.05."""
    assert prove_gain([-1.0], "supported").needed == 67
    assert prove_gain([-1.0], "supported", tests=56).needed == 148
    assert prove_gain([-1.0] * 148, "supported", tests=56).proves == "yes"
    assert prove_gain([-1.0] * 147, "supported", tests=56).proves == "open"
    assert prove_gain([-1.0] * 50, "supported", alpha=0.2).proves == "yes"


def test_a_certificate_does_not_turn_with_the_number_of_samples() -> None:
    """True share 0.94, just below what is asked: "yes" on at most 5 % of 2,000 studies of any size.

    The 95 % quantile of the sample, which once decided, lies below zero on a third of them.
    """
    rng = np.random.default_rng(0)
    for n in (145, 315):
        bounds = np.where(rng.random((2000, n)) < 0.94, -1.0, 1.0)
        shares, times = np.unique((bounds < 0).sum(axis=1), return_counts=True)
        rows = [np.where(np.arange(n) < share, -1.0, 1.0) for share in shares]
        proved = [prove_gain(row, "supported").proves == "yes" for row in rows]
        assert times[proved].sum() <= stats.binom.ppf(0.999, 2000, 0.05)
        assert np.mean(np.quantile(bounds, 0.95, axis=1) < 0) > 0.15


@pytest.mark.parametrize(
    ("better", "worse", "ties", "side"),
    [
        (7, 0, 0, "better"),
        (6, 0, 0, "open"),
        (0, 7, 0, "worse"),
        (0, 6, 0, "open"),
        (2, 0, 0, "open"),
        (0, 0, 40, "open"),
        (31, 9, 0, "better"),
        (30, 10, 0, "open"),
        (10, 30, 0, "open"),
        (9, 31, 0, "worse"),
        # A tie is neither.
        (31, 0, 9, "better"),
        (30, 0, 10, "open"),
        (0, 31, 9, "worse"),
    ],
)
def test_m_is_better_if_it_is_on_most_of_all_samples(better, worse, ties, side) -> None:
    gaps = np.concatenate([np.full(better, -1e-9), np.full(worse, 1e-9), np.zeros(ties)])
    found = preference(gaps)
    assert (found.side, found.better, found.worse) == (side, better, worse)
    assert 0 <= found.low <= better / gaps.size <= found.high <= 1
    assert found.needed == 7


def test_tests_share_alpha_of_a_preference() -> None:
    """Both sides are tested: eleven samples are enough for 25 preferences, ten are not."""
    assert preference([-1.0] * 11, tests=25).side == "better"
    assert preference([-1.0] * 10, tests=25).side == "open"
    assert preference([1.0] * 10, tests=25).side == "open"
    assert preference([1.0], tests=25).needed == 11
    assert preference([-1.0] * 5, alpha=0.2).side == "better"


def test_a_rare_disaster_does_not_decide() -> None:
    """M gains 0.01 on 99.5 % of the samples and loses 3 on the rest: better on most, worse on average.

    0.995^250 = 0.29 of all studies see no loss of 3, and Student's interval for the mean then has no
    width: it misses the mean, +0.00505. That M is better on most samples is true of all.
    """
    rng = np.random.default_rng(0)
    gaps = np.where(rng.random((400, 250)) < 0.005, 3.0, -0.01)
    missed = [not row.std() or stats.ttest_1samp(row, 0.00505).pvalue < 0.05 for row in gaps]
    assert np.mean(missed) > 0.2
    assert {preference(row).side for row in gaps} == {"better"}


@pytest.mark.parametrize(
    ("measured", "certified", "start"),
    [
        ([64, 256, 1024], [64, 256, 1024], 64),
        ([1024, 64, 256], [256, 1024], 256),
        ([64, 256, 1024], [1024], 1024),
        # Not from 64 on: 256 is not certified.
        ([64, 256, 1024], [64, 1024], 1024),
        # Not at the largest size: from no size on.
        ([64, 256, 1024], [64, 256], None),
        ([64, 64], [64], 64),
        ([64], [], None),
        ([], [], None),
    ],
)
def test_certified_from_is_the_start_of_an_unbroken_run(measured, certified, start) -> None:
    assert certified_from(measured, certified) == start


@pytest.mark.parametrize(
    ("compared", "proved", "left_open", "expected"),
    [
        (3, 3, 0, "proved"),
        (1, 1, 0, "proved"),
        (3, 2, 1, "proved in part"),
        (3, 1, 0, "proved in part"),
        (3, 0, 1, "open"),
        (3, 0, 3, "open"),
        (3, 0, 0, "none"),
        (0, 0, 0, "none"),
    ],
)
def test_the_strongest_thing_that_holds_is_said(compared, proved, left_open, expected) -> None:
    assert proof(compared, proved, left_open) == expected


def test_both_sides_of_a_preference_are_tests() -> None:
    enough = trials_needed(0.5, tests=2 * 40)
    assert trials_needed(0.5, tests=40) < enough < trials_needed(0.5, tests=3 * 40)
    assert preference([1.0], tests=40).needed == enough
    assert preference([1.0] * enough, tests=40).side == "worse"
    assert preference([1.0] * (enough - 1), tests=40).side == "open"


@pytest.mark.parametrize(
    "bad",
    [
        np.ma.masked_array([-0.1] * 70, mask=[1] + [0] * 69),
        np.full(70, -0.1 + 1j),
        ["-0.1"] * 70,
    ],
)
def test_what_is_no_real_number_proves_no_gain(bad) -> None:
    with pytest.raises(ValueError, match="^bounds must hold real numbers, got"):
        prove_gain(bad, "supported")
    with pytest.raises(ValueError, match="^gaps must hold real numbers, got"):
        preference(bad)


def test_infinity_is_on_no_side() -> None:
    assert prove_gain([-math.inf] * 70, "supported").below_zero == 0
    found = preference([-math.inf] * 7 + [math.inf] * 7)
    assert (found.side, found.better, found.worse) == ("open", 0, 0)
