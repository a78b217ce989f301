"""`check_theorem` lets true bounds pass, fails on false ones, and says so in words."""

import numpy as np
import pytest

from bounds import catalogue, latent_quality, risk_gap
from empirical.statistics.intervals import Interval
from verify import check_theorem
from verify.verdicts.check import judge
from verify.verdicts.compare import BoundInterval

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
    with pytest.raises(AssertionError, match="136 samples without a violation would support it"):
        check_theorem(PAPER, np.zeros(10), TERMS, decided=True)


def test_a_planned_look_is_part_of_the_decision():
    planned = check_theorem(PAPER, np.zeros(139), TERMS, planned=139)
    assert (planned.outcome, planned.coverage.planned) == ("holds", 139)
    assert check_theorem(PAPER, np.zeros(139), TERMS, planned=140).outcome == "undecided"


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


# ---- judge: what the report and the ledger add


SHARP = risk_gap.sharp("TA", "T")
GIVEN = {"gamma": 0.25, "R_loss": 0.0625, "C": 0.0, "m": 100, "delta": 0.1}
"""Own terms of 4 R_loss = 0.25 and no confidence term."""


def test_what_rounding_adds_is_no_violation_and_no_excess():
    lhs = np.full(200, 0.5 + 0.1)
    assert judge(SHARP, lhs, GIVEN).coverage.violations == 200
    assert judge(SHARP, lhs, GIVEN, rounding=0.11).coverage.violations == 0
    assert judge(SHARP, lhs, GIVEN, rounding=0.05, slack=0.06).coverage.violations == 0
    assert judge(SHARP, lhs, GIVEN, rounding=0.05, slack=0.04).coverage.violations == 200
    # 0.3125 - 0.25: above 0.05, and nothing at a rounding of 0.07.
    near = np.full(200, 0.3125)
    assert judge(SHARP, near, GIVEN, rounding=0.05).factor.value == 0.25
    assert judge(SHARP, near, GIVEN, rounding=0.07).factor.value == 0.0


def test_the_excess_is_what_measured_terms_and_all_slack_leave():
    lhs = Interval(np.zeros(200), np.full(200, 0.5))
    found = judge(SHARP, lhs, {**GIVEN, "slack": 0.0625}, slack=0.0625)
    assert found.ratios.tolist() == [0.5] * 200
    assert found.factor.value == 0.5
    # A slack of the statement below the rounding counts as zero, as a measured term does.
    assert judge(SHARP, lhs, {**GIVEN, "slack": 0.0625}, rounding=0.1).factor.value == 1.0


def test_a_theorem_without_delta_may_never_fail():
    never = catalogue.find("nested_quality.full_latent")
    assert judge(never, np.array([0.0, 1e-9]), {}).outcome == "refuted"
    found = judge(never, np.array([-1.0, 0.0]), {}, weights=[0.5, 0.5])
    assert (found.outcome, found.coverage.level) == ("holds", 0.0)
    assert (found.theorem, found.bound.upper.total) == ("nested_quality.full_latent", 0.0)


def test_weights_and_their_error_reach_the_verdict_and_the_factor():
    lhs, weights = np.array([0.375, 1.0]), [0.95, 0.05]
    found = judge(SHARP, lhs, GIVEN, weights=weights)
    assert (found.outcome, found.coverage.rate, found.factor.value) == ("holds", 0.05, 0.5)
    wide = judge(SHARP, lhs, GIVEN, weights=weights, error=0.06)
    assert (wide.outcome, wide.factor.value) == ("undecided", 3.0)


def test_an_alteration_replaces_the_right_hand_side():
    lhs = np.full(200, 0.4)
    doubled = SHARP.evaluate(**{**GIVEN, "R_loss": 0.125})
    found = judge(SHARP, lhs, GIVEN, alteration=lambda bound: BoundInterval(doubled, doubled))
    assert found.bound.upper is doubled
    assert found.factor.value == pytest.approx(0.15 / 0.5)
    halved = SHARP.evaluate(**{**GIVEN, "R_loss": 0.03})
    smaller = judge(SHARP, lhs, GIVEN, alteration=lambda bound: BoundInterval(halved, halved))
    assert smaller.outcome == "refuted"


