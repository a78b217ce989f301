"""What bounds and measurements allow a report to say about a gain."""

import math

import pytest

from verify.verdicts.gain import certified_from, certifies_gain, gain


@pytest.mark.parametrize(
    ("high", "verdict", "certifies"),
    [
        (-1e-9, "supported", True),
        (0.0, "supported", False),
        (0.5, "supported", False),
        (-0.5, "undecided", False),
        (-0.5, "refuted", False),
        (math.nan, "supported", False),
        (math.inf, "supported", False),
    ],
)
def test_a_bound_below_zero_certifies_if_the_samples_support_it(high, verdict, certifies) -> None:
    assert certifies_gain(high, verdict) is certifies


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
    ("compared", "proved", "below_zero", "better", "expected"),
    [
        (3, 3, 3, 3, "proved"),
        (1, 1, 1, 0, "proved"),
        (3, 2, 3, 3, "proved in part"),
        (3, 1, 0, 0, "proved in part"),
        (3, 0, 1, 3, "too few samples"),
        (3, 0, 3, 0, "too few samples"),
        (3, 0, 0, 3, "measured"),
        (3, 0, 0, 2, "measured in part"),
        (3, 0, 0, 0, "none"),
        (0, 0, 0, 0, "none"),
    ],
)
def test_the_strongest_thing_that_holds_is_said(
    compared, proved, below_zero, better, expected
) -> None:
    assert gain(compared, proved, below_zero, better) == expected
