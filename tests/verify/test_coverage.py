"""Violation rates against the failure probability: drawn, at level 0, and for enumerated outcomes."""

import math
import re

import numpy as np
import pytest

from verify.verdicts.compare import HOLDS, INCONCLUSIVE, VIOLATED
from verify.verdicts.coverage import Coverage, coverage, overall, trials_needed


def codes(violated: int, inconclusive: int, n: int) -> list[int]:
    holds = n - violated - inconclusive
    return [VIOLATED] * violated + [INCONCLUSIVE] * inconclusive + [HOLDS] * holds


def test_trials_needed_by_hand() -> None:
    """The least n for which the evidence reaches k / alpha, from its formula term by term."""
    ratios = [0, 1 / 1.1, 1 / 1.25, 1 / 1.5, 1 / 2, 1 / 3, 1 / 6, 1 / 16]
    weights = [1 / 2, *(each / 32 for each in (1, 2, 3, 3, 3, 2, 2))]
    for level, tests in ((0.025, 1), (0.025, 20), (0.005, 20), (0.1, 1), (0.05, 56), (0.7, 1)):
        n = trials_needed(level, tests)
        evidence = [
            sum(w * (1 - level + r * level) ** -size for r, w in zip(ratios, weights, strict=True))
            for size in (n - 1, n)
        ]
        assert evidence[0] < tests / 0.05 <= evidence[1]
    assert (trials_needed(0.025), trials_needed(0.025, tests=20)) == (136, 259)
    assert trials_needed(0.005, tests=20) == 1305
    assert trials_needed(0.025, alpha=0.05 / 20) == 259


@pytest.mark.parametrize("tests", [1, 20, 56])
@pytest.mark.parametrize("level", [0.025, 0.05, 0.1])
def test_exactly_the_needed_trials_support(level: float, tests: int) -> None:
    n = trials_needed(level, tests)
    assert coverage(codes(0, 0, n), level, tests=tests).verdict == "supported"
    assert coverage(codes(0, 0, n - 1), level, tests=tests).verdict == "undecided"


def test_the_interval_holds_what_the_evidence_does_not_exclude() -> None:
    """At both ends for 7 of 100 the evidence is k / alpha = 20: a claim of that level is just decided."""
    decided = coverage(codes(7, 0, 100), 0.1)
    for end, verdict in ((decided.low, "refuted"), (decided.high, "supported")):
        nearer, farther = (end - 1e-9, end + 1e-9)
        found = [coverage(codes(7, 0, 100), level).verdict for level in (nearer, farther)]
        assert verdict in found
        assert "undecided" in found
    assert decided.low < 0.07 < decided.high < 0.2
    assert decided.alpha == 0.05
    assert coverage(codes(7, 0, 100), 0.1, tests=4).alpha == 0.0125


def test_inconclusive_samples_count_on_the_upper_side_only() -> None:
    clean, doubtful = coverage(codes(3, 0, 200), 0.05), coverage(codes(3, 40, 200), 0.05)
    assert clean.low == doubtful.low
    assert clean.high < doubtful.high
    assert doubtful.verdict == "undecided"


def test_the_upper_end_is_that_of_all_doubtful_samples() -> None:
    """3 violated and 4 inconclusive of 100: from above as if all 7 were violated, from below as 3."""
    decided = coverage(codes(3, 4, 100), 0.1)
    assert decided.low == coverage(codes(3, 0, 100), 0.1).low
    assert decided.high == coverage(codes(7, 0, 100), 0.1).high


def test_the_looks_are_told() -> None:
    assert coverage([1], 0.025, planned=146).looks.endswith("looks; one look planned at 146")
    assert coverage([1], 0.025).looks.endswith("however often one looks")
    assert coverage([1, -1], 0.025, weights=[0.5, 0.5], planned=146).planned == 0
    assert coverage([1, -1], 0.025, weights=[0.5, 0.5]).looks == "all outcomes enumerated"


def test_only_inconclusive_samples_decide_nothing() -> None:
    decided = coverage(codes(0, 50, 50), 0.05)
    assert (decided.low, decided.high, decided.verdict) == (0.0, 1.0, "undecided")


def test_one_violated_sample_refutes_nothing() -> None:
    assert coverage(codes(1, 0, 300), 0.025).verdict != "refuted"


def test_always_violated_is_refuted() -> None:
    assert coverage(codes(20, 0, 20), 0.025, tests=56).verdict == "refuted"


def test_a_sample_interval_that_may_miss_raises_the_bar() -> None:
    some = codes(12, 0, 200)
    assert coverage(some, 0.02).verdict == "refuted"
    assert coverage(some, 0.02, sample_miss=0.02).verdict == "undecided"
    assert coverage(some, 0.02, sample_miss=0.99).verdict == "undecided"


