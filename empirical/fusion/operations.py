"""What an encoder does to one modality, and how the modalities' features become one.

Pure functions of weights and inputs for a batch of T models, features first and rows last, so that
autograd, float64 measurement and a single model all run the same lines. Only present modalities are
passed in: an absent one has no token, no gate and no attention.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import Tensor

Operation = Literal["concatenation", "sum", "mean", "gated", "attention"]
OPERATIONS: tuple[str, ...] = get_args(Operation)
MIXED = ("gated", "attention")
"""Operations with weights of their own, one array per subset."""


def encode(layers: Sequence[Tensor], x: Tensor, depth: int) -> Tensor:
    """The token u_k of one modality for every model: [T, h, rows].

    layers  the first [T, h, D], then depth - 1 of [T, h, h]
    x       [D, rows], the same for all models, or [T, D, rows]
    depth   how many layers are rectified: 0 is one linear layer, without relu

    >>> weights = torch.tensor([[[2.0], [-1.0]]])
    >>> [encode([weights], torch.tensor([[3.0]]), depth).flatten().tolist() for depth in (0, 1)]
    [[6.0, -3.0], [6.0, 0.0]]
    """
    u = _product(layers[0], x)
    if depth == 0:
        return u
    u = torch.relu(u)
    for weights in layers[1:]:
        u = torch.relu(weights @ u)
    return u


def fuse(
    operation: Operation,
    tokens: Sequence[Tensor],
    inputs: Sequence[Tensor],
    mixing: Tensor | None = None,
) -> Tensor:
    """The fused feature z of the present modalities: [T, |M| h, rows] or [T, h, rows].

    tokens  u_k, [T, h, rows], one per present modality
    inputs  x_k, [D_k, rows] or [T, D_k, rows], likewise; the gates look at them
    mixing  the operation's own weights, where it has any

    concatenation  (u_k) over k
    sum, mean      of the u_k
    gated          sum of g_k * u_k with g = sigmoid(Q x), x all present inputs and Q = `mixing`
                   [T, |M| h, D_M] (Arevalo et al. 2017, the bias in the inputs' constant 1)
    attention      mean over the queries u_k of sum_l a_kl u_l, a_kl = softmax over l of
                   u_k^T P u_l / sqrt(h), P = `mixing` [T, h, h]: convex weights, and no values
                   matrix, since the encoder's last layer can be one

    >>> u = [torch.tensor([[[1.0]]]), torch.tensor([[[5.0]]])]
    >>> [float(fuse(name, u, [])) for name in ("sum", "mean")]
    [6.0, 3.0]
    >>> float(fuse("attention", u, [], torch.zeros(1, 1, 1)))      # equal weights: the mean
    3.0
    >>> x = [torch.zeros(1, 1), torch.ones(1, 1)]
    >>> float(fuse("gated", u, x, torch.zeros(1, 2, 2)))           # all gates are 1/2
    3.0
    """
    if operation == "concatenation":
        return torch.cat(list(tokens), dim=1)
    if operation in ("sum", "mean"):
        total = torch.stack(list(tokens)).sum(0)
        return total if operation == "sum" else total / len(tokens)
    assert mixing is not None
    if operation == "gated":
        gates = torch.sigmoid(_product(mixing, torch.cat(list(inputs), dim=-2)))
        parts = gates.chunk(len(tokens), dim=1)
        return torch.stack([g * u for g, u in zip(parts, tokens, strict=True)]).sum(0)
    keys = [mixing @ u for u in tokens]
    scale = tokens[0].shape[1] ** -0.5
    weights = torch.stack(
        [torch.stack([(u * key).sum(1) for key in keys]).mul(scale).softmax(0) for u in tokens]
    ).mean(0)
    return torch.stack([w[:, None] * u for w, u in zip(weights, tokens, strict=True)]).sum(0)


def _product(weights: Tensor, x: Tensor) -> Tensor:
    """weights [T, a, b] times x [b, rows] or [T, b, rows]: [T, a, rows]."""
    if x.dim() == 3:
        return weights @ x
    trials, units, _ = weights.shape
    # One product for all trials where they share their rows.
    return (weights.reshape(trials * units, -1) @ x).view(trials, units, -1)
