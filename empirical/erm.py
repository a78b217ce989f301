"""Empirical risk minimisation for a whole stack at once: all subsets of modalities x all trials.

The backward pass is derived by hand and writes into one flat gradient, so that a step is a handful of
batched products and one fused Adam update. Subsets share the products of the modalities they have in
common, and no work is spent on absent ones. Encoders need no joint optimum: the theorems ask only for
an optimal head, which `empirical.heads` then finds with a certificate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from empirical.fusion import FusionClass, Stack, Subsets, project, slots

Loss = Literal["least-squares", "softmax"]


class _Workspace:
    """Flat parameters and gradient of a stack, with views of every block, and reused buffers."""

    def __init__(
        self,
        subsets: Subsets,
        encoders: Sequence[NDArray[np.float64]],
        heads: Sequence[NDArray[np.float64]],
        like: Tensor,
    ) -> None:
        arrays = [*encoders, *heads]
        self.parameters = like.new_empty(sum(a.size for a in arrays))
        self.gradient = torch.zeros_like(self.parameters)
        views: list[tuple[Tensor, Tensor]] = []
        start = 0
        for array in arrays:
            end = start + array.size
            block = self.parameters[start:end].view(array.shape)
            block.copy_(torch.from_numpy(np.ascontiguousarray(array)))
            views.append((block, self.gradient[start:end].view(array.shape)))
            start = end
        split = len(encoders)
        self.stack = Stack(
            subsets, tuple(v for v, _ in views[:split]), tuple(v for v, _ in views[split:])
        )
        self.encoder_gradients = [g for _, g in views[:split]]
        self.head_gradients = [g for _, g in views[split:]]
        rows = like.shape[1]
        trials, _, width, _ = encoders[0].shape
        self.pre = [like.new_empty(trials, e.shape[1] * width, rows) for e in encoders]
        self.z = [like.new_ones(trials, head.shape[2], rows) for head in heads]


def fit(
    inputs: Sequence[Tensor],
    targets: Tensor,
    subsets: Subsets,
    cls: FusionClass,
    encoders: Sequence[NDArray[np.float64]],
    heads: Sequence[NDArray[np.float64]],
    *,
    objective: Loss = "least-squares",
    weights: Tensor | None = None,
    steps: int = 60,
    learning_rate: float = 0.02,
) -> Stack:
    """Full-batch Adam on all models of the stack, projected onto the class after every step.

    inputs         per modality [T, m, D_k], the constant 1 included in D_k; device and dtype come from here
    targets        [T, c, m]: one-hot or real
    encoders, heads  starting values, as `fusion.initial_weights` returns them
    objective      "least-squares": mean of ||f(x) - y||^2; "softmax": mean cross-entropy
    weights        [T, m] or None: factors on the rows' losses; random signs turn this into the search
                   for the supremum of the loss class

    Returns the stack after `steps` steps, inside the class. Each model's result depends on its own
    trial only, never on what else is in the stack.

    Raises ValueError where shapes disagree or the objective is unknown.
    """
    _check(inputs, targets, subsets, cls, encoders, heads, objective, weights)
    work = _Workspace(subsets, encoders, heads, inputs[0])
    scale = torch.full_like(targets[:, :1], 1.0 / targets.shape[-1])
    if weights is not None:
        scale = scale * weights[:, None, :]
    work.parameters.grad = work.gradient
    optimizer = torch.optim.Adam([work.parameters], lr=learning_rate, fused=True)
    project(work.stack, cls)
    with torch.no_grad():
        for _ in range(steps):
            _gradient(work, inputs, targets, scale, objective)
            optimizer.step()
            project(work.stack, cls)
    return work.stack


def objective_gradient(
    inputs: Sequence[Tensor],
    targets: Tensor,
    stack: Stack,
    objective: Loss,
    weights: Tensor | None = None,
) -> tuple[list[Tensor], list[Tensor]]:
    """The hand-derived gradient at one stack: per modality and per subset, shaped like the parameters."""
    arrays = [[p.double().numpy() for p in part] for part in (stack.encoders, stack.heads)]
    work = _Workspace(stack.subsets, arrays[0], arrays[1], inputs[0])
    scale = torch.full_like(targets[:, :1], 1.0 / targets.shape[-1])
    if weights is not None:
        scale = scale * weights[:, None, :]
    _gradient(work, inputs, targets, scale, objective)
    return work.encoder_gradients, work.head_gradients


def _gradient(
    work: _Workspace, inputs: Sequence[Tensor], targets: Tensor, scale: Tensor, objective: Loss
) -> None:
    """One forward and backward pass; leaves the gradient in `work`."""
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
            block = subsets[index].index(k) * width
            torch.clamp_min(
                work.pre[k][:, slot * width : (slot + 1) * width],
                0.0,
                out=work.z[index][:, block : block + width],
            )
    for index, members in enumerate(subsets):
        head, z = stack.heads[index], work.z[index]
        residual = _residual(torch.bmm(head, z), targets, objective).mul_(scale)
        torch.bmm(residual, z.mT, out=work.head_gradients[index])
        back = torch.bmm(head[:, :, :-1].mT, residual)
        for position, k in enumerate(members):
            slot = slots(subsets, k).index(index)
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
            gradient = work.encoder_gradients[k].view(trials, count * width, -1)
            torch.bmm(work.pre[k], x, out=gradient)


def _residual(prediction: Tensor, targets: Tensor, objective: Loss) -> Tensor:
    """The gradient of one row's loss in the prediction, [T, c, m]."""
    if objective == "least-squares":
        return prediction.sub_(targets).mul_(2.0)
    return torch.softmax(prediction, dim=1).sub_(targets)


def _check(
    inputs: Sequence[Tensor],
    targets: Tensor,
    subsets: Subsets,
    cls: FusionClass,
    encoders: Sequence[NDArray[np.float64]],
    heads: Sequence[NDArray[np.float64]],
    objective: str,
    weights: Tensor | None,
) -> None:
    if objective not in ("least-squares", "softmax"):
        raise ValueError(f"objective must be least-squares or softmax, got {objective!r}")
    trials, outputs, rows = targets.shape
    for k, x in enumerate(inputs):
        expected = (trials, rows, encoders[k].shape[3])
        if tuple(x.shape) != expected:
            raise ValueError(f"inputs[{k}] must have shape {expected}, got {tuple(x.shape)}")
        blocks = (trials, len(slots(subsets, k)), cls.width, x.shape[2])
        if encoders[k].shape != blocks:
            raise ValueError(f"encoders[{k}] must have shape {blocks}, got {encoders[k].shape}")
    for index, members in enumerate(subsets):
        shape = (trials, outputs, len(members) * cls.width + 1)
        if heads[index].shape != shape:
            raise ValueError(f"heads[{index}] must have shape {shape}, got {heads[index].shape}")
    if weights is not None and tuple(weights.shape) != (trials, rows):
        raise ValueError(f"weights must have shape {(trials, rows)}, got {tuple(weights.shape)}")
