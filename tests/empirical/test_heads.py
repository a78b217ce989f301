"""Heads on a ball: the optimum against slow independent solvers, and certificates that never lie."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from empirical import heads


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
    return gram, moment, float((y**2).sum(1).mean()), float(10.0 ** generator.uniform(-1.5, 1.5))


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


def cross_entropy(V, z, targets, mass):
    """Weighted mean cross-entropy, [T]: V [T, c, p], z [T, p, rows], targets [T, c, rows]."""
    scores = V @ z
    top = scores.max(1, keepdims=True)
    log_sum = top[:, 0] + np.log(np.exp(scores - top).sum(1))
    return ((log_sum - (scores * targets).sum(1)) * mass).sum(1)


def slow_softmax(z, targets, mass, radius):
    """The head on the ball by Newton's method on phi + mu/2 ||V||^2 and bisection on mu, dense."""
    (T, p, _), c = z.shape, targets.shape[1]
    V, low, high = np.zeros((T, c, p)), np.full(T, 1e-10), np.full(T, 1e3)
    for _ in range(40):
        mu = np.sqrt(low * high)
        for _ in range(8):
            scores = V @ z
            probability = np.exp(scores - scores.max(1, keepdims=True))
            probability /= probability.sum(1, keepdims=True)
            gradient = ((probability - targets) * mass[:, None]) @ z.mT + mu[:, None, None] * V
            same = np.einsum("tir,ij->tijr", probability, np.eye(c))
            middle = same - probability[:, :, None] * probability[:, None]
            hessian = np.einsum("tijr,tr,tar,tbr->tiajb", middle, mass, z, z, optimize=True)
            hessian = hessian.reshape(T, c * p, c * p) + mu[:, None, None] * np.eye(c * p)
            step = np.linalg.solve(hessian, gradient.reshape(T, -1, 1)).reshape(V.shape)
            tries = [V - t * step for t in (1.0, 0.5, 0.25, 0.1, 0.02, 0.0)]
            objective = [
                cross_entropy(U, z, targets, mass) + mu / 2 * (U**2).sum((1, 2)) for U in tries
            ]
            V = np.stack(tries)[np.argmin(objective, axis=0), np.arange(T)]
        outside = np.linalg.norm(V, axis=(1, 2)) > radius
        low, high = np.where(outside, mu, low), np.where(outside, high, mu)
    norm = np.linalg.norm(V, axis=(1, 2), keepdims=True)
    return V * np.minimum(1.0, radius / norm)


def softmax_problems(count, seed):
    """Random problems of 8 rows, 3 features (the last constant), 3 classes, random masses."""
    generator = np.random.default_rng(seed)
    z = generator.standard_normal((count, 3, 8))
    z[:, 2] = 1.0
    z[::5, 1] = z[::5, 0]  # a singular Gram matrix
    targets = np.eye(3)[generator.integers(0, 3, (count, 8))].swapaxes(1, 2)
    mass = generator.multinomial(8, np.full(8, 1 / 8), count) / 8
    return z, targets, mass


def check_random_softmax(count):
    share = count // 5
    for radius in (0.1, 1.0, 3.0, 10.0, 30.0):
        z, targets, mass = softmax_problems(share, int(10 * radius))
        best = cross_entropy(slow_softmax(z, targets, mass, radius), z, targets, mass)
        arguments = [torch.from_numpy(a) for a in (z, targets, mass)]
        head = heads.softmax(*arguments, radius)
        found = cross_entropy(head.weights.numpy(), z, targets, mass)
        norms = np.linalg.norm(head.weights.numpy(), axis=(1, 2))
        assert np.all(norms <= radius * (1 + 1e-12))
        # All are solved to the default tolerance, but for nearly separable problems on a huge ball:
        # those say so by their gap.
        assert np.all(head.gap.numpy() <= (1e-4 if radius <= 10 else 1e-2))
        assert np.all(found - best <= head.gap.numpy() + 1e-12)
        # The slow solver is as good, or the line above would say little.
        assert np.all(best - found <= 1e-7)
        for steps in (0, 3):  # cut short: large gaps, still certified, and not all alike
            rough = heads.softmax(*arguments, radius, tolerance=0.0, steps=steps)
            excess = cross_entropy(rough.weights.numpy(), z, targets, mass) - best
            assert np.all(excess <= rough.gap.numpy() + 1e-12)
            assert steps or excess.max() > 1e-3


def test_softmax_on_500_random_problems():
    check_random_softmax(500)


@pytest.mark.slow
def test_softmax_on_10000_random_problems():
    check_random_softmax(10_000)


