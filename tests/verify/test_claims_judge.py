"""How a claim is tested on given facts, true or altered."""

import math
from dataclasses import replace

import numpy as np
import pytest

from bounds import risk_gap
from empirical.statistics.intervals import Interval
from verify.claims.alterations import ALTERATIONS
from verify.claims.claim import Claim
from verify.claims.evidence.facts import Drawn, Enumerated, Facts
from verify.claims.judge import caught_below, finding
from verify.verdicts.compare import BoundInterval, bound_interval
from verify.verdicts.coverage import ALPHA, coverage


def source_of(facts, m=1):
    """A made-up source: of draws, unless the facts have weights."""
    given = {"name": "made", "world": "made up", "grade": "closed form", "m": (m,)}
    if facts.weights is None:
        return Drawn(facts=lambda m, trials, seed: facts, **given)
    return Enumerated(facts=lambda m: facts, **given)


def found(facts, **fields):
    """The one test of an inequality lhs <= rhs on given facts."""
    source = source_of(facts)
    claim = Claim("made", "belief", "", "supported", (source,), **fields)
    return finding(claim, source, facts, 1, None)


@pytest.mark.parametrize(
    ("violated", "level", "verdict"),
    [
        (0, 0.05, "supported"),
        (10, 0.05, "undecided"),
        (40, 0.05, "refuted"),
        (1, 0.0, "refuted"),
        (0, 0.0, "undecided"),
    ],
)
def test_draws(violated, level, verdict):
    """Of 200; draws never support that something never happens."""
    lhs = np.where(np.arange(200) < violated, 1.0, -1.0)
    outcome = found(Facts(Interval.exact(lhs)), level=level)
    assert outcome.verdict == verdict
    assert (outcome.trials, outcome.violations, outcome.inconclusive) == (200, violated, 0)
    assert not outcome.enumerated
    assert outcome.low <= violated / 200 <= outcome.high


@pytest.mark.parametrize(
    ("chance", "error", "level", "verdict"),
    [
        (0.05, 0.0, 0.05, "supported"),
        (0.051, 0.0, 0.05, "refuted"),
        (0.05, 1e-9, 0.05, "undecided"),
        (0.0, 0.0, 0.0, "supported"),
        (1e-9, 0.0, 0.0, "refuted"),
    ],
)
def test_enumerated_outcomes(chance, error, level, verdict):
    weights = np.array([1 - chance, chance])
    facts = Facts(Interval.exact([-1.0, 1.0]), weights=weights, error=error)
    outcome = found(facts, level=level)
    assert (outcome.verdict, outcome.trials, outcome.enumerated) == (verdict, 2, True)


def test_an_interval_that_straddles_counts_only_against_support():
    facts = Facts(Interval(-np.ones(300), np.ones(300)))
    outcome = found(facts, level=0.05)
    assert (outcome.verdict, outcome.violations, outcome.inconclusive) == ("undecided", 0, 300)


def test_nan_supports_nothing_and_refutes_nothing():
    facts = Facts(Interval.exact(np.full(300, np.nan)))
    assert found(facts, level=0.05).verdict == "undecided"


def scaled_sharp_form(ratio_of, c, weights=None):
    """Theorem 1's sharp form with c times its terms, on samples with these ratios to the terms."""
    m, delta, R = 100, 0.05, 0.1
    terms = 4 * R + math.sqrt(2 * math.log(2 / delta) / m)
    facts = Facts(
        Interval.exact(ratio_of * terms),
        {"gamma": 0.0, "R_loss": c * R, "C": c, "m": m},
        weights,
    )
    source = source_of(facts, m)
    claim = Claim("c", "theorem", "", "supported", (source,), "risk_gap.sharp")
    return finding(claim, source, facts, m, delta)


