"""The projection of a plain stack onto its class while its parameters lie place by place."""

from __future__ import annotations

import torch
from torch import Tensor

from empirical.erm.places import Indices, Layout
from empirical.fusion.classes import FusionClass
from empirical.fusion.stack import inside


class Balls:
    """The balls of one encoder norm and one head norm for every model: as `fusion.project`.

    Parameters
    ----------
    layout, indices
        The order of the parameters.
    parameters
        All of them, in one flat tensor.
    cls
        The class, with the radii.
    """

    def __init__(
        self, layout: Layout, indices: Indices, parameters: Tensor, cls: FusionClass
    ) -> None:
        trials, places, width = layout.trials, layout.places, layout.width
        its, self._indices, self._parameters = layout.blocks(parameters), indices, parameters
        self._heads, self._constants = its.heads, its.constants
        self._squares = torch.zeros_like(parameters)
        squares = layout.blocks(self._squares)
        self._of_heads, self._of_constants = squares.heads.flatten(1), squares.constants
        # Squares of encoders and heads by place, and one place more, of norm 0.
        norms = parameters.new_zeros(2, places + 1, trials)
        self._norms, self._norms_of_heads = norms, norms[1, :places].view(-1)
        self._factors = parameters.new_empty(2, places, trials)
        split = torch.split(norms[0, :places], layout.slots)
        factors = torch.split(self._factors[0], layout.slots)
        shapes = [
            (trials, dim, count, width)
            for dim, count in zip(layout.dims, layout.slots, strict=True)
        ]
        self._encoders = [
            (square, norm.T, weights.view(shape), factor.T[:, None, :, None])
            for square, norm, weights, factor, shape in zip(
                squares.encoders, split, its.encoders, factors, shapes, strict=True
            )
            if shape[2]
        ]
        self._radii = parameters.new_full((2, 1, 1), inside(cls.encoder_radius, parameters.dtype))
        self._radii[1].fill_(inside(cls.head_radius, parameters.dtype))

    def project(self) -> None:
        """Scale every model back into its balls, in place."""
        at = self._indices
        torch.mul(self._parameters, self._parameters, out=self._squares)
        for square, norm, weights, _ in self._encoders:
            trials, _, count, width = weights.shape
            # Two sums: one of both dimensions adds number after number, whose rounding leaves the ball.
            torch.sum(square.sum(1).view(trials, count, width), -1, out=norm)
        torch.index_select(self._of_heads.sum(1), 0, at.by_place, out=self._norms_of_heads)
        subsets, most = at.places_of.shape
        found = self._norms.index_select(1, at.places_of.view(-1))
        squares = found.view(2, subsets, most, -1).sum(2)
        squares[1].add_(self._of_constants.sum(-1).T)
        shrink = squares.clamp_min_(1e-30).rsqrt_().mul_(self._radii).clamp_max_(1.0)
        torch.index_select(shrink, 1, at.subset_of, out=self._factors)
        for _, _, weights, factor in self._encoders:
            weights.mul_(factor)
        self._heads.mul_(self._factors[1].view(-1).index_select(0, at.by_position)[:, None, None])
        self._constants.mul_(shrink[1].T[..., None])
