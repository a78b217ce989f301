"""Verdicts on one sample: intervals into a theorem."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounds import catalogue, latent_quality, risk_gap
from empirical.statistics.intervals import Interval
from verify.verdicts.compare import (
    HOLDS,
    INCONCLUSIVE,
    ROUNDING,
    VIOLATED,
    bound_interval,
    compare,
    interval_without_rounding,
    without_rounding,
)

finite = st.floats(-1e6, 1e6)


def test_the_three_verdicts_by_hand() -> None:
    lhs = Interval([0.1, 0.41, 0.3], [0.4, 0.6, 0.5])
    assert compare(lhs, Interval.exact(0.4)).tolist() == [HOLDS, VIOLATED, INCONCLUSIVE]


def test_an_uncertain_right_side_needs_its_own_end() -> None:
    rhs = Interval(0.2, 0.8)
    assert compare(Interval.exact([0.2, 0.5, 0.9]), rhs).tolist() == [
        HOLDS,
        INCONCLUSIVE,
        VIOLATED,
    ]


def test_equality_holds() -> None:
    """The claim is LHS <= RHS, so a tie is no violation."""
    assert compare(Interval.exact(0.5), Interval.exact(0.5)) == HOLDS


@pytest.mark.parametrize(
    ("lhs", "rhs"),
    [(np.nan, 1.0), (0.0, np.nan), (np.inf, 1.0), (np.inf, np.inf), (-np.inf, 1.0), (0.0, -np.inf)],
)
def test_nan_and_infinity_never_pass(lhs: float, rhs: float) -> None:
    assert compare(Interval.exact(lhs), Interval.exact(rhs)) == INCONCLUSIVE


def test_an_infinite_bound_claims_nothing_and_holds() -> None:
    """kappa >= 1 makes the fast-rate bound infinite: vacuous, but not false."""
    assert compare(Interval.exact(5.0), Interval.exact(np.inf)) == HOLDS


@given(finite, finite, finite, finite)
def test_a_verdict_is_right_for_every_value_inside(a: float, b: float, c: float, d: float) -> None:
    lhs, rhs = Interval(min(a, b), max(a, b)), Interval(min(c, d), max(c, d))
    verdict = compare(lhs, rhs)
    inside = [(x <= y) for x in (lhs.low, lhs.high) for y in (rhs.low, rhs.high)]
    if verdict == HOLDS:
        assert all(inside)
    elif verdict == VIOLATED:
        assert not any(inside)
    else:
        assert any(inside)
        assert not all(inside)


def test_bound_interval_takes_the_ends_by_direction() -> None:
    theorem = risk_gap.paper("TA", "T")
    bound = bound_interval(
        theorem,
        {
            "gamma": Interval(-0.2, 0.1),
            "R_M": Interval(0.0, 0.5),
            "L": 1,
            "C": 1,
            "m": 100,
            "delta": 0.1,
        },
    )
    exact = {"L": 1, "C": 1, "m": 100, "delta": 0.1}
    assert bound.interval.low == theorem.evaluate(gamma=-0.2, R_M=0.0, **exact).total
    assert bound.interval.high == theorem.evaluate(gamma=0.1, R_M=0.5, **exact).total


def test_a_falling_argument_swaps_ends() -> None:
    """The bound falls in m: the larger m gives the lower end."""
    theorem = latent_quality.sharp("TA")
    known = {"L_hat": 0.0, "R_loss": 0.1, "C": 1.0, "delta": 0.1}
    bound = bound_interval(theorem, {**known, "m": Interval(100, 400)})
    assert bound.interval.low == theorem.evaluate(**known, m=400).total
    assert bound.interval.high == theorem.evaluate(**known, m=100).total


def test_one_infinite_end_on_the_left_decides_nothing() -> None:
    assert compare(Interval(-np.inf, 0.0), Interval.exact(1.0)) == INCONCLUSIVE
    assert compare(Interval(2.0, np.inf), Interval.exact(1.0)) == INCONCLUSIVE


def test_the_codes_are_those_that_users_count() -> None:
    assert (HOLDS, INCONCLUSIVE, VIOLATED) == (1, 0, -1)


def test_own_terms_are_what_one_would_quote_and_given_ones_what_was_measured() -> None:
    """Own terms at the upper end of R_loss; gamma and the slack at their lower ends."""
    known = {"C": 1, "m": 100, "delta": 0.1}
    gamma, slack = Interval(-0.2, 0.1), Interval(0.01, 0.03)
    bound = bound_interval(
        risk_gap.sharp("TA", "T"),
        {**known, "gamma": gamma, "slack": slack, "R_loss": Interval(0.0, 0.5)},
    )
    upper = risk_gap.sharp("TA", "T").evaluate(**known, gamma=0.0, slack=0.0, R_loss=0.5)
    assert bound.own_terms == pytest.approx(upper.total, rel=1e-12)
    assert bound.given_terms() == pytest.approx(-0.2 + 0.01, rel=1e-12)


def test_an_interval_needs_a_direction_but_for_the_best_risk() -> None:
    theorem = latent_quality.sharp("TA")
    known = {"L_hat": 0.0, "R_loss": 0.1, "C": 1.0, "delta": 0.1, "m": 100}
    bound = bound_interval(theorem, {**known, "best_risk": Interval(0.1, 0.4)})
    # It enters the range of the loss alone: C - best_risk, from above at the lower end.
    assert bound.lower.total == bound.upper.total
    assert (bound.lower.loss_range, bound.upper.loss_range) == pytest.approx((0.6, 0.9))
    undirected = replace(theorem, directions={"L_hat": 1})
    with pytest.raises(ValueError, match="^R_loss must be exact or have a declared direction"):
        bound_interval(undirected, {**known, "R_loss": Interval(0.1, 0.2)})


def test_what_rounding_can_make_counts_as_zero() -> None:
    assert ROUNDING == 1e-12
    assert without_rounding([1e-13, -1e-13, 1e-12, -2.0]).tolist() == [0.0, 0.0, 1e-12, -2.0]
    assert without_rounding([0.4, 0.5, -0.4], 0.5).tolist() == [0.0, 0.5, 0.0]
    both = interval_without_rounding(Interval([-1e-13, -1.0], [1e-13, 2.0]))
    assert (both.low.tolist(), both.high.tolist()) == ([0.0, -1.0], [0.0, 2.0])


def test_a_given_term_below_the_rounding_counts_as_zero() -> None:
    known = {"C": 1, "m": 100, "delta": 0.1, "R_loss": 0.5}
    bound = bound_interval(risk_gap.sharp("TA", "T"), {**known, "gamma": 0.25, "slack": 0.125})
    assert bound.given_terms() == 0.375
    assert bound.given_terms(0.2) == 0.25
    assert bound.given_terms(0.5) == 0.0


def test_a_statement_without_measured_terms_has_given_terms_of_zero() -> None:
    """And bound_gap, a difference of two classes' bounds, has own terms of either sign."""
    bound = bound_interval(catalogue.find("nested_quality.full_latent"), {})
    assert (bound.given_terms(), bound.own_terms) == (0.0, 0.0)
    known = {"L_hat_M": 0.5, "L_hat_N": [0.5, 0.25], "C_M": 1.0, "C_N": 4.0, "L": 1.0, "m": 100}
    gap = bound_interval(catalogue.find("modality_gain.bound_gap"), known)
    assert gap.given_terms().tolist() == [0.0, 0.25]
    assert gap.own_terms == pytest.approx(gap.upper.total - gap.given_terms())
    assert (gap.own_terms < 0).all()
