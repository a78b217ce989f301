"""One gradient of a whole stack: by hand for the plain class, else by autograd.

Parameters and gradient are one flat tensor each, so that an optimiser step is one fused update. Every
model's gradient is that of its own mean loss, whatever else is in the stack.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from empirical.erm.by_hand import ByHand
from empirical.fusion.classes import FusionClass
from empirical.fusion.stack import Stack, Subsets, project
from empirical.losses import Objective


class Workspace(Protocol):
    """Parameters of a stack and their gradient.

    Parameters
    ----------
    parameters, gradient
        Flat tensors of the same order.
    """

    parameters: Tensor
    gradient: Tensor

    @property
    def stack(self) -> Stack:
        """The models as they are now."""

    @property
    def gradients(self) -> Stack:
        """The gradient in the shapes of the stack."""

    def differentiate(
        self, inputs: Sequence[Tensor], targets: Tensor, scale: Tensor, objective: Objective
    ) -> None:
        """One forward and backward pass; leaves the gradient in `gradient`.

        Parameters
        ----------
        inputs
            Per modality [T, rows, D_k].
        targets, scale
            [T, c, rows], and the factor [T, 1, rows] on every row's loss.
        objective
            What is minimised.
        """

    def project(self) -> None:
        """Scale every model back into the balls of its class, in place."""


def workspace(
    subsets: Subsets,
    cls: FusionClass,
    encoders: Sequence[NDArray[np.float64] | Tensor],
    heads: Sequence[NDArray[np.float64] | Tensor],
    like: Tensor,
    rows: int,
    by_hand: bool | None = None,
) -> Workspace:
    """The workspace of a class.

    Parameters
    ----------
    subsets, cls
        The models.
    encoders, heads
        Starting values, as `fusion.initial_weights` returns them, or tensors.
    like
        A tensor with the device and dtype of the computation.
    rows
        Rows of every gradient by hand; autograd takes any number.
    by_hand
        Whether to use the hand-derived pass; None: if the class has one.
    """
    if cls.plain if by_hand is None else by_hand:
        return ByHand(subsets, cls, encoders, heads, like, rows)
    return ByAutograd(subsets, cls, encoders, heads, like)


class ByAutograd:
    """A workspace of any class; the stack and the gradients are views of the flat tensors."""

    def __init__(
        self,
        subsets: Subsets,
        cls: FusionClass,
        encoders: Sequence[NDArray[np.float64] | Tensor],
        heads: Sequence[NDArray[np.float64] | Tensor],
        like: Tensor,
    ) -> None:
        arrays = [*encoders, *heads]
        self._shapes = [tuple(a.shape) for a in arrays]
        self._split = len(encoders)
        self._subsets, self._cls = subsets, cls
        # Joined where they are, so that there is one copy to the device.
        flat = torch.cat([torch.as_tensor(a).reshape(-1) for a in arrays])
        self.parameters = flat.to(like)
        self.gradient = torch.zeros_like(self.parameters)
        self.stack = self._as_stack(self.parameters)
        self.gradients = self._as_stack(self.gradient)

    def _as_stack(self, flat: Tensor) -> Stack:
        """A flat tensor of all parameters as a stack of views of it."""
        sizes = [math.prod(shape) for shape in self._shapes]
        views = [
            part.view(shape)
            for part, shape in zip(torch.split(flat, sizes), self._shapes, strict=True)
        ]
        cls, split = self._cls, self._split
        encoders, heads = tuple(views[:split]), tuple(views[split:])
        return Stack(self._subsets, encoders, heads, cls.operation, cls.depth)

    def differentiate(
        self, inputs: Sequence[Tensor], targets: Tensor, scale: Tensor, objective: Objective
    ) -> None:
        """As `Workspace.differentiate`."""
        with torch.enable_grad():
            leaf = self.parameters.detach().requires_grad_()
            stack = self._as_stack(leaf)
            columns = [x.mT for x in inputs]
            predictions = [
                head @ stack.features(index, columns) for index, head in enumerate(stack.heads)
            ]
        # The chain rule begins at the predictions, where one formula serves both passes.
        residuals = [objective.residual(f.detach(), targets) * scale for f in predictions]
        (found,) = torch.autograd.grad(predictions, leaf, residuals)
        self.gradient.copy_(found)

    def project(self) -> None:
        """As `Workspace.project`."""
        project(self.stack, self._cls)
