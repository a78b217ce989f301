"""The fast-rate constants against their definitions, and certificates that round outwards."""

import numpy as np
import pytest
import torch

from empirical.quality import fast_rate
from empirical.quality.fast_rate import constants, fresh_heads, whiten
from empirical.quality.frozen_encoder import Features
from empirical.quality.noise_moments import covariance_norms, operator_norm


def population(rows=50, p=4, c=2, trials=3, seed=0, noise=1.0):
    """Encoders' features (z, 1) with mixed scales, and targets linear in z plus noise."""
    generator = np.random.default_rng(seed)
    z = generator.standard_normal((trials, p, rows)) * np.linspace(0.2, 2.0, p)[:, None]
    z[:, -1] = 1.0
    targets = generator.standard_normal((c, p)) @ z[0]
    targets += noise * generator.standard_normal((c, rows)) * np.abs(z[0, :1])
    return Features(torch.from_numpy(z), torch.from_numpy(targets), 5.0, "least-squares")


def counts(rows, m, trials=3, seed=1):
    """Samples of size m as masses [trials, rows]."""
    generator = np.random.default_rng(seed)
    return torch.from_numpy(generator.multinomial(m, np.full(rows, 1 / rows), trials) / m)


def brute_force(z, y):
    """V, lambda, b, rho^2 and p of one encoder from the definitions, one row at a time."""
    rows = z.shape[1]
    sigma = z @ z.T / rows
    values, vectors = np.linalg.eigh(sigma)
    root = vectors @ np.diag(values**-0.5) @ vectors.T
    head = np.linalg.lstsq(z.T, y.T, rcond=None)[0].T
    v = np.array([np.outer(root @ z[:, i], y[:, i] - head @ z[:, i]).ravel() for i in range(rows)])
    v = v - v.mean(0)
    covariance = v.T @ v / rows
    return {
        "V": np.trace(covariance),
        "v_norm": np.linalg.eigvalsh(covariance)[-1],
        "v_frobenius": np.linalg.norm(covariance),
        "v_max": np.linalg.norm(v, axis=1).max(),
        "leverage": max(float((root @ z[:, i]) @ (root @ z[:, i])) for i in range(rows)),
        "p": len(sigma),
    }


@pytest.mark.parametrize(("rows", "p", "c"), [(50, 4, 2), (700, 6, 5), (40, 2, 1)])
def test_the_constants_are_their_definitions(rows, p, c):
    features = population(rows, p, c)
    found = constants(whiten(features))
    for t in range(3):
        expected = brute_force(features.z[t].numpy(), features.targets.numpy())
        for name in ("V", "v_max", "leverage", "p"):
            value = float(getattr(found, name)[t])
            assert value == pytest.approx(expected[name], rel=1e-9), name
        for name in ("v_norm", "v_frobenius"):
            assert expected[name] <= float(getattr(found, name)[t]) <= 1.01 * expected[name]


def test_estimates_hold_the_definitions_and_say_on_which_sides():
    features = population(700, 6, 5)
    white = whiten(features)
    fresh = fresh_heads(white, counts(700, 200))
    found = fast_rate.estimates(white, fresh)
    assert set(found) == {"V", "v_norm", "v_frobenius", "v_max", "leverage", "p", "kappa"}
    assert {name: found[name].direction for name in found} == {
        "V": "exact",
        "v_norm": "two-sided",
        "v_frobenius": "two-sided",
        "v_max": "exact",
        "leverage": "exact",
        "p": "exact",
        "kappa": "two-sided",
    }
    for t in range(3):
        truth = brute_force(features.z[t].numpy(), features.targets.numpy())["v_norm"]
        assert found["v_norm"].interval.low[t] <= truth <= found["v_norm"].interval.high[t]
        assert found["v_norm"].interval.low[t] > 0.99 * truth
    alone = fast_rate.estimates(white, fresh_heads(white, counts(700, 3)))
    assert alone["kappa"].interval.high.tolist() == [1.0] * 3
    assert alone["kappa"].direction == "at most"
    assert "kappa" not in fast_rate.estimates(white)


@pytest.mark.slow
def test_the_covariance_norm_is_never_below_the_truth_in_600_populations():
    for seed in range(200):
        features = population(rows=20 + 7 * seed, p=2 + seed % 9, c=1 + seed % 6, seed=seed)
        found = constants(whiten(features))
        for t in range(3):
            truth = brute_force(features.z[t].numpy(), features.targets.numpy())["v_norm"]
            assert truth <= float(found.v_norm[t]) <= 1.01 * truth