@pytest.mark.parametrize("weighted", [False, True])
def test_what_is_caught_is_caught(weighted):
    """Just below `caught` the same samples refute c times the terms; at it they do not."""
    # 397, so that no number of samples is the level to the last digit.
    ratios = np.random.default_rng(0).uniform(0, 0.5, 397)
    weights = np.full(397, 1 / 397) if weighted else None
    whole = scaled_sharp_form(ratios, 1.0, weights)
    assert whole.verdict == "supported"
    assert whole.factor.low <= whole.factor.value <= whole.factor.high
    assert 0.4 < whole.caught <= whole.factor.value
    assert scaled_sharp_form(ratios, whole.caught * (1 - 1e-9), weights).verdict == "refuted"
    assert scaled_sharp_form(ratios, whole.caught * (1 + 1e-9), weights).verdict != "refuted"


def test_one_violation_is_enough_where_none_is_allowed():
    assert caught_below(np.array([3.0, 1.0]), level=0.0, alpha=0.05) == 3.0


def test_nothing_is_caught_with_too_few_samples():
    assert caught_below(np.full(2, 9.0), level=0.025, alpha=0.05) == 9.0
    assert caught_below(np.full(1, 9.0), level=0.03, alpha=0.05) == 0.0
    assert caught_below(np.full(100, -1.0), level=0.025, alpha=0.05) == 0.0


# ---- what an altered statement is


def of_paper(lhs, *, alteration="none", m=100, **fields):
    """Theorem 1 on ten samples with left-hand side lhs; its terms are 0.25 + confidence."""
    known = {"gamma": 0.5, "R_M": 0.0625, "L": 1.0, "C": 1.0, "m": m}
    facts = Facts(Interval.exact(np.full(10, lhs)), known, **fields)
    source = source_of(facts, m)
    claim = Claim(
        "c",
        "theorem",
        "",
        "supported",
        (source,),
        "risk_gap.paper",
        alteration=ALTERATIONS.find(alteration),
    )
    return finding(claim, source, facts, m, 0.05)


def least_bound(alteration, m=100, **fields):
    """The least left-hand side, to 1e-6, that violates the altered statement; its terms by name."""
    low, high = -10.0, 10.0
    while high - low > 1e-7:
        middle = (low + high) / 2
        violated = of_paper(middle, alteration=alteration, m=m, **fields).violations
        low, high = (low, middle) if violated else (middle, high)
    return low


def test_each_alteration_changes_what_its_text_says():
    terms = risk_gap.paper("M", "N").evaluate(
        gamma=0.5, R_M=0.0625, L=1.0, C=1.0, m=100, delta=0.05
    )
    gamma, complexity = terms.terms["quality_gap"], terms.terms["complexity"]
    centring = terms.terms["centring"]
    confidence = terms.total - gamma - complexity
    expected = {
        "none": gamma + complexity + confidence,
        "no terms": gamma,
        "gamma flipped": -gamma + complexity + confidence,
        "rate 1/m": gamma + (complexity + confidence) / 10,
        "confidence 1/m": gamma + complexity + confidence / 10,
        "less complexity": gamma + 0.9 * complexity + confidence,
        # Centring is a term of its own.
        "less confidence": gamma + complexity + (confidence + centring) / 2,
        **{
            f"terms /{divisor}": gamma + (complexity + confidence) / divisor
            for divisor in (2, 3, 5, 10)
        },
    }
    for name, total in expected.items():
        assert least_bound(name) == pytest.approx(total, abs=1e-6), name
    assert set(expected) | {"no empirical loss", "no divergence"} == set(ALTERATIONS.names)
    without_divergence = ALTERATIONS.find("no divergence").arguments({"KL": 2.0, "C": 1.0})
    assert without_divergence == {"KL": 0.0, "C": 1.0}
    without_loss = ALTERATIONS.find("no empirical loss").arguments({"L_hat": 0.25, "C": 1.0})
    assert without_loss == {"L_hat": 0.0, "C": 1.0}


def test_gamma_is_flipped_with_its_interval():
    flipped = ALTERATIONS.find("gamma flipped").arguments(
        {"gamma": Interval([0.25], [0.5]), "m": 1}
    )
    assert (flipped["gamma"].low, flipped["gamma"].high, flipped["m"]) == (-0.5, -0.25, 1)
    assert ALTERATIONS.find("gamma flipped").arguments({"gamma": [0.25]})["gamma"].tolist() == [
        -0.25
    ]


