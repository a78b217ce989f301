"""Risk, slack, eta and gamma of least squares in the linear world, where a formula gives each."""

import numpy as np
import pytest

from empirical.worlds.linear.world import linear_world


def test_risks_slack_eta_and_gamma_on_a_ball_that_does_not_bind():
    # On the rows X of a sample the best head on M solves the normal equations; its population risk
    # is (b - w)' Sigma (b - w) + noise^2/3, its slack 0, and eta(M) a Schur complement.
    world = linear_world(
        {"a": 2, "b": 3}, [1.0, -0.5, 0.25, 0.0, 2.0], noise=0.5, overlap=0.6, radius=50.0
    )
    Sigma, w, m = world.covariance, world.weights, 40
    x, y = world.sample(np.random.default_rng(1), m, 10)
    sample = world.draw(np.random.default_rng(1), m, 10)
    subsets = {("a",): [0, 1], ("b",): [2, 3, 4], ("a", "b"): [0, 1, 2, 3, 4]}
    eta = {}
    for subset, seen in subsets.items():
        hidden = [j for j in range(5) if j not in seen]
        inner = Sigma[np.ix_(seen, seen)]
        cross = Sigma[np.ix_(hidden, seen)]
        schur = Sigma[np.ix_(hidden, hidden)] - cross @ np.linalg.solve(inner, cross.T)
        eta[subset] = w[hidden] @ schur @ w[hidden]
        trials = world.measure(sample, [subset])[subset]
        assert trials.latent_quality == pytest.approx(eta[subset], abs=1e-9)
        assert trials.slack == pytest.approx(0.0, abs=1e-9)
        for t in range(10):
            b, squares, _, _ = np.linalg.lstsq(x[t][:, seen], y[t], rcond=None)
            off = -w.copy()
            off[seen] += b
            assert trials.empirical_risk[t] == pytest.approx(squares[0] / m, abs=1e-9)
            exact = off @ Sigma @ off + 0.25 / 3
            assert trials.population_risk[t] == pytest.approx(exact, abs=1e-9)
    measured = world.measure(sample, list(subsets))
    gamma = measured["a", "b"].latent_quality - measured["a",].latent_quality
    assert gamma == pytest.approx(eta["a", "b"] - eta["a",], abs=1e-9)
