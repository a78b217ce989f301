"""The compiled trainer's gradients of every operation are those of autograd, and its steps the plain ones."""

import itertools
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from compiled_runs import SUBSETS, plain, problem, run, single
from plain_training import parameters, train

from empirical import erm
from empirical.erm import compiled
from empirical.erm.engines import Kind, fastest
from empirical.fusion import OPERATIONS, FusionClass, Stack, initial_weights
from empirical.losses import OBJECTIVES

pytestmark = pytest.mark.skipif(
    not compiled.available(), reason="the compiled trainer was not built on this machine"
)

DIMS = (4, 3, 7)
MIXED = [operation.name for operation in OPERATIONS if operation.mixing]
FUSED = [operation.name for operation in OPERATIONS if not operation.side_by_side]
ALL_CLASSES = [(name, depth) for name in OPERATIONS.names for depth in (0, 1, 2, 3)]


def filled(start, cls, subsets=SUBSETS, size=1.0, seed=5):
    """The same start with random weights of gates or attention, which begin at zero."""
    generator = np.random.default_rng(seed)
    encoders = [e.copy() for e in start[0]]
    if cls.operation.mixing:
        for own in encoders[-len(subsets) :]:
            own[:] = size * generator.standard_normal(own.shape) / np.sqrt(own.shape[-1])
    return encoders, start[1]


def gradients(inputs, targets, start, cls, objective="least-squares", kernel=None, subsets=SUBSETS):
    """Of the compiled trainer: one step of Adam so far below its epsilon that it is a gradient step.

    Balls are so wide that nothing is projected.
    """
    tiny, rows, share = 1e-15, targets.shape[2], 1 / 32
    cls = replace(cls, encoder_radius=1e12, head_radius=1e12)
    scale = torch.full_like(targets[:, :1], tiny / rows)
    before = Stack(subsets, single(start[0]), single(start[1]), cls.operation, cls.depth)
    after = Stack(subsets, single(start[0]), single(start[1]), cls.operation, cls.depth)
    compiled.train(
        inputs,
        targets,
        scale,
        after,
        cls,
        objective=objective,
        steps=1,
        learning_rate=share * 1e-8 / tiny,  # the step is rate * g / (|g| + 1e-8)
        kernel=kernel,
    )
    return [
        (old - new) / share
        for old, new in zip(
            (*before.encoders, *before.heads), (*after.encoders, *after.heads), strict=True
        )
    ]


def by_autograd(inputs, targets, start, cls, objective="least-squares", subsets=SUBSETS):
    double = [[torch.from_numpy(w).float().double() for w in part] for part in start]
    stack = Stack(subsets, tuple(double[0]), tuple(double[1]), cls.operation, cls.depth)
    xs = [x.double() for x in inputs]
    encoders, heads = erm.objective_gradient(xs, targets.double(), stack, objective, by_hand=False)
    return [*encoders, *heads]


def agree(found, expected, tolerance=2e-6):
    for ours, theirs in zip(found, expected, strict=True):
        assert (ours.double() - theirs).abs().max() < tolerance * (1.0 + theirs.abs().max())


@pytest.mark.parametrize("kernel", compiled.kernels())
@pytest.mark.parametrize(("operation", "depth"), ALL_CLASSES)
def test_gradients_are_those_of_autograd(operation, depth, kernel):
    # Padded units, classes and rows, more rows than a block, a subset in another order.
    cls = FusionClass(11, 3.0, 30.0, 3, operation, depth)
    inputs, targets, _, start = problem(cls, DIMS, 125, "least-squares")
    start = filled(start, cls)
    for weights in start[0][3 : 3 * cls.layers]:  # further layers, well inside their unit balls
        weights *= 0.5
    expected = by_autograd(inputs, targets, start, cls)
    assert all(bool((g.abs().amax((-2, -1)) > 0).all()) for g in expected[: 3 * cls.layers])
    agree(gradients(inputs, targets, start, cls, kernel=kernel), expected)


@pytest.mark.parametrize("operation", OPERATIONS.names)
def test_many_modalities_and_classes(operation):
    subsets, dims = (tuple(range(9)), (8, 3, 5), (4,)), (2, 5, 3, 9, 2, 4, 6, 3, 7)
    cls = FusionClass(24, 3.0, 30.0, 11, operation)
    generator = np.random.default_rng(1)
    inputs = [torch.from_numpy(generator.standard_normal((2, 61, d))).float() for d in dims]
    targets = torch.from_numpy(generator.standard_normal((2, 11, 61))).float()
    draws = [np.random.default_rng(t) for t in range(2)]
    start = filled(initial_weights(draws, subsets, dims, cls), cls, subsets)
    expected = by_autograd(inputs, targets, start, cls, subsets=subsets)
    agree(gradients(inputs, targets, start, cls, subsets=subsets), expected)


