"""Fused features against one example at a time in numpy, and the balls that bound them."""

import numpy as np
import pytest
import torch

from empirical.fusion.classes import FusionClass
from empirical.fusion.operations import OPERATIONS
from empirical.fusion.stack import Stack, project, slot_of
from empirical.fusion.starts import encoder_shapes, initial_weights

MIXED = [each.name for each in OPERATIONS if each.mixing]

SUBSETS = ((1,), (0, 2), (0, 1, 2))
DIMS = (3, 4, 2)
ROWS = 6
CLASSES = [
    FusionClass(4, 2.0, 1.5, 2, operation, depth)
    for operation in OPERATIONS.names
    for depth in (0, 1, 3)
]


def name(cls):
    return f"{cls.operation.name}-{cls.depth}"


def random_stack(cls, trials=3, seed=0, dtype=torch.float64):
    """Members of the class with every block away from its start, on the boundary of its ball."""
    generator = np.random.default_rng(seed)
    shapes = encoder_shapes(cls, SUBSETS, DIMS)
    heads = [(trials, cls.outputs, cls.features(len(m)) + 1) for m in SUBSETS]
    blocks = [generator.standard_normal(s) for s in [*((trials, *s) for s in shapes), *heads]]
    tensors = [torch.from_numpy(9.0 * b).to(dtype) for b in blocks]
    count = len(shapes)
    stack = Stack(SUBSETS, tuple(tensors[:count]), tuple(tensors[count:]), cls.operation, cls.depth)
    project(stack, cls)
    return stack


def random_inputs(seed=1, norm=None):
    generator = torch.Generator().manual_seed(seed)
    inputs = [torch.randn(d, ROWS, generator=generator, dtype=torch.float64) for d in DIMS]
    if norm is None:
        return inputs
    return [norm * x / torch.linalg.vector_norm(x, dim=0) for x in inputs]


def one_example(stack, cls, index, trial, xs):
    """z of one model on one example, modality after modality, written from the definition."""
    members, K = stack.subsets[index], len(DIMS)
    tokens = []
    for k in members:
        slot = slot_of(stack.subsets, index, k)
        u = stack.encoders[k][trial, slot].numpy() @ xs[k]
        for layer in range(cls.depth):
            if layer:
                u = stack.encoders[k + layer * K][trial, slot].numpy() @ u
            u = np.maximum(u, 0.0)
        tokens.append(u)
    own = stack.encoders[max(1, cls.depth) * K :]
    if cls.operation.name == "concatenation":
        return np.concatenate(tokens)
    if cls.operation.name in ("sum", "mean"):
        return np.sum(tokens, 0) / (len(members) if cls.operation.name == "mean" else 1)
    weights = own[index][trial].numpy()
    if cls.operation.name == "gated":
        gates = 1 / (1 + np.exp(-weights @ np.concatenate([xs[k] for k in members])))
        return sum(g * u for g, u in zip(np.split(gates, len(members)), tokens, strict=True))
    answers = []
    for query in tokens:
        scores = np.array([query @ weights @ key for key in tokens]) / np.sqrt(cls.width)
        share = np.exp(scores - scores.max())
        answers.append(sum(s * u for s, u in zip(share / share.sum(), tokens, strict=True)))
    return np.mean(answers, 0)


@pytest.mark.parametrize("cls", CLASSES, ids=name)
def test_features_are_those_of_one_example_after_the_other(cls):
    stack, inputs = random_stack(cls), random_inputs()
    for index in range(len(SUBSETS)):
        z = stack.features(index, inputs)
        assert z.shape == (3, cls.features(len(SUBSETS[index])) + 1, ROWS)
        for t in range(3):
            for row in range(ROWS):
                expected = one_example(stack, cls, index, t, [x[:, row].numpy() for x in inputs])
                assert z[t, :-1, row].numpy() == pytest.approx(expected, abs=1e-13)
                assert z[t, -1, row] == 1.0


