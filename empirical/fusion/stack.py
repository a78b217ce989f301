"""A stack of models, one per trial and subset of the modalities, that are trained together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import torch
from torch import Tensor

from empirical import mapped
from empirical.fusion.classes import FusionClass
from empirical.fusion.operations import CONCATENATION, OPERATIONS, Operation, encode

Subsets = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Stack:
    """T trials of one model per subset, trained together.

    Parameters
    ----------
    subsets
        Indices of the modalities that each model sees.
    encoders
        The first layers, per modality k: [T, s_k, h, D_k], one slot for each subset that contains
        k, in order; then the second layers [T, s_k, h, h], and so on; then, if the operation has
        weights of its own, those of each subset.
    heads
        Per subset: [T, c, p], p = features + 1; the last column multiplies the constant 1.
    operation, depth
        As in `FusionClass`.
    """

    subsets: Subsets
    encoders: tuple[Tensor, ...]
    heads: tuple[Tensor, ...]
    operation: Operation = CONCATENATION
    depth: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "operation", OPERATIONS.find(self.operation))

    @property
    def modalities(self) -> int:
        """K, the number of modalities that have a place in `encoders`."""
        own = len(self.subsets) if self.operation.mixing else 0
        return (len(self.encoders) - own) // max(1, self.depth)

    def layers(self, index: int, modality: int) -> list[Tensor]:
        """The encoder layers of one modality in the models of subset `index`, [T, h, .] each."""
        slot, K = slot_of(self.subsets, index, modality), self.modalities
        return [self.encoders[modality + j * K][:, slot] for j in range(max(1, self.depth))]

    def mixing(self, index: int) -> Tensor | None:
        """The operation's own weights for subset `index`; None if it has none."""
        if self.operation.mixing is None:
            return None
        return self.encoders[len(self.encoders) - len(self.subsets) + index]

    def features(self, index: int, inputs: Sequence[Tensor]) -> Tensor:
        """The features (z, 1) of the models of subset `index`: [T, p, rows].

        Parameters
        ----------
        inputs
            Per modality [D_k, rows], the same rows for every trial, or [T, D_k, rows]. The result has
            their dtype; risks and Gram matrices need float64.

        Examples
        --------
        >>> weights = torch.tensor([[[[1.0, 0.0]]]])        # one trial, one slot, one unit: relu(x)
        >>> stack = Stack(((0,),), (weights,), (torch.zeros(1, 1, 2),))
        >>> stack.features(0, [torch.tensor([[-3.0, 2.0], [1.0, 1.0]])])
        tensor([[[0., 2.],
                 [1., 1.]]])
        """
        members = self.subsets[index]
        own = [inputs[k] for k in members]
        dtype = own[0].dtype
        tokens = []
        for k, x in zip(members, own, strict=True):
            tokens.append(encode([w.to(dtype) for w in self.layers(index, k)], x, self.depth))
            mapped.release(x)
        mixing = self.mixing(index)
        z = self.operation.fuse(tokens, own, None if mixing is None else mixing.to(dtype))
        return torch.cat([z, torch.ones_like(z[:, :1])], dim=1)


def check_subsets(subsets: Subsets, modalities: int) -> None:
    """Raise ValueError unless there are subsets, each of distinct indices below `modalities`, not empty.

    Examples
    --------
    >>> check_subsets(((0,), (0, 1)), modalities=2)
    """
    if not subsets:
        raise ValueError("subsets must hold at least one subset of the modalities, got none")
    for members in subsets:
        known = all(0 <= k < modalities for k in members)
        if not members or not known or len(set(members)) < len(members):
            raise ValueError(
                f"subsets must hold distinct indices from 0 to {modalities - 1}, got {members}"
            )


def slot_of(subsets: Subsets, index: int, modality: int) -> int:
    """The slot of subset `index` among the subsets that contain `modality`.

    Examples
    --------
    >>> slot_of(((0,), (1,), (0, 1)), index=2, modality=1)
    1
    """
    return sum(modality in members for members in subsets[:index])


def slots(subsets: Subsets, modality: int) -> list[int]:
    """The indices of the subsets that contain `modality`, in order.

    Examples
    --------
    >>> slots(((0,), (1,), (0, 1)), modality=1)
    [1, 2]
    """
    return [i for i, members in enumerate(subsets) if modality in members]


def joined(stacks: Sequence[Stack]) -> Stack:
    """Stacks of the same models as one, trial after trial."""
    if len(stacks) == 1:
        return stacks[0]
    encoders = zip(*(stack.encoders for stack in stacks), strict=True)
    heads = zip(*(stack.heads for stack in stacks), strict=True)
    return replace(
        stacks[0],
        encoders=tuple(torch.cat(parts) for parts in encoders),
        heads=tuple(torch.cat(parts) for parts in heads),
    )


def inside(radius: float, dtype: torch.dtype) -> float:
    """A radius less 16 units of rounding: weights that are scaled to it lie in the ball as they are stored.

    Examples
    --------
    >>> inside(2.0, torch.float32) < 2.0
    True
    """
    return (1.0 - 16.0 * torch.finfo(dtype).eps) * radius


def project(stack: Stack, cls: FusionClass) -> None:
    """Scale each model of the stack back into the balls of `cls`, in place, as far as `inside`.

    Examples
    --------
    >>> stack = Stack(((0,),), (torch.full((1, 1, 1, 4), 3.0),), (torch.zeros(1, 1, 2),))
    >>> project(stack, FusionClass(width=1, encoder_radius=2.0, head_radius=1.0, outputs=1))
    >>> round(float(stack.encoders[0].norm()), 4)
    2.0
    """
    trials, K = stack.heads[0].shape[0], stack.modalities
    dtype = stack.heads[0].dtype
    squares = stack.heads[0].new_zeros(trials, len(stack.subsets))
    places = [_places(stack.subsets, k, squares.device) for k in range(K)]
    for weights, place in zip(stack.encoders[:K], places, strict=True):
        squares.index_add_(1, place, weights.square().sum((-2, -1)))
    shrink = _shrink(squares, inside(cls.encoder_radius, dtype))
    for weights, place in zip(stack.encoders[:K], places, strict=True):
        weights.mul_(shrink.index_select(1, place)[..., None, None])
    further = K * cls.layers
    single = [
        *((weights, 1.0) for weights in stack.encoders[K:further]),
        *((weights, cls.encoder_radius) for weights in stack.encoders[further:]),
        *((head, cls.head_radius) for head in stack.heads),
    ]
    for weights, radius in single:
        total = weights.square().sum((-2, -1), keepdim=True)
        weights.mul_(_shrink(total, inside(radius, dtype)))


@lru_cache(maxsize=256)
def _places(subsets: Subsets, modality: int, device: torch.device) -> Tensor:
    """`slots` as a tensor on the device, which a list would be copied to at every step."""
    return torch.tensor(slots(subsets, modality), dtype=torch.int64).to(device)


def _shrink(squares: Tensor, radius: float) -> Tensor:
    """The factor that scales a vector of this squared norm into the ball: 1 if it is inside."""
    return (radius * squares.clamp_min(1e-30).rsqrt()).clamp_max(1.0)
