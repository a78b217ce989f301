"""Stacked training is plain training: gradients, steps and projections against one model at a time."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from plain_training import mean_loss, parameters

from empirical import erm
from empirical.fusion.classes import FusionClass
from empirical.fusion.stack import Stack, slot_of
from empirical.fusion.starts import initial_weights

SUBSETS = ((0,), (1,), (2,), (0, 2), (0, 1, 2))
DIMS = (3, 5, 2)
TRIALS, ROWS = 3, 12
CLS = FusionClass(width=4, encoder_radius=1.5, head_radius=2.0, outputs=3)
OBJECTIVES = ("least-squares", "softmax")


def problem(dtype=torch.float64, seed=0):
    """Inputs [T, m, D_k] with a constant 1, one-hot targets [T, c, m], starts, and row weights."""
    generator = np.random.default_rng(seed)
    inputs = []
    for dim in DIMS:
        x = torch.from_numpy(generator.standard_normal((TRIALS, ROWS, dim)))
        x[..., -1] = 1.0
        inputs.append(x.to(dtype))
    labels = torch.from_numpy(generator.integers(0, 3, (TRIALS, ROWS)))
    targets = torch.nn.functional.one_hot(labels, 3).mT.to(dtype).contiguous()
    weights = torch.from_numpy(generator.standard_normal((TRIALS, ROWS))).to(dtype)
    draws = [np.random.default_rng([seed, t]) for t in range(TRIALS)]
    encoders, heads = initial_weights(draws, SUBSETS, DIMS, CLS)
    return inputs, targets, weights, encoders, heads


def model(stack, index, trial):
    """One model's encoder blocks and head."""
    blocks = [
        stack.encoders[k][trial, slot_of(stack.subsets, index, k)] for k in stack.subsets[index]
    ]
    return blocks, stack.heads[index][trial]


def as_stack(encoders, heads, dtype):
    return Stack(
        SUBSETS,
        tuple(torch.from_numpy(e).to(dtype) for e in encoders),
        tuple(torch.from_numpy(h).to(dtype) for h in heads),
    )


@pytest.mark.parametrize("by_hand", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("objective", [*OBJECTIVES, "logistic", "correlation"])
def test_the_gradient_of_a_stack_is_that_of_each_plain_model(objective, weighted, by_hand):
    inputs, targets, weights, encoders, heads = problem()
    cls = CLS
    if objective == "logistic":
        cls, targets = replace(CLS, outputs=1), targets[:, :1].contiguous()
        heads = [head[:, :1] for head in heads]
    heads = [9.0 * head for head in heads]
    stack = as_stack(encoders, heads, torch.float64)
    its = weights if weighted else None
    found = erm.objective_gradient(inputs, targets, stack, objective, its, by_hand=by_hand)
    for index, members in enumerate(SUBSETS):
        for t in range(TRIALS):
            leaves = parameters(encoders, heads, SUBSETS, cls, index, t)
            own = [inputs[k][t] for k in members], targets[t]
            mean_loss(leaves, cls, *own, objective, weights[t] if weighted else None).backward()
            mine = parameters(*found, SUBSETS, cls, index, t)
            for slope, leaf in zip(mine, leaves, strict=True):
                assert leaf.grad.abs().max() > 1e-3
                assert torch.allclose(slope, leaf.grad, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-4)])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_model_does_not_depend_on_what_else_is_in_the_stack(objective, dtype, tolerance):
    inputs, targets, weights, encoders, heads = problem(dtype)
    options = {"objective": objective, "steps": 50}
    full = erm.fit(
        inputs, targets, SUBSETS, CLS, encoders, heads, weights=weights.abs(), **options
    ).stack
    for index, members in enumerate(SUBSETS):
        for t in range(TRIALS):
            pick = slice(t, t + 1)
            own = [
                e[pick, [slot_of(SUBSETS, index, k)]] if k in members else e[pick, :0]
                for k, e in enumerate(encoders)
            ]
            alone = erm.fit(
                [x[pick] for x in inputs],
                targets[pick],
                (members,),
                CLS,
                own,
                [heads[index][pick]],
                weights=weights[pick].abs(),
                **options,
            ).stack
            first, second = model(full, index, t), model(alone, 0, 0)
            for a, b in zip((*first[0], first[1]), (*second[0], second[1]), strict=True):
                assert torch.allclose(a, b, rtol=0, atol=tolerance)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("steps", [0, 1, 40])
