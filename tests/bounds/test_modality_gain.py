"""The rate, the crossover and the comparison of two bounds, by hand."""

import math

import numpy as np
import pytest

from bounds import latent_quality, linear_case, modality_gain, risk_gap

NINE_FOUR = dict(C_M=9, C_N=4, L_hat_M=0.1, L_hat_N=0.2)


def test_crossover_by_hand():
    # (3 - 2)/0.1 = 10, squared; with 4L = 4 in front 1,600; with L = 1/2 400.
    assert modality_gain.crossover(**NINE_FOUR) == pytest.approx(100, rel=1e-14)
    assert modality_gain.crossover(**NINE_FOUR, L=1) == pytest.approx(1600, rel=1e-14)
    assert modality_gain.crossover(**NINE_FOUR, L=0.5) == pytest.approx(400, rel=1e-14)


@pytest.mark.parametrize(
    ("C_M", "C_N", "L_hat_M", "L_hat_N", "expected"),
    [
        (9, 4, 0.2, 0.1, math.inf),  # dearer and worse: never
        (9, 4, 0.1, 0.1, math.inf),  # dearer and no better: never
        (4, 9, 0.1, 0.2, 0.0),  # cheaper and better: at once
        (4, 4, 0.1, 0.2, 0.0),
        (4, 4, 0.1, 0.1, 0.0),  # equal: "<=" is met at once
        (4, 9, 0.2, 0.1, math.inf),  # cheaper and worse: only below some m, not from one on
    ],
)
def test_crossover_at_its_ends(C_M, C_N, L_hat_M, L_hat_N, expected):
    found = modality_gain.crossover(C_M=C_M, C_N=C_N, L_hat_M=L_hat_M, L_hat_N=L_hat_N)
    assert found == expected


def test_crossover_broadcasts():
    found = modality_gain.crossover(
        C_M=[[9.0], [16.0]], C_N=4, L_hat_M=0.0, L_hat_N=np.array([0.1, 0.2, 0.0]), L=0.25
    )
    np.testing.assert_allclose(found, [[100, 25, np.inf], [400, 100, np.inf]])


def test_at_the_crossover_theorem_2_has_equal_bounds():
    """Plug m* into Theorem 2's own bounds of M and of N: they agree, and M's is lower beyond."""
    m_star = modality_gain.crossover(C_M=11, C_N=5, L_hat_M=0.07, L_hat_N=0.13, L=2.0)
    t = latent_quality.paper("M")
    for m, sign in ((math.floor(m_star), 1), (math.ceil(m_star), -1)):
        totals = [
            t.evaluate(L_hat=L_hat, R_M=(c / m) ** 0.5, R=0.3, L=2.0, C=4, m=m, delta=0.05).total
            for L_hat, c in ((0.07, 11), (0.13, 5))
        ]
        assert np.sign(totals[0] - totals[1]) == sign
        gap = modality_gain.bound_gap("M", "N").evaluate(
            L_hat_M=0.07, L_hat_N=0.13, C_M=11, C_N=5, L=2.0, m=m
        )
        assert gap.total == pytest.approx(totals[0] - totals[1], abs=1e-12)


def test_popular_accounts_are_off_by_sixteen_L_squared():
    ratio = modality_gain.crossover(**NINE_FOUR, L=3) / modality_gain.crossover(**NINE_FOUR)
    assert ratio == pytest.approx((4 * 3) ** 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(C_M=-1), "C_M must be non-negative, got -1"),
        (dict(L_hat_N=math.nan), "L_hat_N must be a finite number, got nan"),
        (dict(L=-2), "L must be non-negative, got -2"),
        (dict(C_M=[1, 2], C_N=[1, 2, 3]), "shapes must broadcast"),
    ],
)
def test_crossover_refuses(change, message):
    with pytest.raises(ValueError, match=message):
        modality_gain.crossover(**{**NINE_FOUR, **change})


def test_the_rate_is_theorem_1_at_that_rate():
    m = np.array([10, 1000, 10**6])
    rate = modality_gain.rate("M", "N").evaluate(gamma=0.1, C_M=7, L=2, C=3, m=m, delta=0.1)
    paper = risk_gap.paper("M", "N").evaluate(
        gamma=0.1, R_M=np.sqrt(7 / m), L=2, C=3, m=m, delta=0.1
    )
    np.testing.assert_allclose(rate.total, paper.total, rtol=1e-14)


def test_full_latent_is_a_statement_about_every_sample():
    t = linear_case.full_latent(["text", "audio"], ["text"])
    assert t.evaluate().total == 0
    assert t.failure_probability == 0
    assert t.level(0.3) == 0
    assert "full_latent" in [each.key for each in t.assumptions]
