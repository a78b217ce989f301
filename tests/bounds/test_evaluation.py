"""Numbers: every form against plain arithmetic typed from the statements."""

import math

import numpy as np
import pandas
import pytest
import torch

from bounds import latent_quality, modality_gain, risk_gap
from bounds.catalogue import THEOREMS
from bounds.contract import random_arguments

PAPER = risk_gap.paper("TVA", "TA")
POINT = dict(gamma=-0.1, R_M=0.02, L=1.0, C=1.0, m=100, delta=0.05)


def ln(x):
    return np.log(x)


def fast(gamma, V, v_norm, v_max, m_head, t, kappa):
    U = (
        np.sqrt(V / m_head)
        + np.sqrt(2 * t * (v_norm + 2 * v_max * np.sqrt(V / m_head)) / m_head)
        + v_max * t / (3 * m_head)
    )
    return gamma + np.where(kappa < 1, U**2 / (1 - kappa) ** 2, np.inf)


def fast_observed(*, gamma, V, v_norm, v_max, m_head, delta, kappa):
    return fast(gamma, V, v_norm, v_max, m_head, ln(2 / delta), kappa)


def fast_in_advance(*, gamma, V, v_norm, v_max, m_head, delta, leverage, p):
    kappa = np.sqrt(2 * leverage * ln(4 * p / delta) / m_head)
    return fast(gamma, V, v_norm, v_max, m_head, ln(4 / delta), kappa)


def mixture(*, V, v_norm, v_frobenius, V_hat, inflation, theta, m_head, delta, kappa, slack):
    noise = (2 * V + V_hat) / 3 + ln(2 / delta) / theta
    noise = noise + theta * v_frobenius**2 / (1 - 2 * theta * v_norm)
    bound = inflation * noise / m_head + slack / (1 - kappa)
    return np.where((kappa < 1) & (2 * theta * v_norm < 1), bound, np.inf)


# Typed from the paper and from theory, sections 2 and 3, independently of the sympy expressions.
PLAIN = {
    "risk_gap.paper": lambda gamma, R_M, L, C, m, delta: (
        gamma + 8 * L * R_M + 4 * C / m**0.5 + 2 * C * (2 * ln(2 / delta) / m) ** 0.5
    ),
    "risk_gap.paper_absolute": lambda gamma, R_abs_M, L, C, m, delta: (
        gamma + 8 * L * R_abs_M + 4 * C / m**0.5 + 2 * C * (2 * ln(2 / delta) / m) ** 0.5
    ),
    "risk_gap.paper_vector": lambda gamma, R_vector_M, L, C, m, delta: (
        gamma + 8 * L * R_vector_M + 4 * C / m**0.5 + 2 * C * (2 * ln(2 / delta) / m) ** 0.5
    ),
    "risk_gap.sharp": lambda gamma, R_loss, C, m, delta, slack: (
        gamma + 4 * R_loss + C * (2 * ln(2 / delta) / m) ** 0.5 + slack
    ),
    "risk_gap.data_dependent": lambda gamma, R_hat_loss, C, m, delta, slack: (
        gamma + 4 * R_hat_loss + 2 * C * (2 * ln(2 / delta) / m) ** 0.5 + slack
    ),
    "risk_gap.split_sample": lambda gamma, R_loss_head, C, m_head, delta, slack: (
        gamma + 2 * R_loss_head + C * (2 * ln(2 / delta) / m_head) ** 0.5 + slack
    ),
    "latent_quality.paper": lambda L_hat, R_M, R, L, C, m, delta: (
        4 * L * R_M + 4 * L * R + 6 * C * (2 * ln(2 / delta) / m) ** 0.5 + L_hat
    ),
    "latent_quality.paper_vector": lambda L_hat, R_vector_M, R_vector, L, C, m, delta: (
        4 * L * R_vector_M + 4 * L * R_vector + 6 * C * (2 * ln(2 / delta) / m) ** 0.5 + L_hat
    ),
    "latent_quality.sharp": lambda L_hat, R_loss, C, m, delta: (
        L_hat + 2 * R_loss + C * (2 * ln(1 / delta) / m) ** 0.5
    ),
    "modality_gain.rate": lambda gamma, C_M, L, C, m, delta: (
        gamma + (8 * L * C_M**0.5 + 4 * C + 2 * C * (2 * ln(2 / delta)) ** 0.5) / m**0.5
    ),
    "modality_gain.bound_gap": lambda L_hat_M, L_hat_N, C_M, C_N, L, m: (
        L_hat_M - L_hat_N + 4 * L * (C_M**0.5 - C_N**0.5) / m**0.5
    ),
    "nested_quality.full_latent": lambda: 0.0,
    "risk_gap.fast_rate_mixture": lambda gamma, first_order_slack, **rest: (
        gamma + mixture(slack=first_order_slack, **rest)
    ),
    "risk_gap.held_out": lambda Z_mean, Z_square, C, m_test, delta, bet: np.where(
        bet * C < 1,
        Z_mean + bet * Z_square / (2 * (1 - bet * C)) + ln(1 / delta) / (bet * m_test),
        np.inf,
    ),
    "pac_bayes.kl": lambda KL, m, delta: (KL + ln((m + 1) / delta)) / m,
    "pac_bayes.maurer": lambda KL, m, delta: (KL + ln(2 * m**0.5 / delta)) / m,
    "pac_bayes.mcallester": lambda gibbs_hat, KL, C, m, delta: (
        gibbs_hat + C * np.sqrt((KL + ln(2 * m**0.5 / delta)) / (2 * m))
    ),
    "pac_bayes.catoni": lambda gibbs_hat, KL, C, m, lam, delta: (
        gibbs_hat + lam * C**2 / (8 * m) + (KL + ln(1 / delta)) / lam
    ),
    "risk_gap.fast_rate": lambda first_order_slack, kappa, **rest: (
        fast_observed(kappa=kappa, **rest)
        + np.where(kappa < 1, first_order_slack / (1 - kappa), np.inf)
    ),
}


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda t: t.key)
def test_numbers_are_those_of_plain_arithmetic(theorem):
    points = random_arguments(theorem, np.random.default_rng(7), 2000)
    if theorem.key == "risk_gap.fast_rate_in_advance":
        points["first_order_slack"] = np.zeros(2000)
        rest = {name: value for name, value in points.items() if name != "first_order_slack"}
        with np.errstate(invalid="ignore"):
            expected = fast_in_advance(**rest)
    else:
        with np.errstate(divide="ignore"):
            expected = PLAIN[theorem.key](**points)
    total = theorem.evaluate(**points).total
    # Where kappa is within 1e-3 of 1, 1/(1 - kappa)^2 itself is only good to 1e-9.
    near = np.zeros(np.shape(total), dtype=bool)
    if "leverage" in points:
        kappa = np.sqrt(
            2 * points["leverage"] * ln(4 * points["p"] / points["delta"]) / points["m_head"]
        )
        near = np.abs(1 - kappa) < 1e-3
    np.testing.assert_allclose(
        np.where(near, 0, total), np.where(near, 0, expected), rtol=1e-12, atol=1e-12
    )


