"""Training as one would write it: one model at a time, rows first, autograd and torch's own Adam."""

import torch
from torch.nn import functional

from empirical.fusion.stack import slot_of


def parameters(encoders, heads, subsets, cls, index, trial):
    """One model's parameters as leaves: first layers, further layers, gates or attention, head."""
    encoders, heads = ([torch.as_tensor(a) for a in part] for part in (encoders, heads))
    layers, members = max(1, cls.depth), subsets[index]
    K = (len(encoders) - (len(subsets) if cls.operation.mixing else 0)) // layers
    blocks = [
        encoders[k + j * K][trial, slot_of(subsets, index, k)]
        for j in range(layers)
        for k in members
    ]
    mixing = [m[trial] for m in encoders[layers * K :][index : index + 1]]
    return [w.clone().requires_grad_() for w in (*blocks, *mixing, heads[index][trial])]


def prediction(blocks, cls, xs):
    """f on inputs [rows, D_k]: [rows, c]."""
    n = len(xs)
    tokens = list(xs)
    for layer in range(max(1, cls.depth)):
        own = blocks[layer * n : (layer + 1) * n]
        tokens = [u @ W.T for u, W in zip(tokens, own, strict=True)]
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


def mean_loss(blocks, cls, xs, y, objective, weights=None):
    """The mean over rows of the objective of targets y [c, rows], times the rows' weights."""
    f, t = prediction(blocks, cls, xs), y.T
    if objective == "least-squares":
        values = (f - t).square().sum(1)
    elif objective == "softmax":
        values = functional.cross_entropy(f, t, reduction="none")
    elif objective == "logistic":
        values = functional.binary_cross_entropy_with_logits(f, t, reduction="none")[:, 0]
    else:
        values = -(f * t).sum(1)
    return (values if weights is None else values * weights).mean()


def train(blocks, cls, xs, y, objective, steps, learning_rate=0.02):
    """The parameters after Adam, every ball projected onto at the start and after each step."""
    n, layers = len(xs), max(1, cls.depth)
    blocks = [w.detach().clone().requires_grad_() for w in blocks]
    optimizer = torch.optim.Adam(blocks, lr=learning_rate, fused=True)

    def project():
        with torch.no_grad():
            norm = torch.cat([W.flatten() for W in blocks[:n]]).norm()
            for W in blocks[:n]:
                W.mul_((cls.encoder_radius / norm).clamp_max(1.0))
            further = [(W, 1.0) for W in blocks[n : n * layers]]
            mixing = [(W, cls.encoder_radius) for W in blocks[n * layers : -1]]
            for W, radius in [*further, *mixing, (blocks[-1], cls.head_radius)]:
                W.mul_((radius / W.norm()).clamp_max(1.0))

    project()
    for _ in range(steps):
        optimizer.zero_grad()
        mean_loss(blocks, cls, xs, y, objective).backward()
        for block in blocks:  # a lone token's attention is 1, whatever the scores
            block.grad = torch.zeros_like(block) if block.grad is None else block.grad
        optimizer.step()
        project()
    return [block.detach() for block in blocks]
