"""Cells from made-up measurements: what reaches the decision, and what a cell says of it."""

from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest

from bounds import latent_quality, risk_gap
from empirical.losses import SQUARES
from empirical.measure import FREE, SAME
from empirical.statistics.intervals import Interval
from verify.findings import cells as module
from verify.findings.forms import Form
from verify.verdicts.coverage import ALPHA

M, N = ("a", "b"), ("a",)
TRIALS = 200
DELTA = 0.1


def design_of(tests=1, **fields):
    family = SimpleNamespace(pairs=((M, N),), subsets=(M, N))
    return SimpleNamespace(
        delta=(DELTA,),
        family=family,
        loss=SQUARES,
        cls=SimpleNamespace(outputs=1),
        tests=lambda of_pairs: tests + of_pairs,
        **fields,
    )


def place_of(gap, *, slack=0.0, best=0.0, width=0.0, tests=1, pair=True, other=0.0, planned=0):
    """r(f_M) = gap + other, and inf_h = best, both within a width; N's risk is other."""
    ones = np.ones(TRIALS)
    one = SimpleNamespace(
        population_risk=Interval((gap + other) * ones, (gap + other + width) * ones),
        best_risk=Interval(best * ones, (best + width) * ones),
        slack=slack * ones,
    )
    beside = SimpleNamespace(population_risk=Interval.exact(other * ones))
    return SimpleNamespace(
        results=SimpleNamespace(
            design=design_of(tests), alpha={DELTA: ALPHA, 0.5: ALPHA}, planned=planned
        ),
        setting=SimpleNamespace(m=64, head=SAME),
        M=M,
        N=N if pair else None,
        size=100,
        one=one,
        other=beside,
        gamma=Interval(best * ones, (best + 0.5) * ones),
        eta=Interval(gap * ones, (gap + width) * ones),
        L_hat=0.125 * ones,
    )


def given(place):
    """Own terms of 4 R_loss = 0.25."""
    return {"R_loss": 0.0625, "C": 0.0, "m": place.size, "best_risk": 0.0}


def of_subset(place):
    return {**given(place), "L_hat": place.L_hat}


def form(own_slack=True, of_pairs=True, arguments=given):
    if of_pairs:
        return Form("made", risk_gap.sharp, True, (SAME,), arguments, given, own_slack=own_slack)
    return Form("made", latent_quality.sharp, False, (SAME,), of_subset, given)


def cell(place, **options):
    (found,) = module._cells(form(**options), place)
    return found


def test_the_gap_is_compared_with_the_bound_at_the_lower_end_of_gamma():
    assert cell(place_of(0.25)).verdict == "supported"
    assert cell(place_of(0.26)).inconclusive == TRIALS
    assert cell(place_of(0.76)).violations == TRIALS
    assert cell(place_of(0.4, best=0.25)).verdict == "supported"
    found = cell(place_of(0.125, best=0.0625))
    assert found.critical_factor.value == found.own_excess_critical_factor.value == 0.25
    assert cell(place_of(0.125, other=0.5)).measured.value == 0.125
    # Half of the width belongs to the middle, all of it to the excess.
    wide = cell(place_of(0.0, width=0.125))
    assert (wide.measured.value, wide.own_excess.value) == (0.0625, 0.125)
    assert wide.own_excess_critical_factor.value == 0.5


def test_the_heads_slack_is_added_to_a_statement_without_a_slack_term_alone():
    with_own, without = (cell(place_of(0.3, slack=0.1), own_slack=own) for own in (True, False))
    assert (with_own.verdict, without.verdict) == ("undecided", "supported")
    assert without.critical_factor.value == pytest.approx(0.2 / 0.25)
    assert without.own_excess.value == pytest.approx(0.2)
    assert with_own.own_excess.value == pytest.approx(0.3)


def test_differences_that_rounding_makes_are_zero():
    assert cell(place_of(0.25 + 1e-13)).verdict == "supported"
    tiny = cell(place_of(1e-13))
    assert (tiny.measured.value, tiny.own_excess.value, tiny.critical_factor.value) == (0, 0, 0)


def test_the_number_of_tests_is_that_of_the_kind_of_theorem():
    pair = cell(place_of(0.0, tests=7))
    subset = cell(place_of(0.0, tests=7, pair=False), of_pairs=False)
    assert (pair.tests, subset.tests) == (8, 7)
    assert pair.trials_needed > subset.trials_needed
    assert cell(place_of(0.0, tests=10**6)).verdict == "undecided"


def test_the_look_that_was_planned_has_its_part():
    """A look planned too late takes a part of alpha from the samples there are."""
    needed = [cell(place_of(0.26, planned=look)).trials_needed for look in (0, 5000)]
    assert 0 < needed[0] < needed[1]


