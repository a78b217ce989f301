"""What every entry of a table keeps, the library's own or one from outside."""

import pickle

import numpy as np
import pytest
import torch

from empirical import erm
from empirical.complexity import complexities
from empirical.datasets import from_arrays
from empirical.erm.engines import Kind
from empirical.fusion import FusionClass, Stack, initial_weights, project
from empirical.fusion.starts import encoder_shapes
from empirical.losses import OBJECTIVES, SQUARES
from empirical.quality.frozen_encoder import Features, uniform_mass
from empirical.worlds.population import binary_targets, finite_population

DIMS, SUBSETS, ROWS = (3, 4, 2), ((1,), (0, 2), (0, 1, 2)), 40
FAR = 3.0


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def population(loss=None, rows=ROWS):
    """Three modalities whose target depends on all of them, fit for the loss."""
    x = np.random.default_rng(0).standard_normal((rows, 6))
    parts = {"a": x[:, :2], "b": x[:, 2:5], "c": x[:, 5:]}
    signal = x[:, 0] + x[:, 2] * x[:, 5]
    if loss is None or "regression" in loss.tasks:
        return finite_population(from_arrays(parts, signal, task="regression"))
    classes = (signal > 0) if loss.binary else np.digitize(signal, [-0.5, 0.5])
    made = finite_population(from_arrays(parts, classes.astype(int), task="classification"))
    return binary_targets(made) if loss.binary else made


def check_entry(table, entry):
    """It is found by its name, stands for itself, and workers get the same one."""
    assert table.find(entry.name) is entry
    assert table.find(entry) is entry
    assert pickle.loads(pickle.dumps(entry)) == entry


def check_objective(objective, targets):
    """The residual is the gradient of the row losses, in a tensor of its own."""
    trials, _, rows = targets.shape
    f = 2.0 * torch.randn(targets.shape, generator=generator(), dtype=torch.float64)
    leaf = f.clone().requires_grad_()
    values = objective.row_losses(leaf, targets)
    assert values.shape == (trials, rows)
    (slope,) = torch.autograd.grad(values.sum(), leaf)
    before = f.clone(), targets.clone()
    residual = objective.residual(f, targets)
    assert torch.allclose(residual, slope, rtol=0, atol=1e-12)
    assert slope.abs().max() > 0.1
    residual.fill_(9.0)
    assert torch.equal(f, before[0])
    assert torch.equal(targets, before[1])
    objective.check_targets(targets)


def check_loss(loss):
    """C and L bound it on the class, its heads are best within their gap, and it is trained."""
    assert loss.words
    assert 0 < loss.head_radius < np.inf
    world = population(loss)
    loss.check_task(world.data.task, len(world.data.classes))
    y = world.targets.mT
    check_objective(loss, y.expand(2, -1, -1).clone())
    constants = world.constants(FAR, loss)
    f = torch.randn(500, *y.shape, generator=generator(1), dtype=torch.float64)
    f = FAR * f / torch.linalg.vector_norm(f, dim=1, keepdim=True)
    values, slopes = loss.row_losses(f, y), loss.residual(f, y.expand(500, -1, -1))
    assert values.min() >= 0
    assert values.max() <= constants.C * (1 + 1e-12)
    assert torch.linalg.vector_norm(slopes, dim=1).max() <= constants.L * (1 + 1e-12)
    z = torch.randn(2, 4, ROWS, generator=generator(2), dtype=torch.float64)
    features = Features(z, y, loss.head_radius, loss)
    mass = uniform_mass(ROWS, z).expand(2, -1)
    head = features.fit(mass)
    assert torch.linalg.matrix_norm(head.weights).max() <= loss.head_radius * (1 + 1e-12)
    assert head.gap.max() < 0.01 * head.risk.min()
    assert torch.allclose(head.risk, features.risk(head.weights, mass), rtol=1e-9, atol=1e-12)
    assert torch.allclose(features.gap(head.weights, mass), head.gap, rtol=1e-6, atol=1e-12)
    for seed in range(50):
        other = torch.randn(head.weights.shape, generator=generator(seed), dtype=torch.float64)
        for V in (other, head.weights + 0.1 * other):
            V = V * (loss.head_radius / torch.linalg.matrix_norm(V)[:, None, None]).clamp_max(1.0)
            assert bool((features.risk(V, mass) >= head.risk - head.gap).all())
    check_training(FusionClass(4, 2.0, loss.head_radius, len(y)), loss, world)
    check_complexity(FusionClass(4, 2.0, loss.head_radius, len(y)), loss, world)


