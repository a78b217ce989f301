"""Frozen encoders: their best heads, and every quantity of the theorems as an `Estimate`.

r, r-hat and L-hat are averages, exact but for rounding. eta(g) = inf_h r(h o g) - r(h* o g*) and the
slack epsilon (theory, section 1) need an infimum, a convex problem on a ball, so they come as
intervals: the head found bounds the infimum from above, its gap from below, and both ends are rounded
outward (`empirical.quality.certificates`). All take a whole stack at once, one entry per model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bounds.arrays import plain_array
from empirical import heads
from empirical.losses import LOSSES, Loss, weighted_risk
from empirical.quality import certificates
from empirical.statistics.intervals import Estimate, Interval, outward_difference


@dataclass(frozen=True)
class FittedHead:
    """Heads fitted under one distribution and their risk under it.

    Parameters
    ----------
    weights
        V, [T, c, p], inside the ball.
    risk
        [T], the risk of V under the distribution that it was fitted on.
    gap
        [T], certified: the risk, free of rounding, is at most this above the least over the ball.
    rounding
        [T], certified: `risk` is off by at most this, and the least risk lies at most this above it.
    """

    weights: Tensor
    risk: Tensor
    gap: Tensor
    rounding: Tensor

    @property
    def infimum(self) -> Interval:
        """The least risk over the ball, [risk - gap, risk] rounded outward, one entry per trial.

        Examples
        --------
        >>> risk, gap = torch.tensor([0.5]), torch.tensor([0.25])
        >>> FittedHead(torch.zeros(1, 1, 1), risk, gap, rounding=torch.tensor([0.125])).infimum
        Interval(low=array([0.125]), high=array([0.625]))
        """
        return self.least(self.risk + self.rounding)

    def least(self, risk: Tensor) -> Interval:
        """The least risk over the ball, if it does not lie above `risk` [T] either.

        Parameters
        ----------
        risk
            That of another feasible head, its rounding added (the upper end of `Features.certified_risk`).
        """
        high = torch.minimum(self.risk + self.rounding, risk)
        # A loss is never negative.
        low = torch.minimum((self.risk - self.gap - self.rounding).clamp_min(0.0), high)
        return Interval(low.cpu().numpy(), high.cpu().numpy())


@dataclass(frozen=True)
class Features:
    """Features of a stack on the rows of a population, with the population's targets.

    Tensors lose their gradient, and become float64.

    Parameters
    ----------
    z
        [T, p, rows] float64, the constant 1 included.
    targets
        [c, rows] float64.
    radius
        B, the head's ball.
    """

    z: Tensor
    targets: Tensor
    radius: float
    loss: Loss

    def __post_init__(self) -> None:
        """Raise ValueError if shapes disagree, numbers are not real, or the radius is not positive."""
        object.__setattr__(self, "loss", LOSSES.find(self.loss))
        for name in ("z", "targets"):
            object.__setattr__(self, name, _double(name, getattr(self, name)))
        if self.z.ndim != 3 or self.targets.ndim != 2 or self.z.shape[2] != self.targets.shape[1]:
            raise ValueError(
                "z must be [T, p, rows] and targets [c, rows], got"
                f" {tuple(self.z.shape)} and {tuple(self.targets.shape)}"
            )
        if not bool(torch.isfinite(self.targets).all()):
            raise ValueError("targets must be finite, got NaN or infinity")
        if not 0 < self.radius < float("inf"):
            raise ValueError(f"radius must be positive and finite, got {self.radius}")

    def _check_mass(self, mass: Tensor) -> None:
        if mass.shape[-1] != self.z.shape[2] or not bool((mass >= 0).all()):
            raise ValueError(
                f"mass must hold {self.z.shape[2]} nonnegative numbers per problem, got shape"
                f" {tuple(mass.shape)} and a least entry of {float(mass.min()):g}"
            )
        sums = mass.sum(-1)
        if not bool(((sums - 1.0).abs() <= 1e-6).all()):
            raise ValueError(f"mass must sum to 1 per problem, got {float(sums.max()):g}")

    def fit(self, mass: Tensor, start: Tensor | None = None) -> FittedHead:
        """The best heads under the mass [T, rows] of a distribution ([rows]: the same for all).

        Parameters
        ----------
        start
            [T, c, p], where the softmax or logistic solver begins; least squares needs none.

        Examples
        --------
        >>> line = Features(  # y = 2 x on x = -1, 1, features (x, 1)
        ...     z=torch.tensor([[[-1.0, 1.0], [1.0, 1.0]]], dtype=torch.float64),
        ...     targets=torch.tensor([[-2.0, 2.0]], dtype=torch.float64),
        ...     radius=3.0,
        ...     loss="least-squares",
        ... )
        >>> line.fit(uniform_mass(2, line.z)).weights.round(decimals=9).abs()
        tensor([[[2., 0.]]], dtype=torch.float64)
        """
        self._check_mass(mass)
        mass = mass.expand(self.z.shape[0], -1)
        seen = self._seen(mass)
        if self.loss.solve is not None:
            weights = self.loss.solve(*seen, self.radius, start=start).weights
        else:
            weights = heads.least_squares(*self.moments(mass), self.radius).weights
        found = self._certified(weights, *seen)
        return FittedHead(weights, found.risk, found.gap, found.rounding)

    def moments(self, mass: Tensor) -> tuple[Tensor, Tensor]:
        """E z z^T [T, p, p] and E z y^T [T, p, c] under the mass [T, rows]."""
        weighted = self.z * mass[:, None, :]
        return weighted @ self.z.mT, weighted @ self.targets.mT

    @cached_property
    def _norms(self) -> Tensor:
        return certificates.row_norms(self.z)

    def certificate(self, weights: Tensor, mass: Tensor) -> certificates.Certificate:
        """What is proved of heads V [T, c, p] in the ball under the mass [T, rows] or [rows]."""
        return self._certified(weights, *self._seen(mass.expand(self.z.shape[0], -1)))

    def _certified(
        self, weights: Tensor, z: Tensor, targets: Tensor, mass: Tensor
    ) -> certificates.Certificate:
        """The same on the rows that `_seen` returns."""
        norms = self._norms if z is self.z else certificates.row_norms(z)
        return certificates.certify(self.loss, z, targets, mass, weights, self.radius, norms)

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
        """The risk [T] of heads V [T, c, p] under the mass [T, rows] or [rows]."""
        self._check_mass(mass)
        expected = (self.z.shape[0], self.targets.shape[0], self.z.shape[1])
        if tuple(weights.shape) != expected:
            raise ValueError(f"weights must have shape {expected}, got {tuple(weights.shape)}")
        losses = self.loss.row_losses(weights @ self.z, self.targets)
        return weighted_risk(losses, mass)

    def certified_risk(self, weights: Tensor, mass: Tensor) -> Estimate:
        """`risk` with its interval, rounded outward."""
        self._check_mass(mass)
        found = certificates.row_sums(
            self.loss,
            self.z,
            self.targets[None],
            mass.expand(self.z.shape[0], -1),
            weights,
            self._norms,
            gradient=False,
        )
        low, high = found.risk - found.rounding, found.risk + found.rounding
        return Estimate(_numpy(found.risk), Interval(_numpy(low.clamp_min(0.0)), _numpy(high)))

    def gap(self, weights: Tensor, mass: Tensor) -> Tensor:
        """Certified, [T]: the risk of heads in the ball under a mass is at most this above the least."""
        return self.certificate(weights, mass).gap


def _double(name: str, values: Tensor) -> Tensor:
    """A tensor of real numbers as float64 without its gradient; shorter floats stay what they are."""
    if not isinstance(values, Tensor):
        values = torch.as_tensor(plain_array(name, values))
    if values.is_complex():
        raise ValueError(f"{name} must hold real numbers, got {values.dtype}")
    return values.detach().to(torch.float64)


def population_risk(features: Features, weights: Tensor) -> Estimate:
    """r(h o g) of heads V [T, c, p]: an exact average over the population's rows, [T].

    Examples
    --------
    >>> z, y = torch.ones(1, 1, 2).double(), torch.tensor([[-2.0, 2.0]]).double()
    >>> features = Features(z, y, radius=1.0, loss="least-squares")          # two rows, no features
    >>> population_risk(features, torch.zeros(1, 1, 1).double()).value
    array([4.])
    """
    return _exact(features.risk(weights, uniform_mass(features.z.shape[2], features.z)))


def empirical_risk(features: Features, weights: Tensor, mass: Tensor) -> Estimate:
    """r-hat(h o g) of heads V [T, c, p] on samples given as mass [T, rows]: exact, [T]."""
    return _exact(features.risk(weights, mass))


def centred_loss(
    features: Features, weights: Tensor, mass: Tensor, reference_losses: Tensor
) -> Estimate:
    """L-hat = r-hat(h o g) - r-hat(h* o g*): exact given the reference function's losses [rows]."""
    return _exact(features.risk(weights, mass) - weighted_risk(reference_losses, mass))


