"""The norm-bounded concatenation class: one ReLU layer per modality, concatenation, a linear head.

    f(x) = V (z, 1),   z = concatenation over k in M of relu(W_k (x_k, 1)),   0 for k outside M
    ||W||_F <= A  over all blocks of M together,   ||V||_F <= B

Theory, section 5, row "fusion two-layer ReLU". Absent modalities give zero features (the mask acts
on features, not on inputs, since relu of a bias is not zero). A zero feature adds nothing to V (z,
1), so a stack stores neither the features nor the weights of absent modalities. Arrays are
feature-first: rows of a sample are the last axis, so that concatenation is a view.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Subsets = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class FusionClass:
    """Sizes and radii of the class; fixed before any sample is drawn.

    width           hidden units per modality, h
    encoder_radius  A: the Frobenius norm of all encoder blocks of one model together
    head_radius     B: the Frobenius norm of the head, bias included
    outputs         c

    Raises ValueError where a size is not a positive integer or a radius not positive and finite.
    """

    width: int
    encoder_radius: float
    head_radius: float
    outputs: int

    def __post_init__(self) -> None:
        for name in ("width", "outputs"):
            size = getattr(self, name)
            if not isinstance(size, int | np.integer) or size < 1:
                raise ValueError(f"{name} must be a positive integer, got {size!r}")
        for name in ("encoder_radius", "head_radius"):
            radius = getattr(self, name)
            if not (radius > 0 and np.isfinite(radius)):
                raise ValueError(f"{name} must be positive and finite, got {radius}")

    def prediction_radius(self, input_norm: float) -> float:
        """An upper bound on ||f(x)||_2 over the class where every (x_k, 1) has norm <= input_norm.

        ||z||^2 <= sum_k ||W_k||_F^2 ||(x_k, 1)||^2 <= A^2 input_norm^2, and the head sees (z, 1).
        It is attained: one unit along x_k, and a head along (z, 1).

        >>> FusionClass(8, 1.0, 2.0, 10).prediction_radius(0.0)
        2.0
        """
        return float(self.head_radius * np.sqrt((self.encoder_radius * input_norm) ** 2 + 1.0))


@dataclass(frozen=True)
class Stack:
    """T trials of one model per subset, trained together.

    subsets   indices of the modalities that each model sees
    encoders  per modality k: [T, s_k, h, D_k], one slot for each subset that contains k, in order
    heads     per subset: [T, c, |M| h + 1], the last column multiplies the constant 1
    """

    subsets: Subsets
    encoders: tuple[Tensor, ...]
    heads: tuple[Tensor, ...]

    def features(self, index: int, inputs: Sequence[Tensor]) -> Tensor:
        """The features (z, 1) of the models of subset `index`: [T, |M| h + 1, rows].

        inputs: per modality [D_k, rows], the same rows for every trial. The result has the dtype of
        `inputs`; give float64 for risks and Gram matrices.

        >>> weights = torch.tensor([[[[1.0, 0.0]]]])        # one trial, one slot, one unit: relu(x)
        >>> stack = Stack(((0,),), (weights,), (torch.zeros(1, 1, 2),))
        >>> stack.features(0, [torch.tensor([[-3.0, 2.0], [1.0, 1.0]])])
        tensor([[[0., 2.],
                 [1., 1.]]])
        """
        members = self.subsets[index]
        trials, _, width, _ = self.encoders[members[0]].shape
        rows = inputs[members[0]].shape[-1]
        z = inputs[members[0]].new_ones(trials, len(members) * width + 1, rows)
        for block, k in enumerate(members):
            weights = self.encoders[k][:, slot_of(self.subsets, index, k)].to(z.dtype)
            # One product for all trials, rectified into its place.
            pre = (weights.reshape(trials * width, -1) @ inputs[k]).view(trials, width, rows)
            torch.clamp_min(pre, 0.0, out=z[:, block * width : (block + 1) * width])
        return z


def check_subsets(subsets: Subsets, modalities: int) -> None:
    """Raise ValueError unless every subset holds distinct indices below `modalities`, at least one.

    >>> check_subsets(((0,), (0, 1)), modalities=2)
    """
    for members in subsets:
        known = all(0 <= k < modalities for k in members)
        if not members or not known or len(set(members)) < len(members):
            raise ValueError(
                f"subsets must hold distinct indices from 0 to {modalities - 1}, got {members}"
            )


def slot_of(subsets: Subsets, index: int, modality: int) -> int:
    """The slot of subset `index` among the subsets that contain `modality`.

    >>> slot_of(((0,), (1,), (0, 1)), index=2, modality=1)
    1
    """
    return sum(modality in members for members in subsets[:index])


def slots(subsets: Subsets, modality: int) -> list[int]:
    """The indices of the subsets that contain `modality`, in order.

    >>> slots(((0,), (1,), (0, 1)), modality=1)
    [1, 2]
    """
    return [i for i, members in enumerate(subsets) if modality in members]


def project(stack: Stack, cls: FusionClass) -> None:
    """Scale each model of the stack back into its balls, in place: ||W||_F <= A, ||V||_F <= B.

    The balls are 16 units of rounding smaller than A and B, so that the weights as stored, in
    float32 too, are inside the class and not beside it.

    >>> stack = Stack(((0,),), (torch.full((1, 1, 1, 4), 3.0),), (torch.zeros(1, 1, 2),))
    >>> project(stack, FusionClass(width=1, encoder_radius=2.0, head_radius=1.0, outputs=1))
    >>> round(float(stack.encoders[0].norm()), 4)
    2.0
    """
    trials = stack.heads[0].shape[0]
    inside = 1.0 - 16.0 * torch.finfo(stack.heads[0].dtype).eps
    squares = stack.heads[0].new_zeros(trials, len(stack.subsets))
    for k, weights in enumerate(stack.encoders):
        for slot, index in enumerate(slots(stack.subsets, k)):
            squares[:, index] += weights[:, slot].square().sum((-2, -1))
    shrink = _shrink(squares, inside * cls.encoder_radius)
    for k, weights in enumerate(stack.encoders):
        weights.mul_(shrink[:, slots(stack.subsets, k)][..., None, None])
    for head in stack.heads:
        head.mul_(_shrink(head.square().sum((-2, -1), keepdim=True), inside * cls.head_radius))


def _shrink(squares: Tensor, radius: float) -> Tensor:
    """The factor that brings a vector of this squared norm into the ball: 1 where it is inside."""
    return (radius * squares.clamp_min(1e-30).rsqrt()).clamp_max(1.0)


def initial_weights(
    draws: Sequence[np.random.Generator],
    subsets: Subsets,
    input_dims: Sequence[int],
    cls: FusionClass,
) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """Random starts for a stack: per modality [T, s_k, h, D_k], per subset [T, c, |M| h + 1].

    draws: one generator per trial. input_dims: D_k, the constant 1 included. Hidden units point in
    uniform directions and share the encoder's radius equally; all subsets of a trial start from the
    same directions, so that differences between subsets are not differences of luck, and no start
    depends on which other subsets are trained. Heads start small.

    Raises ValueError where a subset is empty, names no modality in range or names one twice.

    >>> cls = FusionClass(width=4, encoder_radius=2.0, head_radius=1.0, outputs=1)
    >>> draws = [np.random.default_rng(0)]
    >>> encoders, heads = initial_weights(draws, ((0,), (0, 1)), [3, 5], cls)
    >>> [e.shape for e in encoders], [h.shape for h in heads]
    ([(1, 2, 4, 3), (1, 1, 4, 5)], [(1, 1, 5), (1, 1, 9)])
    """
    check_subsets(subsets, len(input_dims))
    directions: list[list[NDArray[np.float64]]] = [[] for _ in input_dims]
    head_rows = []
    for draw in draws:
        for k, dim in enumerate(input_dims):
            w = draw.standard_normal((cls.width, dim))
            directions[k].append(w / np.linalg.norm(w, axis=1, keepdims=True))
        head_rows.append(draw.standard_normal((cls.outputs, len(input_dims) * cls.width + 1)))
    unit = [np.stack(per_trial) for per_trial in directions]
    rows = np.stack(head_rows)
    encoders = [
        np.stack(
            [
                unit[k] * cls.encoder_radius / np.sqrt(len(subsets[i]) * cls.width)
                for i in slots(subsets, k)
            ],
            axis=1,
        )
        if slots(subsets, k)
        else np.zeros((len(draws), 0, cls.width, dim))
        for k, dim in enumerate(input_dims)
    ]
    heads = []
    for members in subsets:
        columns = np.concatenate(
            [np.arange(k * cls.width, (k + 1) * cls.width) for k in members] + [[rows.shape[2] - 1]]
        )
        start = rows[:, :, columns]
        norms = np.linalg.norm(start, axis=(1, 2), keepdims=True)
        heads.append(0.1 * cls.head_radius * start / norms)
    return encoders, heads
