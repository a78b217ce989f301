"""Without `full_latent` a junk modality makes γ > 0 with probability 1, and its law is exact."""

import math

import numpy as np
import pytest
from scipy import integrate, optimize, stats

from bounds import linear_case
from bounds.linear_case import counterexample
from bounds.proofs.assumptions import ASSUMPTIONS


def direction_quality(a, b):
    """η of the encoder x ↦ a·x for Σ = I and w = (b, 0): residual variance of b x⁽¹⁾ given a·x."""
    w, a = np.array([b, 0.0]), np.asarray(a, dtype=float)
    return float(((w - a * (a @ w) / (a @ a)) ** 2).sum())


def least_excess(encoder, w):
    """min over heads b of ||b A - w||^2: eta of the encoder x -> A x for Sigma = I."""
    head = np.linalg.lstsq(encoder.T, w, rcond=None)[0]
    return float(((head @ encoder - w) ** 2).sum())


def gap_draws(*, m, trials, generator, b=1.0, noise=1.0):
    """γ of independent samples: draw, minimise the empirical risk jointly, evaluate; shape [trials]."""
    x = generator.standard_normal((trials, m, 2))
    y = b * x[..., 0] + noise * generator.standard_normal((trials, m))
    moment = np.einsum("tik,ti->tk", x, y)
    fitted = np.linalg.solve(np.einsum("tik,til->tkl", x, x), moment[..., None])[..., 0]
    return b**2 * fitted[:, 1] ** 2 / (fitted**2).sum(axis=1)


