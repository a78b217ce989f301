"""Softmax and logistic heads on a ball: the optimum by a slow independent solver, and certificates."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from empirical import heads
from empirical.heads import accelerated
from empirical.heads import cross_entropy as solver
from empirical.heads.problems import SOFTMAX, Problems

RADII = (0.01, 1.0, 3.0, 30.0, 1000.0)


def two_class_targets(loss, targets):
    """The slow solver's targets: for logistic heads label 1 first, then label 0 as reference."""
    return targets if loss == "softmax" else np.concatenate([targets, 1 - targets], axis=1)


def risk(V, z, targets, mass):
    """Weighted mean loss [T] of heads V [T, k, p]; where k is one less than the targets' classes,
    the last class keeps the score 0."""
    scores = np.pad(V @ z, ((0, 0), (0, targets.shape[1] - V.shape[1]), (0, 0)))
    top = scores.max(1, keepdims=True)
    log_sum = top[:, 0] + np.log(np.exp(scores - top).sum(1))
    return ((log_sum - (scores * targets).sum(1)) * mass).sum(1)


def slow_head(z, targets, mass, radius, k):
    """Damped Newton on phi + mu/2 ||V||^2, all outputs dense, and bisection on mu: V [T, k, p]."""
    T, p, _ = z.shape
    V, low, high = np.zeros((T, k, p)), np.full(T, 1e-13), np.full(T, 1e3)
    for _ in range(32):
        mu = np.sqrt(low * high)
        for _ in range(8):
            scores = np.pad(V @ z, ((0, 0), (0, targets.shape[1] - k), (0, 0)))
            chance = np.exp(scores - scores.max(1, keepdims=True))
            chance /= chance.sum(1, keepdims=True)
            chance, wrong = chance[:, :k], (chance - targets)[:, :k]
            gradient = (wrong * mass[:, None]) @ z.swapaxes(1, 2) + mu[:, None, None] * V
            middle = np.einsum("tir,ij->tijr", chance, np.eye(k))
            middle = (middle - chance[:, :, None] * chance[:, None]) * mass[:, None, None]
            hessian = np.einsum("tijr,tar,tbr->tiajb", middle, z, z, optimize=True)
            hessian = hessian.reshape(T, k * p, k * p) + mu[:, None, None] * np.eye(k * p)
            step = np.linalg.solve(hessian, gradient.reshape(T, -1, 1)).reshape(V.shape)
            tries = [V - t * step for t in (1.0, 0.5, 0.2, 0.05, 0.01, 1e-3, 0.0)]
            value = [risk(U, z, targets, mass) + mu / 2 * (U**2).sum((1, 2)) for U in tries]
            V = np.stack(tries)[np.argmin(value, axis=0), np.arange(T)]
        outside = np.linalg.norm(V, axis=(1, 2)) > radius
        low, high = np.where(outside, mu, low), np.where(outside, high, mu)
    norm = np.linalg.norm(V, axis=(1, 2), keepdims=True)
    return V * np.minimum(1.0, radius / norm)


def random_problems(loss, count, seed):
    """8 rows, 3 features (the last constant), random masses; every fifth Gram matrix singular.

    Three classes for softmax. Logistic: labels, and for every third problem soft ones.
    """
    generator = np.random.default_rng(seed)
    z = generator.standard_normal((count, 3, 8))
    z[:, 2] = 1.0
    z[::5, 1] = z[::5, 0]
    if loss == "softmax":
        targets = np.eye(3)[generator.integers(0, 3, (count, 8))].swapaxes(1, 2).copy()
    else:
        targets = generator.integers(0, 2, (count, 1, 8)).astype(float)
        targets[::3] = generator.uniform(size=targets[::3].shape)
    mass = generator.multinomial(8, np.full(8, 1 / 8), count) / 8
    return z, targets, mass


def solve(loss, problem, radius, **options):
    """Heads and gaps as numpy arrays."""
    head = getattr(heads, loss)(*(torch.from_numpy(a) for a in problem), radius, **options)
    return head.weights.numpy(), head.gap.numpy()


def violated(excess, gap):
    """Where a certificate lies: the excess over the optimum is above it by more than rounding."""
    return excess > gap + 1e-12


