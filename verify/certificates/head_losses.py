"""Losses of heads h(z) = B z on a ball, as `best_head` needs them.

A row's loss is an increasing function of its *size*, a convex function of the head: the residual's norm for
squares, and q = ln(sum over j != y of exp(s_j - s_y)) for cross-entropy ln(1 + e^q) with logits s. The
logarithm of a row's capital, ln(a + stake * loss), is convex up to some size and concave from there on.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bounds.domains import FINITE
from bounds.table import Table
from empirical import heads

TOLERANCE = 1e-7
"""The gap, in nats of a mean loss, at which heads under new weights count as solved."""


@dataclass(frozen=True)
class HeadLoss:
    """A loss of linear heads in a ball.

    Attributes
    ----------
    name : str
        That of the loss in `empirical.losses.LOSSES`.
    targets : callable
        Maps targets as they are passed to float64 [n, c]; a ValueError for others.
    ends : callable
        Maps targets [T, c, n], features [T, p, n] and the radius to the least and the largest size
        [T, n] that a head in the ball can have.
    size : callable
        Maps predictions and targets [T, c, n] to sizes [T, n].
    loss, slope, bend : callable
        The loss of a size, and its two first derivatives.
    residual : callable
        Maps predictions and targets [T, c, n] to the gradient of the loss in the predictions.
    solve : callable
        The head [T, c, p] in the ball that is best under weights [T, n] of the rows, from a head to
        start with, to about `TOLERANCE`.
    caution : float
        The best stake, as a multiple of that for two fixed models: what the minorant gives away grows
        with the stake, and more so the farther a row's largest loss is from its usual one.
    """

    name: str
    targets: Callable[[object], NDArray[np.float64]]
    ends: Callable[[Tensor, Tensor, float], tuple[Tensor, Tensor]]
    size: Callable[[Tensor, Tensor], Tensor]
    loss: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]
    bend: Callable[[Tensor], Tensor]
    residual: Callable[[Tensor, Tensor], Tensor]
    solve: Callable[[Tensor, Tensor, Tensor, float, Tensor], Tensor]
    caution: float = 1.0

    def curve(self, a: Tensor, stake: float, size: Tensor) -> Tensor:
        """ln(a + stake * loss)."""
        found: Tensor = (a + stake * self.loss(size)).log()
        return found

    def steepness(self, a: Tensor, stake: float, size: Tensor) -> Tensor:
        """Its derivative in the size."""
        return stake * self.slope(size) / (a + stake * self.loss(size))

    def convex(self, a: Tensor, stake: float, size: Tensor) -> Tensor:
        """Whether it is convex there, and so at all smaller sizes."""
        grown = a + stake * self.loss(size)
        found: Tensor = self.bend(size) * grown >= stake * self.slope(size).square()
        return found


def _columns(targets: object) -> NDArray[np.float64]:
    y = FINITE.check("targets", targets)
    return y[:, None] if y.ndim == 1 else y


def _one_hot(targets: object) -> NDArray[np.float64]:
    y = FINITE.check("targets", targets)
    if y.ndim == 1:
        if (y < 0).any() or (y != np.round(y)).any() or y.size == 0 or y.max() < 1:
            raise ValueError(
                "targets must be labels 0, 1, ... of at least two classes, or one-hot rows, for softmax"
            )
        return np.eye(int(y.max()) + 1)[y.astype(np.intp)]
    if y.ndim == 2 and (y.shape[1] < 2 or (np.sort(y)[:, :-1] != 0).any() or (y.max(1) != 1).any()):
        raise ValueError("targets must be one-hot, with at least two classes, for softmax")
    return y


def _residual_norm(predictions: Tensor, targets: Tensor) -> Tensor:
    found: Tensor = torch.linalg.vector_norm(targets - predictions, dim=1)
    return found


def _residual_ends(targets: Tensor, z: Tensor, radius: float) -> tuple[Tensor, Tensor]:
    far = torch.linalg.vector_norm(targets, dim=1) + radius * torch.linalg.vector_norm(z, dim=1)
    return torch.zeros_like(far), far


def _least_squares(z: Tensor, targets: Tensor, weights: Tensor, radius: float, _: Tensor) -> Tensor:
    moved = z * weights[:, None, :]
    return heads.least_squares(moved @ z.mT, moved @ targets.mT, radius).weights


def _others(predictions: Tensor, targets: Tensor) -> Tensor:
    own = (predictions * targets).sum(1)
    return torch.logsumexp(predictions.masked_fill(targets > 0, -math.inf), dim=1) - own


def _logit_ends(targets: Tensor, z: Tensor, radius: float) -> tuple[Tensor, Tensor]:
    # Two rows of a matrix of Frobenius norm R differ by at most sqrt(2) R.
    reach = math.sqrt(2.0) * radius * torch.linalg.vector_norm(z, dim=1)
    others = math.log(targets.shape[1] - 1)
    return others - reach, others + reach


def _softplus(size: Tensor) -> Tensor:
    # torch's softplus is linear beyond 20.
    return size.clamp_min(0.0) + torch.log1p(torch.exp(-size.abs()))


def _softmax(z: Tensor, targets: Tensor, weights: Tensor, radius: float, start: Tensor) -> Tensor:
    mass = weights / weights.sum(1, keepdim=True)
    return heads.softmax(z, targets, mass, radius, start=start, tolerance=TOLERANCE).weights


SQUARES = HeadLoss(
    "least-squares",
    targets=_columns,
    ends=_residual_ends,
    size=_residual_norm,
    loss=torch.square,
    slope=lambda size: 2.0 * size,
    bend=lambda size: torch.full_like(size, 2.0),
    residual=lambda predictions, targets: 2.0 * (predictions - targets),
    solve=_least_squares,
)
CROSS_ENTROPY = HeadLoss(
    "softmax",
    targets=_one_hot,
    ends=_logit_ends,
    size=_others,
    loss=_softplus,
    slope=torch.sigmoid,
    bend=lambda size: torch.sigmoid(size) * torch.sigmoid(-size),
    residual=lambda predictions, targets: torch.softmax(predictions, dim=1) - targets,
    solve=_softmax,
    caution=0.3,
)

HEAD_LOSSES: Table[HeadLoss] = Table("loss", [SQUARES, CROSS_ENTROPY])
