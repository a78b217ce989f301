"""Best heads on frozen encoders: latent quality, its certificate, the slack of the sample's head.

eta(g) = inf_h r(h o g) - r(h* o g*) (theory, section 1). The infimum is a convex problem on a ball,
so it comes as an interval: the head found bounds it from above, the Frank-Wolfe gap from below.
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
        """The least risk over the ball: [risk - gap, risk], one entry per trial.

        >>> risk, gap = torch.tensor([0.5]), torch.tensor([0.25])
        >>> FittedHead(torch.zeros(1, 1, 1), risk, gap).infimum
        Interval(low=array([0.25]), high=array([0.5]))
        """
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
        """The best heads under the mass [T, rows] of a distribution ([rows]: the same for all).

        start: [T, c, p], where the softmax solver begins; least squares needs none.

        >>> line = Features(  # y = 2 x on x = -1, 1, features (x, 1)
        ...     z=torch.tensor([[[-1.0, 1.0], [1.0, 1.0]]], dtype=torch.float64),
        ...     targets=torch.tensor([[-2.0, 2.0]], dtype=torch.float64),
        ...     radius=3.0,
        ...     loss="least-squares",
        ... )
        >>> line.fit(uniform_mass(2, line.z)).weights.round(decimals=9).abs()
        tensor([[[2., 0.]]], dtype=torch.float64)
        """
        mass = mass.expand(self.z.shape[0], -1)
        if self.loss == "softmax":
            z, targets, its_mass = self._seen(mass)
            head = heads.softmax(z, targets, its_mass, self.radius, start=start)
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

    def _seen(self, mass: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Features, targets and mass on the rows with mass alone: [T, p, u], [T or 1, c, u], [T, u].

        A small sample sees few rows of a large population; an iteration costs what it sees. Trials
        that see fewer than u rows are filled up with rows of mass zero.
        """
        seen = int((mass > 0).sum(1).max())
        if seen == mass.shape[1]:
            return self.z, self.targets[None], mass
        rows = torch.topk(mass, seen, dim=1).indices.sort(dim=1).values
        z = self.z.gather(2, rows[:, None, :].expand(-1, self.z.shape[1], -1))
        return z, self.targets[:, rows].transpose(0, 1), mass.gather(1, rows)

    def risk(self, weights: Tensor, mass: Tensor) -> Tensor:
        """The risk [T] of heads [T, c, p] under the mass [T, rows] or [rows]."""
        losses = row_losses(weights @ self.z, self.targets, self.loss)
        return weighted_risk(losses, mass)


def latent_quality(best: FittedHead, reference_risk: float) -> Interval:
    """eta(g) of each encoder: the certified least risk minus the reference function's exact risk.

    With h* o g* unknown the reference is one fixed function (theory, section 6); eta may then be
    negative.

    >>> best = FittedHead(torch.zeros(1, 1, 1), torch.tensor([0.5]), torch.tensor([0.25]))
    >>> latent_quality(best, reference_risk=0.125)
    Interval(low=array([0.125]), high=array([0.375]))
    """
    return best.infimum - Interval.exact(reference_risk)


def quality_gap(best_M: Interval, best_N: Interval) -> Interval:
    """gamma_S(M, N) = inf r(h o g_M) - inf r(h o g_N); r(h* o g*) cancels. Lower is better for M.

    >>> quality_gap(Interval(0.25, 0.5), Interval(0.5, 1.0))
    Interval(low=-0.75, high=0.0)
    """
    return best_M - best_N


def uniform_mass(rows: int, like: Tensor) -> Tensor:
    """The population's own mass, 1/N on every row: [rows] float64 on the device of `like`.

    >>> uniform_mass(4, torch.zeros(1)).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    return torch.full((rows,), 1.0 / rows, dtype=torch.float64, device=like.device)
