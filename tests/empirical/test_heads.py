"""Least-squares heads: the optimum against slow independent solvers, certificates that never lie."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from empirical import heads
from empirical.heads import certificates
from empirical.heads.squares import least_quadratic, secular


def value(V, gram, moment, square):
    """E||V z - y||^2 from moments, one problem."""
    return float(square - 2.0 * np.sum(V * moment.T) + np.sum((V @ gram) * V))


def slow_least_squares(gram, moment, radius):
    """The head on the ball by bisection on the Lagrange multiplier, one dense solve at a time."""
    least_norm = np.linalg.lstsq(gram, moment, rcond=1e-12)[0]
    if np.linalg.norm(least_norm) <= radius:
        return least_norm.T
    low, high = 0.0, np.linalg.norm(moment) / radius
    for _ in range(100):
        middle = (low + high) / 2
        V = np.linalg.solve(gram + middle * np.eye(len(gram)), moment)
        low, high = (middle, high) if np.linalg.norm(V) > radius else (low, middle)
    return np.linalg.solve(gram + high * np.eye(len(gram)), moment).T


def random_problem(generator):
    """Sizes, ranks, scales and radii at random: interior, boundary and singular problems."""
    p, c, rows = generator.integers(1, 7), generator.integers(1, 4), generator.integers(1, 13)
    z = generator.standard_normal((rows, p)) * 10.0 ** generator.uniform(-2, 1, p)
    y = generator.standard_normal((rows, c)) * 10.0 ** generator.uniform(-1, 1)
    gram, moment = z.T @ z / rows, z.T @ y / rows
    return gram, moment, float((y**2).sum(1).mean()), float(10.0 ** generator.uniform(-3, 2))


def check_random_least_squares(count):
    generator = np.random.default_rng(1)
    kinds = {"interior": 0, "boundary": 0, "singular": 0}
    for _ in range(count):
        gram, moment, square, radius = random_problem(generator)
        head = heads.least_squares(torch.from_numpy(gram), torch.from_numpy(moment), radius)
        V, scale = head.weights.numpy(), square + radius**2 * np.trace(gram)
        best = value(slow_least_squares(gram, moment, radius), gram, moment, square)
        assert np.linalg.norm(V) <= radius * (1 + 1e-12)
        assert value(V, gram, moment, square) - best <= float(head.gap) + 1e-12 * scale
        assert float(head.gap) <= 1e-9 * scale
        # A head that nobody optimised: its certificate must hold too, and is far from zero.
        rough = generator.standard_normal(V.shape)
        rough *= radius * generator.uniform() / np.linalg.norm(rough)
        gap = float(
            heads.least_squares_gap(
                torch.from_numpy(gram), torch.from_numpy(moment), torch.from_numpy(rough), radius
            )
        )
        assert value(rough, gram, moment, square) - best <= gap + 1e-12 * scale
        kinds["boundary" if np.linalg.norm(V) > radius * (1 - 1e-9) else "interior"] += 1
        kinds["singular"] += np.linalg.matrix_rank(gram) < len(gram)
    assert all(kind > count / 10 for kind in kinds.values()), kinds


def test_a_wrong_certificate_would_be_noticed():
    # On a tiny ball the risk is nearly linear and the bound nearly tight: from V = 0 to the optimum
    # it falls by 2 B ||moment|| - O(B^2), and the gap is 2 B ||moment||. Half of it is too little,
    # and so is the gap of another head.
    generator = np.random.default_rng(4)
    halved = elsewhere = 0
    for _ in range(20):
        gram, moment, square, _ = random_problem(generator)
        radius = 1e-3 * np.linalg.norm(moment) / np.trace(gram)
        problem = torch.from_numpy(gram), torch.from_numpy(moment)
        best = slow_least_squares(gram, moment, radius)
        zero = torch.zeros(moment.T.shape).double()
        excess = square - value(best, gram, moment, square)
        gap = float(heads.least_squares_gap(*problem, zero, radius))
        assert excess <= gap + 1e-12 * square
        halved += excess > 0.5 * gap + 1e-12 * square
        at_best = float(heads.least_squares_gap(*problem, torch.from_numpy(best), radius))
        elsewhere += excess > at_best + 1e-12 * square
    assert halved == elsewhere == 20


def test_least_squares_on_500_random_problems():
    check_random_least_squares(500)


@pytest.mark.slow
def test_least_squares_on_10000_random_problems():
    check_random_least_squares(10_000)


@pytest.mark.parametrize("radius", [0.3, 1.0, 50.0])
def test_least_squares_agrees_with_slsqp(radius):
    generator = np.random.default_rng(2)
    z, y = generator.standard_normal((30, 4)), generator.standard_normal((30, 2))
    gram, moment, square = z.T @ z / 30, z.T @ y / 30, float((y**2).sum(1).mean())
    slow = minimize(
        lambda v: value(v.reshape(2, 4), gram, moment, square),
        np.zeros(8),
        jac=lambda v: (2 * (v.reshape(2, 4) @ gram - moment.T)).ravel(),
        constraints={"type": "ineq", "fun": lambda v: radius**2 - v @ v, "jac": lambda v: -2 * v},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    head = heads.least_squares(torch.from_numpy(gram), torch.from_numpy(moment), radius)
    assert head.weights.numpy().ravel() == pytest.approx(slow.x, abs=1e-5)
    assert value(head.weights.numpy(), gram, moment, square) <= slow.fun + 1e-9


@pytest.mark.parametrize(
    ("gram", "moment", "radius", "expected"),
    [
        ([[4.0]], [[2.0]], 1.0, [[0.5]]),  # one feature, interior: moment / gram
        ([[4.0]], [[20.0]], 1.0, [[1.0]]),  # one feature, on the boundary: +- radius
        ([[4.0]], [[-20.0]], 1.0, [[-1.0]]),
        ([[1.0, 0.0], [0.0, 0.0]], [[0.5], [0.0]], 1.0, [[0.5, 0.0]]),  # a dead feature
        ([[1.0, 1.0], [1.0, 1.0]], [[1.0], [1.0]], 9.0, [[0.5, 0.5]]),  # twins: the least norm
        ([[0.0]], [[0.0]], 1.0, [[0.0]]),  # nothing to learn from
        # (1 + mu, 2 + mu) (0.6, 0.8) = (2.4, 4.0) at mu = 3, on the unit ball
        ([[1.0, 0.0], [0.0, 2.0]], [[2.4], [4.0]], 1.0, [[0.6, 0.8]]),
    ],
)
def test_least_squares_by_hand(gram, moment, radius, expected):
    head = heads.least_squares(
        torch.tensor(gram, dtype=torch.float64), torch.tensor(moment, dtype=torch.float64), radius
    )
    assert head.weights.numpy() == pytest.approx(np.array(expected), abs=1e-12)
    assert float(head.gap) <= 1e-12


def test_a_batch_of_least_squares_problems_is_each_alone():
    generator = np.random.default_rng(3)
    z = torch.from_numpy(generator.standard_normal((20, 9, 5)))
    y = torch.from_numpy(generator.standard_normal((20, 9, 2)))
    gram, moment = z.mT @ z / 9, z.mT @ y / 9
    together = heads.least_squares(gram, moment, 0.7)
    for t in range(20):
        alone = heads.least_squares(gram[t], moment[t], 0.7)
        assert torch.allclose(together.weights[t], alone.weights, rtol=0, atol=1e-11)


def test_cholesky_factors_agree_with_eigenvectors_and_know_their_limits():
    generator = np.random.default_rng(5)
    z = torch.from_numpy(generator.standard_normal((40, 6, 9)))
    y = torch.from_numpy(generator.standard_normal((40, 2, 9)))
    z[:20, 5] = z[:20, 4]  # twins: singular Gram matrices
    gram, moment = z @ z.mT / 9, z @ y.mT / 9
    for radius in (0.01, 0.3, 1e3):
        solution, sound = least_quadratic(gram, moment, radius)
        eigenvalues, vectors = torch.linalg.eigh(gram)
        other = vectors @ secular(eigenvalues.clamp_min(0.0), vectors.mT @ moment, radius)
        # Inside the ball nothing lifts a twin's zero eigenvalue; on a small one the multiplier does.
        assert bool(sound[20:].all())
        assert bool(sound[:20].any()) == (radius < 1e3)
        assert torch.allclose(solution[sound], other[sound], rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("radius", [0.0, -1.0, float("inf"), float("nan")])
def test_a_radius_that_is_not_positive_and_finite_is_refused(radius):
    with pytest.raises(ValueError, match="^radius must be positive and finite"):
        heads.least_squares(torch.eye(2).double(), torch.ones(2, 1).double(), radius)


@pytest.mark.parametrize(
    ("gram", "moment"), [((2, 3), (3, 1)), ((2, 2), (3, 1)), ((4, 2, 2), (3, 2, 1))]
)
def test_moments_of_other_shapes_are_refused(gram, moment):
    with pytest.raises(ValueError, match="^gram must be"):
        heads.least_squares(torch.ones(gram).double(), torch.ones(moment).double(), 1.0)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), float("-inf")])
def test_moments_that_are_not_finite_are_refused(wrong):
    gram, moment = torch.eye(2).double(), torch.ones(2, 1).double()
    with pytest.raises(ValueError, match=f"^gram must be finite, got {wrong}"):
        heads.least_squares(torch.where(gram == 1, wrong, gram), moment, 1.0)
    with pytest.raises(ValueError, match=f"^moment must be finite, got {wrong}"):
        heads.least_squares(gram, wrong * moment, 1.0)


def test_finite_moments_whose_sum_overflows_are_not_refused():
    huge = torch.full((2, 1), 1.5e308, dtype=torch.float64)
    certificates.check_finite("moment", huge)