def test_the_allowance_for_float32_covers_a_population_made_to_round_badly():
    # Entries just above a float32 number, so that every product rounds the same way, down; summed
    # over 3,000 rows the plain float32 matrix is short of the truth, the certified norm is not.
    rows = 3000
    w = torch.full((1, rows), 1.0 + 2.0**-24 - 2.0**-40, dtype=torch.float64)
    xi = torch.full((1, rows), 1.0 + 2.0**-24 - 2.0**-40, dtype=torch.float64)
    truth = float((w * xi).square().mean())
    plain = float((w.float() * xi.float()).square().mean())
    assert plain < truth
    certified = float(covariance_norms(w, xi)[0].high)
    assert truth <= certified <= truth * (1 + 1e-4)


def test_the_excess_of_a_head_is_its_squared_distance_from_the_best():
    features = population()
    white = whiten(features)
    V = torch.from_numpy(np.random.default_rng(3).standard_normal((3, 2, 4)))
    direct = (V @ white.w - white.targets).square().sum(1).mean(1)
    by_distance = white.best + (V - white.head).square().sum((1, 2))
    assert direct.numpy() == pytest.approx(by_distance.numpy(), rel=1e-11)


def test_whitened_features_are_white_and_the_best_risk_is_least_squares():
    features = population()
    white = whiten(features)
    gram = white.w @ white.w.mT / 50
    assert torch.allclose(gram, torch.eye(4, dtype=torch.float64).expand(3, 4, 4), atol=1e-12)
    for t in range(3):
        z, y = features.z[t].numpy(), features.targets.numpy()
        head = np.linalg.lstsq(z.T, y.T, rcond=None)[0].T
        assert float(white.best[t]) == pytest.approx(((head @ z - y) ** 2).sum(0).mean(), rel=1e-11)


def test_the_interval_holds_the_exact_minimisers_risk():
    features, mass = population(), counts(50, 30)
    white = whiten(features)
    fresh = fresh_heads(white, mass)
    for t in range(3):
        z, y, root = features.z[t].numpy(), features.targets.numpy(), np.sqrt(mass[t].numpy())
        head = np.linalg.lstsq((z * root).T, (y * root).T, rcond=None)[0].T
        risk = ((head @ z - y) ** 2).sum(0).mean()
        low, high = float(fresh.risk_low[t]), float(fresh.risk_high[t])
        assert low - 1e-12 <= risk <= high + 1e-12
        assert high - low <= 1e-9
        empirical = float((mass[t].numpy() * ((head @ z - y) ** 2).sum(0)).sum())
        assert float(fresh.empirical_risk[t]) == pytest.approx(empirical, rel=1e-10)
        sigma, sample = z @ z.T / 50, (z * mass[t].numpy()) @ z.T
        generalised = np.linalg.eigvals(np.linalg.solve(sigma, sample)).real
        assert float(fresh.kappa[t]) == pytest.approx(1 - generalised.min(), abs=1e-11)
        # Rounded up, never down.
        assert float(fresh.kappa[t]) >= 1 - generalised.min() - 1e-15


@pytest.mark.parametrize("m", [1, 2, 3])
def test_a_sample_too_small_for_the_range_has_kappa_one(m):
    # m distinct rows span at most m of the four directions: lambda_min = 0 and kappa = 1, although
    # an eigenvalue solver may find 1e-17 there.
    fresh = fresh_heads(whiten(population()), counts(50, m))
    assert fresh.kappa.tolist() == [1.0, 1.0, 1.0]
    assert torch.isfinite(fresh.risk_low).all()
    assert torch.isfinite(fresh.risk_high).all()


def test_a_sample_that_barely_determines_the_head_has_kappa_one():
    # One row lies within 1e-6 of the others' line: an eigenvalue of about 1e-13, below the solver's
    # cutoff, is no ground for a finite bound, let alone for a certified minimiser.
    rows = 40
    x = torch.linspace(-1.0, 1.0, rows, dtype=torch.float64)
    z = torch.stack([x, torch.where(torch.arange(rows) < 3, x + 1e-6 * x**2, x**3)])[None]
    features = Features(z, torch.sin(3 * x)[None], 5.0, "least-squares")
    mass = torch.zeros(1, rows, dtype=torch.float64)
    mass[0, :3] = 1 / 3
    assert fresh_heads(whiten(features), mass).kappa.tolist() == [1.0]