def test_by_hand():
    # m = 100, delta = 2/e^2: ln(2/delta) = 2, so 8 * 0.02 + 4/10 + 2 * 2/10 = 0.96.
    value = PAPER.evaluate(gamma=0, R_M=0.02, L=1, C=1, m=100, delta=2 / math.e**2)
    assert value.total == pytest.approx(0.96, abs=1e-15)
    assert {name: pytest.approx(number) for name, number in value.terms.items()} == {
        "quality_gap": 0.0,
        "complexity": 0.16,
        "centring": 0.4,
        "confidence": 0.4,
    }
    assert value.failure_probability == pytest.approx(1 / math.e**2)


def test_scalars_come_back_as_python_floats_and_arrays_broadcast():
    assert isinstance(PAPER.evaluate(**POINT).total, float)
    assert isinstance(PAPER.evaluate(**POINT).dominant, str)
    assert isinstance(PAPER.evaluate(**POINT).vacuous, bool)
    value = PAPER.evaluate(**{**POINT, "m": [[100], [1000]], "delta": [0.1, 0.05, 0.01]})
    assert np.shape(value.total) == (2, 3)
    for part in (*value.terms.values(), value.vacuous, value.dominant, value.failure_probability):
        assert np.shape(part) == (2, 3)
    for row, m in enumerate((100, 1000)):
        for column, delta in enumerate((0.1, 0.05, 0.01)):
            assert (
                value.total[row, column]
                == PAPER.evaluate(**{**POINT, "m": m, "delta": delta}).total
            )
    np.testing.assert_array_equal(value.failure_probability[0], [0.05, 0.025, 0.005])


@pytest.mark.parametrize(
    "make",
    [
        np.array,
        pandas.Series,
        torch.tensor,
        lambda v: torch.tensor(v, dtype=torch.float64, requires_grad=True),
    ],
)
def test_anything_array_like_will_do(make):
    expected = PAPER.evaluate(**{**POINT, "R_M": [0.25, 0.5]}).total
    np.testing.assert_array_equal(
        PAPER.evaluate(**{**POINT, "R_M": make([0.25, 0.5])}).total, expected
    )