def test_slack_and_rounding_are_added_to_a_statement_without_slack():
    total = least_bound("none")
    assert least_bound("none", slack=0.25, rounding=0.125) == pytest.approx(total + 0.375)
    assert of_paper(0.6, slack=0.25, rounding=0.125).factor.value == 0.0
    found = of_paper(1.0, slack=0.125, rounding=0.125)
    assert found.factor.value == pytest.approx(0.25 / (total - 0.5))


def test_a_statement_with_slack_takes_the_certified_one_as_an_argument():
    known = {"gamma": 0.5, "R_loss": 0.0625, "C": 0.0, "m": 100}
    facts = Facts(Interval.exact(np.full(10, 1.0)), known, slack=0.25, rounding=0.125)
    source = source_of(facts, 100)
    claim = Claim("c", "theorem", "", "supported", (source,), "risk_gap.sharp")
    # gamma 0.5, own terms 0.25, slack 0.25 once, rounding 0.125.
    found = finding(claim, source, facts, 100, 0.05)
    assert (found.violations, found.factor.value) == (0, 0.5)
    above = replace(facts, lhs=Interval.exact(np.full(10, 1.2)))
    assert finding(claim, source, above, 100, 0.05).violations == 10


def test_both_ends_of_a_bound_are_altered():
    known = {"gamma": Interval(0.25, 0.5), "R_loss": Interval(0.0625, 0.125), "C": 0.0, "m": 100}
    bound = bound_interval(risk_gap.sharp("M", "N"), {**known, "delta": 0.05})
    for name, factor in (("none", 1.0), ("no terms", 0.0), ("rate 1/m", 0.1)):
        altered = ALTERATIONS.find(name).bound(bound, 100, 0.125)
        assert altered.interval.low == pytest.approx(0.25 + 0.25 * factor + 0.125)
        assert altered.interval.high == pytest.approx(0.5 + 0.5 * factor + 0.125)
        assert altered.own_terms == pytest.approx(0.5 * factor)
        assert altered.given_terms() == 0.25 + 0.125


def test_ends_that_rounding_alone_crosses_are_put_in_order():
    lower = risk_gap.sharp("M", "N").evaluate(gamma=0.1, R_loss=0.1, C=1.0, m=10, delta=0.05)
    upper = replace(lower, terms=lower.terms | {"quality_gap": 0.1 - 1e-16})
    altered = ALTERATIONS.find("none").bound(BoundInterval(lower, upper), 10, 0.0)
    assert altered.interval.high == altered.interval.low


def test_a_statement_without_own_terms_has_no_factor():
    assert of_paper(0.0, alteration="no terms").factor is None
    assert of_paper(0.0, alteration="no terms").caught is None
    assert of_paper(0.0).factor.value == 0.0


# ---- the truth beside a falsehood, and what is passed on


def test_the_truth_is_tested_beside_an_altered_statement_and_broken_facts():
    assert of_paper(0.6).truth is None
    beside = of_paper(0.6, alteration="no terms")
    assert (beside.violations, beside.truth.violations, beside.truth.truth) == (10, 0, None)
    mended = Facts(Interval.exact(np.zeros(10)))
    broken = replace(mended, lhs=Interval.exact(np.ones(10)), truth=mended)
    both = found(broken, level=0.1)
    assert (both.verdict, both.truth.violations) == ("refuted", 0)


def test_facts_and_the_place_pass_into_the_finding():
    facts = Facts(Interval.exact(np.zeros(4)), note="said", numbers={"n": 4.0})
    passed = found(facts, level=0.25)
    assert (passed.source, passed.m, passed.delta, passed.level) == ("made", 1, None, 0.25)
    assert (passed.note, passed.numbers) == ("said", {"n": 4.0})
    assert (passed.factor, passed.caught) == (None, None)
    assert of_paper(0.0).level == pytest.approx(risk_gap.paper("M", "N").level(0.05))
    assert of_paper(0.0).delta == 0.05