def test_every_model_ends_inside_the_class(dtype, steps):
    # A large rate pushes outwards at every step; the norms are taken in float64.
    inputs, targets, _, encoders, heads = problem(dtype)
    encoders, heads = [2.0 * e for e in encoders], [50.0 * h for h in heads]
    stack = erm.fit(
        inputs, targets, SUBSETS, CLS, encoders, heads, steps=steps, learning_rate=0.5
    ).stack
    for index in range(len(SUBSETS)):
        for t in range(TRIALS):
            blocks, head = model(stack, index, t)
            norm = torch.cat([W.double().flatten() for W in blocks]).norm()
            assert 0.5 * CLS.encoder_radius < norm <= CLS.encoder_radius
            assert head.double().norm() <= CLS.head_radius


def test_training_lowers_the_objective():
    inputs, targets, _, encoders, heads = problem()
    stack = erm.fit(inputs, targets, SUBSETS, CLS, encoders, heads, steps=100).stack
    for index, members in enumerate(SUBSETS):
        for t in range(TRIALS):
            own = [inputs[k][t] for k in members], targets[t], "least-squares"
            after, before = (
                mean_loss(parameters(*arrays, SUBSETS, CLS, index, t), CLS, *own)
                for arrays in ((stack.encoders, stack.heads), (encoders, heads))
            )
            assert after < 0.9 * before


def test_weights_of_minus_one_climb():
    # Negative weights turn descent into ascent: the search for a supremum.
    inputs, targets, _, encoders, heads = problem()
    down = -torch.ones(TRIALS, ROWS, dtype=torch.float64)
    stack = erm.fit(inputs, targets, SUBSETS, CLS, encoders, heads, weights=down, steps=50).stack
    for index, members in enumerate(SUBSETS):
        own = [inputs[k][0] for k in members], targets[0], "least-squares"
        after, before = (
            mean_loss(parameters(*arrays, SUBSETS, CLS, index, 0), CLS, *own)
            for arrays in ((stack.encoders, stack.heads), (encoders, heads))
        )
        assert after > 2.0 * before


def test_arguments_are_left_as_they_were():
    inputs, targets, weights, encoders, heads = problem()
    before = [torch.as_tensor(a).clone() for a in (*inputs, targets, weights, *encoders, *heads)]
    erm.fit(inputs, targets, SUBSETS, CLS, encoders, heads, weights=weights, steps=3)
    after = [torch.as_tensor(a) for a in (*inputs, targets, weights, *encoders, *heads)]
    assert all(map(torch.equal, before, after))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"objective": "hinge"},
            "objective must be one of least-squares, softmax, .*, got 'hinge'",
        ),
        ({"steps": -1}, "steps must be an integer of at least 0 and at most 2147483647, got -1"),
        ({"steps": 2**32}, "steps must be an integer of at least 0 and at most 2147483647, got"),
        ({"learning_rate": 0.0}, "learning_rate must be positive"),
        ({"learning_rate": float("nan")}, "learning_rate must be positive"),
        ({"weights": torch.ones(TRIALS, ROWS + 1)}, "weights must have shape"),
        ({"targets": torch.ones(TRIALS, 2, ROWS)}, r"heads\[0\] must have shape \(3, 2, 5\)"),
        ({"targets": torch.ones(TRIALS, 3, ROWS + 1)}, r"inputs\[0\] must have shape"),
        ({"subsets": ((0,), (3,))}, "subsets must hold distinct indices"),
        ({"subsets": ()}, "subsets must hold at least one subset of the modalities, got none"),
        ({"weights": torch.ones(TRIALS, ROWS) * 1j}, "weights must be real, got torch.complex64"),
        ({"heads": []}, "heads must hold 5 arrays, got 0"),
        ({"encoders": []}, "encoders must hold 3 arrays, got 0"),
        ({"cls": FusionClass(3, 1.0, 1.0, 3)}, r"encoders\[0\] must have shape"),
    ],
)
def test_stacks_whose_shapes_disagree_are_refused(change, message):
    inputs, targets, _, encoders, heads = problem()
    arguments = {
        "inputs": inputs,
        "targets": targets,
        "subsets": SUBSETS,
        "cls": CLS,
        "encoders": encoders,
        "heads": heads,
    }
    with pytest.raises(ValueError, match=message):
        erm.fit(**(arguments | change))


