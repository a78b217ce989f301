"""The lemmas of PAC-Bayesian bounds against exact sums, and the inverse of the binary relative entropy."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounds import pac_bayes, risk_gap
from bounds.pac_bayes import binary_kl, kl_inverse, largest_risk

SHARES = st.floats(0, 1)


def moment(m: int, p: float) -> float:
    """E exp(m kl(k/m || p)) of a binomial count k: the sum does not depend on p in (0, 1)."""
    k = np.arange(m + 1)
    law = np.array([math.comb(m, i) * p**i * (1 - p) ** (m - i) for i in k])
    return float(law @ np.exp(m * np.asarray(binary_kl(k / m, p))))


@pytest.mark.parametrize("m", [*range(1, 41), 200])
def test_the_moment_of_the_relative_entropy(m: int) -> None:
    found = moment(m, 0.5)
    assert math.sqrt(m) <= found <= 2 * math.sqrt(m) * (1 + 1e-12)
    assert found <= m + 1
    assert moment(m, 0.1) == pytest.approx(found, rel=1e-9)
    if m > 1:  # at 1 both sides are 2
        assert found < 2 * math.sqrt(m)


def test_a_smaller_constant_than_maurers_is_no_lemma() -> None:
    assert moment(1, 0.3) > 1.99
    assert moment(4, 0.3) > 1.6 * math.sqrt(4)


@given(q=SHARES, p=SHARES)
def test_pinsker(q: float, p: float) -> None:
    assert 2 * (p - q) ** 2 <= binary_kl(q, p) * (1 + 1e-9) + 1e-15


@given(q=SHARES, p=SHARES, other=SHARES, further=SHARES, weight=SHARES)
def test_joint_convexity(q: float, p: float, other: float, further: float, weight: float) -> None:
    middle = binary_kl(
        min(1, weight * q + (1 - weight) * other), min(1, weight * p + (1 - weight) * further)
    )
    ends = 0.0
    for share, value in ((weight, binary_kl(q, p)), (1 - weight, binary_kl(other, further))):
        ends += share * value if share else 0.0
    assert middle <= ends * (1 + 1e-9) + 1e-12


@pytest.mark.parametrize("lam", [0.1, 3.0, 40.0])
def test_hoeffdings_lemma(lam: float) -> None:
    m, C = 7, 2.0
    for p in (0.01, 0.3, 0.5, 0.9):
        k = np.arange(m + 1)
        law = np.array([math.comb(m, i) * p**i * (1 - p) ** (m - i) for i in k])
        mean = float(law @ np.exp(lam * C * (p - k / m)))
        assert mean <= math.exp(lam**2 * C**2 / (8 * m)) * (1 + 1e-12)


def test_change_of_measure() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        prior, posterior = rng.dirichlet(np.ones(5)), rng.dirichlet(np.ones(5))
        f = 5 * rng.normal(size=5)
        divergence = float(posterior @ np.log(posterior / prior))
        most = divergence + math.log(float(prior @ np.exp(f)))
        assert float(posterior @ f) <= most + 1e-12
        # The posterior proportional to prior exp(f) reaches it.
        best = prior * np.exp(f) / (prior @ np.exp(f))
        reached = float(best @ np.log(best / prior)) + math.log(float(prior @ np.exp(f)))
        assert float(best @ f) == pytest.approx(reached, abs=1e-9)


# ---------------------------------------------------------------- the inverse


@given(q=SHARES, budget=st.floats(0, 50))
def test_the_inverse_is_the_largest_share_within_the_budget(q: float, budget: float) -> None:
    p = kl_inverse(q, budget)
    assert q <= p <= 1
    # Rounded up, by no more than the neighbours of p in float64.
    assert binary_kl(q, max(q, p - 4e-16)) <= budget * (1 + 1e-9) + 1e-12
    assert binary_kl(q, min(1.0, p + 4e-16)) >= min(budget, binary_kl(q, 1)) * (1 - 1e-9) - 1e-12


def exact_kl(q: float, p: float) -> mpmath.mpf:
    first, second = mpmath.mpf(q), mpmath.mpf(p)
    return first * mpmath.log(first / second) + (1 - first) * mpmath.log((1 - first) / (1 - second))


def test_the_inverse_is_rounded_up() -> None:
    """In 60 digits kl at what is returned is at least the budget, and by little: 3 of 100 were below it."""
    rng = np.random.default_rng(1)
    shares = np.concatenate([10 ** rng.uniform(-18, 0, 300), 1 - 10 ** rng.uniform(-15, 0, 300)])
    budgets = 10 ** rng.uniform(-18, 1.5, shares.size)
    with mpmath.workdps(60):
        for q, budget, p in zip(
            shares, budgets, np.asarray(kl_inverse(shares, budgets)), strict=True
        ):
            assert p == 1 or exact_kl(q, p) >= budget
            below = p - 1e-14 * p
            assert below <= q or exact_kl(q, below) <= budget


def test_the_inverse_by_hand() -> None:
    assert kl_inverse(0, 2) == pytest.approx(1 - math.exp(-2), rel=1e-14)
    assert kl_inverse(0, 1e-12) == pytest.approx(1e-12, rel=1e-9)
    assert kl_inverse(1, 3) == 1
    assert kl_inverse([0.1, 0.5], [[0.0], [np.inf]]).tolist() == [[0.1, 0.5], [1.0, 1.0]]


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match=r"q must lie in \[0, 1\], got 1.5"):
        kl_inverse(1.5, 1)
    with pytest.raises(ValueError, match="budget must be non-negative, got -1"):
        kl_inverse(0.5, -1)
    theorem = pac_bayes.maurer("M")
    with pytest.raises(ValueError, match=r"gibbs_hat must lie in \[0, C\], got 2"):
        largest_risk(theorem, gibbs_hat=2, KL=1, m=10, delta=0.1)
    with pytest.raises(ValueError, match="theorem must bound kl_gibbs, got risk_gap.sharp"):
        largest_risk(risk_gap.sharp("M", "N"), gibbs_hat=0.1)


def test_the_order_of_the_four() -> None:
    """Maurer's constant is smaller than Seeger's, and Pinsker gives away what the inverse keeps."""
    rng = np.random.default_rng(1)
    size = 300
    known = {
        "KL": rng.exponential(20, size),
        "m": np.floor(10 ** rng.uniform(1, 6, size)),
        "delta": rng.uniform(1e-6, 0.5, size),
    }
    risk = rng.uniform(0, 1, size)
    seeger, maurer = (
        np.asarray(largest_risk(theorem("M"), gibbs_hat=risk, **known))
        for theorem in (pac_bayes.kl, pac_bayes.maurer)
    )
    mcallester = np.asarray(pac_bayes.mcallester("M").evaluate(gibbs_hat=risk, C=1, **known).total)
    assert (maurer <= seeger).all()
    assert (maurer <= mcallester + 1e-12).all()
    # Catoni's form at its best temperature pays no ln(2 sqrt(m)).
    lam = np.sqrt(8 * known["m"] * (known["KL"] + np.log(1 / known["delta"])))
    catoni = pac_bayes.catoni("M").evaluate(gibbs_hat=risk, C=1, lam=lam, **known).total
    assert (np.asarray(catoni) <= mcallester + 1e-12).all()