def test_the_whole_population_as_sample_has_no_excess():
    features = population()
    white = whiten(features)
    fresh = fresh_heads(white, torch.full((3, 50), 1 / 50, dtype=torch.float64))
    assert fresh.risk_high.numpy() == pytest.approx(white.best.numpy(), rel=1e-11)
    assert fresh.kappa.numpy() == pytest.approx(0.0, abs=1e-11)


def test_near_dead_units_are_cut_off():
    # A unit that fires on one row of fifty, by 1e-4: kept, its leverage there would be N = 50.
    features = population()
    dead = torch.zeros(3, 1, 50, dtype=torch.float64)
    dead[:, 0, 7] = 1e-4
    wide = Features(
        torch.cat([dead, features.z], 1), features.targets, features.radius, features.loss
    )
    cut, whole = whiten(wide), whiten(features)
    assert cut.kept.sum(1).tolist() == [4, 4, 4]
    with_dead, without = constants(cut), constants(whole)
    for name in ("V", "v_norm", "v_max", "leverage", "p"):
        ours, theirs = getattr(with_dead, name).double(), getattr(without, name).double()
        assert ours.numpy() == pytest.approx(theirs.numpy(), rel=1e-5), name
    # Whether a sample holds that row or not, the range is the same and so is kappa.
    mass = counts(50, 30)
    both = fresh_heads(cut, mass).kappa, fresh_heads(whole, mass).kappa
    assert both[0].numpy() == pytest.approx(both[1].numpy(), abs=1e-5)


def test_the_fast_rate_excess_bound_holds_on_samples():
    # Not the engine's job to compare, but the constants must fit together: with kappa observed and
    # delta = 0.05, U^2/(1 - kappa)^2 exceeds the excess in all but about 2.5 % of 400 samples.
    features = population(rows=300, trials=1)
    white = whiten(features)
    found = constants(white)
    samples = counts(300, 150, trials=400)
    repeated = fast_rate.Whitened(
        white.w.expand(400, -1, -1),
        white.kept.expand(400, -1),
        white.targets,
        white.head.expand(400, -1, -1),
        *(each.expand(400) for each in (white.best, white.best_low, white.best_high)),
        white.norms.expand(400, -1),
    )
    fresh = fresh_heads(repeated, samples)
    t, m = np.log(2 / 0.05), 150
    V, norm, top = (float(getattr(found, name)[0]) for name in ("V", "v_norm", "v_max"))
    U = (V / m) ** 0.5 + (2 * t * (norm + 2 * top * (V / m) ** 0.5) / m) ** 0.5 + top * t / (3 * m)
    bound = U**2 / (1 - fresh.kappa) ** 2
    assert (fresh.risk_high - white.best > bound).double().mean() <= 0.025


@pytest.mark.parametrize("n", [1, 2, 30])
def test_operator_norm_of_hard_matrices(n):
    generator = np.random.default_rng(0)
    vectors = np.linalg.qr(generator.standard_normal((n, n)))[0]
    # The start that a power iteration from this generator would use, and a matrix that hides its
    # top eigenvector at a right angle to it.
    start = np.random.default_rng(0).standard_normal(n)
    hidden = np.zeros(n)
    hidden[0] = 1.0
    if n > 1:
        hidden -= start * (start @ hidden) / (start @ start)
    hidden /= np.linalg.norm(hidden)
    spectra = [
        np.zeros(n),
        np.eye(n)[0],  # rank one
        np.full(n, 2.0),  # all eigenvalues equal
        np.r_[[3.0] * min(2, n), np.full(n - min(2, n), 0.1)],  # two largest equal
        np.linspace(1.0, 0.999, n),  # hardly told apart
        10.0 ** -np.arange(float(n)),
        1e-200 * np.ones(n),
        1e200 * np.ones(n),
    ]
    matrices = [(vectors * s) @ vectors.T for s in spectra]
    truths = [s.max() for s in spectra]
    matrices.append(np.outer(hidden, hidden) * 5.0 + np.eye(n))
    truths.append(6.0)
    for matrix, truth in zip(matrices, truths, strict=True):
        found = float(operator_norm(torch.from_numpy((matrix + matrix.T) / 2)))
        assert truth * (1 - 1e-13) <= found <= truth * (1 + 1e-6)
        assert found >= truth or truth == 0.0