@pytest.mark.parametrize("kernel", compiled.kernels())
@pytest.mark.parametrize("operation", MIXED)
@pytest.mark.parametrize("size", [1e4, 1e7])
def test_extreme_gates_and_scores_of_attention_have_finite_gradients(operation, size, kernel):
    cls = FusionClass(8, 3.0, 30.0, 3, operation)
    inputs, targets, _, start = problem(cls, DIMS, 60, "least-squares")
    start = filled(start, cls, size=size)
    stack = Stack(SUBSETS, single(start[0]), single(start[1]), cls.operation)
    scores = extreme_scores(stack, inputs)
    assert scores.min() < -size / 100
    assert scores.max() > size / 100
    found = gradients(inputs, targets, start, cls, kernel=kernel)
    assert all(bool(torch.isfinite(g).all()) for g in found)
    # The own weights are so large that a step is lost in their rounding, and scores are rounded too.
    expected = by_autograd(inputs, targets, start, cls)
    heads = 3 + len(SUBSETS)
    agree([*found[:3], *found[heads:]], [*expected[:3], *expected[heads:]], 1e-3)


def extreme_scores(stack, inputs):
    """The arguments of the sigmoids, or of the softmax, of the last subset's first trial."""
    own, members = stack.mixing(2)[0], stack.subsets[2]
    if own.shape[0] > 8:
        return own @ torch.cat([inputs[k][0] for k in members], dim=1).T
    u, v = (torch.relu(stack.layers(2, k)[0][0] @ inputs[k][0].T) for k in members[:2])
    return (u * (own @ v)).sum(0) / 8**0.5


CLASSES = [
    FusionClass(8, 1.5, 2.0, 3, operation, depth) for operation in FUSED for depth in (0, 1, 2)
]
NAMED = {"ids": lambda cls: f"{cls.operation.name}-{cls.depth}"}


@pytest.mark.parametrize("kernel", compiled.kernels())
@pytest.mark.parametrize("cls", CLASSES, **NAMED)
def test_the_same_weights_as_plain_float64_training(cls, kernel):
    """Balls bind, those of gates and attention too."""
    inputs, targets, scale, start = problem(cls, DIMS, 130, seed=1)
    start = filled(start, cls, size=2.0)
    stack = run(inputs, targets, scale, start, cls, "softmax", 5, kernel=kernel)
    for index, trial in itertools.product(range(len(SUBSETS)), range(3)):
        first, own = plain(index, trial, inputs, targets, start, cls)
        expected = train(first, *own, "softmax", 5, learning_rate=0.01)
        mine = parameters(stack.encoders, stack.heads, SUBSETS, cls, index, trial)
        for ours, theirs in zip(mine, expected, strict=True):
            assert (ours.double() - theirs).abs().max() < 2e-5


@pytest.mark.parametrize(("operation", "depth"), ALL_CLASSES)
@pytest.mark.parametrize("width", [5, 24, 33])
def test_kernels_that_round_alike_give_the_same_bits(operation, depth, width):
    cls = FusionClass(width, 3.0, 5.0, 3, operation, depth)
    arguments = problem(cls, DIMS, 75)
    start = filled(arguments[3], cls)
    runs = {
        kernel: run(*arguments[:3], start, cls, "softmax", steps=10, kernel=kernel)
        for kernel in compiled.kernels()
    }
    first = next(iter(runs.values()))
    for kernel, other in runs.items():
        pairs = zip((*first.encoders, *first.heads), (*other.encoders, *other.heads), strict=True)
        same = all(torch.equal(a, b) for a, b in pairs)
        assert same == (compiled.rounding(kernel) == compiled.rounding(compiled.kernels()[0]))


@pytest.mark.parametrize("operation", FUSED)
def test_no_number_depends_on_company(operation):
    cls = FusionClass(8, 3.0, 15.0, 3, operation, depth=2)
    inputs, targets, scale, start = problem(cls, DIMS, 150, trials=4)
    together = run(inputs, targets, scale, start, cls, "softmax", 8)
    one = slice(2, 3)
    alone = run(
        [x[one] for x in inputs],
        targets[one],
        scale[one],
        ([e[one] for e in start[0]], [h[one] for h in start[1]]),
        cls,
        "softmax",
        8,
    )
    pairs = zip((*together.encoders, *together.heads), (*alone.encoders, *alone.heads), strict=True)
    assert all(torch.equal(many[one], single) for many, single in pairs)


