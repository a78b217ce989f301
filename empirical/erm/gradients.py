"""One gradient of a whole stack, in one flat tensor: by hand for the plain class, else by autograd.

Both use the same layout. The flat parameters and the flat gradient have a view for every block
(`Stack.encoders`, `Stack.heads`), so that an optimiser step is one fused update. Every model's
gradient is that of its own mean loss, whatever else is in the stack.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from empirical.fusion.classes import FusionClass
from empirical.fusion.stack import Stack, Subsets, slot_of, slots
from empirical.losses import Objective


class Workspace:
    """Flat parameters and gradient of a stack, with views of every block, and reused buffers.

    Parameters
    ----------
    subsets, cls
        The models.
    encoders, heads
        Starting values, as `fusion.initial_weights` returns them, or tensors.
    like
        A tensor with the device and dtype of the computation.
    rows
        Rows of one gradient; the buffers of the hand-derived pass have this length.
    by_hand
        Whether to use the hand-derived pass; None: if the class has one.
    """

    def __init__(
        self,
        subsets: Subsets,
        cls: FusionClass,
        encoders: Sequence[NDArray[np.float64] | Tensor],
        heads: Sequence[NDArray[np.float64] | Tensor],
        like: Tensor,
        rows: int,
        by_hand: bool | None = None,
    ) -> None:
        arrays = [*encoders, *heads]
        self._shapes = [tuple(a.shape) for a in arrays]
        self._split = len(encoders)
        self._form = (subsets, cls)
        # Joined where they are, so that there is one copy to the device.
        flat = torch.cat([torch.as_tensor(a).reshape(-1) for a in arrays])
        self.parameters = flat.to(like)
        self.gradient = torch.zeros_like(self.parameters)
        self.stack = self.as_stack(self.parameters)
        self.gradients = self.as_stack(self.gradient)
        self.by_hand = cls.plain if by_hand is None else by_hand
        if self.by_hand:
            trials, _, width, _ = encoders[0].shape
            self.pre = [like.new_empty(trials, e.shape[1] * width, rows) for e in encoders]
            self.z = [like.new_ones(trials, head.shape[2], rows) for head in heads]

    def as_stack(self, flat: Tensor) -> Stack:
        """A flat tensor of all parameters as a stack of views of it."""
        sizes = [math.prod(shape) for shape in self._shapes]
        views = [
            part.view(shape)
            for part, shape in zip(torch.split(flat, sizes), self._shapes, strict=True)
        ]
        subsets, cls = self._form
        return Stack(
            subsets,
            tuple(views[: self._split]),
            tuple(views[self._split :]),
            cls.operation,
            cls.depth,
        )


def gradient(
    work: Workspace,
    inputs: Sequence[Tensor],
    targets: Tensor,
    scale: Tensor,
    objective: Objective,
) -> None:
    """One forward and backward pass; leaves the gradient in `work.gradient`.

    Parameters
    ----------
    inputs
        Per modality [T, rows, D_k].
    targets, scale
        [T, c, rows], and the factor [T, 1, rows] on every row's loss.
    objective
        What is minimised.
    """
    if work.by_hand:
        _by_hand(work, inputs, targets, scale, objective)
        return
    with torch.enable_grad():
        leaf = work.parameters.detach().requires_grad_()
        stack = work.as_stack(leaf)
        columns = [x.mT for x in inputs]
        predictions = [
            head @ stack.features(index, columns) for index, head in enumerate(stack.heads)
        ]
    # The chain rule begins at the predictions, where one formula serves both passes.
    residuals = [objective.residual(f.detach(), targets).mul_(scale) for f in predictions]
    (found,) = torch.autograd.grad(predictions, leaf, residuals)
    work.gradient.copy_(found)


def _by_hand(
    work: Workspace,
    inputs: Sequence[Tensor],
    targets: Tensor,
    scale: Tensor,
    objective: Objective,
) -> None:
    """Concatenated one-layer ReLU encoders: a handful of batched products into the buffers."""
    stack = work.stack
    subsets = stack.subsets
    width = stack.encoders[0].shape[2]
    for k, x in enumerate(inputs):
        trials, count = stack.encoders[k].shape[:2]
        if not count:
            continue
        flat = stack.encoders[k].view(trials, count * width, -1)
        torch.bmm(flat, x.mT, out=work.pre[k])
        for slot, index in enumerate(slots(subsets, k)):
            first = subsets[index].index(k) * width
            torch.clamp_min(
                work.pre[k][:, slot * width : (slot + 1) * width],
                0.0,
                out=work.z[index][:, first : first + width],
            )
    for index, members in enumerate(subsets):
        head, z = stack.heads[index], work.z[index]
        slope = objective.residual(torch.bmm(head, z), targets).mul_(scale)
        torch.bmm(slope, z.mT, out=work.gradients.heads[index])
        back = torch.bmm(head[:, :, :-1].mT, slope)
        for position, k in enumerate(members):
            slot = slot_of(subsets, index, k)
            block = slice(position * width, (position + 1) * width)
            # The rectifier passes a gradient where its output is positive.
            torch.mul(
                back[:, block],
                z[:, block] > 0,
                out=work.pre[k][:, slot * width : (slot + 1) * width],
            )
    for k, x in enumerate(inputs):
        trials, count = stack.encoders[k].shape[:2]
        if count:
            its = work.gradients.encoders[k].view(trials, count * width, -1)
            torch.bmm(work.pre[k], x, out=its)
