"""Every class and objective: a stack trained together is its models trained alone, in plain torch."""

import numpy as np
import pytest
import torch
from compiled_runs import reduced
from plain_training import mean_loss, parameters, train

from empirical import erm
from empirical.fusion.classes import FusionClass
from empirical.fusion.operations import OPERATIONS
from empirical.fusion.starts import initial_weights

SUBSETS = ((1,), (2, 0), (0, 1, 2))
DIMS = (3, 4, 2)
TRIALS, ROWS = 2, 12
OBJECTIVES = ("least-squares", "softmax", "logistic")
CLASSES = [(operation, depth) for operation in OPERATIONS.names for depth in (0, 1, 2)]


def problem(
    operation="concatenation", depth=1, objective="least-squares", rows=ROWS, trials=TRIALS
):
    """A class and the arguments of `fit`: inputs with a constant 1, one-hot or 0/1 targets, a start."""
    outputs = 1 if objective == "logistic" else 2
    cls = FusionClass(3, 1.5, 2.0, outputs, operation, depth)
    generator = np.random.default_rng(7)
    inputs = [torch.from_numpy(generator.standard_normal((trials, rows, dim))) for dim in DIMS]
    for x in inputs:
        x[..., -1] = 1.0
    labels = torch.from_numpy(generator.integers(0, 2, (trials, rows)))
    targets = torch.nn.functional.one_hot(labels, 2).mT.double()
    targets = (targets[:, :1] if outputs == 1 else targets).contiguous()
    draws = [np.random.default_rng([1, t]) for t in range(trials)]
    return cls, (inputs, targets, SUBSETS, cls, *initial_weights(draws, SUBSETS, DIMS, cls))


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize(
    ("operation", "depth", "dtype", "tolerance"),
    # In float32 Adam enlarges the rounding of gradients near zero, which mixed classes have.
    [
        *((*each, torch.float64, 1e-10) for each in CLASSES),
        ("concatenation", 1, torch.float32, 2e-6),
    ],
)
def test_fifty_steps_of_a_stack_are_fifty_steps_of_each_plain_model(
    operation, depth, objective, dtype, tolerance
):
    cls, arguments = problem(operation, depth, objective)
    inputs, targets, *_, encoders, heads = arguments
    inputs, targets = [x.to(dtype) for x in inputs], targets.to(dtype)
    fitted = erm.fit(inputs, targets, *arguments[2:], objective=objective, steps=50)
    for index, t in ((0, 0), (1, 1), (2, 1)):
        xs = [inputs[k][t].double() for k in SUBSETS[index]]
        y = targets[t].double()
        start = parameters(encoders, heads, SUBSETS, cls, index, t)
        expected = train(start, reduced(cls, dtype), xs, y, objective, 50)
        mine = parameters(fitted.stack.encoders, fitted.stack.heads, SUBSETS, cls, index, t)
        for a, b in zip(mine, expected, strict=True):
            assert torch.allclose(a.double(), b, rtol=0, atol=tolerance)
        # Training moved the model: the comparison is not one of two starts.
        assert max((b - a).abs().max() for a, b in zip(start, expected, strict=True)) > 0.1
        loss = mean_loss(expected, cls, xs, y, objective).item()
        assert float(fitted.objective[t, index]) == pytest.approx(loss, abs=10 * tolerance)


@pytest.mark.parametrize("operation", OPERATIONS.names)
def test_rows_repeated_in_the_sample_are_rows_with_weights(operation):
    """m = 24 rows of which 12 differ: weights count * (12 / 24) on the distinct ones."""
    _, (inputs, targets, *rest) = problem(operation)
    counts = torch.tensor([[3, 1, 1, 4, 2, 2, 0, 5, 1, 1, 3, 1], [2] * 12])
    repeated = [torch.repeat_interleave(torch.arange(12), n) for n in counts]
    long = [torch.stack([x[t, r] for t, r in enumerate(repeated)]) for x in inputs]
    long_targets = torch.stack([targets[t][:, r] for t, r in enumerate(repeated)])
    on_rows = erm.fit(long, long_targets, *rest, steps=30)
    on_counts = erm.fit(inputs, targets, *rest, weights=counts * 12 / 24, steps=30)
    for one, other in zip(
        (*on_rows.stack.encoders, *on_rows.stack.heads),
        (*on_counts.stack.encoders, *on_counts.stack.heads),
        strict=True,
    ):
        assert torch.allclose(one, other, rtol=0, atol=1e-10)
    assert torch.allclose(on_rows.objective, on_counts.objective, rtol=0, atol=1e-10)