def optimality_gap(features: Features, weights: Tensor, mass: Tensor) -> Estimate:
    """epsilon of heads V [T, c, p] in the ball: r-hat(h o g) - inf_h r-hat(h o g), [T].

    The Frank-Wolfe gap bounds it from above, and so does the best head found, up to its own gap;
    that head's risk bounds it from below. The value is the distance to the best head found.

    Raises
    ------
    ValueError
        If a head lies outside the ball, if nothing is certified.
    """
    norms = torch.linalg.matrix_norm(weights)
    if not bool((norms <= features.radius * (1.0 + 1e-9)).all()):
        raise ValueError(
            f"weights must lie in the ball of radius {features.radius:g}, got norm"
            f" {float(norms.max()):g}"
        )
    best = features.fit(mass, start=weights)
    own = features.certificate(weights, mass)
    apart, rounding = own.risk - best.risk, own.rounding + best.rounding
    value = apart.clamp_min(0.0)
    low = (apart - rounding).clamp_min(0.0)
    high = torch.maximum(value, torch.minimum(own.gap, apart + rounding + best.gap))
    return Estimate(_numpy(value), Interval(_numpy(low), _numpy(high)))


def latent_quality(
    features: Features, reference_risk: float, start: Tensor | None = None
) -> Estimate:
    """eta(g) = inf_h r(h o g) - r(h* o g*) of each encoder, certified from both sides: [T].

    Parameters
    ----------
    reference_risk
        The exact risk of h* o g*. Where that is unknown it is one fixed function's (theory, section
        6), and eta may be negative.
    start
        Heads at which the softmax solver begins. Lower is better.

    Examples
    --------
    >>> z, y = torch.ones(1, 1, 2).double(), torch.tensor([[1.0, 3.0]]).double()
    >>> features = Features(z, y, radius=1.5, loss="least-squares")
    >>> latent_quality(features, reference_risk=0.5).value             # (0.5^2 + 1.5^2) / 2 - 0.5
    array([0.75])
    """
    best = features.fit(uniform_mass(features.z.shape[2], features.z), start=start)
    interval = outward_difference(best.infimum, Interval.exact(reference_risk))
    return Estimate(_numpy(best.risk) - reference_risk, interval)


def quality_gap(eta_M: Estimate, eta_N: Estimate) -> Estimate:
    """gamma_S(M, N) = eta(g_M) - eta(g_N); r(h* o g*) cancels. Below zero M's is better.

    Examples
    --------
    >>> worse, better = (Estimate(v, Interval(v, v + 0.25)) for v in (1.0, 0.5))
    >>> quality_gap(better, worse).interval
    Interval(low=-0.75, high=-0.25)
    """
    difference = eta_M - eta_N
    return replace(difference, interval=outward_difference(eta_M.interval, eta_N.interval))


def _exact(values: Tensor) -> Estimate:
    return Estimate(_numpy(values), Interval.exact(_numpy(values)))


def _numpy(values: Tensor) -> NDArray[np.float64]:
    return values.detach().cpu().numpy()


def uniform_mass(rows: int, like: Tensor) -> Tensor:
    """The population's own mass, 1/N on every row: [rows] float64 on the device of `like`.

    Examples
    --------
    >>> uniform_mass(4, torch.zeros(1)).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    return torch.full((rows,), 1.0 / rows, dtype=torch.float64, device=like.device)
