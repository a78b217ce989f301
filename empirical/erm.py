"""Empirical risk minimisation for a whole stack at once: all subsets of modalities x all trials.

The backward pass is derived by hand and writes into one flat gradient, so that a step is a handful
of batched products and one fused Adam update. Subsets share the products of the modalities they
have in common, and no work is spent on absent ones. Encoders need no joint optimum: the theorems
ask only for an optimal head, which `empirical.heads` then finds with a certificate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from empirical.fusion import FusionClass, Stack, Subsets, check_subsets, project, slot_of, slots

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

    inputs         per modality [T, m, D_k], the constant 1 included in D_k; device and dtype come
                   from here
    targets        [T, c, m]: one-hot or real
    encoders, heads  starting values, as `fusion.initial_weights` returns them
    objective      "least-squares": mean of ||f(x) - y||^2; "softmax": mean cross-entropy
    weights        [T, m] or None: factors on the rows' losses; random signs turn this into the
                   search for the supremum of the loss class
    steps          Adam steps; 0 projects the start onto the class

    Returns the stack after `steps` steps, inside the class. Each model's result depends on its own
    trial only, never on what else is in the stack (but for the rounding of batched products).

    Raises ValueError where shapes disagree, the objective is unknown, steps is negative or the
    learning rate is not positive.

    >>> from empirical.fusion import initial_weights
    >>> cls = FusionClass(width=4, encoder_radius=2.0, head_radius=3.0, outputs=1)
    >>> start = initial_weights([np.random.default_rng(0)], ((0,),), [2], cls)
    >>> x = torch.tensor([[[-1.0, 1.0], [1.0, 1.0]]])        # one trial, rows (x, 1)
    >>> y = torch.tensor([[[0.5, 1.0]]])
    >>> model = fit([x], y, ((0,),), cls, *start, steps=300)
    >>> f = model.heads[0] @ model.features(0, [x[0].mT])
    >>> bool((f - y).abs().max() < 1e-2)
    True
    """
    _check(inputs, targets, subsets, cls, encoders, heads, objective, weights)
    if steps < 0:
        raise ValueError(f"steps must not be negative, got {steps}")
    if not 0 < learning_rate < float("inf"):
        raise ValueError(f"learning_rate must be positive and finite, got {learning_rate}")
    work = _Workspace(subsets, encoders, heads, inputs[0])
    scale = _row_scale(targets, weights)
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
    """The hand-derived gradient of `fit`'s objective at one stack, arguments as there.

    Returns the gradient per modality [T, s_k, h, D_k] and per subset [T, c, |M| h + 1], each the
    gradient of one model's own mean loss.

    >>> z = torch.zeros
    >>> stack = Stack(((0,),), (z(1, 1, 1, 1),), (z(1, 1, 2),))        # f = 0 everywhere
    >>> _, heads = objective_gradient([z(1, 2, 1)], torch.ones(1, 1, 2), stack, "least-squares")
    >>> heads[0].tolist()                                   # 2 (f - y) (z, 1) with z = 0, y = 1
    [[[0.0, -2.0]]]
    """
    arrays = [[p.double().cpu().numpy() for p in part] for part in (stack.encoders, stack.heads)]
    work = _Workspace(stack.subsets, arrays[0], arrays[1], inputs[0])
    _gradient(work, inputs, targets, _row_scale(targets, weights), objective)
    return work.encoder_gradients, work.head_gradients


def _row_scale(targets: Tensor, weights: Tensor | None) -> Tensor:
    """The factor 1/m, times its weight, on every row's loss: [T, 1, m]."""
    scale = torch.full_like(targets[:, :1], 1.0 / targets.shape[-1])
    return scale if weights is None else scale * weights[:, None, :]


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
            first = subsets[index].index(k) * width
            torch.clamp_min(
                work.pre[k][:, slot * width : (slot + 1) * width],
                0.0,
                out=work.z[index][:, first : first + width],
            )
    for index, members in enumerate(subsets):
        head, z = stack.heads[index], work.z[index]
        residual = _residual(torch.bmm(head, z), targets, objective).mul_(scale)
        torch.bmm(residual, z.mT, out=work.head_gradients[index])
        back = torch.bmm(head[:, :, :-1].mT, residual)
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
    check_subsets(subsets, len(inputs))
    for name, parts, count in (("encoders", encoders, len(inputs)), ("heads", heads, len(subsets))):
        if len(parts) != count:
            raise ValueError(f"{name} must hold {count} arrays, got {len(parts)}")
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
