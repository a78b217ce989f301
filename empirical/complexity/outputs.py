"""The largest correlation of a class's outputs with given signs, exactly or from below.

Convention 1/m, no absolute value, one sign per output and row (Maurer 2016). The mean over signs is the
Rademacher complexity (`empirical.complexity.complexities`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from empirical import erm
from empirical.complexity.relu import unit_suprema
from empirical.fusion.classes import FusionClass
from empirical.fusion.stack import Stack, Subsets, project
from empirical.fusion.starts import initial_weights
from empirical.losses import CORRELATION

FULL_STEPS = 20
"""Steps of the search after training; the last ones change the values by less than 1 %."""


def outputs_suprema(
    inputs: Sequence[Tensor],
    signs: Tensor,
    subsets: Subsets,
    cls: FusionClass,
    generators: Sequence[np.random.Generator],
    *,
    steps: int = 40,
) -> NDArray[np.float64]:
    """sup over F_M of (1/m) sum_i <sigma_i, f(x_i)>, from below: [draws, subsets].

    Given the encoder the best head is known: (B/m) ||sum_i sigma_i (z_i, 1)^T||_F. For linear encoders
    and for the plain class `linear_suprema` and `fusion_suprema` do better. For other classes the encoder
    is searched for. Training with Adam stops about 10 % below the supremum, since its steps are not along
    the gradient. Full steps follow, each to the point of every ball farthest along the gradient, as in a
    power iteration. The largest value seen counts.

    Parameters
    ----------
    inputs
        Per modality [draws, m, D_k] float64.
    signs
        [draws, c, m].
    generators
        One per draw, for the starting points.
    steps
        Of Adam.

    Examples
    --------
    >>> cls = FusionClass(1, encoder_radius=2.0, head_radius=3.0, outputs=1, operation="sum")
    >>> x, sign = torch.tensor([[[5.0]]]).double(), torch.tensor([[[1.0]]]).double()
    >>> found = outputs_suprema([x], sign, ((0,),), cls, [np.random.default_rng(3)])
    >>> round(float(found[0, 0]) / (3 * (2**2 * 5**2 + 1) ** 0.5), 3)
    1.0
    """
    if cls.plain:
        return fusion_suprema(inputs, signs, subsets, cls, generators)
    if cls.operation.divisor is not None and cls.depth == 0:
        return linear_suprema(inputs, signs, subsets, cls)
    encoders, heads = initial_weights(generators, subsets, [x.shape[2] for x in inputs], cls)
    trained = erm.fit(
        [x.float() for x in inputs],
        signs.float().contiguous(),
        subsets,
        cls,
        encoders,
        heads,
        objective=CORRELATION,
        steps=steps,
        learning_rate=0.05,
    ).stack
    stack = replace(trained, encoders=tuple(e.double() for e in trained.encoders))
    top, best_heads = _best_heads(stack, inputs, signs, cls.head_radius)
    for _ in range(FULL_STEPS):
        stack = replace(stack, heads=best_heads)
        slopes, _ = erm.objective_gradient(inputs, signs, stack, CORRELATION)
        # Far outside every ball: the projection keeps the direction and ends on the boundary.
        stack = replace(stack, encoders=tuple(-1e12 * slope for slope in slopes))
        project(stack, cls)
        values, best_heads = _best_heads(stack, inputs, signs, cls.head_radius)
        top = torch.maximum(top, values)
    return top.cpu().numpy()


def _best_heads(
    stack: Stack, inputs: Sequence[Tensor], signs: Tensor, radius: float
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """(B/m) ||sum sigma (z, 1)^T||_F per draw and subset, and the heads that attain it."""
    values, heads = [], []
    for index in range(len(stack.subsets)):
        moment = signs @ stack.features(index, [x.mT for x in inputs]).mT
        norm = torch.linalg.vector_norm(moment, dim=(1, 2), keepdim=True)
        values.append(radius * norm[:, 0, 0] / signs.shape[2])
        heads.append(radius * moment / norm.clamp_min(1e-300))
    return torch.stack(values, dim=1), tuple(heads)


def linear_suprema(
    inputs: Sequence[Tensor], signs: Tensor, subsets: Subsets, cls: FusionClass
) -> NDArray[np.float64]:
    """sup over F_M of (1/m) sum_i <sigma_i, f(x_i)> for linear encoders, exactly: [draws, subsets].

    For operations with a `divisor`. Arguments as for `outputs_suprema`. With S_k = sum_i sigma_i x_ik^T
    the moment of the features is (S_k W_k^T) over k, and ||S W^T||_F <= ||S|| ||W||_F in spectral norm,
    attained by one unit along S's first right singular vector. If tokens are side by side, the best
    modality takes all of A; in a sum the W_k are one matrix on all inputs.

    Examples
    --------
    >>> cls = FusionClass(1, encoder_radius=2.0, head_radius=3.0, outputs=1, depth=0)
    >>> x, sign = torch.tensor([[[5.0]]]).double(), torch.tensor([[[1.0]]]).double()
    >>> linear_suprema([x], sign, ((0,),), cls).round(9).tolist()       # 3 sqrt(2^2 5^2 + 1)
    [[30.149626863]]
    """
    divisor = cls.operation.divisor
    if divisor is None:
        raise ValueError(f"operation must have a known supremum, got {cls.operation.name!r}")
    sums = [signs @ x for x in inputs]
    constant = signs.sum(2).square().sum(1)
    columns = []
    for members in subsets:
        own, radius = [sums[k] for k in members], cls.encoder_radius / divisor(len(members))
        if not cls.operation.side_by_side:
            own = [torch.cat(own, dim=2)]
        top = torch.stack([torch.linalg.matrix_norm(S, ord=2) for S in own]).amax(0)
        columns.append(cls.head_radius * (radius**2 * top**2 + constant).sqrt() / signs.shape[2])
    return torch.stack(columns, dim=1).cpu().numpy()


def fusion_suprema(
    inputs: Sequence[Tensor],
    signs: Tensor,
    subsets: Subsets,
    cls: FusionClass,
    generators: Sequence[np.random.Generator],
    *,
    restarts: int = 6,
    steps: int = 40,
) -> NDArray[np.float64]:
    """sup over the plain class of (1/m) sum_i <sigma_i, f(x_i)>, from below: [draws, subsets].

    The class is positively homogeneous in each hidden unit, so that the best W puts its whole norm
    on one unit of one modality: the supremum is (B/m) sqrt(A^2 T^2 + ||sum_i sigma_i||^2) with
    T = max over k in M and ||w|| <= 1 of ||sum_i sigma_i relu(w . x_i)||. `relu.unit_suprema` searches
    for w.

    Parameters
    ----------
    inputs, signs, subsets, cls, generators
        As for `outputs_suprema`.
    restarts, steps
        As for `relu_empirical`.

    Examples
    --------
    >>> cls = FusionClass(width=1, encoder_radius=2.0, head_radius=3.0, outputs=1)
    >>> x, sign = torch.tensor([[[5.0]]]).double(), torch.tensor([[[1.0]]]).double()
    >>> fusion_suprema([x], sign, ((0,),), cls, [np.random.default_rng(0)]).round(9).tolist()
    [[30.149626863]]
    """
    best = []
    for x in inputs:
        starts = np.stack([g.standard_normal((restarts, x.shape[2])) for g in generators])
        best.append(unit_suprema(x, signs, torch.from_numpy(starts).to(x), steps=steps))
    by_modality = torch.stack(best, dim=1).square()
    constant = signs.sum(2).square().sum(1)
    columns = []
    for members in subsets:
        top = torch.stack([by_modality[:, k] for k in members]).amax(0)
        norm = (cls.encoder_radius**2 * top + constant).sqrt()
        columns.append(cls.head_radius * norm / signs.shape[2])
    return torch.stack(columns, dim=1).cpu().numpy()