def test_the_right_hand_side_of_an_inequality_may_be_an_interval():
    facts = Facts(Interval.exact(np.full(9, 0.5)), rhs=Interval(0.25, 0.75))
    assert found(facts, level=0.5).inconclusive == 9
    assert found(replace(facts, rhs=0.25), level=0.5).violations == 9


def test_each_test_has_its_share_of_alpha():
    """6 of 100 refute 1 % at alpha 0.05, and not at a fifteenth of it: three tests and a miss."""
    facts = Facts(Interval.exact(np.where(np.arange(100) < 6, 1.0, -1.0)))
    assert found(facts, level=0.01).verdict == "refuted"
    few = replace(source_of(facts), m=(1, 2, 3), miss=0.04)
    claim = Claim("c", "belief", "", "supported", (few, source_of(replace(facts, weights=[1]))))
    assert (claim.tests, claim.measuring, claim.alpha) == (3, 0.04, pytest.approx(0.01 / 3))
    claim = replace(claim, level=0.01)
    assert finding(claim, few, facts, 1, None).verdict == "undecided"
    with_theorem = replace(claim, theorem="risk_gap.paper", delta=(0.9, 0.05))
    assert (with_theorem.tests, Claim("c", "belief", "", "supported", ()).delta) == (6, (0.05,))
    assert Claim("c", "belief", "", "supported", ()).alpha == ALPHA
    one = Claim("c", "belief", "", "supported", (source_of(facts),))
    assert (one.tests, one.alpha) == (1, ALPHA)


def test_what_is_caught_needs_violations_beyond_the_level():
    """At level 0.1 of 100 draws and alpha 0.05, 20 violations refute; 19 do not."""
    ratios = np.arange(1, 101) / 100
    for violations, verdict in ((20, "refuted"), (19, "undecided")):
        codes = [-1] * violations + [1] * (100 - violations)
        assert coverage(codes, 0.1, alpha=0.05).verdict == verdict
    assert caught_below(ratios, level=0.1, alpha=0.05) == 0.81


# ---- what a test hands to the decision


def of_sharp(lhs, claim_fields=(), **fields):
    """Theorem 1, sharp, whose own terms are 4 R_loss = 0.25."""
    known = {"gamma": 0.0, "R_loss": 0.0625, "C": 0.0, "m": 100} | fields.pop("known", {})
    facts = Facts(Interval.exact(np.asarray(lhs)), known, **fields)
    source = source_of(facts, 100)
    claim = Claim("c", "theorem", "", "supported", (source,), "risk_gap.sharp")
    return finding(replace(claim, **dict(claim_fields)), source, facts, 100, 0.05)


def test_the_weights_of_outcomes_and_their_error_decide_a_theorem():
    rare = of_sharp([0.125, 1.0], weights=np.array([0.98, 0.02]))
    assert (rare.verdict, rare.rate, rare.caught) == ("supported", 0.02, 0.5)
    # An error of 0.01 leaves open whether the quantile is the first value or the second.
    wide = of_sharp([0.125, 1.0], weights=np.array([0.98, 0.02]), error=0.01)
    assert (wide.verdict, wide.factor.value, wide.caught) == ("undecided", 4.0, 0.5)


def test_a_theorem_has_the_claims_share_of_alpha():
    lhs = np.where(np.arange(100) < 10, 1.0, 0.0)
    assert of_sharp(lhs).verdict == "refuted"
    assert of_sharp(lhs, {"delta": (0.05,) * 1000}).verdict == "undecided"
    assert of_sharp(lhs, {"delta": (0.05,) * 1000}).caught == 0.0
    assert of_sharp(lhs).caught == 4.0


def test_terms_that_are_zero_on_some_samples_have_a_factor():
    mixed = of_sharp([0.125, 0.0], known={"R_loss": np.array([0.0625, 0.0])})
    assert mixed.factor.value == 0.5
    assert of_sharp([0.125, 0.0], known={"R_loss": 0.0}).factor is None