def test_a_violation_that_a_sample_misses_is_not_support() -> None:
    """A true rate of 0.04 at level 0.025, of which misses of 0.02 leave 0.02 in view: never supported."""
    rng = np.random.default_rng(11)
    for _ in range(20):
        seen = codes(int(rng.binomial(40_000, 0.02)), 0, 40_000)
        assert coverage(seen, 0.025).verdict == "supported"
        assert coverage(seen, 0.025, sample_miss=0.02).verdict == "undecided"
    clean = codes(0, 0, trials_needed(0.015))
    level = 0.025
    assert coverage(clean, level, sample_miss=0.01).verdict == "supported"
    assert coverage(clean[1:], level, sample_miss=0.01).verdict == "undecided"
    assert coverage(clean, level, sample_miss=0.01).needed == trials_needed(0.015)
    # What misses alone could hide is never supported.
    hopeless = coverage(codes(0, 0, 10_000), 0.025, sample_miss=0.025)
    assert (hopeless.verdict, hopeless.needed) == ("undecided", math.inf)


def test_misses_count_for_enumerated_outcomes_too() -> None:
    weights = [0.25, 0.75]
    for level, miss, verdict in (
        (0.5, 0.25, "supported"),
        (0.5, 0.375, "undecided"),
        (0.125, 0.0625, "refuted"),
        (0.125, 0.125, "undecided"),
    ):
        found = coverage([VIOLATED, HOLDS], level, weights=weights, sample_miss=miss)
        assert found.verdict == verdict