@pytest.mark.parametrize("cls", CLASSES, ids=name)
def test_rows_of_each_trials_own_are_rows_shared_by_all(cls):
    stack, inputs = random_stack(cls), random_inputs()
    own = [x.expand(3, -1, -1).clone() for x in inputs]
    for index in range(len(SUBSETS)):
        shared, each = stack.features(index, inputs), stack.features(index, own)
        assert torch.allclose(shared, each, rtol=0, atol=1e-14)
        own[0][1] += 1.0  # another trial's rows are not looked at
        moved = stack.features(index, own)
        assert torch.allclose(moved[[0, 2]], each[[0, 2]], rtol=0, atol=1e-14)
        own[0][1] -= 1.0


@pytest.mark.parametrize("cls", CLASSES, ids=name)
def test_an_absent_modality_cannot_be_seen(cls):
    stack, inputs = random_stack(cls), random_inputs()
    hidden = [torch.full_like(inputs[0], torch.nan), inputs[1], torch.full_like(inputs[2], 1e9)]
    assert torch.equal(stack.features(0, inputs), stack.features(0, hidden))


@pytest.mark.parametrize("cls", CLASSES, ids=name)
def test_the_radii_bound_every_member(cls):
    norm, K = 1.7, len(DIMS)
    inputs = random_inputs(norm=norm)
    stack = random_stack(cls, trials=200)
    for index, members in enumerate(SUBSETS):
        z = stack.features(index, inputs)
        longest = torch.linalg.vector_norm(z[:, :-1], dim=1).max()
        assert longest <= cls.feature_radius(norm, len(members)) * (1 + 1e-12)
        heads = stack.heads[index]
        heads = cls.head_radius * heads / torch.linalg.vector_norm(heads, dim=(1, 2), keepdim=True)
        f = torch.linalg.vector_norm(heads @ z, dim=1).max()
        assert f <= cls.prediction_radius(norm, K) * (1 + 1e-12)


@pytest.mark.parametrize("operation", OPERATIONS.names)
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_the_feature_radius_is_attained(operation, depth):
    """One unit along x, for a sum in equal parts on both modalities; wide-open gates reach it too."""
    x = torch.tensor([[3.0], [0.0]], dtype=torch.float64)
    both = operation in ("sum", "gated")
    share = 0.5**0.5 if both else 1.0
    members = (0, 1) if both else (0,)
    first = torch.zeros(1, 1, 1, 2, dtype=torch.float64)
    first[..., 0] = 2.0 * share
    further = [torch.ones(1, 1, 1, 1, dtype=torch.float64)] * (len(members) * (max(1, depth) - 1))
    encoders = [*[first] * len(members), *further]
    if operation == "gated":
        encoders.append(1e3 * torch.ones(1, 2, 4, dtype=torch.float64))
    elif operation == "attention":
        encoders.append(torch.zeros(1, 1, 1, dtype=torch.float64))
    stack = Stack((members,), tuple(encoders), (), operation, depth)
    z = stack.features(0, [x] * len(members))[0, :-1]
    cls = FusionClass(1, 2.0, 1.0, 1, operation, depth)
    assert float(z.norm()) == pytest.approx(cls.feature_radius(3.0, len(members)), rel=1e-12)


