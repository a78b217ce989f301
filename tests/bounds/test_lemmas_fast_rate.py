"""The deterministic step of the fast-rate theorem, on random convex sets and samples.

With Δ = B̂ − B', u = (P_m − P)zξᵀ, U its norm in Σ⁻¹ and κ = 1 − λ_min(Σ^{-1/2}Σ̂Σ^{-1/2}), the
excess risk of the exact minimiser over a convex set is at most U²/(1 − κ)²; nothing here is random
but the choice of the example.
"""

import itertools
import math

import numpy as np
import pytest
from scipy import optimize


class FastRateWorld:
    """A finite population z ∈ R^p, y ∈ R^c, and a sample of its rows."""

    def __init__(self, rng, rows=40, m=60, p=3, c=2):
        self.z = rng.standard_normal((rows, p)) * rng.exponential(size=(rows, 1))
        self.y = rng.standard_normal((rows, c)) + self.z @ rng.standard_normal((p, c))
        self.drawn = rng.integers(rows, size=m)
        self.p, self.c = p, c

    def moments(self, sampled):
        rows = self.drawn if sampled else slice(None)
        z, y = self.z[rows], self.y[rows]
        return z.T @ z / len(z), z.T @ y / len(z)

    def risk(self, B, sampled=False):
        rows = self.drawn if sampled else slice(None)
        return ((self.y[rows] - self.z[rows] @ B) ** 2).sum(axis=1).mean()

    def gradient(self, B, sampled):
        Sigma, cross = self.moments(sampled)
        return 2 * (Sigma @ B - cross)

    def terms(self, best):
        """U = ‖(P_m − P) z ξᵀ‖ in the norm of Σ⁻¹, and the observed κ."""
        (Sigma, cross), (sampled, sampled_cross) = self.moments(False), self.moments(True)
        u = (sampled_cross - sampled @ best) - (cross - Sigma @ best)
        factor = np.linalg.inv(np.linalg.cholesky(Sigma))
        kappa = 1 - np.linalg.eigvalsh(factor @ sampled @ factor.T)[0]
        return np.linalg.norm(factor @ u), kappa


def least_squares_on_hull(world, vertices, sampled):
    """Exact minimiser over the convex hull of a few matrices: the best feasible face minimum."""
    best, value = None, math.inf
    for size in range(1, len(vertices) + 1):
        for face in itertools.combinations(range(len(vertices)), size):
            V = vertices[list(face)]
            edges = V[1:] - V[0]
            Sigma, _ = world.moments(sampled)
            hessian = np.einsum("aik,ij,bjk->ab", edges, 2 * Sigma, edges)
            slope = np.einsum("aik,ik->a", edges, world.gradient(V[0], sampled))
            weight = np.linalg.lstsq(hessian, -slope, rcond=None)[0]
            if (weight >= 0).all() and weight.sum() <= 1:
                B = V[0] + np.tensordot(weight, edges, axes=1)
                if world.risk(B, sampled) < value:
                    best, value = B, world.risk(B, sampled)
    return best


def least_squares_on_ball(world, radius, sampled):
    Sigma, cross = world.moments(sampled)

    def solution(multiplier):
        return np.linalg.solve(Sigma + multiplier * np.eye(world.p), cross)

    if np.linalg.norm(solution(0.0)) <= radius:
        return solution(0.0)
    high = np.linalg.norm(cross) / radius
    multiplier = optimize.brentq(
        lambda value: np.linalg.norm(solution(value)) - radius, 0, high, xtol=1e-15
    )
    return solution(multiplier)


class TestFastRate:
    """The deterministic inequality of 1-fast: excess ≤ U²/(1 − κ)² for constrained minimisers."""

    @pytest.mark.parametrize("count", [2, 3, 5])
    def test_on_random_polytopes(self, count):
        rng = np.random.default_rng(count)
        checked = 0
        for _ in range(60):
            world = FastRateWorld(rng)
            vertices = rng.standard_normal((count, world.p, world.c)) * 1.5
            best = least_squares_on_hull(world, vertices, sampled=False)
            fitted = least_squares_on_hull(world, vertices, sampled=True)
            U, kappa = world.terms(best)
            if kappa < 1:
                checked += 1
                excess = world.risk(fitted) - world.risk(best)
                assert -1e-12 <= excess <= U**2 / (1 - kappa) ** 2 + 1e-12
        assert checked >= 50

    @pytest.mark.parametrize("radius", [0.3, 1.0, 3.0, 100.0])
    def test_on_balls(self, radius):
        rng = np.random.default_rng(10)
        for _ in range(60):
            world = FastRateWorld(rng)
            best = least_squares_on_ball(world, radius, sampled=False)
            fitted = least_squares_on_ball(world, radius, sampled=True)
            U, kappa = world.terms(best)
            if kappa < 1:
                excess = world.risk(fitted) - world.risk(best)
                assert -1e-12 <= excess <= U**2 / (1 - kappa) ** 2 + 1e-12

    @pytest.mark.parametrize("radius", [0.5, 2.0])
    def test_inexact_heads_pay_their_frank_wolfe_gap(self, radius):
        """Any feasible B̂, κ < ½: excess ≤ U²/(1 − 2κ) + ⟨∇r̂, B̂⟩ + B‖∇r̂‖."""
        rng = np.random.default_rng(11)
        checked = 0
        for _ in range(200):
            world = FastRateWorld(rng, m=400)
            best = least_squares_on_ball(world, radius, sampled=False)
            inexact = least_squares_on_ball(world, radius, sampled=True)
            inexact = inexact + rng.exponential(0.2) * rng.standard_normal(inexact.shape)
            inexact *= min(1.0, radius / np.linalg.norm(inexact))
            gradient = world.gradient(inexact, sampled=True)
            gap = (gradient * inexact).sum() + radius * np.linalg.norm(gradient)
            U, kappa = world.terms(best)
            if kappa < 0.5:
                checked += 1
                excess = world.risk(inexact) - world.risk(best)
                assert excess <= U**2 / (1 - 2 * kappa) + gap + 1e-12
        assert checked >= 100

    def test_equality_without_constraints_where_the_sample_covariance_is_exact(self):
        """κ = 0 and all of R^{p×c}: Δ = Σ⁻¹u, so the excess is U² and no smaller bound holds.
        The sample has the population's z with other labels."""
        rng = np.random.default_rng(12)
        z = rng.standard_normal((30, 3))
        y, other = rng.standard_normal((2, 30, 2))
        Sigma = z.T @ z / 30
        best, fitted = (np.linalg.solve(Sigma, z.T @ labels / 30) for labels in (y, other))
        u = z.T @ (other - z @ best) / 30 - z.T @ (y - z @ best) / 30
        U = np.linalg.norm(np.linalg.solve(np.linalg.cholesky(Sigma), u))
        excess = np.linalg.norm(y - z @ fitted) ** 2 / 30 - np.linalg.norm(y - z @ best) ** 2 / 30
        assert excess == pytest.approx(U**2, rel=1e-10)

    def test_convexity_is_needed(self):
        """On two points without the segment between them the excess can be of order U, not U²."""
        rng = np.random.default_rng(13)
        violations = 0
        for _ in range(300):
            world = FastRateWorld(rng, m=200)
            pair = 2 * rng.standard_normal((2, world.p, world.c))
            best, fitted = (
                min(pair, key=lambda B, s=sampled, w=world: w.risk(B, s))
                for sampled in (False, True)
            )
            U, kappa = world.terms(best)
            excess = world.risk(fitted) - world.risk(best)
            violations += kappa < 1 and excess > U**2 / (1 - kappa) ** 2
        assert violations > 0