@pytest.mark.parametrize("dtype", [torch.float64, torch.int64])
def test_tensors_of_another_type_are_refused(dtype):
    """The compiled trainer would read their bytes as float32, and 1/m would be 0 as an integer."""
    inputs, targets, _, encoders, heads = problem(torch.float32)
    with pytest.raises(ValueError, match="^targets must be torch.float32 as inputs"):
        erm.fit(inputs, targets.to(dtype), SUBSETS, CLS, encoders, heads, steps=1)
    with pytest.raises(
        ValueError, match="^inputs must hold floating-point numbers, got torch.int64"
    ):
        erm.fit([x.long() for x in inputs], targets.long(), SUBSETS, CLS, encoders, heads, steps=1)


def test_weights_may_have_any_precision():
    inputs, targets, weights, encoders, heads = problem(torch.float32)
    fits = [
        erm.fit(inputs, targets, SUBSETS, CLS, encoders, heads, weights=w, steps=5).stack
        for w in (weights, weights.double())
    ]
    for one, other in zip(fits[0].heads, fits[1].heads, strict=True):
        assert torch.equal(one, other)


def test_weights_that_only_a_wider_type_holds_are_refused():
    inputs, targets, _, encoders, heads = problem(torch.float32)
    huge = torch.full((TRIALS, ROWS), 1e39, dtype=torch.float64)
    with pytest.raises(
        ValueError, match="^weights must be finite in torch.float32, got NaN or inf"
    ):
        erm.fit(inputs, targets, SUBSETS, CLS, encoders, heads, weights=huge)


@pytest.mark.parametrize("engine", ["auto", "torch"])
@pytest.mark.parametrize("change", [{"learning_rate": 1e39}, {"size": 1e30}])
def test_a_training_that_overflows_is_refused(change, engine):
    inputs, targets, _, encoders, heads = problem(torch.float32)
    inputs = [x * change.get("size", 1.0) for x in inputs]
    rate = change.get("learning_rate", 0.02)
    with pytest.raises(
        ValueError, match="^learning_rate, inputs and targets must be so small that"
    ):
        erm.fit(inputs, targets, SUBSETS, CLS, encoders, heads, learning_rate=rate, engine=engine)


@pytest.mark.parametrize("by_hand", [True, False])
def test_tensors_that_require_gradients_train_as_others(by_hand):
    inputs, targets, weights, encoders, heads = problem(torch.float32)
    plain = (inputs, targets, weights)
    leaves = ([x.clone().requires_grad_() for x in inputs], *(t.clone() for t in plain[1:]))
    for leaf in leaves[1:]:
        leaf.requires_grad_()
    fits = [
        erm.fit(x, y, SUBSETS, CLS, encoders, heads, weights=w, steps=3)
        for x, y, w in (plain, leaves)
    ]
    assert torch.equal(fits[0].objective, fits[1].objective)
    assert not fits[1].objective.requires_grad
    one, other = (
        erm.objective_gradient(x, y, fits[0].stack, "least-squares", w, by_hand=by_hand)
        for x, y, w in (plain, leaves)
    )
    assert all(map(torch.equal, one[1], other[1]))
