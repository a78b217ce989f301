"""The gradient of a plain stack by hand, and its projection: few and large operations.

Features lie place by place, in the order of `places`, so that one operation rectifies, masks, or
multiplies by heads all places of all models; each modality takes one product forth and one back. On the
CPU rows are taken in pieces whose features stay in its cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import is_

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from empirical.erm.balls import Balls
from empirical.erm.places import Layout
from empirical.fusion.classes import FusionClass
from empirical.fusion.stack import Stack, Subsets
from empirical.losses import Objective

AT_ONCE, FEWEST = 2**19, 250
"""On the CPU: features of a piece, at most, unless it has so few rows."""


@dataclass(frozen=True)
class _Features:
    """What a pass over some rows computes.

    Parameters
    ----------
    z, back
        [places, h, rows]: features, and the gradient in them.
    z_of, back_of
        The same per modality: [T, s_k h, rows], and [T, rows, s_k h].
    scores
        [places, c, rows]: each place's part of a prediction, later the gradient in it; `rows_scores`
        [places, c rows], and `scores_of` per modality [T, s_k, c rows].
    f
        [T, subsets, c, rows]: predictions, later the gradient in them; `rows_f` [T subsets, c rows], and
        `flat_f` [T, subsets, c rows].
    """

    z: Tensor
    z_of: list[Tensor]
    back: Tensor
    back_of: list[Tensor]
    scores: Tensor
    rows_scores: Tensor
    scores_of: list[Tensor]
    f: Tensor
    rows_f: Tensor
    flat_f: Tensor


@dataclass(frozen=True)
class _Part:
    """Some rows of the sample, with room for their features; beta 0 starts a gradient, 1 goes on with it."""

    inputs: list[Tensor]
    targets: Tensor
    scale: Tensor
    features: _Features
    beta: int


class ByHand:
    """Parameters and gradient of a plain stack, each one flat tensor, and buffers for one pass.

    Parameters
    ----------
    subsets, cls
        The models.
    encoders, heads
        Starting values, as `fusion.initial_weights` returns them, or tensors.
    like
        A tensor with the device and dtype of the computation.
    rows
        Rows of one gradient.
    """

    def __init__(
        self,
        subsets: Subsets,
        cls: FusionClass,
        encoders: Sequence[NDArray[np.float64] | Tensor],
        heads: Sequence[NDArray[np.float64] | Tensor],
        like: Tensor,
        rows: int,
    ) -> None:
        trials, _, width, _ = encoders[0].shape
        dims = tuple(int(e.shape[3]) for e in encoders)
        self.layout = layout = Layout(subsets, trials, width, heads[0].shape[1], dims)
        self.parameters = layout.flat(encoders, heads).to(like)
        self.gradient = torch.zeros_like(self.parameters)
        self._its, self._slopes = layout.blocks(self.parameters), layout.blocks(self.gradient)
        self._turned = [weights.mT for weights in self._its.encoders]
        self._indices = layout.indices(like.device)
        self._balls = Balls(layout, self._indices, self.parameters, cls)
        most = max(FEWEST, AT_ONCE // max(1, trials * layout.places * width))
        self._pieces = pieces(rows, most if like.device.type == "cpu" else rows)
        lengths = {piece.stop - piece.start for piece in self._pieces}
        self._longest = max(lengths)
        counts = [trials * layout.places] * 3 + [trials * len(subsets)]
        self._lengths = width, width, layout.outputs, layout.outputs
        self.buffers = [
            like.new_empty(count * length * self._longest)
            for count, length in zip(counts, self._lengths, strict=True)
        ]
        # The tensors that the parts below are views of.
        self._sample: tuple[object, ...] = (None, None, None)
        self._parts: list[_Part] = []
        self._features_of = {length: self._features(length) for length in lengths}

    @property
    def stack(self) -> Stack:
        """A copy of the models as they are now."""
        return self.layout.stack(self.parameters)

    @property
    def gradients(self) -> Stack:
        """A copy of the gradient in the shapes of the stack."""
        return self.layout.stack(self.gradient)

    def differentiate(
        self, inputs: Sequence[Tensor], targets: Tensor, scale: Tensor, objective: Objective
    ) -> None:
        """As `Workspace.differentiate`."""
        sample = inputs, targets, scale
        if not all(map(is_, sample, self._sample)):
            self._sample = sample
            self._parts = [self._part(piece, *sample) for piece in self._pieces]
        for part in self._parts:
            self._pass(part, objective)

    def _pass(self, part: _Part, objective: Objective) -> None:
        at, inputs = part.features, part.inputs
        its, slopes, indices = self._its, self._slopes, self._indices
        for weights, x, z in zip(self._turned, inputs, at.z_of, strict=True):
            torch.bmm(weights, x, out=z)
        torch.relu_(at.z)
        torch.bmm(its.heads, at.z, out=at.scores)
        at.f.copy_(its.constants[..., None])
        for subsets, scores in zip(indices.subsets_of, at.scores_of, strict=True):
            at.flat_f.index_add_(1, subsets, scores)
        torch.mul(objective.residual(at.f, part.targets), part.scale, out=at.f)
        torch.index_select(at.rows_f, 0, indices.row_of, out=at.rows_scores)
        torch.bmm(its.heads.mT, at.scores, out=at.back)
        # The rectifier passes a gradient where its output is positive.
        torch.ops.aten.threshold_backward.grad_input(at.back, at.z, 0, grad_input=at.back)
        # Beta 0 overwrites the gradient of the step before, 1 adds to that of the pieces before.
        torch.add(at.f.sum(-1), slopes.constants, alpha=part.beta, out=slopes.constants)
        slopes.heads.baddbmm_(at.scores, at.z.mT, beta=part.beta)
        for slope, x, back in zip(slopes.encoders, inputs, at.back_of, strict=True):
            slope.baddbmm_(x, back, beta=part.beta)

    def project(self) -> None:
        """Scale every model back into its balls, as `fusion.project`."""
        self._balls.project()

    def _part(
        self, piece: slice, inputs: Sequence[Tensor], targets: Tensor, scale: Tensor
    ) -> _Part:
        return _Part(
            [x[:, piece].mT for x in inputs],
            targets[:, None, :, piece],
            scale[:, None, :, piece],
            self._features_of[piece.stop - piece.start],
            beta=int(piece.start > 0),
        )

    def _features(self, rows: int) -> _Features:
        """Views of the buffers for so many rows."""
        layout, trials = self.layout, self.layout.trials
        sizes = [trials * count for count in layout.slots]
        z, back, scores, f = (
            each[: each.numel() // self._longest * rows].view(-1, length, rows)
            for each, length in zip(self.buffers, self._lengths, strict=True)
        )
        f = f.view(trials, -1, layout.outputs, rows)
        return _Features(
            z=z,
            z_of=[part.view(trials, -1, rows) for part in torch.split(z, sizes)],
            back=back,
            back_of=[part.view(trials, -1, rows).mT for part in torch.split(back, sizes)],
            scores=scores,
            rows_scores=scores.flatten(1),
            scores_of=[
                part.view(trials, -1, layout.outputs * rows) for part in torch.split(scores, sizes)
            ],
            f=f,
            rows_f=f.view(-1, layout.outputs * rows),
            flat_f=f.view(trials, -1, layout.outputs * rows),
        )


def trials_at_once(subsets: Subsets, width: int, rows: int) -> int:
    """Trials whose features stay in the cache of a CPU together, at least one.

    Examples
    --------
    >>> trials_at_once(((0,), (0, 1)), width=32, rows=500)
    10
    """
    return max(1, AT_ONCE // (sum(map(len, subsets)) * width * rows))


def pieces(length: int, most: int) -> list[slice]:
    """As few pieces of about the same length, at most so long, as there can be.

    Examples
    --------
    >>> pieces(32, most=12)
    [slice(0, 10, None), slice(10, 21, None), slice(21, 32, None)]
    """
    count = max(1, -(-length // most))
    ends = [length * i // count for i in range(count + 1)]
    return [slice(a, b) for a, b in pairwise(ends)]