@pytest.mark.parametrize("operation", ["concatenation", "attention"])
def test_one_step_on_a_batch_is_one_step_on_its_rows(operation):
    _, (inputs, targets, *rest) = problem(operation, rows=30)
    batch = torch.tensor([3, 17, 17, 4, 29])
    picked = erm.fit([x[:, batch] for x in inputs], targets[..., batch], *rest, steps=1).stack
    batched = erm.fit(inputs, targets, *rest, steps=9, batches=[batch]).stack
    for one, other in zip(
        (*picked.encoders, *picked.heads), (*batched.encoders, *batched.heads), strict=True
    ):
        assert torch.allclose(one, other, rtol=0, atol=1e-12)


def test_batches_may_differ_in_length_and_end_the_training():
    _, (inputs, targets, *rest) = problem(rows=30)
    batches = [torch.arange(0, 20), torch.arange(20, 30)]
    two = erm.fit(inputs, targets, *rest, steps=2, batches=batches).stack
    more = erm.fit(inputs, targets, *rest, steps=50, batches=batches).stack
    one = erm.fit(inputs, targets, *rest, steps=1, batches=batches).stack
    assert torch.equal(two.heads[0], more.heads[0])
    assert not torch.equal(one.heads[0], two.heads[0])


@pytest.mark.parametrize(
    "batch",
    [
        torch.tensor([], dtype=torch.int64),
        torch.tensor(3),
        torch.tensor([[0, 1]]),
        torch.tensor([0.0, 1.0]),
        torch.tensor([0, 30]),
        torch.tensor([-1, 3]),
        torch.arange(30) < 5,  # its length is not the number of its rows
    ],
)
def test_batches_that_are_no_indices_of_rows_are_refused(batch):
    _, (inputs, targets, *rest) = problem(rows=30)
    with pytest.raises(
        ValueError, match="^batches must hold lists of indices from 0 to 29, none of"
    ):
        erm.fit(inputs, targets, *rest, steps=2, batches=[batch])


NAN = float("nan")


@pytest.mark.parametrize(
    ("objective", "change", "message"),
    [
        ("least-squares", {"targets": NAN}, "targets must be finite"),
        ("least-squares", {"inputs": NAN}, r"inputs\[0\] must be finite"),
        ("least-squares", {"weights": torch.full((2, 12), NAN)}, "weights must be finite"),
        ("softmax", {"targets": 2.0}, r"targets must lie in \[0, 1\] for softmax, got 2 to 2"),
        ("softmax", {"targets": 1.0}, "targets must sum to 1 over the outputs"),
        ("logistic", {"targets": -1.0}, r"targets must lie in \[0, 1\] for logistic, got -1"),
        ("least-squares", {"encoders": []}, "encoders must hold 9 arrays, got 0"),
    ],
)
def test_bad_input_is_named(objective, change, message):
    _, arguments = problem("attention", 2, objective)
    names = ("inputs", "targets", "subsets", "cls", "encoders", "heads")
    named = dict(zip(names, arguments, strict=True))
    change = {
        "inputs": lambda v: {"inputs": [torch.full_like(x, v) for x in arguments[0]]},
        "targets": lambda v: {"targets": torch.full_like(arguments[1], v)},
    }.get(next(iter(change)), lambda _: change)(next(iter(change.values())))
    with pytest.raises(ValueError, match=f"^{message}"):
        erm.fit(**(named | change), objective=objective)


def test_logistic_has_one_output():
    _, arguments = problem(objective="softmax")
    with pytest.raises(ValueError, match="^targets must have one output for logistic, got 2"):
        erm.fit(*arguments, objective="logistic")