def test_softmax_agrees_with_slsqp():
    z, targets, mass = softmax_problems(3, seed=9)
    head = heads.softmax(*(torch.from_numpy(a) for a in (z, targets, mass)), 2.0, tolerance=1e-9)
    for t in range(3):
        slow = minimize(
            lambda v, t=t: cross_entropy(
                v.reshape(1, 3, 3), z[t : t + 1], targets[t : t + 1], mass[t : t + 1]
            )[0],
            np.zeros(9),
            constraints={"type": "ineq", "fun": lambda v: 4.0 - v @ v},
            method="SLSQP",
            options={"ftol": 1e-13, "maxiter": 500},
        )
        found = cross_entropy(head.weights.numpy(), z, targets, mass)[t]
        assert found == pytest.approx(slow.fun, abs=1e-7)


def test_softmax_with_two_classes_by_hand():
    # z = 1 for all rows, class 0 with mass 3/4: the best log-odds are ln 3, which (a, -a) reaches
    # with a = ln 3 / 2, of norm ln 3 / sqrt(2); its risk is the entropy of (3/4, 1/4).
    z = torch.ones(1, 1, 2, dtype=torch.float64)
    targets = torch.eye(2, dtype=torch.float64)[None]
    mass = torch.tensor([[0.75, 0.25]], dtype=torch.float64)
    wide = heads.softmax(z, targets, mass, radius=5.0, tolerance=1e-12)
    assert float(wide.weights[0, 0] - wide.weights[0, 1]) == pytest.approx(np.log(3), abs=1e-5)
    tight = heads.softmax(z, targets, mass, radius=0.5, tolerance=1e-12)
    assert tight.weights.numpy().ravel() == pytest.approx([0.5**1.5, -(0.5**1.5)], abs=1e-6)


def test_a_start_outside_the_ball_is_pulled_in():
    z, targets, mass = (torch.from_numpy(a) for a in softmax_problems(4, seed=5))
    far = torch.full((4, 3, 3), 100.0, dtype=torch.float64)
    before = far.clone()
    unmoved = heads.softmax(z, targets, mass, 1.0, start=far, steps=0)
    assert torch.linalg.vector_norm(unmoved.weights, dim=(1, 2)).max() <= 1.0 + 1e-12
    solved = heads.softmax(z, targets, mass, 1.0, start=far, tolerance=1e-8, steps=3000)
    usual = heads.softmax(z, targets, mass, 1.0, tolerance=1e-8, steps=3000)
    assert torch.allclose(solved.weights, usual.weights, atol=1e-3)
    assert torch.equal(far, before)


def test_a_problem_does_not_depend_on_its_neighbours():
    z, targets, mass = (torch.from_numpy(a) for a in softmax_problems(6, seed=6))
    together = heads.softmax(z, targets, mass, 3.0, tolerance=1e-6)
    for t in range(6):
        pick = slice(t, t + 1)
        alone = heads.softmax(z[pick], targets[pick], mass[pick], 3.0, tolerance=1e-6)
        assert torch.allclose(together.weights[pick], alone.weights, rtol=0, atol=1e-10)


@pytest.mark.parametrize("radius", [0.0, -1.0, float("inf"), float("nan")])
def test_a_radius_that_is_not_positive_and_finite_is_refused(radius):
    z, targets, mass = (torch.from_numpy(a) for a in softmax_problems(1, seed=0))
    with pytest.raises(ValueError, match="^radius must be positive and finite"):
        heads.softmax(z, targets, mass, radius)
    with pytest.raises(ValueError, match="^radius must be positive and finite"):
        heads.least_squares(torch.eye(2).double(), torch.ones(2, 1).double(), radius)


@pytest.mark.parametrize(
    ("gram", "moment"), [((2, 3), (3, 1)), ((2, 2), (3, 1)), ((4, 2, 2), (3, 2, 1))]
)
def test_moments_of_other_shapes_are_refused(gram, moment):
    with pytest.raises(ValueError, match="^gram must be"):
        heads.least_squares(torch.ones(gram).double(), torch.ones(moment).double(), 1.0)


@pytest.mark.parametrize(
    ("targets", "mass", "start"),
    [
        ((3, 3, 8), (2, 8), None),
        ((2, 3, 7), (2, 8), None),
        ((2, 3, 8), (2, 7), None),
        ((2, 3, 8), (2, 8), (2, 3, 4)),
    ],
)
def test_samples_of_other_shapes_are_refused(targets, mass, start):
    first = None if start is None else torch.zeros(start).double()
    with pytest.raises(ValueError, match=r"^(targets|start) must"):
        heads.softmax(
            torch.ones(2, 3, 8).double(),
            torch.ones(targets).double(),
            torch.ones(mass).double(),
            1.0,
            start=first,
        )