def check_random_problems(loss, count):
    kinds = {"interior": 0, "boundary": 0, "separable": 0}
    for radius in RADII:
        z, targets, mass = random_problems(loss, count // len(RADII), int(100 * radius))
        both = two_class_targets(loss, targets)
        slow = slow_head(z, both, mass, radius, targets.shape[1])
        best = risk(slow, z, both, mass)
        V, gap = solve(loss, (z, targets, mass), radius, tolerance=1e-9)
        found, norms = risk(V, z, both, mass), np.linalg.norm(V, axis=(1, 2))
        assert np.all(norms <= radius)
        assert np.all(gap <= 1e-9)
        assert not np.any(violated(found - best, gap))
        # The slow solver is as good, or the line above would say little; on some nearly separable
        # problems it stops early.
        assert np.mean(best - found <= 1e-7) >= 0.98
        for steps in (0, 3):  # cut short: large gaps, still certified, and not all alike
            rough, its_gap = solve(loss, (z, targets, mass), radius, tolerance=0.0, steps=steps)
            excess = risk(rough, z, both, mass) - best
            assert not np.any(violated(excess, its_gap))
            assert steps or excess.max() > 1e-3
        kinds["boundary"] += np.sum(norms > radius * (1 - 1e-9))
        kinds["interior"] += np.sum(norms < radius * (1 - 1e-9))
        kinds["separable"] += np.sum(found < 1e-6)
    assert all(kind > count / 20 for kind in kinds.values()), kinds


@pytest.mark.parametrize("loss", ["softmax", "logistic"])
def test_500_random_problems(loss):
    check_random_problems(loss, 500)


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["softmax", "logistic"])
def test_10000_random_problems(loss):
    check_random_problems(loss, 10_000)


@pytest.mark.parametrize("loss", ["softmax", "logistic"])
def test_a_wrong_certificate_would_be_noticed(loss):
    # On a tiny ball phi is nearly linear, and from V = 0 to the optimum it falls by almost all of
    # the gap: half of it is too little, and so is the gap of another head.
    problem = random_problems(loss, 50, seed=2)
    both = two_class_targets(loss, problem[1])
    best, its_gap = solve(loss, problem, 0.01, tolerance=1e-12)
    zero, gap = solve(loss, problem, 0.01, steps=0)
    excess = risk(zero, problem[0], both, problem[2]) - risk(best, problem[0], both, problem[2])
    assert not np.any(violated(excess, gap))
    assert np.mean(violated(excess, 0.5 * gap)) > 0.9
    assert np.mean(violated(excess, its_gap)) > 0.9


@pytest.mark.parametrize(("loss", "outputs"), [("softmax", 3), ("logistic", 1)])
def test_agreement_with_slsqp(loss, outputs):
    z, targets, mass = random_problems(loss, 3, seed=9)
    both = two_class_targets(loss, targets)
    V, _ = solve(loss, (z, targets, mass), 2.0, tolerance=1e-9)
    for t in range(3):
        pick = slice(t, t + 1)
        slow = minimize(
            lambda v, pick=pick: risk(v.reshape(1, outputs, 3), z[pick], both[pick], mass[pick])[0],
            np.zeros(3 * outputs),
            constraints={"type": "ineq", "fun": lambda v: 4.0 - v @ v},
            method="SLSQP",
            options={"ftol": 1e-13, "maxiter": 500},
        )
        assert risk(V, z, both, mass)[t] == pytest.approx(slow.fun, abs=1e-7)


@pytest.mark.parametrize("tolerance", [1e-6, 1e-9])
@pytest.mark.parametrize("radius", [15.0, 1000.0])
def test_newton_finishes_what_the_gradient_leaves_open(radius, tolerance):
    # 60 rows, 10 features, 4 classes: nearly separable, the optimum deep inside or on a large ball.
    generator = np.random.default_rng(7)
    z = generator.standard_normal((10, 10, 60))
    scores = 4.0 * generator.standard_normal((10, 4, 10)) @ z + generator.gumbel(size=(10, 4, 60))
    targets = np.eye(4)[scores.argmax(1)].swapaxes(1, 2).copy()
    problem = z, targets, np.full((10, 60), 1 / 60)
    _, rough = solve("softmax", problem, radius, tolerance=tolerance, steps=solver._GRADIENT_STEPS)
    assert np.all(rough > 100 * tolerance)
    V, gap = solve("softmax", problem, radius, tolerance=tolerance, steps=120)
    assert np.all(gap <= tolerance)
    assert np.linalg.norm(V, axis=(1, 2)).max() <= radius
    # Without Newton's steps, as for heads too large for them: honest, and not there.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(solver, "_MOST_UNKNOWNS", 29)
        slow, its_gap = solve("softmax", problem, radius, tolerance=tolerance, steps=120)
    assert np.all(its_gap > tolerance)
    assert not np.any(violated(risk(slow, *problem) - risk(V, *problem), its_gap))


