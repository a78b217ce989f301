"""Best heads on frozen encoders: latent quality, its certificate, and the slack of the sample's head.

eta(g) = inf_h r(h o g) - r(h* o g*) (theory, section 1). The infimum is a convex problem on a ball, so
it comes as an interval: the head found bounds it from above, the Frank-Wolfe gap from below.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from empirical import heads
from empirical.estimate import Interval
from empirical.risk import quadratic_risk, row_losses, weighted_risk


@dataclass(frozen=True)
class FittedHead:
    """Heads fitted under one distribution and their risk under it.

    weights  V, [T, c, p], inside the ball
    risk     [T], the risk of V under the distribution that it was fitted on
    gap      [T], certified: risk - inf over the ball <= gap
    """

    weights: Tensor
    risk: Tensor
    gap: Tensor

    @property
    def infimum(self) -> Interval:
        """The least risk over the ball: [risk - gap, risk]."""
        high = self.risk.cpu().numpy()
        return Interval(high - self.gap.cpu().numpy(), high)


@dataclass(frozen=True)
class Features:
    """Features of a stack on the rows of a population, with the population's targets.

    z        [T, p, rows] float64, the constant 1 included
    targets  [c, rows] float64
    radius   B, the head's ball
    """

    z: Tensor
    targets: Tensor
    radius: float
    loss: str

    def fit(self, mass: Tensor, start: Tensor | None = None) -> FittedHead:
        """The best heads under the mass [T, rows] (or [rows], the same for all) of a distribution."""
        mass = mass.expand(self.z.shape[0], -1)
        if self.loss == "softmax":
            head = heads.softmax(self.z, self.targets[None], mass, self.radius, start=start)
            return FittedHead(head.weights, self.risk(head.weights, mass), head.gap)
        square, gram, moment = self.moments(mass)
        head = heads.least_squares(gram, moment, self.radius)
        return FittedHead(
            head.weights, quadratic_risk(square, gram, moment, head.weights), head.gap
        )

    def moments(self, mass: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """E||y||^2 [T], E z z^T [T, p, p] and E z y^T [T, p, c] under the mass [T, rows]."""
        weighted = self.z * mass[:, None, :]
        square = mass @ self.targets.square().sum(0)
        return square, weighted @ self.z.mT, weighted @ self.targets.mT

    def risk(self, weights: Tensor, mass: Tensor) -> Tensor:
        """The risk [T] of heads [T, c, p] under the mass [T, rows] or [rows]."""
        losses = row_losses(weights @ self.z, self.targets, self.loss)
        return weighted_risk(losses, mass)


def latent_quality(best: FittedHead, reference_risk: float) -> Interval:
    """eta(g) of each encoder: the certified least risk minus the reference function's exact risk.

    With h* o g* unknown the reference is one fixed function (theory, section 6); eta may then be
    negative.
    """
    return best.infimum - Interval.exact(reference_risk)


def quality_gap(best_M: Interval, best_N: Interval) -> Interval:
    """gamma_S(M, N) from the least risks of both encoders; r(h* o g*) cancels."""
    return best_M - best_N


def uniform_mass(rows: int, like: Tensor) -> Tensor:
    """The population's own mass, 1/N on every row: [rows]."""
    return torch.full((rows,), 1.0 / rows, dtype=torch.float64, device=like.device)
