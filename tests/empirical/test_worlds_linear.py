"""The linear world against enumeration of its law, an independent solver, and hand-made values."""

import itertools
import math

import numpy as np
import pytest
from scipy.optimize import minimize

from bounds import linear_case, rademacher
from empirical.worlds.linear.world import Moments, junk_world, linear_world

THREE = linear_world(
    {"a": 2, "b": 3, "c": 1}, [1.0, -0.5, 0.25, 0.0, 2.0, 0.75], noise=0.5, overlap=0.6, radius=3.0
)


def law(world):
    """All inputs of a world without overlap with both extremes of the noise: x [n, d], y [n]."""
    x = np.array(list(itertools.product((-1.0, 1.0), repeat=world.features)))
    truth = x @ world.weights
    return np.vstack([x, x]), np.concatenate([truth + world.noise, truth - world.noise])


def rng(seed=0):
    return np.random.default_rng(seed)


# ---- the population


def test_population_risk_is_the_average_over_the_whole_law():
    world = linear_world({"a": 2, "b": 2}, [0.5, -1.0, 0.0, 2.0], noise=0.7, radius=4.0)
    x, y = law(world)
    beta = rng().normal(size=(5, 4))
    risks = world.risks(world.draw(rng(), 10, 5), world.names, beta)
    # Noise at its extremes ±0.7 adds 0.49 to the mean square; uniform in between it adds 0.49/3.
    expected = ((x @ beta.T - y[:, None]) ** 2).mean(axis=0) - 0.49 + 0.49 / 3
    assert risks.population_risk == pytest.approx(expected, rel=1e-12)
    assert world.reference_risk == pytest.approx(0.49 / 3)


def test_covariance_of_overlapping_signs_by_hand():
    # Coordinate j of b and c copies coordinate j of a with probability 0.6; b's third coordinate
    # has no original. Two copies of one original agree with probability 0.6² beyond chance.
    expected = np.eye(6)
    for i, j, value in ((0, 2, 0.6), (1, 3, 0.6), (0, 5, 0.6), (2, 5, 0.36)):
        expected[i, j] = expected[j, i] = value
    assert THREE.covariance == pytest.approx(expected, abs=1e-15)
    # The second features of b and c have no original in a, so they share nothing.
    short = linear_world({"a": 1, "b": 2, "c": 2}, [1.0, 0, 0, 0, 0], overlap=0.5)
    assert short.covariance[2].tolist() == [0, 0, 1, 0, 0]


def test_drawn_rows_have_that_covariance_and_noise():
    x, y = THREE.sample(rng(1), 40_000, 1)
    assert set(np.unique(x)) == {-1.0, 1.0}
    # Products of signs have standard deviation at most 1: five standard errors.
    tolerance = 5 / math.sqrt(40_000)
    assert np.abs(x[0].T @ x[0] / 40_000 - THREE.covariance).max() < tolerance
    assert np.abs(x[0].mean(axis=0)).max() < tolerance
    residual = y[0] - x[0] @ THREE.weights
    assert np.abs(residual).max() < 0.5 + 1e-12
    assert abs((residual**2).mean() - THREE.reference_risk) < tolerance
    assert abs(residual.mean()) < tolerance
    assert np.abs(residual @ x[0] / 40_000).max() < tolerance


def test_latent_quality_of_two_features_is_the_schur_complement():
    # η({1}) = β₂² s₂ (1 − ρ²), with s₂ = 1 and ρ the overlap, if the best head w₁ + ρ w₂ fits.
    for overlap, w1, w2 in ((0.0, 1.0, 0.5), (0.3, 1.0, -2.0), (0.9, 0.2, 1.5), (1.0, 1.0, 1.0)):
        world = linear_world({"a": 1, "b": 1}, [w1, w2], overlap=overlap, radius=10.0)
        expected = w2**2 * (1 - overlap**2)
        assert world.latent_quality(["a"]) == pytest.approx(expected, abs=1e-12)
        assert world.latent_quality(["a", "b"]) == pytest.approx(0, abs=1e-12)


def test_latent_quality_where_the_ball_binds():
    # ρ = 0.5, w = (3, 4), radius 5: the best head on x₁ alone is 3 + 2 = 5, just inside. With
    # w = (4, 3) it is 5.5, outside, and β = 5 costs (5 − 4)² − 2·0.5·(5 − 4)·3 + 9 = 7.
    assert linear_world({"a": 1, "b": 1}, [3.0, 4.0], overlap=0.5).latent_quality(
        ["a"]
    ) == pytest.approx(16 * 0.75, abs=1e-12)
    assert linear_world({"a": 1, "b": 1}, [4.0, 3.0], overlap=0.5).latent_quality(
        ["a"]
    ) == pytest.approx(7.0, abs=1e-12)