def test_a_true_claim_is_rarely_refuted() -> None:
    """Violations at exactly the level: each side errs with probability at most 5 %.

    2,000 seeded replications; at most 5 % + 4 standard errors of them may be refuted.
    """
    rng = np.random.default_rng(7)
    values, times = np.unique(rng.binomial(305, 0.05, 2000), return_counts=True)
    verdicts = [coverage(codes(int(k), 0, 305), 0.05).verdict for k in values]
    refuted, supported = (
        sum(int(n) for v, n in zip(verdicts, times, strict=True) if v == verdict)
        for verdict in ("refuted", "supported")
    )
    allowed = 2000 * (0.05 + 4 * math.sqrt(0.05 * 0.95 / 2000))
    assert refuted <= allowed
    assert supported <= allowed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(verdicts=[], level=0.1), "verdicts must hold"),
        (dict(verdicts=[1], level=-0.1), "level must lie in"),
        (dict(verdicts=[1], level=1.0), "level must lie in"),
        (dict(verdicts=[1], level=float("nan")), "level must lie in"),
        (dict(verdicts=[1], level=0.1, alpha=1.0), "alpha must lie in"),
        (dict(verdicts=[1], level=0.1, alpha=0.0), "alpha must lie in"),
        (dict(verdicts=[1], level=0.1, tests=0), "tests must be"),
        (dict(verdicts=[1], level=0.1, tests=1.5), "tests must be"),
        (dict(verdicts=[1], level=0.1, sample_miss=-0.5), "sample_miss must lie in"),
        (dict(verdicts=[1], level=0.1, sample_miss=1.0), "sample_miss must lie in"),
    ],
)
def test_bad_input(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        coverage(**arguments)


def test_counts_and_rate_are_what_they_say() -> None:
    decided = coverage(codes(6, 10, 40), 0.1)
    assert (decided.trials, decided.violations, decided.inconclusive) == (40, 6, 10)
    assert decided.rate == 0.15
    assert not decided.enumerated
    # Not one sample is known to hold, and some are violated: nothing is known from above.
    assert coverage(codes(3, 7, 10), 0.1).high == 1.0


# ---- at level 0, and for enumerated outcomes


def test_never_is_refuted_by_what_happens_and_supported_by_no_number_of_draws() -> None:
    clean = coverage(codes(0, 0, 10_000), 0.0)
    assert (clean.verdict, clean.low, clean.needed) == ("undecided", 0.0, math.inf)
    once = coverage(codes(1, 0, 10_000), 0.0)
    assert (once.verdict, once.rate, once.violations) == ("refuted", 1e-4, 1)
    # Both ends as for any level, each with alpha / 2k: k tests widen them.
    doubtful = coverage(codes(3, 4, 100), 0.0, alpha=0.1, tests=2)
    as_ever = coverage(codes(3, 4, 100), 0.5, alpha=0.1, tests=2)
    assert (doubtful.low, doubtful.high) == pytest.approx((as_ever.low, as_ever.high))
    assert doubtful.rate == as_ever.rate == 0.03
    assert coverage(codes(0, 4, 100), 0.0).verdict == "undecided"


def enumerated(sure: float, possible: float, level: float, error: float = 0.0) -> Coverage:
    weights = [sure, possible - sure, 1 - possible]
    return coverage([VIOLATED, INCONCLUSIVE, HOLDS], level, weights=weights, error=error)


@pytest.mark.parametrize(
    ("sure", "possible", "level", "error", "verdict"),
    [
        (0.25, 0.25, 0.25, 0.0, "supported"),
        (0.25, 0.25, 0.125, 0.0, "refuted"),
        (0.125, 0.25, 0.125, 0.0, "undecided"),
        (0.125, 0.25, 0.25, 0.0, "supported"),
        (0.25, 0.5, 0.125, 0.0, "refuted"),
        (0.25, 0.25, 0.25, 0.0625, "undecided"),
        (0.25, 0.25, 0.125, 0.0625, "refuted"),
        (0.25, 0.25, 0.125, 0.125, "undecided"),
        (0.0, 0.0, 0.0, 0.0, "supported"),
        (0.0, 0.0, 0.0, 0.25, "undecided"),
        (0.25, 0.25, 0.0, 0.0, "refuted"),
    ],
)
def test_enumerated_outcomes_are_decided_by_their_probabilities(
    sure: float, possible: float, level: float, error: float, verdict: str
) -> None:
    found = enumerated(sure, possible, level, error)
    assert found.verdict == verdict
    assert (found.rate, found.level, found.needed) == (sure, level, math.inf)
    assert (found.low, found.high) == (max(0.0, sure - error), min(1.0, possible + error))
    assert (found.trials, found.violations, found.inconclusive) == (3, 1, 1)
    assert found.enumerated


def test_probabilities_stay_within_0_and_1() -> None:
    certain = coverage([VIOLATED], 0.5, weights=[1 + 1e-9], error=1e-6)
    assert (certain.rate, certain.high) == (1.0, 1.0)
    assert coverage([HOLDS], 0.5, weights=[1.0], error=0.25).low == 0.0
    without_error = coverage([VIOLATED, HOLDS], 0.5, weights=[0.25, 0.75])
    assert (without_error.low, without_error.high) == (0.25, 0.25)


@pytest.mark.parametrize(
    ("verdicts", "verdict"),
    [
        (["supported", "supported"], "supported"),
        (["supported", "undecided"], "undecided"),
        (["undecided"], "undecided"),
        (["supported", "undecided", "refuted"], "refuted"),
        (["refuted", "refuted"], "refuted"),
        ([], "undecided"),
    ],
)
def test_one_refutation_refutes_and_only_all_support(verdicts: list, verdict: str) -> None:
    assert overall(verdicts) == verdict


@pytest.mark.parametrize(
    "codes",
    [
        [1, 2],
        [np.nan] * 200,
        [True] * 200,
        np.ones(200, dtype=bool),
        [1.0] * 200,
        ["violated"] * 200,
        [None] * 200,
        [2] * 200,
        np.full(200, 255, np.uint8),
    ],
)
def test_codes_that_compare_never_returns_are_refused(codes) -> None:
    with pytest.raises(ValueError, match=r"^verdicts must be integers out of -1, 0 and 1, got"):
        coverage(codes, 0.05)


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ([-1, 2], 0.0, "weights must be finite and non-negative, got -1"),
        ([np.nan, 1], 0.0, "weights must be finite and non-negative, got nan"),
        ([0, 0], 0.0, "weights must sum to 1, got 0"),
        ([0.01, 0.01], 0.0, "weights must sum to 1, got 0.02"),
        ([1.0], 0.0, "weights must have shape (2,), got (1,)"),
        ([0.09, 0.91], -0.05, "error must lie in [0, 1], got -0.05"),
        ([0.5, 0.5], np.nan, "error must lie in [0, 1], got nan"),
    ],
)
def test_weights_that_are_no_probabilities_are_refused(weights, error, message) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        coverage([VIOLATED, HOLDS], 0.05, weights=weights, error=error)


def test_enumerated_outcomes_have_no_chance_to_be_wrong() -> None:
    assert coverage([-1, 1], 0.05, weights=[0.04, 0.96]).alpha == 0.0
    assert coverage([1], 0.05, tests=4).alpha == 0.0125


@pytest.mark.parametrize(
    "codes",
    [
        np.ma.masked_array([1] * 150, mask=[1] + [0] * 149),
        [np.ma.masked, *[1] * 149],
        np.ones(150) * 1j,
    ],
)
def test_masked_and_complex_codes_are_refused(codes) -> None:
    with pytest.raises(ValueError, match=r"^verdicts must be integers out of -1, 0 and 1, got"):
        coverage(codes, 0.025)
