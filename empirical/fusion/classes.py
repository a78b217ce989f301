"""The norm-bounded fusion classes: an encoder per modality, one feature of all, a linear head.

    f(x) = V (z, 1),   z = the fused tokens u_k = encoder_k(x_k, 1) of the modalities k in M
    ||V||_F <= B;  the first layers of all encoders of one model together: ||W||_F <= A;  each
    further layer ||.||_F <= 1;  the weights of gates or attention ||Q||_F <= A

Theory, section 5. By homogeneity A is the radius of the product of an encoder's layers. Absent
modalities give zero features (the mask acts on features, not on inputs, since relu of a bias is not
zero). A zero feature adds nothing to V (z, 1), so a stack stores neither the features nor the
weights of absent modalities. Arrays are feature-first: rows of a sample are the last axis, so that
concatenation is a view.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bounds import rademacher
from empirical.fusion.operations import MIXED, OPERATIONS, Operation, encode, fuse

Subsets = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class FusionClass:
    """Sizes and radii of the class; fixed before any sample is drawn.

    width           units of each encoder layer, h
    encoder_radius  A: the Frobenius norm of the first layers of one model's encoders together
    head_radius     B: the Frobenius norm of the head, bias included
    outputs         c
    operation       how tokens are fused: one of `fusion_operations.OPERATIONS`
    depth           ReLU layers of an encoder; 0: one linear layer

    Raises ValueError where a size is not a positive integer, a radius not positive and finite, the
    operation unknown or the depth not an integer of at least 0.
    """

    width: int
    encoder_radius: float
    head_radius: float
    outputs: int
    operation: Operation = "concatenation"
    depth: int = 1

    def __post_init__(self) -> None:
        for name, least, kind in (
            ("width", 1, "a positive integer"),
            ("outputs", 1, "a positive integer"),
            ("depth", 0, "an integer of at least 0"),
        ):
            size = getattr(self, name)
            whole = isinstance(size, int | np.integer) and not isinstance(size, bool)
            if not whole or size < least:
                raise ValueError(f"{name} must be {kind}, got {size!r}")
        if self.operation not in OPERATIONS:
            raise ValueError(
                f"operation must be one of {', '.join(OPERATIONS)}, got {self.operation!r}"
            )
        for name in ("encoder_radius", "head_radius"):
            radius = getattr(self, name)
            if not (radius > 0 and np.isfinite(radius)):
                raise ValueError(f"{name} must be positive and finite, got {radius}")

    @property
    def layers(self) -> int:
        """Weight matrices of one encoder: one even where it is linear."""
        return max(1, self.depth)

    def features(self, modalities: int) -> int:
        """The length of z for a subset of so many modalities, without the constant 1."""
        return self.width * (modalities if self.operation == "concatenation" else 1)

    def feature_radius(self, input_norm: float, modalities: int | None = None) -> float:
        """An upper bound on ||z||_2 where every (x_k, 1) has norm <= input_norm.

        Let a_k be the norm of modality k's first layer, sum_k a_k^2 <= A^2: ||u_k|| <= a_k
        input_norm. Concatenated, ||z||^2 = sum_k ||u_k||^2; a mean is at most the largest token, as
        is any convex combination (attention): A input_norm in all three. A sum, gated or not, has
        sum_k a_k <= A sqrt(K) for K modalities.

        Raises ValueError where a sum is asked for without its number of modalities.
        """
        if self.operation not in ("sum", "gated"):
            return float(self.encoder_radius * input_norm)
        if modalities is None or modalities < 1:
            raise ValueError(
                f"modalities must be a positive integer for the operation {self.operation},"
                f" got {modalities!r}"
            )
        return float(self.encoder_radius * input_norm * np.sqrt(modalities))

    def prediction_radius(self, input_norm: float, modalities: int | None = None) -> float:
        """An upper bound on ||f(x)||_2 over the class where every (x_k, 1) has norm <= input_norm.

        The head sees (z, 1): B sqrt(||z||^2 + 1). For encoders of depth 0 and 1 it is attained but
        for the gates' being below 1: one unit along x_k, and a head along (z, 1).

        modalities: K, the most modalities that any subset has; needed for sums alone.

        >>> FusionClass(8, 1.0, 2.0, 10).prediction_radius(0.0)
        2.0
        >>> round(FusionClass(8, 1.0, 2.0, 10, "sum").prediction_radius(1.0, modalities=3), 9)
        4.0
        """
        radius = self.feature_radius(input_norm, modalities)
        return float(self.head_radius * np.sqrt(radius**2 + 1.0))

    def complexity_bound(self, mean_square_norm: float, modalities: int, m: int) -> float:
        """The analytic upper bound on R^c_m of the class of a subset; infinite where none is known.

        mean_square_norm: E ||x||^2 over the subset's modalities, constants included; modalities:
        how many they are. Source: `bounds.rademacher.fusion`. A mean is a sum with A/|M| for A.

        >>> FusionClass(8, 1.0, 1.0, 1).complexity_bound(4.0, modalities=2, m=900)
        0.1
        >>> FusionClass(8, 1.0, 1.0, 1, "attention").complexity_bound(4.0, modalities=2, m=900)
        inf
        """
        if self.operation in MIXED:
            return float("inf")
        shared = modalities if self.operation == "mean" else 1
        bound = rademacher.fusion(
            encoder_radius=self.encoder_radius / shared,
            head_radius=self.head_radius,
            outputs=self.outputs,
            mean_square_norm=mean_square_norm,
            m=m,
            depth=self.depth,
        )
        return float(bound)


@dataclass(frozen=True)
class Stack:
    """T trials of one model per subset, trained together.

    subsets    indices of the modalities that each model sees
    encoders   the first layers, per modality k: [T, s_k, h, D_k], one slot for each subset that
               contains k, in order; then the second layers [T, s_k, h, h], and so on; then, for
               gates and attention, their weights per subset (`fusion_operations.fuse`)
    heads      per subset: [T, c, p], p = features + 1; the last column multiplies the constant 1
    operation, depth   as in `FusionClass`
    """

    subsets: Subsets
    encoders: tuple[Tensor, ...]
    heads: tuple[Tensor, ...]
    operation: Operation = "concatenation"
    depth: int = 1

    @property
    def modalities(self) -> int:
        """K, the number of modalities that have a place in `encoders`."""
        own = len(self.subsets) if self.operation in MIXED else 0
        return (len(self.encoders) - own) // max(1, self.depth)

    def layers(self, index: int, modality: int) -> list[Tensor]:
        """The encoder layers of one modality in the models of subset `index`, [T, h, .] each."""
        slot, K = slot_of(self.subsets, index, modality), self.modalities
        return [self.encoders[modality + j * K][:, slot] for j in range(max(1, self.depth))]

    def mixing(self, index: int) -> Tensor | None:
        """The weights of the gates or the attention of subset `index`; None where there are none."""
        if self.operation not in MIXED:
            return None
        return self.encoders[len(self.encoders) - len(self.subsets) + index]

    def features(self, index: int, inputs: Sequence[Tensor]) -> Tensor:
        """The features (z, 1) of the models of subset `index`: [T, p, rows].

        inputs: per modality [D_k, rows], the same rows for every trial, or [T, D_k, rows], each
        trial's own. The result has the dtype of `inputs`; give float64 for risks and Gram matrices.

        >>> weights = torch.tensor([[[[1.0, 0.0]]]])        # one trial, one slot, one unit: relu(x)
        >>> stack = Stack(((0,),), (weights,), (torch.zeros(1, 1, 2),))
        >>> stack.features(0, [torch.tensor([[-3.0, 2.0], [1.0, 1.0]])])
        tensor([[[0., 2.],
                 [1., 1.]]])
        """
        members = self.subsets[index]
        own = [inputs[k] for k in members]
        dtype = own[0].dtype
        tokens = [
            encode([w.to(dtype) for w in self.layers(index, k)], x, self.depth)
            for k, x in zip(members, own, strict=True)
        ]
        mixing = self.mixing(index)
        z = fuse(self.operation, tokens, own, None if mixing is None else mixing.to(dtype))
        return torch.cat([z, torch.ones_like(z[:, :1])], dim=1)


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
    """Scale each model of the stack back into its balls, in place (this module's text has them).

    The balls are 16 units of rounding smaller than their radii, so that the weights as stored, in
    float32 too, are inside the class and not beside it.

    >>> stack = Stack(((0,),), (torch.full((1, 1, 1, 4), 3.0),), (torch.zeros(1, 1, 2),))
    >>> project(stack, FusionClass(width=1, encoder_radius=2.0, head_radius=1.0, outputs=1))
    >>> round(float(stack.encoders[0].norm()), 4)
    2.0
    """
    trials, K = stack.heads[0].shape[0], stack.modalities
    inside = 1.0 - 16.0 * torch.finfo(stack.heads[0].dtype).eps
    squares = stack.heads[0].new_zeros(trials, len(stack.subsets))
    for k, weights in enumerate(stack.encoders[:K]):
        for slot, index in enumerate(slots(stack.subsets, k)):
            squares[:, index] += weights[:, slot].square().sum((-2, -1))
    shrink = _shrink(squares, inside * cls.encoder_radius)
    for k, weights in enumerate(stack.encoders[:K]):
        weights.mul_(shrink[:, slots(stack.subsets, k)][..., None, None])
    further = K * cls.layers
    single = [
        *((weights, 1.0) for weights in stack.encoders[K:further]),
        *((weights, cls.encoder_radius) for weights in stack.encoders[further:]),
        *((head, cls.head_radius) for head in stack.heads),
    ]
    for weights, radius in single:
        weights.mul_(_shrink(weights.square().sum((-2, -1), keepdim=True), inside * radius))


def _shrink(squares: Tensor, radius: float) -> Tensor:
    """The factor that brings a vector of this squared norm into the ball: 1 where it is inside."""
    return (radius * squares.clamp_min(1e-30).rsqrt()).clamp_max(1.0)


def encoder_shapes(
    cls: FusionClass, subsets: Subsets, input_dims: Sequence[int]
) -> list[tuple[int, ...]]:
    """The shapes of `Stack.encoders` without the leading T.

    >>> encoder_shapes(FusionClass(4, 1.0, 1.0, 1, "attention"), ((0,), (0, 1)), [3, 5])
    [(2, 4, 3), (1, 4, 5), (4, 4), (4, 4)]
    """
    h = cls.width
    counts = [len(slots(subsets, k)) for k in range(len(input_dims))]
    shapes: list[tuple[int, ...]] = [(s, h, d) for s, d in zip(counts, input_dims, strict=True)]
    shapes += [(s, h, h) for _ in range(1, cls.layers) for s in counts]
    if cls.operation == "gated":
        shapes += [(len(m) * h, sum(input_dims[k] for k in m)) for m in subsets]
    elif cls.operation == "attention":
        shapes += [(h, h) for _ in subsets]
    return shapes


def initial_weights(
    draws: Sequence[np.random.Generator],
    subsets: Subsets,
    input_dims: Sequence[int],
    cls: FusionClass,
) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """Random starts for a stack: the arrays of `Stack.encoders` and of `Stack.heads`.

    draws: one generator per trial. input_dims: D_k, the constant 1 included. Hidden units point in
    uniform directions and share their layer's radius equally; all subsets of a trial start from the
    same directions, so that differences between subsets are not differences of luck, and no start
    depends on which other subsets are trained. Gates start at 1/2, attention at equal weights, and
    heads start small.

    Raises ValueError where a subset is empty, names no modality in range or names one twice.

    >>> cls = FusionClass(width=4, encoder_radius=2.0, head_radius=1.0, outputs=1)
    >>> draws = [np.random.default_rng(0)]
    >>> encoders, heads = initial_weights(draws, ((0,), (0, 1)), [3, 5], cls)
    >>> [e.shape for e in encoders], [h.shape for h in heads]
    ([(1, 2, 4, 3), (1, 1, 4, 5)], [(1, 1, 5), (1, 1, 9)])
    """
    check_subsets(subsets, len(input_dims))
    K, h = len(input_dims), cls.width
    units: list[list[NDArray[np.float64]]] = []
    head_rows = []
    for draw in draws:
        # First layers, the head, and only then what further layers need: the start of a deeper
        # class begins as the start of the shallow one.
        first = [_directions(draw, h, dim) for dim in input_dims]
        head_rows.append(draw.standard_normal((cls.outputs, cls.features(K) + 1)))
        units.append([*first, *(_directions(draw, h, h) for _ in range(K * (cls.layers - 1)))])
    rows = np.stack(head_rows)
    encoders = []
    for place, shape in enumerate(encoder_shapes(cls, subsets, input_dims)):
        block = np.zeros((len(draws), *shape))
        if place < K * cls.layers:
            unit = np.stack([per_trial[place] for per_trial in units])
            for slot, index in enumerate(slots(subsets, place % K)):
                if place < K:
                    block[:, slot] = unit * cls.encoder_radius / np.sqrt(len(subsets[index]) * h)
                else:
                    block[:, slot] = unit / np.sqrt(h)
        encoders.append(block)
    heads = []
    for members in subsets:
        seen = members if cls.operation == "concatenation" else (0,)
        columns = np.concatenate([np.arange(k * h, (k + 1) * h) for k in seen] + [[-1]])
        start = rows[:, :, columns]
        norms = np.linalg.norm(start, axis=(1, 2), keepdims=True)
        heads.append(0.1 * cls.head_radius * start / norms)
    return encoders, heads


def _directions(draw: np.random.Generator, units: int, dim: int) -> NDArray[np.float64]:
    w = draw.standard_normal((units, dim))
    unit: NDArray[np.float64] = w / np.linalg.norm(w, axis=1, keepdims=True)
    return unit
