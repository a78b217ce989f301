"""The lemma of the Gaussian mixture, and that of one stake, against exact tails and random discrete laws.

A sample of m letters is its vector of counts; all count vectors are enumerated. Each claim is also shown
to fail when its constant is improved.
"""

import math

import numpy as np
import pytest
from scipy import stats
from test_lemmas_tails import compositions, multinomial


def test_the_inequality_behind_the_mixture():
    """exp(x - x^2/6) <= 1 + x + x^2/3 for all x; with x^2/7 in the exponent it fails at x = -1.5."""
    x = np.concatenate(
        [np.linspace(-60, 60, 240_001), -np.logspace(-9, 0, 50), np.logspace(-9, 0, 50)]
    )
    assert (np.exp(x - x**2 / 6) <= (1 + x + x**2 / 3) * (1 + 1e-14)).all()
    assert (np.exp(x - x**2 / 7) > 1 + x + x**2 / 3).any()


def self_normalised(v, p, counts, theta):
    """theta m u^T H^-1 u, ln det(H)/2 and -ln det(I - 2 theta G)/2 for all samples."""
    m = counts.sum(axis=1)[0]
    G = (v.T * p) @ v
    identity = np.eye(v.shape[1])
    moments = np.einsum("ti,ij,ik->tjk", counts / m, v, v)
    H = identity + 2 * theta / 3 * (moments - G)
    u = counts @ v / m
    left = theta * m * np.einsum("ti,ti->t", u, np.linalg.solve(H, u[..., None])[..., 0])
    sample = np.linalg.slogdet(H)[1] / 2
    population = -np.linalg.slogdet(identity - 2 * theta * G)[1] / 2
    return left, sample, population, moments, G


def random_law(rng, letters, dimensions):
    p = rng.dirichlet(np.full(letters, 0.6)) * 0.98 + 0.02 / letters
    p /= p.sum()
    v = rng.standard_normal((letters, dimensions)) * rng.exponential(size=(letters, 1)) ** 2
    return p, v - p @ v


class TestGaussianMixture:
    def test_the_mean_of_the_exponential_is_at_most_one(self):
        """E exp(theta m u^T H^-1 u - ln det(H)/2 + ln det(I - 2 theta G)/2) <= 1, summed exactly."""
        rng = np.random.default_rng(11)
        for m, dimensions in ((1, 1), (2, 1), (2, 3), (5, 2), (9, 2), (14, 1)):
            counts = compositions(m, 4)
            for _ in range(20):
                p, v = random_law(rng, 4, dimensions)
                largest = np.linalg.eigvalsh((v.T * p) @ v)[-1]
                theta = rng.uniform(0.01, 0.99) / (2 * largest)
                left, sample, population, *_ = self_normalised(v, p, counts, theta)
                mean = multinomial(counts, p) @ np.exp(left - sample - population)
                assert mean <= 1 + 1e-9

    def test_a_larger_exponent_is_noticed(self):
        """m fair signs: G = H = 1, and the mean is near 1. With 1.1 times the exponent it exceeds 1."""
        counts, p, v = compositions(200, 2), np.array([0.5, 0.5]), np.array([[-1.0], [1.0]])
        left, sample, population, *_ = self_normalised(v, p, counts, 0.3)
        law = multinomial(counts, p)
        assert 0.99 < law @ np.exp(left - sample - population) <= 1
        assert law @ np.exp(1.1 * left - sample - population) > 1.05

    @pytest.mark.parametrize("m", [1, 2, 5, 20, 100, 1000])
    def test_two_point_laws_violate_the_closed_form_less_often_than_allowed(self, m):
        """One dimension, skewness up to 1e4 to 1, theta best at delta: a binomial sum for each."""
        k = np.arange(m + 1)
        worst = 0.0
        for chance in (0.5, 0.3, 0.1, 0.03, 0.01, 1e-3, 1e-4):
            for delta in (0.5, 0.1, 0.01, 0.001):
                for q in {chance, 1 - chance}:
                    law = stats.binom.pmf(k, m, q)
                    high, low = 1 - q, -q
                    G = q * (1 - q)
                    t = math.log(1 / delta)
                    theta = math.sqrt(t) / (G + 2 * G * math.sqrt(t))
                    moment = (k * high**2 + (m - k) * low**2) / m
                    u = (k * high + (m - k) * low) / m
                    H = 1 + 2 * theta / 3 * (moment - G)
                    right = (2 * G + moment) / 3 + 2 * G * math.sqrt(t) + 2 * G * t
                    worst = max(worst, law[m * u**2 > H * right].sum() / delta)
        assert worst <= 0.2

    def test_random_laws_violate_it_less_often_than_allowed(self):
        """Up to five dimensions, every sample of few letters: the trace form with F and lambda."""
        rng = np.random.default_rng(12)
        for dimensions in (1, 2, 5):
            for m in (2, 5, 12):
                counts = compositions(m, 5)
                for _ in range(10):
                    p, v = random_law(rng, 5, dimensions)
                    for delta in (0.5, 0.05, 0.002):
                        t = math.log(1 / delta)
                        G = (v.T * p) @ v
                        F, largest = np.linalg.norm(G), np.linalg.eigvalsh(G)[-1]
                        theta = math.sqrt(t) / (F + 2 * largest * math.sqrt(t))
                        left, _, _, moments, _ = self_normalised(v, p, counts, theta)
                        V_hat = np.trace(moments, axis1=1, axis2=2)
                        right = (2 * np.trace(G) + V_hat) / 3 + 2 * F * math.sqrt(t)
                        right = right + 2 * largest * t
                        assert multinomial(counts, p)[left > theta * right].sum() <= delta

    def test_the_determinants_are_at_most_their_traces(self):
        rng = np.random.default_rng(13)
        counts = compositions(6, 4)
        for _ in range(30):
            p, v = random_law(rng, 4, 3)
            largest = np.linalg.eigvalsh((v.T * p) @ v)[-1]
            theta = rng.uniform(0.01, 0.99) / (2 * largest)
            _, sample, population, moments, G = self_normalised(v, p, counts, theta)
            V_hat = np.trace(moments, axis1=1, axis2=2)
            assert (sample <= theta * (V_hat - np.trace(G)) / 3 + 1e-12).all()
            F = np.linalg.norm(G)
            assert population <= theta * np.trace(G) + theta**2 * F**2 / (1 - 2 * theta * largest)

    def test_without_the_fluctuation_terms_it_is_violated(self):
        """m fair signs: |u|^2 <= V/m alone fails on every third sample."""
        m = 100
        law = stats.binom.pmf(np.arange(m + 1), m, 0.5)
        u = 2 * np.arange(m + 1) / m - 1
        assert law[m * u**2 > 1].sum() > 0.25