@pytest.mark.parametrize("operation", MIXED)
def test_weights_of_gates_and_attention_stay_in_their_ball(operation):
    cls = FusionClass(8, 0.7, 0.9, 3, operation)
    inputs, targets, scale, start = problem(cls, DIMS, 64)
    start = filled(start, cls)
    for steps in (0, 25):
        stack = run(inputs, targets, scale, start, cls, "softmax", steps)
        for index in range(len(SUBSETS)):
            norms = stack.mixing(index).double().square().sum((1, 2)).sqrt()
            assert bool((norms <= 0.7).all())
            assert bool((norms > 0.6).all())


@pytest.mark.parametrize("operation", ["sum", "mean", "attention"])
def test_a_lone_modality_trains_as_if_concatenated(operation):
    cls = FusionClass(8, 3.0, 5.0, 3, operation)
    inputs, targets, scale, start = problem(cls, DIMS, 64)
    start = filled(start, cls)
    mine = run(inputs, targets, scale, start, cls, "softmax", 10)
    side_by_side = replace(cls, operation="concatenation")
    other = problem(side_by_side, DIMS, 64)[3]
    other[1][0][:] = start[1][0]
    theirs = run(inputs, targets, scale, other, side_by_side, "softmax", 10)
    assert torch.equal(mine.heads[0], theirs.heads[0])
    assert torch.equal(mine.layers(0, 1)[0], theirs.layers(0, 1)[0])
    if cls.operation.mixing:  # nothing to attend to: its weights stay where they began
        assert torch.equal(mine.mixing(0), run(*problem_of(mine, cls), 0).mixing(0))


def problem_of(stack, cls):
    """The arguments of a run that begins with a trained stack."""
    inputs, targets, scale, _ = problem(cls, DIMS, 64)
    start = (
        [e.double().numpy() for e in stack.encoders],
        [h.double().numpy() for h in stack.heads],
    )
    return inputs, targets, scale, start, cls, "softmax"


@pytest.mark.parametrize("name", OPERATIONS.names)
def test_auto_takes_the_compiled_engine_for_every_operation_of_the_library(name):
    cls = FusionClass(4, 3.0, 5.0, 3, name)
    inputs, targets, _, start = problem(cls, DIMS, 20)
    fitted = erm.fit(inputs, targets, SUBSETS, cls, *start, objective="softmax", steps=2)
    assert fastest(fitted.problem.kind).name == "compiled"
    direct = erm.fit(
        inputs, targets, SUBSETS, cls, *start, objective="softmax", steps=2, engine="compiled"
    )
    assert all(
        torch.equal(a, b) for a, b in zip(fitted.stack.heads, direct.stack.heads, strict=True)
    )


def test_another_objective_of_the_same_name_trains_in_torch():
    tripled = replace(
        OBJECTIVES.find("softmax"), residual=lambda f, y: 3 * (torch.softmax(f, 1) - y)
    )
    kind = Kind(FusionClass(4, 3.0, 5.0, 3), tripled, torch.device("cpu"))
    assert fastest(kind).name == "torch"
    assert fastest(replace(kind, objective=OBJECTIVES.find("softmax"))).name == "compiled"


def test_another_operation_of_the_same_name_trains_in_torch():
    other = replace(OPERATIONS.find("sum"), fuse=lambda tokens, inputs, own: 3 * sum(tokens))
    cls = FusionClass(4, 3.0, 5.0, 3, other)
    inputs, targets, _, start = problem(cls, DIMS, 20)
    fitted = erm.fit(inputs, targets, SUBSETS, cls, *start, objective="softmax", steps=2)
    assert fastest(fitted.problem.kind).name == "torch"


@pytest.mark.parametrize("change", [{}, {"size": 1}, {"integers": b"trials, rows"}])
def test_a_library_built_from_other_sources_is_not_called(change):
    ours = compiled._library()
    given = {"size": ours.problem_bytes(), "integers": ours.problem_integers(), **change}

    class Function:
        def __init__(self, value):
            self.value = value

        def __call__(self):
            return self.value

    names = ("kernel_name", "kernel_rounding", "compiler")
    library = SimpleNamespace(
        problem_bytes=Function(given["size"]),
        problem_integers=Function(given["integers"]),
        **{name: Function(b"") for name in names},
    )
    assert compiled._takes_our_problem(library) == (not change)
    del library.problem_integers
    assert not compiled._takes_our_problem(library)