@pytest.mark.parametrize("radius", [2.5, 3.0, 10.0])
def test_latent_quality_never_gets_worse_with_more_modalities(radius):
    world = linear_world(THREE.blocks, THREE.weights, overlap=0.6, radius=radius)
    subsets = [s for n in (1, 2, 3) for s in itertools.combinations(world.names, n)]
    for N, M in itertools.product(subsets, subsets):
        if set(N) < set(M):
            assert world.latent_quality(M) <= world.latent_quality(N) + 1e-12


# ---- samples and least squares


def test_moments_are_those_of_the_rows_whatever_the_block():
    x, y = THREE.sample(rng(3), 50, 4)
    sample = THREE.draw(rng(3), 50, 4)
    assert sample.gram == pytest.approx(np.einsum("tmi,tmj->tij", x, x) / 50, abs=1e-12)
    assert sample.moment == pytest.approx(np.einsum("tmi,tm->ti", x, y) / 50, abs=1e-12)
    beta = THREE.fit(sample, ["a", "c"])
    assert (beta[:, 2:5] == 0).all()
    trials = THREE.risks(sample, ["a", "c"], beta)
    predicted = np.einsum("tmi,ti->tm", x, beta)
    assert trials.empirical_risk == pytest.approx(((predicted - y) ** 2).mean(axis=1), abs=1e-12)
    reference = ((x @ THREE.weights - y) ** 2).mean(axis=1)
    assert trials.centred_loss == pytest.approx(trials.empirical_risk - reference, abs=1e-12)


@pytest.mark.parametrize(("m", "radius"), [(40, 2.5), (40, 20.0), (4, 2.5), (4, 20.0), (1, 2.5)])
def test_least_squares_on_the_ball_equals_an_independent_solver(m, radius):
    world = linear_world(THREE.blocks, THREE.weights, noise=2.0, overlap=0.6, radius=radius)
    x, y = world.sample(rng(m), m, 6)
    trials = world.measure(world.draw(rng(m), m, 6), [world.names])[world.names]
    for t in range(6):

        def risk(beta, x=x[t], y=y[t]):
            residual = x @ beta - y
            return (residual**2).mean(), 2 * x.T @ residual / m

        inside = {
            "type": "ineq",
            "fun": lambda b: radius**2 - b @ b,
            "jac": lambda b: -2 * b,
        }
        found = minimize(
            risk,
            np.zeros(6),
            jac=True,
            method="SLSQP",
            constraints=[inside],
            options={"ftol": 1e-14, "maxiter": 1000},
        )
        assert trials.empirical_risk[t] == pytest.approx(found.fun, abs=1e-8)
    assert trials.slack.max() < 1e-10
    norms = np.linalg.norm(world.fit(world.draw(rng(m), m, 6), world.names), axis=1)
    assert norms.max() <= radius * (1 + 1e-12)


def test_where_several_minimise_the_head_of_least_norm_is_taken():
    # One row: β·x = y has many solutions; the least is y x/‖x‖².
    world = linear_world({"a": 2, "b": 2}, [0.1, 0, 0, 0], noise=0.2, radius=5.0)
    x, y = world.sample(rng(), 1, 3)
    beta = world.fit(world.draw(rng(), 1, 3), world.names)
    assert beta == pytest.approx(y * x[:, 0] / 4, abs=1e-12)


def test_many_samples_at_once_equal_one_after_another():
    sample = THREE.draw(rng(4), 30, 5)
    together = THREE.fit(sample, THREE.names)
    for t in range(5):
        alone = type(sample)(
            30, *(a[t : t + 1] for a in (sample.gram, sample.moment, sample.square))
        )
        assert THREE.fit(alone, THREE.names)[0] == pytest.approx(together[t], abs=1e-11)


def test_slack_of_an_untrained_head_is_certified():
    sample = THREE.draw(rng(5), 30, 200)
    beta = rng(6).normal(size=(200, 6))
    beta *= THREE.radius / np.linalg.norm(beta, axis=1, keepdims=True)
    untrained = THREE.risks(sample, THREE.names, beta)
    trained = THREE.measure(sample, [THREE.names])[THREE.names]
    gap = untrained.empirical_risk - trained.empirical_risk
    assert (gap > 0).all()
    assert (untrained.slack >= gap - 1e-12).all()


# ---- constants and complexity


