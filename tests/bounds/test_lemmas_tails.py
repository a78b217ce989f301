"""Tail bounds (McDiarmid, Bousquet, matrix Chernoff) against exact tails on tiny worlds.

A sample of m letters is its vector of counts; all count vectors are enumerated with their
multinomial probabilities, so every tail is exact. Each bound is also shown to fail when its
constant is improved by the factor that slips most easily.
"""

import itertools
import math

import numpy as np
import pytest


def compositions(m, letters):
    """All count vectors of m draws from an alphabet, shape [types, letters]."""
    bars = np.array(list(itertools.combinations(range(m + letters - 1), letters - 1)))
    padded = np.hstack(
        [np.full((len(bars), 1), -1), bars, np.full((len(bars), 1), m + letters - 1)]
    )
    return np.diff(padded, axis=1) - 1


def multinomial(counts, probabilities):
    """Probability of each count vector."""
    factorial = np.array([math.lgamma(k + 1) for k in range(counts.sum(axis=1)[0] + 1)])
    log_law = factorial[counts.sum(axis=1)] - factorial[counts].sum(axis=1)
    return np.exp(log_law + counts @ np.log(probabilities))


class TestMcDiarmid:
    """P(g ≥ E g + t) ≤ exp(−2t²/(m d²)) where one sample moves g by at most d."""

    def test_exact_tail_of_the_supremum(self):
        """g = Φ = sup (r − r̂) + sup (r̂ − r), d = 2C/m, every atom of its law, m = 12."""
        rng = np.random.default_rng(2)
        m = 12
        counts = compositions(m, 3)
        for C in (1.0, 3.0):
            for _ in range(20):
                p, values = rng.dirichlet(np.ones(3)), rng.uniform(0, C, size=(4, 3))
                law = multinomial(counts, p)
                assert law.sum() == pytest.approx(1.0)
                gap = (values @ p)[:, None] - values @ counts.T / m
                Phi = gap.max(axis=0) - gap.min(axis=0)
                t = Phi - law @ Phi
                tail = np.array([law[Phi >= atom - 1e-12].sum() for atom in Phi])
                bound = np.exp(-2 * t**2 / (m * (2 * C / m) ** 2))
                assert (tail <= np.where(t > 0, bound, 1) + 1e-12).all()

    def test_a_missing_factor_two_is_noticed(self):
        """m fair coins, t = ½: the tail is 2⁻ᵐ = e^(−0.69 m) against e^(−0.5 m); with the exponent
        doubled the claim would be e^(−m)."""
        m = 10
        tail, claim = 2.0**-m, math.exp(-2 * 0.25 * m)
        assert claim**2 < tail <= claim


def mean_norm_law(vectors, p, m):
    """Law of ‖P_m v‖ for centred v on an alphabet: norms and probabilities of all count vectors."""
    counts = compositions(m, len(p))
    return np.linalg.norm(counts @ vectors / m, axis=1), multinomial(counts, p)


class TestBousquet:
    """P(Z ≥ E Z + √(2t(m λ + 2 b E Z)) + b t/3) ≤ e^(−t), Z = sup Σ f(x_i), E f = 0, f ≤ b."""

    levels = np.linspace(0.05, 12, 60)

    def test_norm_of_a_mean_stays_below_the_fast_rate_u(self):
        """U = √(V/m) + √(2t(λ + 2b√(V/m))/m) + bt/(3m): four letters in the plane, m = 5 … 25."""
        rng = np.random.default_rng(5)
        for m in (5, 12, 25):
            for _ in range(15):
                p = rng.dirichlet(np.full(4, 0.5)) * 0.99 + 0.0025
                vectors = rng.standard_normal((4, 2)) * rng.exponential(size=(4, 1))
                vectors -= p @ vectors
                covariance = (vectors.T * p) @ vectors
                V, lam = np.trace(covariance), np.linalg.eigvalsh(covariance)[-1]
                b = np.linalg.norm(vectors, axis=1).max()
                norm, law = mean_norm_law(vectors, p, m)
                for t in self.levels:
                    mean = math.sqrt(V / m)
                    U = mean + math.sqrt(2 * t * (lam + 2 * b * mean) / m) + b * t / (3 * m)
                    assert law[norm > U].sum() <= math.exp(-t) * (1 + 1e-12)

    def test_supremum_over_a_finite_class_with_its_exact_mean(self):
        rng = np.random.default_rng(6)
        m = 15
        counts = compositions(m, 3)
        for _ in range(40):
            p, values = rng.dirichlet(np.ones(3)), rng.uniform(size=(4, 3))
            centred = values - (values @ p)[:, None]
            law = multinomial(counts, p)
            Z = (centred @ counts.T).max(axis=0)
            b, lam = max(centred.max(), 0), (centred**2 @ p).max()
            mean = law @ Z
            for t in self.levels:
                edge = mean + math.sqrt(2 * t * (m * lam + 2 * b * max(mean, 0))) + b * t / 3
                assert law[edge + 1e-12 < Z].sum() <= math.exp(-t) * (1 + 1e-12)

    def test_a_missing_factor_two_in_the_variance_is_noticed(self):
        """100 fair signs, one function (E Z = 0): √(tmλ) in place of √(2tmλ) fails at t = 6, where
        e^(−6) = 0.0025 but P(S > 24.5 + 2) = 0.0035."""
        m, t = 100, 6.0
        atoms = np.arange(m + 1)
        law = np.array([math.comb(m, k) / 2**m for k in atoms])
        S = 2 * atoms - m
        true, wrong = (math.sqrt(factor * t * m) + t / 3 for factor in (2, 1))
        assert law[true < S].sum() <= math.exp(-t) < law[wrong < S].sum()


class TestMatrixChernoff:
    """P(λ_min(Σ^{-1/2} Σ̂ Σ^{-1/2}) ≤ 1 − κ) ≤ p exp(−κ² m/(2ρ²)); Tropp (2012), Corollary 5.2."""

    def test_exact_tail_on_four_letters_in_the_plane(self):
        rng = np.random.default_rng(7)
        for m in (4, 10, 25):
            counts = compositions(m, 4)
            for _ in range(10):
                p = rng.dirichlet(np.full(4, 0.7)) * 0.96 + 0.01
                z = rng.standard_normal((4, 2))
                z = z @ np.linalg.inv(np.linalg.cholesky((z.T * p) @ z)).T
                leverage = (z**2).sum(axis=1).max()
                law = multinomial(counts, p)
                moments = np.einsum("tl,li,lj->tij", counts / m, z, z)
                least = np.linalg.eigvalsh(moments)[:, 0]
                for kappa in np.linspace(0.02, 1, 50):
                    tail = law[least <= 1 - kappa].sum()
                    assert tail <= 2 * math.exp(-(kappa**2) * m / (2 * leverage)) + 1e-12

    def test_the_dimension_cannot_be_dropped(self):
        """p unit coordinates drawn uniformly, ρ² = p, one draw: λ_min = 0 surely, so κ = 1 has
        probability 1 > e^(−1/(2p)); with the factor p the claim is true."""
        p, m = 4, 1
        claim = math.exp(-m / (2 * p))
        assert claim < 1 <= p * claim