def test_steps_that_climb_are_noticed():
    # Six classes of which the start takes two for likely and labels know no other: the curvature is
    # near 1/2 there, three times that of even classes, and steps in the metric of the latter climb.
    generator = np.random.default_rng(0)
    z = generator.standard_normal((10, 3, 40))
    z[:, 2] = 1.0
    chance = 1 / (1 + np.exp(-generator.standard_normal((10, 1, 3)) @ z))
    targets = np.concatenate([chance, 1 - chance, np.zeros((10, 4, 40))], axis=1)
    start = np.zeros((10, 6, 3))
    start[:, :2, 2], start[:, 2:, 2] = 6.0, -3.0
    arrays = (torch.from_numpy(a) for a in (z, targets, np.full((10, 40), 1 / 40)))
    problems, start = Problems(*arrays, SOFTMAX), torch.from_numpy(start)

    def gap(problems=problems):
        V = accelerated.accelerate(problems.single(), start, 30.0, tolerance=1e-6, steps=40)
        return float(heads.frank_wolfe_gap(problems.gradient(V), V, 30.0).max())

    assert gap() < 0.05
    careless = replace(SOFTMAX, curvature=1 / 6)  # nothing safer to fall back on
    assert gap(replace(problems, link=careless)) > 0.5


def test_two_classes_by_hand():
    # z = 1 for all rows, class 0 with mass 3/4: the best log-odds are ln 3, which (a, -a) reaches
    # with a = ln 3 / 2, of norm ln 3 / sqrt(2); its risk is the entropy of (3/4, 1/4).
    z = torch.ones(1, 1, 2, dtype=torch.float64)
    targets = torch.eye(2, dtype=torch.float64)[None]
    mass = torch.tensor([[0.75, 0.25]], dtype=torch.float64)
    wide = heads.softmax(z, targets, mass, radius=5.0, tolerance=1e-12)
    assert float(wide.weights[0, 0] - wide.weights[0, 1]) == pytest.approx(np.log(3), abs=1e-10)
    tight = heads.softmax(z, targets, mass, radius=0.5, tolerance=1e-12)
    assert tight.weights.numpy().ravel() == pytest.approx([0.5**1.5, -(0.5**1.5)], abs=1e-6)
    # One logit instead: ln 3 itself, and the radius where that is too far.
    one = heads.logistic(z, targets[:, :1], mass, radius=5.0, tolerance=1e-12)
    assert float(one.weights) == pytest.approx(np.log(3), abs=1e-10)
    cut = heads.logistic(z, targets[:, :1], mass, radius=0.5, tolerance=1e-12)
    assert float(cut.weights) == pytest.approx(0.5, abs=1e-12)


@pytest.mark.parametrize("loss", ["softmax", "logistic"])
def test_soft_labels_of_a_head_in_the_ball_are_fitted_by_that_head(loss):
    # The targets are the probabilities of W: the least risk is their mean entropy, at W alone
    # (for softmax up to a shift of all classes, of which the least norm has none).
    generator = np.random.default_rng(3)
    z = generator.standard_normal((5, 4, 50))
    W = generator.standard_normal((5, 1 if loss == "logistic" else 3, 4))
    if loss == "softmax":
        W -= W.mean(1, keepdims=True)
        targets = np.exp(W @ z) / np.exp(W @ z).sum(1, keepdims=True)
    else:
        targets = 1 / (1 + np.exp(-W @ z))
    mass = np.full((5, 50), 1 / 50)
    V, gap = solve(loss, (z, targets, mass), 10.0, tolerance=1e-11)
    assert np.all(gap <= 1e-11)
    assert pytest.approx(W, abs=1e-6) == V
    both = two_class_targets(loss, targets)
    entropy = -(both * np.log(both)).sum(1).mean(1)
    assert risk(V, z, both, mass) == pytest.approx(entropy, abs=1e-11)


def test_a_start_outside_the_ball_is_pulled_in():
    problem = [torch.from_numpy(a) for a in random_problems("softmax", 4, seed=5)]
    far = torch.full((4, 3, 3), 100.0, dtype=torch.float64)
    before = far.clone()
    unmoved = heads.softmax(*problem, 1.0, start=far, steps=0)
    assert torch.linalg.vector_norm(unmoved.weights, dim=(1, 2)).max() <= 1.0
    solved = heads.softmax(*problem, 1.0, start=far, tolerance=1e-10)
    usual = heads.softmax(*problem, 1.0, tolerance=1e-10)
    assert torch.allclose(solved.weights, usual.weights, atol=1e-4)
    assert torch.equal(far, before)


