"""Every class and objective: a stack trained together is its models trained alone, in plain torch."""

import numpy as np
import pytest
import torch

from empirical import erm
from empirical.fusion.classes import FusionClass
from empirical.fusion.operations import OPERATIONS
from empirical.fusion.stack import Stack, slot_of
from empirical.fusion.starts import initial_weights

SUBSETS = ((1,), (0, 1))
DIMS = (3, 4)
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


def own(arrays, cls, index, trial):
    """One model's parameters as leaves: first layers, further layers, gates or attention, head."""
    encoders, heads = ([torch.as_tensor(a) for a in part] for part in arrays)
    K, members = len(DIMS), SUBSETS[index]
    layers = [
        [encoders[k + j * K][trial, slot_of(SUBSETS, index, k)] for k in members]
        for j in range(max(1, cls.depth))
    ]
    mixing = [m[trial] for m in encoders[max(1, cls.depth) * K :][index : index + 1]]
    blocks = [*(w for layer in layers for w in layer), *mixing, heads[index][trial]]
    return [w.clone().requires_grad_() for w in blocks]


def plain_prediction(blocks, cls, xs):
    """One model on rows-first inputs, as one would write it without stacks: [rows, c]."""
    n = len(xs)
    tokens = list(xs)
    for layer in range(max(1, cls.depth)):
        own_layer = blocks[layer * n : (layer + 1) * n]
        tokens = [u @ W.T for u, W in zip(tokens, own_layer, strict=True)]
        tokens = [torch.relu(u) for u in tokens] if cls.depth else tokens
    mixing = blocks[-2]
    if cls.operation.name == "concatenation":
        z = torch.cat(tokens, 1)
    elif cls.operation.name == "gated":
        gates = torch.sigmoid(torch.cat(xs, 1) @ mixing.T).chunk(n, 1)
        z = sum(g * u for g, u in zip(gates, tokens, strict=True))
    elif cls.operation.name == "attention":
        U = torch.stack(tokens, 1)
        scores = torch.einsum("rkh,hg,rlg->rkl", U, mixing, U) / cls.width**0.5
        z = (torch.softmax(scores, 2) @ U).mean(1)
    else:
        z = sum(tokens) / (n if cls.operation.name == "mean" else 1)
    return torch.cat([z, torch.ones_like(z[:, :1])], 1) @ blocks[-1].T


def plain_loss(blocks, cls, xs, y, objective):
    f = plain_prediction(blocks, cls, xs)
    if objective == "least-squares":
        return (f - y.T).square().sum(1).mean()
    if objective == "softmax":
        return torch.nn.functional.cross_entropy(f, y.argmax(0))
    return torch.nn.functional.binary_cross_entropy_with_logits(f[:, 0], y[0])


def plain_fit(blocks, cls, xs, y, objective, steps):
    """torch's own Adam on one model; every ball is projected onto after each step."""
    n = len(xs)
    first, rest = blocks[:n], blocks[n : n * max(1, cls.depth)]
    mixing = blocks[n * max(1, cls.depth) : -1]
    optimizer = torch.optim.Adam(blocks, lr=0.02, fused=True)
    for _ in range(steps):
        optimizer.zero_grad()
        plain_loss(blocks, cls, xs, y, objective).backward()
        for block in blocks:  # a lone token's attention is 1, whatever the scores
            block.grad = torch.zeros_like(block) if block.grad is None else block.grad
        optimizer.step()
        with torch.no_grad():
            norm = torch.cat([W.flatten() for W in first]).norm()
            for W in first:
                W.mul_((cls.encoder_radius / norm).clamp_max(1.0))
            balls = [*((W, 1.0) for W in rest), *((W, cls.encoder_radius) for W in mixing)]
            for W, radius in [*balls, (blocks[-1], cls.head_radius)]:
                W.mul_((radius / W.norm()).clamp_max(1.0))
    return blocks


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize(("operation", "depth"), CLASSES)
def test_fifty_steps_of_a_stack_are_fifty_steps_of_each_plain_model(operation, depth, objective):
    cls, arguments = problem(operation, depth, objective)
    inputs, targets, *_, encoders, heads = arguments
    fitted = erm.fit(*arguments, objective=objective, steps=50)
    found = (fitted.stack.encoders, fitted.stack.heads)
    for index, t in ((0, 0), (1, 1)):
        xs = [inputs[k][t] for k in SUBSETS[index]]
        start = own((encoders, heads), cls, index, t)
        expected = plain_fit(
            [w.detach().clone().requires_grad_() for w in start],
            cls, xs, targets[t], objective, 50,
        )  # fmt: skip
        moved = 0.0
        for mine, theirs, first in zip(own(found, cls, index, t), expected, start, strict=True):
            assert torch.allclose(mine, theirs, rtol=0, atol=1e-10)
            moved = max(moved, float((theirs - first).detach().abs().max()))
        assert moved > 0.1
        loss = plain_loss(expected, cls, xs, targets[t], objective).item()
        assert float(fitted.objective[t, index]) == pytest.approx(loss, abs=1e-9)


@pytest.mark.parametrize("objective", [*OBJECTIVES, "correlation"])
@pytest.mark.parametrize("weighted", [False, True])
def test_autograd_and_the_pass_by_hand_agree(objective, weighted):
    _, (inputs, targets, subsets, _, encoders, heads) = problem(objective=objective)
    stack = Stack(
        subsets,
        tuple(torch.from_numpy(e) for e in encoders),
        tuple(torch.from_numpy(9.0 * h) for h in heads),
    )
    weights = torch.linspace(-1, 2, TRIALS * ROWS).double().view(TRIALS, ROWS) if weighted else None
    by_hand, by_autograd = (
        erm.objective_gradient(inputs, targets, stack, objective, weights, by_hand=way)
        for way in (True, False)
    )
    for mine, theirs in zip(
        (*by_hand[0], *by_hand[1]), (*by_autograd[0], *by_autograd[1]), strict=True
    ):
        assert mine.abs().max() > 1e-3
        assert torch.allclose(mine, theirs, rtol=0, atol=1e-12)


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
        ("least-squares", {"encoders": []}, "encoders must hold 6 arrays, got 0"),
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