def check_operation(operation):
    """Features have the length and the norm that it says, nothing sees what is absent, and it trains."""
    assert operation.words.format(radius="3")
    for depth in (0, 1, 2):
        cls = FusionClass(4, 2.0, 1.5, 2, operation, depth)
        shapes = encoder_shapes(cls, SUBSETS, DIMS)
        heads = [(20, 2, cls.features(len(members)) + 1) for members in SUBSETS]
        blocks = [
            9.0 * torch.randn(shape, generator=generator(i), dtype=torch.float64)
            for i, shape in enumerate([*((20, *shape) for shape in shapes), *heads])
        ]
        count = len(shapes)
        stack = Stack(SUBSETS, tuple(blocks[:count]), tuple(blocks[count:]), operation, depth)
        project(stack, cls)
        inputs = [torch.randn(d, ROWS, generator=generator(d), dtype=torch.float64) for d in DIMS]
        inputs = [1.7 * x / torch.linalg.vector_norm(x, dim=0) for x in inputs]
        for index, members in enumerate(SUBSETS):
            z = stack.features(index, inputs)
            assert z.shape == (20, cls.features(len(members)) + 1, ROWS)
            longest = torch.linalg.vector_norm(z[:, :-1], dim=1).max()
            assert 0 < longest <= cls.feature_radius(1.7, len(members)) * (1 + 1e-12)
            f = torch.linalg.vector_norm(stack.heads[index] @ z, dim=1).max()
            assert f <= cls.prediction_radius(1.7, len(DIMS)) * (1 + 1e-12)
            hidden = [
                x if k in members else torch.full_like(x, np.nan) for k, x in enumerate(inputs)
            ]
            assert torch.equal(stack.features(index, hidden), z)
        world = population()
        one = FusionClass(4, 2.0, 3.0, 1, operation, depth)
        check_training(one, SQUARES, world)
        check_complexity(one, SQUARES, world)


def check_training(cls, loss, world):
    """`erm.fit` lowers the loss of every model and keeps it inside the class."""
    draws = [np.random.default_rng([3, t]) for t in range(2)]
    start = initial_weights(draws, SUBSETS, [x.shape[1] for x in world.inputs], cls)
    inputs = [x.expand(2, -1, -1) for x in world.inputs]
    targets = world.targets.mT.expand(2, -1, -1).contiguous()
    before, after = (
        erm.fit(inputs, targets, SUBSETS, cls, *start, objective=loss, steps=steps)
        for steps in (0, 60)
    )
    assert bool((after.objective < before.objective).all())
    inside = [w.clone() for w in (*after.stack.encoders, *after.stack.heads)]
    project(after.stack, cls)
    blocks = (*after.stack.encoders, *after.stack.heads)
    assert all(torch.allclose(a, b, rtol=1e-12) for a, b in zip(inside, blocks, strict=True))


def check_complexity(cls, loss, world):
    """The mean of the suprema found is below the analytic bound, but for the noise of a few draws."""
    for members, found in zip(
        SUBSETS, complexities(world, SUBSETS, cls, loss, 16, seed=0, draws=8), strict=True
    ):
        bound = cls.complexity_bound(world.mean_square_norm(members), len(members), 16)
        assert float(found.outputs.high) == bound
        for suprema, interval in (
            (found.found_outputs, found.outputs),
            (found.found_loss, found.loss),
        ):
            assert suprema.value > 0
            assert float(suprema.interval.low) <= float(interval.high)


def check_engine(engine, problem):
    """It says what it cannot take, and where it can the weights are torch's but for rounding."""
    cls, arguments, objective = problem
    x = arguments[0][0]
    obstacle = engine.obstacle(Kind(cls, OBJECTIVES.find(objective), x.device, x.dtype))
    options = {"objective": objective, "steps": 10, "learning_rate": 0.01}
    if obstacle is not None:
        with pytest.raises(ValueError, match="^engine must be one that can take this"):
            erm.fit(*arguments, engine=engine, **options)
        return
    own, plain = (erm.fit(*arguments, engine=e, **options).stack for e in (engine, "torch"))
    for a, b in zip((*own.encoders, *own.heads), (*plain.encoders, *plain.heads), strict=True):
        assert torch.allclose(a, b, rtol=0, atol=1e-4)
