"""The norm-bounded concatenation class: one ReLU layer per modality, concatenation, a linear head.

    f(x) = V (z, 1),   z = concatenation over k in M of relu(W_k (x_k, 1)),   0 for k outside M
    ||W||_F <= A  over all blocks of M together,   ||V||_F <= B

Theory, section 5, row "fusion two-layer ReLU". Absent modalities give zero features (the mask acts on
features, not on inputs, since relu of a bias is not zero). Arrays are feature-first: rows of a sample
are the last axis, so that concatenation is a view.
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
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be a positive integer, got {getattr(self, name)}")
        for name in ("encoder_radius", "head_radius"):
            radius = getattr(self, name)
            if not (radius > 0 and np.isfinite(radius)):
                raise ValueError(f"{name} must be positive and finite, got {radius}")

    def prediction_radius(self, input_norm: float) -> float:
        """The largest ||f(x)||_2 over the class where every (x_k, 1) has norm <= input_norm.

        ||z||^2 <= sum_k ||W_k||_F^2 ||x_k||^2 <= A^2 input_norm^2, and the head sees (z, 1).

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
        """
        members = self.subsets[index]
        trials, _, width, _ = self.encoders[members[0]].shape
        rows = inputs[members[0]].shape[-1]
        z = inputs[members[0]].new_ones(trials, len(members) * width + 1, rows)
        for block, k in enumerate(members):
            weights = self.encoders[k][:, slot_of(self.subsets, index, k)].to(z.dtype)
            # One GEMM for all trials; the loop below only rectifies its result into place.
            pre = (weights.reshape(trials * width, -1) @ inputs[k]).view(trials, width, rows)
            torch.clamp_min(pre, 0.0, out=z[:, block * width : (block + 1) * width])
        return z


def slot_of(subsets: Subsets, index: int, modality: int) -> int:
    """The slot of subset `index` among the subsets that contain `modality`."""
    return sum(modality in members for members in subsets[:index])


def slots(subsets: Subsets, modality: int) -> list[int]:
    """The indices of the subsets that contain `modality`, in order."""
    return [i for i, members in enumerate(subsets) if modality in members]


def project(stack: Stack, cls: FusionClass) -> None:
    """Scale each model of the stack back onto its balls, in place: ||W||_F <= A, ||V||_F <= B."""
    trials = stack.heads[0].shape[0]
    squares = stack.heads[0].new_zeros(trials, len(stack.subsets))
    for k, weights in enumerate(stack.encoders):
        for slot, index in enumerate(slots(stack.subsets, k)):
            squares[:, index] += weights[:, slot].square().sum((-2, -1))
    shrink = (cls.encoder_radius * squares.clamp_min(1e-30).rsqrt()).clamp_max(1.0)
    for k, weights in enumerate(stack.encoders):
        weights.mul_(shrink[:, slots(stack.subsets, k)][..., None, None])
    for head in stack.heads:
        norm = torch.linalg.vector_norm(head, dim=(-2, -1), keepdim=True)
        head.mul_((cls.head_radius / norm.clamp_min(1e-30)).clamp_max(1.0))


def initial_weights(
    draws: Sequence[np.random.Generator],
    subsets: Subsets,
    input_dims: Sequence[int],
    cls: FusionClass,
) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """Random starts for a stack: per modality [T, s_k, h, D_k], per subset [T, c, |M| h + 1].

    draws: one generator per trial. Hidden units point in uniform directions and share the encoder's
    radius equally; all subsets of a trial start from the same directions, so that differences between
    subsets are not differences of luck. Heads start small.
    """
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