def test_a_subset_is_judged_by_its_latent_quality():
    place = place_of(0.25, width=0.125, pair=False)
    with mock.patch.object(module, "judge", wraps=module.judge) as decided:
        found = cell(place, of_pairs=False)
    assert decided.call_args.args[1] is place.eta
    assert found.L_hat.value == 0.125
    assert (found.gamma, found.own_excess, found.own_excess_critical_factor) == (None, None, None)
    assert not found.certifies_gain


def test_a_cell_says_what_was_decided_and_where():
    place = place_of(-0.5)
    found = cell(place)
    assert (found.theorem, found.M, found.N) == ("risk_gap.sharp", M, N)
    assert (found.m, found.m_encoder, found.head, found.delta) == (100, 64, SAME, DELTA)
    assert (found.level, found.trials, found.violations) == (0.05, TRIALS, 0)
    assert found.violation_rate.value == 0.0
    assert found.violation_rate.low < found.violation_rate.high
    assert (found.bound.lower_end, found.bound.median) == (0.25, 0.75)
    assert found.terms["complexity"] == 0.25
    assert (found.vacuous, found.vacuous_fraction) == (True, 1.0)
    assert (found.dominant_term, found.pair) == ("complexity", (M, N))
    assert (found.gamma.value, found.L_hat, found.certifies_gain) == (0.25, None, False)


def test_a_bound_below_zero_certifies_the_gain_of_a_pair():
    place = place_of(-0.9, best=-1.0)
    place.gamma = Interval.exact(-np.ones(TRIALS))
    assert cell(place).certifies_gain
    found = cell(place).certificate
    assert (found.proves, found.below_zero, found.high) == ("yes", TRIALS, 1.0)
    assert 0.95 < found.low < 1.0
    place.results.design = design_of(10**6)
    assert cell(place).certificate.proves == "open"
    assert not cell(place).certifies_gain


def test_all_tests_share_the_error_of_a_certificate():
    """At δ = 0.5 and 10,001 tests 45 samples support the bound, but 251 are needed to certify a gain."""
    place = place_of(-0.9, best=-1.0, tests=10**4)
    place.gamma = Interval.exact(-np.ones(TRIALS))
    place.results.design.delta = (0.5,)
    found = cell(place)
    assert (found.verdict, found.certificate.proves) == ("supported", "open")
    assert found.certificate.needed == 251


def test_a_cell_certifies_with_the_share_of_samples_below_zero_and_not_with_a_sample_quantile():
    """On 194 of 200 samples the bound is below zero: its 95 % quantile too, but 0.95 is in the interval."""
    place = place_of(-0.9, best=-1.0)
    place.gamma = Interval.exact(np.where(np.arange(TRIALS) < 194, -1.0, 0.0))
    found = cell(place)
    assert found.bound.q95 < 0
    assert found.certificate.proves == "open"
    assert found.certificate.below_zero == 194


def test_half_of_the_samples_make_a_cell_vacuous():
    place = place_of(0.0)
    for share, vacuous in ((100, True), (99, False)):
        known = np.where(np.arange(TRIALS) < share, 0.0625, 0.0)
        found = cell(place, arguments=lambda at, R=known: {**given(at), "R_loss": R, "C": 0.125})
        assert (found.vacuous_fraction, found.vacuous) == (share / TRIALS, vacuous)


def test_without_a_range_of_the_loss_nothing_is_said_of_vacuity():
    known = {"V": 0.1, "v_norm": 0.1, "v_max": 1.0, "kappa": 0.1, "m_head": 100}
    fast = Form("made", risk_gap.fast_rate, True, (FREE,), lambda at: dict(known), given)
    (found,) = module._cells(fast, place_of(0.0))
    assert (found.vacuous, found.vacuous_fraction) == (None, None)


def test_every_form_is_checked_on_its_heads_pairs_and_subsets():
    quality = form(of_pairs=False)
    forms = [Form("x", risk_gap.sharp, True, (SAME, FREE), given, given), quality]
    results = SimpleNamespace(design=design_of(), settings=lambda kind: [f"{kind} 1", f"{kind} 2"])
    places = []
    with (
        mock.patch.object(module, "fitting_forms", return_value=forms),
        mock.patch.object(module, "_cells", lambda *at: places.append(at) or [len(places)]),
    ):
        assert list(module.all_cells(results)) == [1, 2, 3, 4, 5, 6, 7, 8]
    at = [(place.setting, place.M, place.N) for _, place in places]
    assert at[:4] == [(f"{k} {i}", M, N) for k in (SAME, FREE) for i in (1, 2)]
    assert at[4:] == [(f"{SAME} {i}", each, None) for each in (M, N) for i in (1, 2)]
    assert [made for made, _ in places] == [forms[0]] * 4 + [quality] * 4


def test_a_delta_has_its_own_share_of_alpha():
    place = place_of(-0.9, best=-1.0)
    assert cell(place).verdict == "supported"
    place.results.alpha = {DELTA: 1e-12}
    assert cell(place).verdict == "undecided"
