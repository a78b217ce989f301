"""The class is what theory, section 5, says: masked features, shared starts, norms inside the balls."""

import numpy as np
import pytest
import torch

from empirical.fusion.classes import FusionClass
from empirical.fusion.stack import Stack, check_subsets, project, slot_of, slots
from empirical.fusion.starts import initial_weights

SUBSETS = ((0,), (2,), (0, 1), (0, 1, 2))
DIMS = (3, 4, 2)
CLS = FusionClass(width=5, encoder_radius=2.0, head_radius=1.5, outputs=3)


def start(trials=4, subsets=SUBSETS, cls=CLS, seed=0):
    draws = [np.random.default_rng([seed, t]) for t in range(trials)]
    return initial_weights(draws, subsets, DIMS, cls)


def stack_of(encoders, heads, subsets=SUBSETS, dtype=torch.float64):
    return Stack(
        subsets,
        tuple(torch.from_numpy(e).to(dtype) for e in encoders),
        tuple(torch.from_numpy(h).to(dtype) for h in heads),
    )


def encoder_norms(stack, index):
    """||W||_F over all blocks of each trial's model of one subset, in float64."""
    blocks = [
        stack.encoders[k][:, slot_of(stack.subsets, index, k)].double().flatten(1)
        for k in stack.subsets[index]
    ]
    return torch.linalg.vector_norm(torch.cat(blocks, 1), dim=1)


def test_slots_count_the_subsets_that_contain_a_modality():
    assert slots(SUBSETS, 0) == [0, 2, 3]
    assert slots(SUBSETS, 1) == [2, 3]
    assert [slot_of(SUBSETS, i, 2) for i in (1, 3)] == [0, 1]


def test_features_are_the_rectified_blocks_of_the_present_modalities_and_a_one():
    stack = stack_of(*start())
    inputs = [torch.randn(d, 7, dtype=torch.float64) for d in DIMS]
    for index, members in enumerate(SUBSETS):
        z = stack.features(index, inputs)
        assert z.shape == (4, len(members) * 5 + 1, 7)
        for t in range(4):
            blocks = [
                (stack.encoders[k][t, slot_of(SUBSETS, index, k)] @ inputs[k]).relu()
                for k in members
            ]
            expected = torch.cat([*blocks, torch.ones(1, 7, dtype=torch.float64)])
            assert torch.allclose(z[t], expected, rtol=0, atol=1e-14)


def test_an_absent_modality_is_not_an_input_of_zeros():
    # relu(bias) is not zero: with the input masked in place of the features, the absent modality's
    # bias would still reach the head. Its value must not matter at all.
    stack = stack_of(*start())
    inputs = [torch.randn(d, 7, dtype=torch.float64) for d in DIMS]
    other = [inputs[0], inputs[1], torch.full_like(inputs[2], 1e6)]
    assert torch.equal(stack.features(2, inputs), stack.features(2, other))


@pytest.mark.parametrize("input_norm", [0.0, 1.0, 2.0])
def test_the_prediction_radius_bounds_the_class_and_is_attained(input_norm):
    # One modality, one unit along x: z = (A X, 1), and the head B z'/||z|| reaches B ||z||.
    x = torch.zeros(3, 1, dtype=torch.float64)
    x[0] = input_norm
    W = torch.zeros(1, 1, 1, 3, dtype=torch.float64)
    W[..., 0] = 2.0
    z = Stack(((0,),), (W,), ()).features(0, [x])[0]
    V = 1.5 * z.T / torch.linalg.vector_norm(z)
    assert float(V @ z) == pytest.approx(CLS.prediction_radius(input_norm), abs=1e-12)
    # Random members of the class never exceed it.
    stack = stack_of(*start(trials=200))
    inputs = [torch.randn(d, 9, dtype=torch.float64) for d in DIMS]
    inputs = [x * input_norm / torch.linalg.vector_norm(x, dim=0) for x in inputs]
    for index in range(len(SUBSETS)):
        head = stack.heads[index]
        head = 1.5 * head / torch.linalg.vector_norm(head, dim=(1, 2), keepdim=True)
        f = head @ stack.features(index, inputs)
        assert torch.linalg.vector_norm(f, dim=1).max() <= CLS.prediction_radius(input_norm)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1.0 + 1e-6, 30.0])
