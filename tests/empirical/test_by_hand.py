"""The hand-derived gradient and its projection against autograd and `fusion.project`, in any pieces."""

import numpy as np
import pytest
import torch

from empirical import erm
from empirical.erm import by_hand
from empirical.erm.gradients import workspace
from empirical.fusion.classes import FusionClass
from empirical.fusion.starts import initial_weights
from empirical.losses import OBJECTIVES

# Modality 1 is in no subset; one subset is there twice, and one in another order.
SUBSETS, DIMS, TRIALS, ROWS = ((2,), (0, 3), (3, 0, 2), (2,)), (4, 3, 7, 2), 3, 23
CLS = FusionClass(5, 2.0, 3.0, 2)


def problem(dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    draw = {"generator": generator, "dtype": torch.float64}
    inputs = [torch.randn(TRIALS, ROWS, d, **draw).to(dtype) for d in DIMS]
    targets = torch.randn(TRIALS, 2, ROWS, **draw).softmax(1).to(dtype)
    scale = torch.rand(TRIALS, 1, ROWS, **draw).to(dtype)
    draws = [np.random.default_rng(t) for t in range(TRIALS)]
    return inputs, targets, scale, initial_weights(draws, SUBSETS, DIMS, CLS)


def both(start, inputs):
    return [
        workspace(SUBSETS, CLS, *start, inputs[0], ROWS, by_hand=hand) for hand in (True, False)
    ]


def blocks(stack):
    return [*stack.encoders, *stack.heads]


def alike(a, b, tolerance):
    for x, y in zip(blocks(a), blocks(b), strict=True):
        assert x.shape == y.shape
        assert torch.allclose(x, y, rtol=0, atol=tolerance)


@pytest.fixture(params=[ROWS, 5, 1])
def rows_of_a_piece(request, monkeypatch):
    """All rows at once, 5 pieces of 4 or 5 rows, and row by row; also one trial at a time."""
    monkeypatch.setattr(by_hand, "AT_ONCE", 1)
    monkeypatch.setattr(by_hand, "FEWEST", request.param)


@pytest.mark.usefixtures("rows_of_a_piece")
@pytest.mark.parametrize("objective", ["softmax", "least-squares", "correlation"])
def test_the_gradient_is_that_of_autograd(objective):
    inputs, targets, scale, start = problem()
    mine, auto = both(start, inputs)
    alike(mine.stack, auto.stack, 0.0)
    for work in (mine, auto):
        # Twice: a gradient is not added to the one before.
        for _ in range(2):
            work.differentiate(inputs, targets, scale, OBJECTIVES.find(objective))
    assert all(x.abs().max() > 1e-3 for x in blocks(auto.gradients) if x.numel())
    alike(mine.gradients, auto.gradients, 1e-13)


@pytest.mark.parametrize(
    ("encoders", "heads"), [(1e-3, 1e-3), (1e3, 1e-3), (1e-3, 1e3), (1.0, 0.0)]
)
def test_the_projection_is_that_of_a_stack(encoders, heads):
    inputs, _, _, start = problem()
    # Some models of a stack are inside, others outside.
    start = [encoders * e for e in start[0]], [heads * h for h in start[1]]
    start[0][2][1] *= 1e3
    mine, auto = both(start, inputs)
    for work in (mine, auto):
        work.project()
    alike(mine.stack, auto.stack, 1e-14)


def test_weights_of_many_features_end_inside_their_ball():
    # Added one after another in float32, these squares are too small by 242 units of rounding.
    cls, subsets = FusionClass(5, 2.0, 3.0, 2), ((0,), (0, 1))
    start = (
        [np.full((1, 2, 5, 2000), 0.49), np.zeros((1, 1, 5, 1))],
        [np.ones((1, 2, 6)), np.ones((1, 2, 11))],
    )
    work = workspace(subsets, cls, *start, torch.zeros(1), ROWS, by_hand=True)
    work.project()
    unit = torch.finfo(torch.float32).eps
    for encoder in work.stack.encoders[0][0]:
        assert (1 - 32 * unit) * 2.0 < float(encoder.double().norm()) <= 2.0
    for head in work.stack.heads:
        assert (1 - 32 * unit) * 3.0 < float(head.double().norm()) <= 3.0


@pytest.mark.usefixtures("rows_of_a_piece")
def test_training_in_pieces_is_training():
    inputs, targets, scale, start = problem()
    found = [
        erm.fit(
            inputs,
            targets,
            SUBSETS,
            CLS,
            *start,
            objective="softmax",
            weights=scale[:, 0],
            steps=20,
            batches=batches,
            engine="torch",
        ).stack
        # A batch of all rows is trained by autograd, on all trials at once.
        for batches in (None, [torch.arange(ROWS)] * 20)
    ]
    alike(*found, 1e-10)
