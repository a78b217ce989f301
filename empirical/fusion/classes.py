"""The norm-bounded fusion classes: an encoder per modality, one feature of all, a linear head.

    f(x) = V (z, 1),   z = the fused tokens u_k = encoder_k(x_k, 1) of the modalities k in M
    ||V||_F <= B;  the first layers of all encoders of one model together: ||W||_F <= A;  each
    further layer ||.||_F <= 1;  the weights of gates or attention ||Q||_F <= A

Theory, section 5. By homogeneity A is the radius of the product of an encoder's layers. Absent
modalities have zero features (the mask acts on features, not on inputs, since relu of a bias is not
zero). A zero feature adds nothing to V (z, 1), so that a stack stores neither the features nor the
weights of absent modalities. Features come first in every array, and the rows of a sample last.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bounds import rademacher
from bounds.domains import RADIUS, at_least
from empirical.fusion.operations import CONCATENATION, OPERATIONS, Operation

DEEPEST = 64
"""Layers of an encoder; more take longer than anyone waits, and their bounds are beyond all use."""


@dataclass(frozen=True)
class FusionClass:
    """Sizes and radii of the class; fixed before any sample is drawn.

    Parameters
    ----------
    width
        Units of each encoder layer, h.
    encoder_radius
        A: the Frobenius norm of the first layers of one model's encoders together.
    head_radius
        B: the Frobenius norm of the head, bias included.
    outputs
        c.
    operation
        How tokens are fused: an entry of `operations.OPERATIONS`, or its name.
    depth
        ReLU layers of an encoder; 0: one linear layer.

    Raises
    ------
    ValueError
        If a size is not a positive integer, a radius outside [1e-15, 1e15], the operation unknown or
        the depth not an integer from 0 to 64.
    """

    width: int
    encoder_radius: float
    head_radius: float
    outputs: int
    operation: Operation = CONCATENATION
    depth: int = 1

    def __post_init__(self) -> None:
        final = {
            "width": at_least(1).whole("width", self.width),
            "outputs": at_least(1).whole("outputs", self.outputs),
            "depth": at_least(0, DEEPEST).whole("depth", self.depth),
            "operation": OPERATIONS.find(self.operation),
            "encoder_radius": RADIUS.number("encoder_radius", self.encoder_radius),
            "head_radius": RADIUS.number("head_radius", self.head_radius),
        }
        for name, value in final.items():
            object.__setattr__(self, name, value)

    @property
    def plain(self) -> bool:
        """Whether it is the concatenation of one-layer ReLU encoders, which has code of its own."""
        return self.operation == CONCATENATION and self.depth == 1

    @property
    def layers(self) -> int:
        """The number of weight matrices of one encoder, 1 if it is linear."""
        return max(1, self.depth)

    def features(self, modalities: int) -> int:
        """The length of z for a subset of so many modalities, without the constant 1."""
        return self.width * (modalities if self.operation.side_by_side else 1)

    def feature_radius(self, input_norm: float, modalities: int | None = None) -> float:
        """An upper bound on ||z||_2 if every (x_k, 1) has norm <= input_norm.

        Let a_k be the norm of modality k's first layer, sum_k a_k^2 <= A^2: ||u_k|| <= a_k
        input_norm. Concatenated, ||z||^2 = sum_k ||u_k||^2; a mean is at most the largest token, as
        is any convex combination (attention): A input_norm in all three. For a sum, gated or not,
        sum_k a_k <= A sqrt(K) with K modalities.

        Parameters
        ----------
        input_norm
            The largest norm of one modality's inputs, the constant 1 included.
        modalities
            K, needed for sums only.

        Raises
        ------
        ValueError
            If the operation is a sum and `modalities` is missing.
        """
        if not self.operation.adds_up:
            return float(self.encoder_radius * input_norm)
        if modalities is None or modalities < 1:
            raise ValueError(
                f"modalities must be a positive integer for the operation {self.operation.name},"
                f" got {modalities!r}"
            )
        return float(self.encoder_radius * input_norm * np.sqrt(modalities))

    def prediction_radius(self, input_norm: float, modalities: int | None = None) -> float:
        """An upper bound on ||f(x)||_2 over the class if every (x_k, 1) has norm <= input_norm.

        The head is applied to (z, 1): B sqrt(||z||^2 + 1). At depth 0 and 1 it is attained by one unit
        along x_k and a head along (z, 1); with gates it is approached, since they are below 1.

        Parameters
        ----------
        input_norm
            As for `feature_radius`.
        modalities
            K, the most modalities that any subset has; needed for sums only.

        Examples
        --------
        >>> FusionClass(8, 1.0, 2.0, 10).prediction_radius(0.0)
        2.0
        >>> round(FusionClass(8, 1.0, 2.0, 10, "sum").prediction_radius(1.0, modalities=3), 9)
        4.0
        """
        radius = self.feature_radius(input_norm, modalities)
        return float(self.head_radius * np.sqrt(radius**2 + 1.0))

    def complexity_bound(self, mean_square_norm: float, modalities: int, m: int) -> float:
        """The analytic upper bound on R^c_m of the class of a subset; infinite if none is known.

        It is `bounds.rademacher.fusion`, with the encoder's radius divided by `operation.divisor`: a mean
        is a sum with A/|M| for A.

        Parameters
        ----------
        mean_square_norm
            E ||x||^2, x all inputs of the subset's modalities, constants included.
        modalities
            |M|.
        m
            The sample size.

        Examples
        --------
        >>> FusionClass(8, 1.0, 1.0, 1).complexity_bound(4.0, modalities=2, m=900)
        0.1
        >>> FusionClass(8, 1.0, 1.0, 1, "attention").complexity_bound(4.0, modalities=2, m=900)
        inf
        """
        if self.operation.divisor is None:
            return float("inf")
        bound = rademacher.fusion(
            encoder_radius=self.encoder_radius / self.operation.divisor(modalities),
            head_radius=self.head_radius,
            outputs=self.outputs,
            mean_square_norm=mean_square_norm,
            m=m,
            depth=self.depth,
        )
        return float(bound)