def test_loss_constants_hold_everywhere_and_are_attained():
    # All weights alike: at x = 1 the head −radius·1/√d and y = ‖w‖₁ + noise are as far as can be.
    world = linear_world({"a": 2, "b": 2}, [0.5] * 4, noise=1.0, radius=1.5)
    x, y = law(world)
    beta = rng().normal(size=(500, 4))
    beta *= world.radius / np.linalg.norm(beta, axis=1, keepdims=True)
    beta = np.vstack([beta, np.full((1, 4), -0.75)])
    error = np.abs(x @ beta.T - y[:, None])
    assert (error**2).max() == pytest.approx(world.constants.C, rel=1e-12) == (3 + 3) ** 2
    assert 2 * error.max() == pytest.approx(world.constants.L, rel=1e-12)


@pytest.mark.parametrize("m", [1, 2, 7])
@pytest.mark.parametrize("subset", [("a",), ("b",), ("a", "b", "c")])
def test_complexity_of_any_sample_lies_in_its_interval(m, subset):
    interval = THREE.empirical_complexity(subset, m)
    x, _ = THREE.sample(rng(m), m, 20)
    visible = THREE.columns(subset)
    for rows in x[:, :, visible]:
        exact = rademacher.linear_exact(radius=THREE.radius, features=rows)
        assert float(interval.low) - 1e-12 <= exact <= float(interval.high) + 1e-12


@pytest.mark.parametrize("m", [1, 2, 3])
@pytest.mark.parametrize("subset", [("a",), ("b",), ("b", "c"), ("a", "b", "c")])
def test_expected_complexity_is_the_average_over_all_rows(m, subset):
    # The law of one row by hand: two originals, copies of both in b and of the first in c (each
    # equal to it with probability (1 + 0.6)/2), a third feature of b on its own.
    rows, chances = [], []
    for a1, a2, b1, b2, b3, c1 in itertools.product((-1.0, 1.0), repeat=6):
        agreements = (b1 == a1) + (b2 == a2) + (c1 == a1)
        rows.append((a1, a2, b1, b2, b3, c1))
        chances.append(0.8**agreements * 0.2 ** (3 - agreements) / 8)
    x, p = np.array(rows)[:, THREE.columns(subset)], np.array(chances)
    p = np.array([p[(x == row).all(axis=1)].sum() for row in np.unique(x, axis=0)])
    x = np.unique(x, axis=0)
    assert p.sum() == pytest.approx(1)
    # σ x has the law of x: the walk's law after m steps, step by step.
    sums, law = np.zeros((1, x.shape[1])), np.ones(1)
    for _ in range(m):
        moved = (sums[:, None] + x[None]).reshape(-1, x.shape[1])
        weight = np.outer(law, p).ravel()
        sums, where = np.unique(moved, axis=0, return_inverse=True)
        law = np.bincount(where.ravel(), weight)
    expected = THREE.radius * law @ np.linalg.norm(sums, axis=1) / m
    interval = THREE.rademacher_complexity(subset, m)
    assert float(interval.low) <= expected <= float(interval.high)
    assert float(interval.high - interval.low) < 1e-8 * expected


@pytest.mark.parametrize("m", [64, 1600])
def test_expected_complexity_of_copies_at_the_ends_of_the_overlap(m):
    # Overlap 0: four independent features. Overlap 1: two features twice, √2 times their norm.
    def value(blocks, overlap, subset):
        world = linear_world(blocks, np.ones(sum(blocks.values())), overlap=overlap, radius=2.5)
        return float(world.rademacher_complexity(subset, m).high)

    pair, single = {"a": 2, "b": 2}, {"a": 4, "b": 1}
    assert value(pair, 0.0, ["a", "b"]) == pytest.approx(value(single, 0.0, ["a"]), rel=1e-9)
    assert value(pair, 1.0, ["a", "b"]) == pytest.approx(
        math.sqrt(2) * value(pair, 1.0, ["a"]), rel=1e-9
    )
    assert value(pair, 0.5, ["b"]) == pytest.approx(value(pair, 0.5, ["a"]), rel=1e-9)


def test_expected_complexity_of_one_sign_is_that_of_two_cells():
    # E|S_m|/m, and |x|₊ over two cells: all {−1, 1}-valued maps of one certain cell.
    world = linear_world({"a": 1, "b": 1}, [1.0, 0.0])
    for m in (1, 2, 400, 6400):
        exact = rademacher.cells(probabilities=[1.0], m=m, spread=2.0)
        assert float(world.rademacher_complexity(["a"], m).high) == pytest.approx(exact, rel=2e-9)


# ---- against closed forms of the theory's own package