def test_projection_ends_inside_the_class_and_moves_nothing_that_was_inside(dtype, scale):
    # Strictly: the weights as stored, normed in float64, do not exceed the radius by one rounding.
    encoders, heads = start(trials=50)
    stack = stack_of([scale * e for e in encoders], [scale * h for h in heads], dtype=dtype)
    before = [w.clone() for w in (*stack.encoders, *stack.heads)]
    project(stack, CLS)
    for index in range(len(SUBSETS)):
        assert encoder_norms(stack, index).max() <= CLS.encoder_radius
        norms = torch.linalg.vector_norm(stack.heads[index].double(), dim=(1, 2))
        assert norms.max() <= CLS.head_radius
        if scale > 1.1:  # what was outside lands on the sphere, not deep inside
            assert encoder_norms(stack, index).min() >= CLS.encoder_radius * (1 - 1e-5)
            assert norms.min() >= CLS.head_radius * (1 - 1e-5)
    if scale < 1:
        assert all(map(torch.equal, before, (*stack.encoders, *stack.heads)))
    elif scale > 1.1:  # the direction stays
        ratio = stack.heads[0] / before[-len(SUBSETS)]
        assert torch.allclose(ratio, ratio[:, :1, :1].expand_as(ratio), rtol=1e-5)


def test_projection_of_zero_weights_is_zero():
    encoders, heads = start()
    stack = stack_of([0.0 * e for e in encoders], [0.0 * h for h in heads])
    project(stack, CLS)
    assert all(not w.any() for w in (*stack.encoders, *stack.heads))


def test_a_start_depends_on_its_trial_and_its_own_subset_alone():
    encoders, heads = start(trials=4)
    fewer, fewer_heads = start(trials=2, subsets=((0, 1),))
    index = SUBSETS.index((0, 1))
    assert np.array_equal(heads[index][:2], fewer_heads[0])
    for k in (0, 1):
        assert np.array_equal(encoders[k][:2, slot_of(SUBSETS, index, k)], fewer[k][:, 0])
    assert fewer[2].shape == (2, 0, 5, 2)


def test_starts_use_the_encoder_radius_fully_and_a_tenth_of_the_heads():
    stack = stack_of(*start())
    for index in range(len(SUBSETS)):
        assert encoder_norms(stack, index).numpy() == pytest.approx(2.0)
        norms = torch.linalg.vector_norm(stack.heads[index], dim=(1, 2)).numpy()
        assert norms == pytest.approx(0.15)
    # All subsets begin with the same directions: modality 0's blocks are multiples of one another.
    first, second = stack.encoders[0][:, 0], stack.encoders[0][:, 1]
    assert torch.allclose(first / first.norm(), second / second.norm())


@pytest.mark.parametrize(
    "change",
    [
        {"width": 0},
        {"width": 1.5},
        {"outputs": -1},
        {"encoder_radius": 0.0},
        {"encoder_radius": float("nan")},
        {"head_radius": float("inf")},
        {"head_radius": -1.0},
        # Squares of norms vanish or overflow in float32: engines would project differently.
        {"encoder_radius": 1e-20},
        {"head_radius": 1e30},
    ],
)
def test_impossible_sizes_and_radii_are_refused(change):
    sizes = {"width": 4, "encoder_radius": 1.0, "head_radius": 1.0, "outputs": 1}
    with pytest.raises(ValueError, match=f"^{next(iter(change))} must (be|lie)"):
        FusionClass(**(sizes | change))


@pytest.mark.parametrize("subsets", [((),), ((0, 3),), ((-1,),), ((0, 0),)])
def test_impossible_subsets_are_refused(subsets):
    with pytest.raises(ValueError, match="^subsets must hold distinct indices from 0 to 2"):
        check_subsets(subsets, 3)
