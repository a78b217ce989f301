"""Where the numbers of a plain stack lie while it is trained: concatenated one-layer ReLU encoders.

A *place* is one modality's encoder in one subset's model, with the block of the head that reads it. All
parameters lie in one flat tensor, in an order in which products of many places need no copy: for every
modality its encoders [T, D_k, s_k h], inputs first; then, modality by modality, the blocks of the heads
[T, s_k, c, h]; then the heads' constants [T, subsets, c].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from empirical.fusion.stack import Stack, Subsets, slot_of, slots


@dataclass(frozen=True)
class Blocks:
    """Views of a flat tensor of all parameters.

    Parameters
    ----------
    encoders
        Per modality [T, D_k, s_k h].
    heads
        [places, c, h], modality by modality, then by trial, then by slot.
    constants
        [T, subsets, c].
    """

    encoders: list[Tensor]
    heads: Tensor
    constants: Tensor


@dataclass(frozen=True)
class Indices:
    """Tensors of integers on the device of the computation; P places of one trial, modality by modality.

    Parameters
    ----------
    subsets_of
        Per modality, the subset of each slot.
    subset_of
        [P]: the subset of each place of a trial.
    by_place
        [P T]: of each place of a trial, and then each trial, its position among all places.
    by_position
        [places]: the inverse.
    row_of
        [places]: of each place, its model's position among those of all trials and subsets.
    places_of
        [subsets, K]: the places of each subset, and P where it has less than K.
    """

    subsets_of: list[Tensor]
    subset_of: Tensor
    by_place: Tensor
    by_position: Tensor
    row_of: Tensor
    places_of: Tensor


@dataclass(frozen=True)
class Layout:
    """The order of a plain stack's parameters.

    Parameters
    ----------
    subsets
        The subsets of the models.
    trials, width, outputs
        T, h and c.
    dims
        D_k of every modality.
    """

    subsets: Subsets
    trials: int
    width: int
    outputs: int
    dims: tuple[int, ...]

    @cached_property
    def slots(self) -> list[int]:
        """s_k, the number of places of every modality in one trial."""
        return [len(slots(self.subsets, k)) for k in range(len(self.dims))]

    @property
    def places(self) -> int:
        """P, the number of places of one trial."""
        return sum(self.slots)

    def flat(
        self,
        encoders: Sequence[NDArray[np.float64] | Tensor],
        heads: Sequence[NDArray[np.float64] | Tensor],
    ) -> Tensor:
        """All parameters in this order, from arrays in the shapes of a `Stack`."""
        tops = [torch.as_tensor(head) for head in heads]
        parts = [torch.as_tensor(e).permute(0, 3, 1, 2).reshape(-1) for e in encoders]
        for k in range(len(self.dims)):
            own = [tops[i][:, :, self._columns(i, k)] for i in slots(self.subsets, k)]
            parts += [torch.stack(own, dim=1).reshape(-1)] if own else []
        parts.append(torch.stack([top[:, :, -1] for top in tops], dim=1).reshape(-1))
        return torch.cat(parts)

    def blocks(self, flat: Tensor) -> Blocks:
        """Views of a flat tensor."""
        each = list(zip(self.dims, self.slots, strict=True))
        sizes = [self.trials * dim * count * self.width for dim, count in each]
        sizes.append(self.trials * self.places * self.outputs * self.width)
        sizes.append(self.trials * len(self.subsets) * self.outputs)
        *encoders, heads, constants = torch.split(flat, sizes)
        return Blocks(
            [
                part.view(self.trials, dim, count * self.width)
                for part, (dim, count) in zip(encoders, each, strict=True)
            ],
            heads.view(-1, self.outputs, self.width),
            constants.view(self.trials, len(self.subsets), self.outputs),
        )

    def stack(self, flat: Tensor) -> Stack:
        """A copy of a flat tensor as a stack."""
        its = self.blocks(flat)
        encoders = [
            part.view(self.trials, dim, count, self.width).permute(0, 2, 3, 1).contiguous()
            for part, dim, count in zip(its.encoders, self.dims, self.slots, strict=True)
        ]
        of = [
            part.view(self.trials, -1, self.outputs, self.width)
            for part in torch.split(its.heads, [self.trials * count for count in self.slots])
        ]
        heads = [
            torch.cat(
                [
                    *(of[k][:, slot_of(self.subsets, index, k)] for k in members),
                    its.constants[:, index, :, None],
                ],
                dim=2,
            )
            for index, members in enumerate(self.subsets)
        ]
        return Stack(self.subsets, tuple(encoders), tuple(heads))

    def indices(self, device: torch.device) -> Indices:
        """Its indices, which go to the device in one copy."""
        modalities, T, P = range(len(self.dims)), self.trials, self.places
        lists = [slots(self.subsets, k) for k in modalities]
        begins = np.cumsum([0, *self.slots])
        positions = [
            (begins[k] * T + np.arange(T * count).reshape(T, count)).T
            for k, count in enumerate(self.slots)
        ]
        by_place = np.concatenate(positions).reshape(-1)
        places_of = np.full((len(self.subsets), len(self.dims)), P)
        for index, members in enumerate(self.subsets):
            for j, k in enumerate(members):
                places_of[index, j] = begins[k] + slot_of(self.subsets, index, k)
        subset_of = np.concatenate(lists).astype(np.int64)
        trial = np.arange(T)[:, None] * len(self.subsets)
        row_of = np.concatenate([(trial + np.array(own, np.int64)).reshape(-1) for own in lists])
        parts = [subset_of, by_place, np.argsort(by_place), row_of, places_of.reshape(-1)]
        there = torch.from_numpy(np.concatenate(parts)).to(device)
        found = torch.split(there, [len(part) for part in parts])
        return Indices(
            subsets_of=list(torch.split(found[0], self.slots)),
            subset_of=found[0],
            by_place=found[1],
            by_position=found[2],
            row_of=found[3],
            places_of=found[4].view(places_of.shape),
        )

    def _columns(self, index: int, modality: int) -> slice:
        first = self.subsets[index].index(modality) * self.width
        return slice(first, first + self.width)