@pytest.mark.parametrize("overlap", [0.0, 0.35, 0.9])
@pytest.mark.parametrize("radius", [2.5, 3.0, 10.0])
def test_latent_quality_equals_the_schur_complement_of_linear_case(overlap, radius):
    world = linear_world(THREE.blocks, THREE.weights, overlap=overlap, radius=radius)
    subsets = [s for n in (1, 2, 3) for s in itertools.combinations(world.names, n)]
    eta = {
        s: linear_case.latent_quality(world.covariance, world.weights, world.blocks, s, radius)
        for s in subsets
    }
    for subset in subsets:
        assert world.latent_quality(subset) == pytest.approx(eta[subset], abs=1e-9)
    for M, N in itertools.permutations(subsets, 2):
        gamma = linear_case.quality_gap(world.covariance, world.weights, world.blocks, M, N, radius)
        assert world.latent_quality(M) - world.latent_quality(N) == pytest.approx(gamma, abs=1e-9)


def test_slack_is_the_exact_gap_for_a_head_along_the_negative_gradient():
    # On a sample with gram I and moment μ, ‖μ‖ > B, the best head is Bμ/‖μ‖ and the Frank–Wolfe gap
    # of β = 0 is 2B‖μ‖, that of the best head 0; its risk lies B² − 2B‖μ‖ below that of 0.
    world = linear_world({"a": 1, "b": 1}, [3.0, 4.0], radius=5.0)
    mu = np.array([[6.0, 8.0]])
    sample = Moments(10, np.eye(2)[None], mu, np.array([200.0]))
    best = world.fit(sample, world.names)
    assert best == pytest.approx(np.array([[3.0, 4.0]]), abs=1e-12)
    trained = world.risks(sample, world.names, best)
    assert trained.slack[0] == pytest.approx(0, abs=1e-9)
    assert trained.empirical_risk[0] == pytest.approx(200 + 25 - 100, abs=1e-9)
    idle = world.risks(sample, world.names, np.zeros((1, 2)))
    assert idle.slack[0] == pytest.approx(100.0, abs=1e-9)
    assert idle.centred_loss[0] == pytest.approx(100 - 25, abs=1e-9)


# ---- claims, true and planted (level δ/2 = 0.025)


@pytest.mark.parametrize("m", [16, 64, 256, 1024])
def test_without_its_terms_theorem_1_fails_on_most_samples_with_junk(m):
    world = junk_world()
    trials = world.measure(world.draw(rng(m), m, 1_000), [["signal"], world.names])
    M, N = trials["signal", "junk"], trials["signal",]
    gap = M.population_risk - N.population_risk
    gamma = M.latent_quality - N.latent_quality
    assert np.abs(gamma).max() < 1e-12
    # No ties for rounding to decide: the noise has a density.
    assert np.abs(gap).min() > 1e-13
    assert 0.5 < (gap > gamma).mean() < 0.99
    constants, R = world.constants, world.rademacher_complexity(world.names, m)
    terms = 8 * constants.L * float(R.low) + 4 * constants.C / math.sqrt(m)
    assert (gap <= gamma + terms).all()


def test_a_modality_that_matters_lowers_the_risk():
    # The other direction: M = {a}, N = all, γ = w_b² = 4 > 0 and the gap settles there.
    world = linear_world({"a": 1, "b": 1}, [1.0, 2.0], noise=0.5)
    trials = world.measure(world.draw(rng(), 4096, 200), [["a"], world.names])
    gap = trials["a",].population_risk - trials["a", "b"].population_risk
    assert trials["a",].latent_quality == pytest.approx(4.0)
    assert gap == pytest.approx(4.0, abs=0.05)


# ---- bad input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"blocks": {"a": 1}}, "at least two modalities"),
        ({"blocks": {"a": 1, "b": 0}}, r"blocks\['b'\] must be a positive integer, got 0"),
        ({"blocks": {"a": 1, "b": 1.5}}, "must be a positive integer, got 1.5"),
        ({"weights": [1.0]}, r"weights must be 2 finite numbers, not all zero, got \[1.0\]"),
        ({"weights": [1.0, math.nan]}, "weights must be 2 finite numbers"),
        ({"weights": [0.0, 0.0]}, "not all zero"),
        ({"noise": -1.0}, "noise must be finite and not negative, got -1.0"),
        ({"noise": math.nan}, "noise must be finite"),
        ({"overlap": 1.1}, r"overlap must lie in \[0, 1\], got 1.1"),
        ({"radius": 0.5}, r"radius must be finite and at least .* got 0.5"),
        ({"radius": math.inf}, "radius must be finite"),
    ],
)
def test_bad_worlds_are_one_clear_line(arguments, message):
    good = {"blocks": {"a": 1, "b": 1}, "weights": [1.0, 0.0]}
    with pytest.raises(ValueError, match=message) as caught:
        linear_world(**(good | arguments))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("m", "trials"), [(0, 1), (1, 0), (2.5, 1), (True, 1), (-3, 1)])
def test_bad_draws(m, trials):
    with pytest.raises(ValueError, match="must be a positive integer"):
        junk_world().draw(rng(), m, trials)