class TestInflation:
    """2c (<u, D> - |D|^2_Sigma_hat) + |D|^2 <= g u^T H^-1 u, and g <= h/(1 - kappa)^2, c = 1/(1 - kappa)."""

    @pytest.mark.parametrize("dimensions", [1, 3, 6])
    def test_over_random_moments(self, dimensions):
        rng = np.random.default_rng(dimensions)

        def positive():
            root = rng.standard_normal((dimensions, 2 * dimensions + 3))
            return root @ root.T / root.shape[1]

        for _ in range(50):
            sample, H, u = positive(), positive(), rng.standard_normal(dimensions)
            root = np.linalg.cholesky(H)
            kappa = max(0.0, 1 - np.linalg.eigvalsh(sample)[0])
            c = 1 / (1 - kappa)
            noise = u @ np.linalg.solve(H, u)
            middle = 2 * (1 - kappa) * sample - (1 - kappa) ** 2 * np.eye(dimensions)
            g = np.linalg.eigvalsh(root.T @ np.linalg.solve(middle, root))[-1]
            free = np.linalg.inv(sample) @ H @ np.linalg.inv(sample)
            whole = np.linalg.eigvalsh((free + free.T) / 2)[-1]
            h = np.linalg.eigvalsh(H)[-1]
            assert g <= h * c**2 * (1 + 1e-9)
            assert whole <= h * c**2 * (1 + 1e-9)
            best = np.linalg.solve(2 * c * sample - np.eye(dimensions), c * u)
            for D in (best, np.linalg.solve(sample, u), rng.standard_normal(dimensions)):
                left = 2 * c * (u @ D - D @ sample @ D) + D @ D
                assert left <= g * noise * (1 + 1e-9)
            D = np.linalg.solve(sample, u)
            assert whole * noise * (1 + 1e-9) >= D @ D


class TestOneStake:
    def test_the_inequality_behind_it(self):
        """ln(1 + b x) >= b x - b^2 x^2/(2 (1 - b)) for x >= -1; without (1 - b) it fails near x = -1."""
        x = np.concatenate([np.linspace(-1, 5, 6001), [1e3]])
        for b in (1e-6, 0.1, 0.5, 0.9, 0.999):
            assert (np.log1p(b * x) >= b * x - b**2 * x**2 / (2 * (1 - b)) - 1e-12).all()
        assert (np.log1p(0.5 * x) < 0.5 * x - 0.125 * x**2).any()

    def test_the_mean_of_the_exponential_is_at_most_one(self):
        """One row, and so any number of independent ones: all two-point laws on a grid, C = 1."""
        values = np.linspace(-1, 1, 41)
        worst = 0.0
        for b in (0.01, 0.2, 0.5, 0.8, 0.99):
            for low in values:
                for high in values[values >= low]:
                    for q in (0.001, 0.1, 0.5, 0.9, 0.999):
                        Z, law = np.array([low, high]), np.array([1 - q, q])
                        exponent = b * (law @ Z - Z) - b**2 * Z**2 / (2 * (1 - b))
                        worst = max(worst, float(law @ np.exp(exponent)))
        assert worst <= 1 + 1e-12

    def test_the_exact_tail_of_fair_signs_and_of_too_small_a_bound(self):
        """m = 200, Z^2 = 1: no stake on a grid is wrong more often than its level, half a bound is."""
        m, delta = 200, 0.05
        law = stats.binom.pmf(np.arange(m + 1), m, 0.5)
        Z = 2 * np.arange(m + 1) / m - 1
        stakes = np.linspace(0.005, 0.9, 400)[:, None]
        width = stakes / (2 * (1 - stakes)) + math.log(1 / delta) / (stakes * m)
        assert ((Z + width < 0) @ law <= delta).all()
        assert ((Z + width / 2 < 0) @ law > delta).any()