def test_the_tests_share_of_alpha_and_a_miss_reach_the_verdict():
    lhs = np.where(np.arange(200) < 20, 1.0, 0.0)
    known = {**GIVEN, "delta": 0.04}
    assert judge(SHARP, lhs, known).outcome == "refuted"
    assert judge(SHARP, lhs, known, sample_miss=0.05).outcome == "undecided"
    assert judge(SHARP, lhs, known, alpha=1e-9).outcome == "undecided"
    assert judge(SHARP, lhs, known, tests=10**7).outcome == "undecided"


def test_a_sample_without_a_number_has_no_factor():
    unknown = Interval(np.zeros(150), np.full(150, np.nan))
    assert np.isnan(check_theorem(PAPER, unknown, TERMS, expected=None).factor.value)
    found = judge(SHARP, np.full(150, 0.3), {**GIVEN, "R_loss": np.full(150, 0.0625)})
    assert not np.isnan(found.factor.value)
    assert np.isnan(judge(SHARP, np.r_[np.nan, np.zeros(149)], GIVEN).factor.low)


def test_a_decision_says_what_it_rests_on():
    text = str(check_theorem(PAPER, np.zeros(10), TERMS))
    assert text.startswith("risk_gap.paper: undecided (0 of 10 samples violate it, 0 inconclusive")
    assert "allowed 0.025; 10 samples looked at, valid however often one looks;" in text
    assert text.endswith("critical factor 0)")


@pytest.mark.parametrize(
    ("lhs", "options", "message"),
    [
        ([5.0, 5.0], {"slack": np.inf}, "slack must be finite and non-negative"),
        ([5.0, 5.0], {"slack": -1.0}, "slack must be finite and non-negative"),
        ([5.0, 5.0], {"slack": "1"}, "slack must be finite and non-negative"),
        ([5.0, 5.0], {"rounding": np.inf}, "rounding must be finite and non-negative"),
        ([5.0, 5.0], {"rounding": -9.0}, "rounding must be finite and non-negative"),
        ([5j, 5j], {}, "lhs must hold real numbers"),
        (["5", "5"], {}, "lhs must hold real numbers"),
        (np.ma.masked_array([5.0, 5.0], mask=True), {}, "lhs must hold real numbers"),
    ],
)
def test_what_is_no_number_makes_nothing_true(lhs, options, message) -> None:
    known = {"gamma": 0, "R_M": 0.01, "L": 1, "C": 1, "m": 10_000, "delta": 0.05}
    with pytest.raises(ValueError, match=f"^{message}"):
        judge(risk_gap.paper("TA", "T"), lhs, known, **options)


@pytest.mark.parametrize("lhs", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("expected", ["holds", "refuted"])
def test_samples_without_a_finite_number_decide_nothing(lhs, expected) -> None:
    found = check_theorem(PAPER, np.full(10_000, lhs), TERMS, expected=None)
    assert (found.outcome, found.coverage.inconclusive) == ("undecided", 10_000)
    with pytest.raises(AssertionError, match="undecided"):
        check_theorem(PAPER, np.full(10_000, lhs), TERMS, expected=expected, decided=True)


def test_masked_arguments_are_refused() -> None:
    hidden = np.ma.masked_array(np.full(2, 9.0), mask=True)
    known = {"gamma": hidden, "R_M": 0.01, "L": 1, "C": 1, "m": 10_000, "delta": 0.05}
    with pytest.raises(ValueError, match=r"^gamma must .*, got masked entries"):
        judge(risk_gap.paper("TA", "T"), [5.0, 5.0], known)
