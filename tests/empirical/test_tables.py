"""Every entry of the tables of losses, operations and engines keeps its table's contract."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from contracts import (
    DIMS,
    SUBSETS,
    check_engine,
    check_entry,
    check_loss,
    check_objective,
    check_operation,
    generator,
)

from bounds.losses import LossConstants
from empirical.erm import ENGINES
from empirical.fusion import OPERATIONS, FusionClass, initial_weights
from empirical.heads import softmax
from empirical.losses import CORRELATION, LOSSES, OBJECTIVES, SOFTMAX, SQUARES


def named(entries):
    return {"argvalues": list(entries), "ids": [entry.name for entry in entries]}


@pytest.mark.parametrize("loss", **named(LOSSES))
def test_every_loss_keeps_the_contract(loss):
    check_entry(LOSSES, loss)
    assert OBJECTIVES.find(loss.name) is loss
    check_loss(loss)


def test_the_correlation_keeps_that_of_an_objective():
    check_entry(OBJECTIVES, CORRELATION)
    check_objective(CORRELATION, torch.sign(torch.randn(2, 3, 9, generator=generator())).double())


@pytest.mark.parametrize("operation", **named(OPERATIONS))
def test_every_operation_keeps_the_contract(operation):
    check_entry(OPERATIONS, operation)
    check_operation(operation)


@pytest.mark.parametrize("operation", ["concatenation", "attention"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("objective", **named(OBJECTIVES))
@pytest.mark.parametrize("engine", **named(ENGINES))
def test_every_engine_agrees_with_torch_or_says_why_it_cannot(engine, objective, dtype, operation):
    check_entry(ENGINES, engine)
    cls = FusionClass(4, 2.0, 3.0, 1, operation)
    draws = [np.random.default_rng([3, t]) for t in range(2)]
    inputs = [torch.randn(2, 20, d, generator=generator(d), dtype=dtype) for d in DIMS]
    chances = torch.rand(2, 1, 20, generator=generator(), dtype=dtype)
    # One class has probability 1: the only targets that all objectives take with one output.
    targets = torch.ones_like(chances) if objective.name == "softmax" else chances
    start = initial_weights(draws, SUBSETS, DIMS, cls)
    check_engine(engine, (cls, (inputs, targets, SUBSETS, cls, *start), objective.name))


def halved(constants):
    return lambda *numbers: LossConstants(constants(*numbers).C / 2, constants(*numbers).L)


def flattened(constants):
    return lambda *numbers: LossConstants(constants(*numbers).C, constants(*numbers).L / 3)


def too_soon(*arguments, start=None):
    return softmax(*arguments, start=start, steps=0)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(SQUARES, residual=lambda f, y: f - y),
        replace(SQUARES, constants=halved(SQUARES.constants)),
        replace(SQUARES, constants=flattened(SQUARES.constants)),
        replace(SOFTMAX, solve=too_soon),
        replace(SOFTMAX, words=""),
    ],
    ids=["residual", "C", "L", "heads", "words"],
)
def test_a_wrong_loss_is_noticed(wrong):
    with pytest.raises(AssertionError):
        check_loss(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(OPERATIONS.find("sum"), adds_up=False),
        replace(OPERATIONS.find("sum"), divisor=lambda members: 3 * members),
        replace(OPERATIONS.find("mean"), side_by_side=True),
        replace(OPERATIONS.find("sum"), fuse=lambda tokens, inputs, own: 3 * sum(tokens)),
    ],
    ids=["radius", "complexity", "length", "norm"],
)
def test_a_wrong_operation_is_noticed(wrong):
    with pytest.raises((AssertionError, ValueError)):
        check_operation(wrong)