class TestCounterexample:
    def test_gap_is_the_formula_of_the_theory(self):
        """a₂² b²/(a₁² + a₂²) for Σ = I, and 0 for the right direction."""
        a1, a2, b = 0.8, -0.3, 1.7
        eta = direction_quality([a1, a2], b)
        assert eta == pytest.approx(a2**2 * b**2 / (a1**2 + a2**2), rel=1e-14)
        assert direction_quality([2.0, 0.0], b) == 0.0

    def test_draws_are_the_joint_empirical_risk_minimisers(self):
        """One draw by hand: search all directions, fit the scalar head, evaluate η."""
        gap = gap_draws(m=5, trials=1, generator=np.random.default_rng(8), b=1.5)[0]
        rng = np.random.default_rng(8)
        x = rng.standard_normal((1, 5, 2))[0]
        y = 1.5 * x[:, 0] + rng.standard_normal((1, 5))[0]

        def risk(angle):
            z = x @ [math.cos(angle), math.sin(angle)]
            return y @ y - (z @ y) ** 2 / (z @ z)

        start = min(np.linspace(0, np.pi, 1000), key=risk)
        angle = optimize.minimize_scalar(
            risk, bounds=(start - 0.01, start + 0.01), options={"xatol": 1e-12}
        ).x
        direction = [math.cos(angle), math.sin(angle)]
        expected = direction_quality(direction, 1.5)
        assert gap == pytest.approx(expected, rel=1e-4)

    @pytest.mark.parametrize(("m", "b", "noise"), [(2, 1.0, 1.0), (5, 1.0, 2.0), (40, 0.5, 1.0)])
    def test_exact_law_matches_the_draws(self, m, b, noise):
        """Kolmogorov–Smirnov on 20,000 samples at level 1e-4 (one false alarm in 10,000 seeds)."""
        gaps = gap_draws(m=m, trials=20_000, generator=np.random.default_rng(m), b=b, noise=noise)
        assert (gaps > 0).all()
        test = stats.kstest(
            gaps / b**2, lambda s: 1 - counterexample.gap_exceedance(s, m=m, b=b, noise=noise)
        )
        assert test.pvalue > 1e-4

    def test_wrong_degrees_of_freedom_are_noticed(self):
        gaps = gap_draws(m=5, trials=20_000, generator=np.random.default_rng(5))
        test = stats.kstest(gaps, lambda s: 1 - counterexample.gap_exceedance(s, m=6))
        assert test.pvalue < 1e-4

    @pytest.mark.parametrize("m", [2, 30, 1000])
    def test_law_equals_an_adaptive_integral_over_the_plane(self, m):
        """The Student density (ν/2πσ²)(1 + r²/σ²)^{−ν/2−1}, ν = m − 1, over the two wedges."""
        share, b = 0.01, 1.0
        tau, nu = math.sqrt(share / (1 - share)), m - 1

        def tail(a1):
            """P-density of a₁ times P(|a₂| > τ|a₁| given a₁): a Student law with ν + 1 degrees."""
            spread = math.sqrt((1 + (a1 - b) ** 2) / (nu + 1))
            density = stats.t.pdf((a1 - b) * math.sqrt(nu), nu) * math.sqrt(nu)
            return density * 2 * stats.t.sf(tau * abs(a1) / spread, nu + 1)

        pieces = [(-math.inf, 0), (0, b), (b, math.inf)]
        expected = sum(integrate.quad(tail, *piece, epsabs=1e-12)[0] for piece in pieces)
        value = counterexample.gap_exceedance(share, m=m, b=b)
        assert value == pytest.approx(expected, rel=1e-7, abs=1e-12)

    @pytest.mark.parametrize("share", [1e-12, 1e-8, 1e-3, 0.5])
    def test_law_without_signal_is_a_uniform_angle(self, share):
        """b ≪ σ: the direction is uniform on the circle, P = 1 − (2/π) arcsin √s."""
        value = counterexample.gap_exceedance(share, m=7, b=1e-12)
        assert value == pytest.approx(1 - 2 / math.pi * math.asin(math.sqrt(share)), abs=1e-12)

    @pytest.mark.parametrize("share", [1e-10, 1e-6, 1e-3])
    def test_law_at_large_m_is_normal(self, share):
        """m = 10⁸, share/m small: a₂ ≈ σZ/√m, so P(γ > s b²) ≈ P(|Z| > √(s m) b/σ) within 1/√m."""
        m, b = 10**8, 1e-3 / math.sqrt(share)
        value = counterexample.gap_exceedance(share, m=m, b=b / 10)
        assert value == pytest.approx(2 * stats.norm.sf(math.sqrt(share * m) * b / 10), abs=1e-3)

    def test_positive_almost_surely_and_vanishing_only_in_the_limit(self):
        sizes = (2, 10, 100, 10_000)
        assert all(counterexample.gap_exceedance(0.0, m=m) == 1.0 for m in sizes)
        beyond = [float(counterexample.gap_exceedance(0.01, m=m)) for m in sizes]
        assert beyond == sorted(beyond, reverse=True)
        assert beyond[-1] < 1e-6

    def test_a_wide_latent_space_with_a_learned_encoder_of_rank_one(self):
        """γ > 0 on 1,000 of 1,000 samples, though the class reaches every linear predictor on M.

        Two latent dimensions for two features. ERM over encoders (2 × 2 matrices) and heads: the rank-one
        encoder below, with its head, has the empirical risk of plain least squares, the least there is.
        """
        rng = np.random.default_rng(11)
        positive = 0
        for _ in range(1000):
            x = rng.standard_normal((10, 2))
            y = 1.5 * x[:, 0] + rng.standard_normal(10)
            w = np.linalg.lstsq(x, y, rcond=None)[0]
            learned = np.vstack([w / np.linalg.norm(w), np.zeros(2)])
            head = np.array([np.linalg.norm(w), 0.0])
            risk = ((x @ learned.T @ head - y) ** 2).mean()
            assert risk == pytest.approx(((x @ w - y) ** 2).mean(), rel=1e-12)
            # The best heads on the learned encoders: population least squares, Σ = I.
            eta_M = least_excess(learned, np.array([1.5, 0.0]))
            eta_N = least_excess(np.array([[1.0, 0.0]]), np.array([1.5, 0.0]))
            positive += eta_M - eta_N > 0
            assert least_excess(np.eye(2), np.array([1.5, 0.0])) == eta_N == 0.0
        assert positive == 1000

    def test_the_assumption_is_about_the_learned_encoder(self):
        assert "the learned encoder of M has full rank" in ASSUMPTIONS["full_latent"].text

    def test_full_latent_repairs_it(self):
        """The same world under `full_latent`: γ = 0, because the junk modality's weight is 0."""
        blocks = {"signal": 1, "junk": 1}
        gap = linear_case.quality_gap(np.eye(2), [1.5, 0.0], blocks, {"signal", "junk"}, {"signal"})
        assert gap == 0.0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: counterexample.gap_exceedance(1.5, m=3), r"share must lie in \[0, 1\], got 1.5"),
        (
            lambda: counterexample.gap_exceedance(0.5, m=1),
            "m must be an integer of at least 2, got 1",
        ),
        (lambda: counterexample.gap_exceedance(0.5, m=3, b=0), "b must be positive and finite"),
    ],
)
def test_bad_counterexamples_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
