"""The checks of `erm.fit`: shapes that agree, numbers inside their domain, and weights that are finite."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from empirical.fusion.classes import FusionClass
from empirical.fusion.stack import Stack, Subsets, check_subsets
from empirical.fusion.starts import encoder_shapes
from empirical.losses import Objective


def check_problem(
    inputs: Sequence[Tensor],
    targets: Tensor,
    subsets: Subsets,
    cls: FusionClass,
    encoders: Sequence[NDArray[np.float64]],
    heads: Sequence[NDArray[np.float64]],
    objective: Objective,
    weights: Tensor | None,
) -> None:
    """Raise ValueError, naming the argument, unless these fit together as `erm.fit` says.

    Examples
    --------
    >>> from empirical.losses import SQUARES
    >>> x, y = torch.zeros(1, 3, 2), torch.zeros(1, 1, 3)
    >>> start = ([np.zeros((1, 1, 4, 2))], [np.zeros((1, 1, 5))])
    >>> check_problem([x], y, ((0,),), FusionClass(4, 1.0, 1.0, 1), *start, SQUARES, None)
    """
    check_subsets(subsets, len(inputs))
    shapes = encoder_shapes(cls, subsets, [x.shape[-1] for x in inputs])
    parts = (("encoders", encoders, len(shapes)), ("heads", heads, len(subsets)))
    for name, arrays, count in parts:
        if len(arrays) != count:
            raise ValueError(f"{name} must hold {count} arrays, got {len(arrays)}")
    if targets.ndim != 3 or 0 in targets.shape:
        raise ValueError(f"targets must be [T, c, m], none of them 0, got {tuple(targets.shape)}")
    trials, outputs, rows = targets.shape
    for k, x in enumerate(inputs):
        expected = (trials, rows, x.shape[-1])
        if tuple(x.shape) != expected:
            raise ValueError(f"inputs[{k}] must have shape {expected}, got {tuple(x.shape)}")
        if x.device != targets.device:
            raise ValueError(f"inputs[{k}] must be on {targets.device}, got {x.device}")
        # The extremes are NaN if one number is, and take no memory.
        if x.numel() and not bool(torch.isfinite(torch.stack(torch.aminmax(x))).all()):
            raise ValueError(f"inputs[{k}] must be finite, got NaN or infinity")
    for place, shape in enumerate(shapes):
        if encoders[place].shape != (trials, *shape):
            raise ValueError(
                f"encoders[{place}] must have shape {(trials, *shape)}, got {encoders[place].shape}"
            )
    for index, members in enumerate(subsets):
        head = (trials, outputs, cls.features(len(members)) + 1)
        if heads[index].shape != head:
            raise ValueError(f"heads[{index}] must have shape {head}, got {heads[index].shape}")
    if weights is not None and tuple(weights.shape) != (trials, rows):
        raise ValueError(f"weights must have shape {(trials, rows)}, got {tuple(weights.shape)}")
    dtype = inputs[0].dtype
    if not dtype.is_floating_point:
        raise ValueError(f"inputs must hold floating-point numbers, got {dtype}")
    if weights is not None:
        _check_weights(weights, dtype)
    for name, tensor in [
        *((f"inputs[{k}]", x) for k, x in enumerate(inputs)),
        ("targets", targets),
    ]:
        if tensor.dtype != dtype:
            raise ValueError(f"{name} must be {dtype} as inputs[0], got {tensor.dtype}")
    if not bool(torch.isfinite(targets).all()):
        raise ValueError("targets must be finite, got NaN or infinity")
    objective.check_targets(targets)


def _check_weights(weights: Tensor, dtype: torch.dtype) -> None:
    if weights.is_complex():
        raise ValueError(f"weights must be real, got {weights.dtype}")
    # Training has them in its own type, in which large ones may be infinite.
    if not bool(torch.isfinite(weights.to(dtype)).all()):
        raise ValueError(f"weights must be finite in {dtype}, got NaN or infinity")


def check_batch(batch: Tensor, rows: int) -> None:
    """Raise ValueError unless a batch is a list of indices of rows, at least one.

    On a GPU the indices themselves are not looked at, since each look would wait for it.

    Examples
    --------
    >>> check_batch(torch.tensor([0, 0, 3]), rows=4)
    """
    batch = torch.as_tensor(batch)
    right = batch.ndim == 1 and len(batch) > 0 and batch.dtype in (torch.int32, torch.int64)
    if right and batch.device.type == "cpu":
        right = int(batch.min()) >= 0 and int(batch.max()) < rows
    if not right:
        told = batch.tolist() if batch.numel() < 10 else f"{tuple(batch.shape)} of {batch.dtype}"
        raise ValueError(
            f"batches must hold lists of indices from 0 to {rows - 1}, none of them empty, got {told}"
        )


def check_trained(stack: Stack) -> None:
    """Raise ValueError unless the weights of a trained stack are finite.

    Examples
    --------
    >>> check_trained(Stack(((0,),), (torch.zeros(1, 1, 1, 1),), (torch.zeros(1, 1, 2),)))
    """
    weights = (*stack.encoders, *stack.heads)
    if not bool(torch.stack([torch.isfinite(w).all() for w in weights]).all()):
        raise ValueError(
            "learning_rate, inputs and targets must be so small that training stays in the range of"
            f" {weights[0].dtype}, got weights that are not finite"
        )
