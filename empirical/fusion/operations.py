"""The encoder of one modality, and the table of operations that fuse the features of all.

Pure functions of weights and inputs for a batch of T models, features first and rows last: autograd,
measurement in float64 and a single model share this code. Only present modalities are passed in: an
absent one has no token, no gate and no attention.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bounds.table import Table

Fuse = Callable[[Sequence[Tensor], Sequence[Tensor], Tensor | None], Tensor]


@dataclass(frozen=True)
class Operation:
    """How the tokens u_k of the present modalities become one feature z.

    Parameters
    ----------
    name
        Under which users ask for it.
    words
        What happens to the features, for pages; "{radius}" stands for the encoder's radius.
    fuse
        Tokens u_k [T, h, rows], inputs x_k [D_k, rows] or [T, D_k, rows], and the operation's own
        weights, if it has any, to z [T, |M| h, rows] or [T, h, rows].
    side_by_side
        Whether z holds the tokens of all modalities one after another; else it has the length h.
    adds_up
        Whether ||z|| may be as large as sqrt(K) times that of K concatenated tokens; else it is at most
        the latter.
    mixing
        The shape of the operation's own weights for a width h, |M| modalities and D_M inputs, or None.
    divisor
        Maps |M| to a number d if z is the tokens side by side, or their sum, divided by d. The complexity
        bound and the exact suprema of linear encoders rest on it. None for any other operation: its
        complexity bound is infinite, and its suprema are searched for.
    """

    name: str
    words: str
    fuse: Fuse
    side_by_side: bool = False
    adds_up: bool = False
    mixing: Callable[[int, int, int], tuple[int, ...]] | None = None
    divisor: Callable[[int], int] | None = None


def encode(layers: Sequence[Tensor], x: Tensor, depth: int) -> Tensor:
    """The token u_k of one modality for every model: [T, h, rows].

    Parameters
    ----------
    layers
        The first [T, h, D], then depth - 1 of [T, h, h].
    x
        [D, rows], the same for all models, or [T, D, rows].
    depth
        How many layers are rectified: 0 is one linear layer, without relu.

    Examples
    --------
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


def _concatenated(tokens: Sequence[Tensor], inputs: Sequence[Tensor], own: Tensor | None) -> Tensor:
    return torch.cat(list(tokens), dim=1)


def _summed(tokens: Sequence[Tensor], inputs: Sequence[Tensor], own: Tensor | None) -> Tensor:
    return torch.stack(list(tokens)).sum(0)


def _averaged(tokens: Sequence[Tensor], inputs: Sequence[Tensor], own: Tensor | None) -> Tensor:
    return torch.stack(list(tokens)).sum(0) / len(tokens)


def _gated(tokens: Sequence[Tensor], inputs: Sequence[Tensor], own: Tensor | None) -> Tensor:
    """The sum of g_k * u_k, g = sigmoid(Q x), x all present inputs, Q = `own` [T, |M| h, D_M].

    Arevalo et al. (2017); the bias is in the inputs' constant 1.
    """
    if own is None:
        raise ValueError("own must hold the gates' weights, got None")
    gates = torch.sigmoid(_product(own, torch.cat(list(inputs), dim=-2)))
    parts = gates.chunk(len(tokens), dim=1)
    return torch.stack([g * u for g, u in zip(parts, tokens, strict=True)]).sum(0)


def _attended(tokens: Sequence[Tensor], inputs: Sequence[Tensor], own: Tensor | None) -> Tensor:
    """The mean over queries u_k of sum_l a_kl u_l, a_kl = softmax over l of u_k^T P u_l / sqrt(h).

    P = `own` [T, h, h]. The weights are convex. There is no values matrix: the encoder's last layer can
    take its place.
    """
    if own is None:
        raise ValueError("own must hold the attention's weights, got None")
    keys = [own @ u for u in tokens]
    scale = tokens[0].shape[1] ** -0.5
    weights = torch.stack(
        [torch.stack([(u * key).sum(1) for key in keys]).mul(scale).softmax(0) for u in tokens]
    ).mean(0)
    return torch.stack([w[:, None] * u for w, u in zip(weights, tokens, strict=True)]).sum(0)


def _undivided(members: int) -> int:
    return 1


def _number_of_modalities(members: int) -> int:
    return members


def _gate_shape(width: int, members: int, inputs: int) -> tuple[int, ...]:
    return (members * width, inputs)


def _key_shape(width: int, members: int, inputs: int) -> tuple[int, ...]:
    return (width, width)


CONCATENATION = Operation(
    "concatenation", "concatenated", _concatenated, side_by_side=True, divisor=_undivided
)
OPERATIONS: Table[Operation] = Table(
    "operation",
    [
        CONCATENATION,
        Operation("sum", "summed over the modalities", _summed, adds_up=True, divisor=_undivided),
        Operation("mean", "averaged over the modalities", _averaged, divisor=_number_of_modalities),
        Operation(
            "gated",
            "summed over the modalities with sigmoid gates that look at the modalities present"
            " (their weights within {radius})",
            _gated,
            adds_up=True,
            mixing=_gate_shape,
        ),
        Operation(
            "attention",
            "averaged with the weights of self-attention among the modalities present (its"
            " weights within {radius})",
            _attended,
            mixing=_key_shape,
        ),
    ],
)


def _product(weights: Tensor, x: Tensor) -> Tensor:
    """weights [T, a, b] times x [b, rows] or [T, b, rows]: [T, a, rows]."""
    if x.dim() == 3:
        return weights @ x
    trials, units, _ = weights.shape
    # Trials that share their rows need one product only.
    return (weights.reshape(trials * units, -1) @ x).view(trials, units, -1)