def test_equal_tokens_make_attention_the_mean_and_a_large_score_one_token():
    cls = FusionClass(4, 2.0, 1.0, 1, "attention")
    stack, inputs = random_stack(cls), random_inputs()
    plain = Stack(SUBSETS, stack.encoders[:3], stack.heads, "mean")
    even = Stack(
        SUBSETS, (*plain.encoders, *(0.0 * p for p in stack.encoders[3:])), (), "attention"
    )
    assert torch.allclose(even.features(2, inputs), plain.features(2, inputs), rtol=0, atol=1e-14)
    # A score matrix of 1e4 I: each token attends to the one of largest inner product with it.
    sharp = tuple(1e4 * torch.eye(4, dtype=torch.float64).expand(3, -1, -1) for _ in SUBSETS)
    z = Stack(SUBSETS, (*plain.encoders, *sharp), (), "attention").features(1, inputs)[:, :-1]
    u = Stack(SUBSETS, plain.encoders, (), "concatenation").features(1, inputs)[:, :-1]
    tokens = u.unflatten(1, (2, 4))
    inner = torch.einsum("tkhr,tlhr->tklr", tokens, tokens)
    picked = torch.nn.functional.one_hot(inner.argmax(2), 2).double().mean(1)
    clear = (inner[:, :, 0] - inner[:, :, 1]).abs().amin(1) > 0.05
    assert clear.sum() > 3
    expected = torch.einsum("trl,tlhr->thr", picked, tokens)
    assert torch.allclose(z.mT[clear], expected.mT[clear], rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("cls", CLASSES, ids=name)
def test_projection_leaves_every_block_inside_its_ball(cls, dtype):
    stack, K = random_stack(cls, trials=30, dtype=dtype), len(DIMS)
    for index, members in enumerate(SUBSETS):
        for t in range(30):
            first = [
                stack.encoders[k][t, slot_of(SUBSETS, index, k)].double().norm() for k in members
            ]
            norm = torch.stack(first).norm()
            assert 2.0 * (1 - 1e-5) < norm <= 2.0
    layers = max(1, cls.depth) * K
    further = [block.double().norm(dim=(-2, -1)) for block in stack.encoders[K:layers]]
    mixing = [block.double().norm(dim=(-2, -1)) for block in stack.encoders[layers:]]
    assert len(further) == K * max(0, cls.depth - 1)
    assert len(mixing) == (len(SUBSETS) if cls.operation.name in MIXED else 0)
    for norms, radius in ((further, 1.0), (mixing, 2.0)):
        assert all(bool(((1 - 1e-5) * radius < n).all() and (n <= radius).all()) for n in norms)


@pytest.mark.parametrize("cls", CLASSES, ids=name)
def test_a_start_is_its_trials_and_subsets_own_and_begins_as_the_plain_one(cls):
    def start(subsets, trials, c=cls):
        draws = [np.random.default_rng([5, t]) for t in range(trials)]
        return initial_weights(draws, subsets, DIMS, c)

    encoders, heads = start(SUBSETS, 3)
    assert [e.shape[1:] for e in encoders] == encoder_shapes(cls, SUBSETS, DIMS)
    few, few_heads = start((SUBSETS[1],), 2)
    assert np.array_equal(few_heads[0], heads[1][:2])
    for k in SUBSETS[1]:
        for layer in range(cls.layers):
            own = encoders[k + 3 * layer][:2, slot_of(SUBSETS, 1, k)]
            assert np.array_equal(few[k + 3 * layer][:, 0], own)
    plain, _ = start(SUBSETS, 3, FusionClass(4, 2.0, 1.5, 2))
    for k in range(3):
        assert np.array_equal(encoders[k], plain[k])
    for deeper in encoders[3 : 3 * cls.layers]:
        assert np.linalg.norm(deeper, axis=(-2, -1)) == pytest.approx(1.0)
    assert all(not mixing.any() for mixing in encoders[3 * cls.layers :])


@pytest.mark.parametrize("operation", ["sum", "gated"])
@pytest.mark.parametrize("modalities", [None, 0])
def test_a_sum_of_unknown_length_has_no_radius(operation, modalities):
    with pytest.raises(
        ValueError, match="^modalities must be a positive integer for the operation"
    ):
        FusionClass(4, 1.0, 1.0, 1, operation).prediction_radius(1.0, modalities)


@pytest.mark.parametrize(
    "change", [{"operation": "product"}, {"depth": -1}, {"depth": 1.0}, {"depth": True}]
)
def test_unknown_operations_and_depths_are_refused(change):
    with pytest.raises(ValueError, match=f"^{next(iter(change))} must be"):
        FusionClass(4, 1.0, 1.0, 1, **change)