@pytest.mark.parametrize("block", [None, 1])
def test_a_problem_does_not_depend_on_its_neighbours(block, monkeypatch):
    problem = [torch.from_numpy(a) for a in random_problems("softmax", 6, seed=6)]
    together = heads.softmax(*problem, 3.0, tolerance=1e-9)
    if block:
        monkeypatch.setattr(solver, "_BLOCK", block)
        apart = heads.softmax(*problem, 3.0, tolerance=1e-9)
        assert torch.allclose(together.weights, apart.weights, rtol=0, atol=1e-9)
        return
    for t in range(6):
        alone = heads.softmax(*(a[t : t + 1] for a in problem), 3.0, tolerance=1e-9)
        assert torch.allclose(together.weights[t : t + 1], alone.weights, rtol=0, atol=1e-9)


def test_features_that_are_all_zero_leave_nothing_to_learn():
    head = heads.softmax(
        torch.zeros(1, 2, 3).double(),
        torch.eye(3).double()[None],
        torch.full((1, 3), 1 / 3, dtype=torch.float64),
        1.0,
        tolerance=0.0,
    )
    assert head.weights.abs().max() == 0
    assert float(head.gap) == 0


NAN = float("nan")


@pytest.mark.parametrize("loss", ["softmax", "logistic"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"radius": 0.0}, "^radius must be positive and finite, got 0.0"),
        ({"radius": -1.0}, "^radius must be positive and finite, got -1.0"),
        ({"radius": NAN}, "^radius must be positive and finite, got nan"),
        ({"tolerance": -1e-9}, "^tolerance must not be negative, got -1e-09"),
        ({"tolerance": NAN}, "^tolerance must not be negative, got nan"),
        ({"steps": -1}, "^steps must not be negative, got -1"),
        ({"z": torch.full((2, 3, 8), NAN).double()}, "^z must be finite, got nan"),
        ({"z": torch.ones(3, 8).double()}, r"^z must be \[T, p, rows\]"),
        ({"z": torch.ones(2, 0, 8).double()}, r"^z must be \[T, p, rows\]"),
        ({"mass": torch.full((2, 8), 0.1).double()}, "^mass must sum to 1 per problem, got 0.8"),
        ({"mass": torch.tensor([[1.5, -0.5] + 6 * [0.0]] * 2).double()}, "^mass must not be neg"),
        ({"mass": torch.full((2, 8), NAN).double()}, "^mass must be finite, got nan"),
        ({"mass": torch.full((2, 7), 1 / 7).double()}, "^targets must be .* and mass"),
        ({"targets": torch.ones(3, 1, 8).double()}, "^targets must be .* and mass"),
        ({"targets": torch.ones(2, 1, 7).double()}, "^targets must be .* and mass"),
        ({"targets": torch.full((1, 1, 8), NAN).double()}, "^targets must be finite, got nan"),
        ({"targets": torch.full((1, 1, 8), 1.5).double()}, "^targets must "),
        ({"targets": torch.full((1, 3, 8), 0.5).double()}, "^targets must "),
        ({"start": torch.zeros(2, 1, 4).double()}, "^start must have shape"),
        ({"start": torch.full((2, 1, 3), NAN).double()}, "^start must be finite"),
    ],
)
def test_bad_input_is_refused_by_name(loss, change, message):
    usual = {
        "z": torch.ones(2, 3, 8).double(),
        "targets": torch.ones(1, 1, 8).double(),  # one class, or the label 1
        "mass": torch.full((2, 8), 1 / 8).double(),
        "radius": 1.0,
    }
    getattr(heads, loss)(**usual)
    with pytest.raises(ValueError, match=message):
        getattr(heads, loss)(**(usual | change))


@pytest.mark.parametrize("scale", [1e20, 1e155, 1e300])
@pytest.mark.parametrize("solve", [heads.softmax, heads.logistic])
def test_features_beyond_float32_are_refused(solve, scale):
    z = torch.tensor([[[1.0, -2.0, 0.5]]], dtype=torch.float64)
    targets = torch.eye(3, dtype=torch.float64)[None]
    targets = targets[:, :1] if solve is heads.logistic else targets
    mass = torch.full((1, 3), 1 / 3, dtype=torch.float64)
    with pytest.raises(ValueError, match=r"^z must hold numbers of at most 1e\+15 in size, got"):
        solve(z * scale, targets, mass, radius=1.0)
    assert torch.isfinite(solve(z * 5e14, targets, mass, radius=1.0).gap).all()