def test_evaluate_works_in_float64_whatever_comes_in():
    single = PAPER.evaluate(**{**POINT, "m": np.float32(100)}).total
    assert single == PAPER.evaluate(**POINT).total


def test_a_risk_gap_is_vacuous_without_its_quality_gap():
    # Terms 0.16 + 0.4 + 0.543: total - gamma >= C = 1 though the total is 0.1 below it.
    value = PAPER.evaluate(**{**POINT, "gamma": -0.5})
    assert value.total < 1
    assert value.vacuous is True
    # 1.10 >= 1.2 - best_risk from best_risk = 0.1 on.
    wider = {**POINT, "C": 1.0, "R_M": 0.0}
    assert PAPER.evaluate(**wider).vacuous is False
    assert PAPER.evaluate(**wider, best_risk=0.1).vacuous is True


def test_a_latent_quality_is_vacuous_with_its_empirical_loss():
    t = latent_quality.sharp("TA")
    point = dict(R_loss=0.1, C=1, m=10_000, delta=0.05)
    assert t.evaluate(L_hat=0.9, **point).vacuous is True
    assert t.evaluate(L_hat=0.1, **point).vacuous is False


def test_vacuous_at_exact_equality():
    # 4 R_loss = 1 alone reaches C - best_risk = 1 only with a positive confidence term.
    t = latent_quality.sharp("TA")
    assert t.evaluate(L_hat=1, R_loss=0, C=1, m=1, delta=0.5).vacuous is True


def test_the_dominant_term_is_never_the_measured_one():
    value = PAPER.evaluate(gamma=100, R_M=[0.001, 0.9], L=1, C=1, m=10_000, delta=0.05)
    assert value.dominant.tolist() == ["confidence", "complexity"]
    assert (
        modality_gain.bound_gap("T", "A")
        .evaluate(L_hat_M=9, L_hat_N=1, C_M=1, C_N=1, L=1, m=4)
        .dominant
        == "complexity"
    )


FAST = risk_gap.fast_rate("TVA", "TA")
KNOWN = dict(gamma=0.5, V=2.0, v_norm=0.3, v_max=5.0, m_head=2000, delta=0.05)


def test_kappa_of_one_or_more_claims_nothing():
    value = FAST.evaluate(**KNOWN, kappa=[0.999, 1.0, 1.5, np.inf])
    assert np.isfinite(value.total).tolist() == [True, False, False, False]
    assert np.isposinf(value.total[1:]).all()


def test_even_where_the_head_has_no_noise():
    # 0/0 must not pass as a number: nothing is claimed at kappa = 1.
    noiseless = {**KNOWN, "V": 0, "v_norm": 0, "v_max": 0}
    assert FAST.evaluate(**noiseless, kappa=1.0).total == math.inf
    assert FAST.evaluate(**noiseless, kappa=0.5).total == 0.5


def test_a_negative_kappa_counts_as_zero():
    negative, zero = (FAST.evaluate(**KNOWN, kappa=k).total for k in (-0.3, 0.0))
    assert negative == zero


def test_the_form_in_advance_is_chosen_by_its_arguments():
    value = FAST.evaluate(**KNOWN, leverage=40.0, p=33)
    assert value.total == pytest.approx(
        float(fast_in_advance(**KNOWN, leverage=40.0, p=33)), rel=1e-12
    )
    # rho^2 so large that kappa >= 1: infinity, not an error.
    assert FAST.evaluate(**KNOWN, leverage=1e6, p=33).total == math.inf


def test_without_a_range_nothing_is_called_vacuous():
    assert FAST.evaluate(**KNOWN, kappa=0.1).vacuous is None
    assert FAST.evaluate(**KNOWN, kappa=0.1, C=4.0).vacuous is False
    assert FAST.evaluate(**KNOWN, kappa=1.1, C=4.0).vacuous is True


def test_an_inexact_head_pays_its_first_order_gap_over_one_minus_kappa():
    exact = FAST.evaluate(**KNOWN, kappa=0.2).total
    inexact = FAST.evaluate(**KNOWN, kappa=0.2, first_order_slack=0.08).total
    assert inexact - exact == pytest.approx(0.1, rel=1e-12)


def test_both_ways_of_giving_kappa_at_once_are_refused():
    with pytest.raises(ValueError, match="must be among .* or .*, got"):
        FAST.evaluate(**KNOWN, kappa=0.1, leverage=40.0, p=33)


def test_neither_way_of_giving_kappa_is_refused():
    with pytest.raises(ValueError, match="missing argument of risk_gap.fast_rate: kappa"):
        FAST.evaluate(**KNOWN)
