"""`check_theorem` lets true bounds pass, fails on false ones, and says so in words."""

import numpy as np
import pytest

from bounds import latent_quality, risk_gap
from empirical.statistics.intervals import Interval
from verify import check_theorem

TERMS = {"gamma": 0.0, "R_M": 0.01, "L": 1.0, "C": 1.0, "m": 10_000, "delta": 0.05}
PAPER = risk_gap.paper("TA", "T")
TOTAL = PAPER.evaluate(**TERMS).total


def test_a_bound_that_no_sample_violates_holds():
    check = check_theorem(PAPER, np.full(146, TOTAL - 0.01), TERMS)
    assert check.outcome == "holds"
    # The excess is the left-hand side itself (gamma = 0), the price the whole bound.
    assert check.factor.value == pytest.approx((TOTAL - 0.01) / TOTAL)
    assert check.coverage.level == pytest.approx(0.025)


def test_a_bound_that_samples_violate_too_often_fails_the_test():
    lhs = np.where(np.arange(200) < 20, TOTAL + 0.01, 0.0)
    with pytest.raises(
        AssertionError, match=r"expected: holds. risk_gap.paper: refuted \(20 of 200"
    ):
        check_theorem(PAPER, lhs, TERMS)
    assert check_theorem(PAPER, lhs, TERMS, expected="refuted").coverage.violations == 20
    assert check_theorem(PAPER, lhs, TERMS, expected=None).outcome == "refuted"


def test_a_planted_falsehood_that_passes_fails_the_test():
    with pytest.raises(AssertionError, match="expected: refuted. risk_gap.paper: holds"):
        check_theorem(PAPER, np.zeros(146), TERMS, expected="refuted")
    with pytest.raises(AssertionError, match="expected: refuted. risk_gap.paper: undecided"):
        check_theorem(PAPER, np.zeros(10), TERMS, expected="refuted")


def test_too_few_samples_are_undecided_and_say_how_many_would_do():
    assert check_theorem(PAPER, np.zeros(10), TERMS).outcome == "undecided"
    with pytest.raises(AssertionError, match="146 samples without a violation would support it"):
        check_theorem(PAPER, np.zeros(10), TERMS, decided=True)


def test_intervals_take_their_worst_ends_and_nan_never_passes():
    doubtful = Interval(np.full(146, TOTAL - 0.1), np.full(146, TOTAL + 0.1))
    assert check_theorem(PAPER, doubtful, TERMS).coverage.inconclusive == 146
    check = check_theorem(PAPER, np.full(146, np.nan), TERMS)
    assert check.coverage.inconclusive == 146
    assert np.isnan(check.factor.value)
    # An open complexity: a bound that could be anything above its lower end is never violated.
    open_above = {**TERMS, "R_M": Interval(0.01, np.inf)}
    assert check_theorem(PAPER, np.full(146, TOTAL + 1.0), open_above).coverage.violations == 0
    assert check_theorem(PAPER, np.full(146, TOTAL - 0.01), open_above).outcome == "holds"


def test_the_critical_factor_leaves_measured_terms_and_slack_out():
    sharp = latent_quality.sharp("TA")
    arguments = {"L_hat": np.full(200, 0.3), "R_loss": 0.05, "C": 1.0, "m": 1000, "delta": 0.1}
    price = sharp.evaluate(**{**arguments, "L_hat": 0.0}).total
    check = check_theorem(sharp, np.full(200, 0.3 + 0.25 * price), arguments)
    assert check.factor.value == pytest.approx(0.25)
    doubtful = Interval(np.full(200, 0.3), np.full(200, 0.3 + 0.25 * price))
    assert check_theorem(sharp, doubtful, arguments).factor.value == pytest.approx(0.25)
    granted = check_theorem(PAPER, np.full(200, TOTAL + 0.5), TERMS, slack=0.5 + 1e-9)
    assert granted.outcome == "holds"
    assert granted.factor.value == pytest.approx(1.0)


def test_a_test_that_shares_alpha_needs_more_samples():
    assert check_theorem(PAPER, np.zeros(146), TERMS, tests=20).outcome == "undecided"
    assert check_theorem(PAPER, np.zeros(265), TERMS, tests=20).outcome == "holds"


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="^arguments must hold delta"):
        check_theorem(PAPER, [0.0], {k: v for k, v in TERMS.items() if k != "delta"})
    with pytest.raises(
        ValueError, match="^expected must be 'holds', 'refuted' or None, got 'true'"
    ):
        check_theorem(PAPER, [0.0], TERMS, expected="true")
    with pytest.raises(ValueError, match="R_loss"):
        check_theorem(PAPER, [0.0], {**TERMS, "R_loss": 0.1})
    with pytest.raises(ValueError, match="at least one sample"):
        check_theorem(PAPER, [], TERMS)


def test_one_sample_never_counts_as_many():
    """Arguments of 150 samples beside one left-hand side would broadcast it to 150."""
    many = {**TERMS, "gamma": np.zeros(150)}
    for lhs, arguments, slack, name in (
        (0.1, many, 0.0, "arguments"),
        (np.zeros(146), TERMS, np.zeros(147), "slack"),
        (np.zeros((2, 73)), TERMS, 0.0, "lhs"),
    ):
        with pytest.raises(ValueError, match=f"^{name} must hold one number for each of the"):
            check_theorem(PAPER, lhs, arguments, slack=slack)
    each = check_theorem(PAPER, np.full(150, 0.1), many, slack=np.zeros(150))
    assert each.coverage.trials == 150
