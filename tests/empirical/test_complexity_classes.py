"""Complexities of the fusion classes without a search of their own: found by training, bounded or open."""

import dataclasses
from dataclasses import replace

import numpy as np
import pytest
import torch

from empirical.complexity import outputs as output_suprema
from empirical.complexity.outputs import linear_suprema, outputs_suprema
from empirical.complexity.trained_class import complexities
from empirical.datasets.dataset import from_arrays
from empirical.fusion.classes import FusionClass
from empirical.fusion.operations import OPERATIONS
from empirical.fusion.stack import Stack, project
from empirical.worlds.population import finite_population

MIXED = [each.name for each in OPERATIONS if each.mixing]


def small_population(rows=40, seed=0):
    x = np.random.default_rng(seed).standard_normal((rows, 5))
    features = {"a": x[:, :2], "b": x[:, 2:]}
    return finite_population(from_arrays(features, np.arange(rows) % 3, task="classification"))


CLASSES = [
    (operation, depth)
    for operation in OPERATIONS.names
    for depth in (0, 1, 2)
    if (operation, depth) != ("concatenation", 1)
]
SEARCHED = [each for each in CLASSES if each[1] or each[0] in MIXED]


def signed(population, draws=6, m=20):
    generator = np.random.default_rng(2)
    rows = torch.from_numpy(generator.integers(0, 40, (draws, m)))
    signs = torch.from_numpy(2.0 * generator.integers(0, 2, (draws, 3, m)) - 1.0)
    return [x[rows] for x in population.inputs], signs


def streams(count=6):
    return [np.random.default_rng([1, t]) for t in range(count)]


@pytest.mark.parametrize(("operation", "depth"), SEARCHED)
def test_the_supremum_found_is_attained_by_a_member(operation, depth, monkeypatch):
    """Every stack that the search looks at lies in its balls, and its value is that of a head in B."""
    inputs, signs = signed(small_population())
    cls = FusionClass(3, 1.5, 2.0, 3, operation, depth)
    seen = []
    original = output_suprema._best_heads

    def watched(stack, *rest):
        values, heads = original(stack, *rest)
        seen.append((replace(stack, heads=heads), values))
        return values, heads

    monkeypatch.setattr(output_suprema, "_best_heads", watched)
    found = outputs_suprema(inputs, signs, ((0,), (0, 1)), cls, streams())
    assert np.array_equal(found, torch.stack([v for _, v in seen]).amax(0).numpy())
    for stack, values in (seen[0], seen[-1]):
        for index in range(2):
            z = stack.features(index, [x.mT for x in inputs])
            reached = ((stack.heads[index] @ z) * signs).sum((1, 2)) / signs.shape[2]
            assert values[:, index].numpy() == pytest.approx(reached.numpy(), rel=1e-12)
        inside = replace(
            stack,
            encoders=tuple(e.clone() for e in stack.encoders),
            heads=tuple(h.clone() for h in stack.heads),
        )
        project(inside, cls)
        blocks = zip(
            (*inside.encoders, *inside.heads), (*stack.encoders, *stack.heads), strict=True
        )
        for projected, block in blocks:
            assert torch.allclose(projected, block, rtol=1e-12, atol=0)
    # Full steps climb where training had stopped.
    assert found.mean() > 1.05 * seen[0][1].numpy().mean()


@pytest.mark.parametrize("operation", ["concatenation", "sum", "mean"])
def test_the_linear_supremum_is_attained_and_training_stays_below_it(operation):
    """One unit along the first right singular vector of sum of sigma x^T, the head along the moment."""
    inputs, signs = signed(small_population())
    cls = FusionClass(1, 1.5, 2.0, 3, operation, 0)
    found = linear_suprema(inputs, signs, ((0, 1),), cls)[:, 0]
    assert np.array_equal(found, outputs_suprema(inputs, signs, ((0, 1),), cls, [])[:, 0])
    sums = [signs @ x for x in inputs]
    for t in range(6):
        if operation == "concatenation":
            best = max((0, 1), key=lambda k: float(torch.linalg.matrix_norm(sums[k][t], ord=2)))
            blocks = [torch.zeros(x.shape[2], dtype=torch.float64) for x in inputs]
            blocks[best] = torch.linalg.svd(sums[best][t]).Vh[0]
        else:
            blocks = torch.linalg.svd(torch.cat([S[t] for S in sums], 1)).Vh[0].split((3, 4))
        encoders = tuple(1.5 * w.view(1, 1, 1, -1) for w in blocks)
        stack = Stack(((0, 1),), encoders, (), cls.operation, 0)
        moment = signs[t] @ stack.features(0, [x[t].mT for x in inputs])[0].T
        assert float(2.0 * moment.norm() / 20) == pytest.approx(found[t], rel=1e-12)


@pytest.mark.parametrize("operation", ["sum", "mean", "concatenation"])
def test_the_search_reaches_suprema_that_are_known(operation):
    """Without its shortcut it comes within 2 % of linear encoders' exact supremum."""
    inputs, signs = signed(small_population())
    cls = FusionClass(3, 1.5, 2.0, 3, operation, 0)
    exact = outputs_suprema(inputs, signs, ((0,), (0, 1)), cls, streams())
    unknown = dataclasses.replace(cls.operation, divisor=None)
    searched = dataclasses.replace(cls, operation=unknown)
    found = outputs_suprema(inputs, signs, ((0,), (0, 1)), searched, streams())
    assert (found <= exact * (1 + 1e-9)).all()
    assert (found.mean(0) > 0.98 * exact.mean(0)).all()


@pytest.mark.parametrize(("operation", "depth"), CLASSES[::2])
def test_intervals_of_every_class_hold_what_is_found(operation, depth):
    population = small_population()
    cls = FusionClass(3, 1.5, 2.0, 3, operation, depth)
    members = ((0,), (0, 1))
    found = complexities(population, members, cls, "softmax", 12, seed=0, draws=2)
    for subset, each in zip(members, found, strict=True):
        assert each.found_outputs.value > 0
        assert float(each.found_outputs.interval.low) <= float(each.outputs.high)
        assert 0 <= float(each.outputs.low) <= each.found_outputs.value
        if operation in MIXED:
            assert float(each.outputs.high) == float(each.loss.high) == np.inf
            continue
        shared = len(subset) if operation == "mean" else 1
        kappa = (1.0, 2.0, 12**0.5)[depth] * (1.5 / shared) ** 2
        square = population.mean_square_norm(subset)
        assert float(each.outputs.high) == pytest.approx(2 * (3 * (kappa * square + 1) / 12) ** 0.5)
        L = population.constants(cls.prediction_radius(population.input_norm, 2), "softmax").L
        assert float(each.loss.high) == pytest.approx(2**0.5 * L * float(each.outputs.high))
