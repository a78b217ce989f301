"""The fast-rate bound's quantities for plain least-squares heads, exact on a finite population.

Given frozen encoders, Sigma = E z z^T on its range, B' the population's least-squares head,
xi = y - B' z and v = Sigma^(-1/2) z xi^T with the Frobenius norm (theory, section 3, 1-fast; the
convex set is the whole space, so that E z xi^T = 0 and no radius enters). In whitened coordinates
w = Sigma^(-1/2) z the population's problem is trivial: B' = E y w^T. Risks are means of squared
residuals, rounded outward (`empirical.quality.certificates`): second moments would lose them where
targets are far from zero.

Directions in which z has less than `RANGE_TOLERANCE` of its largest second moment are cut off
first: this is one more fixed map after the encoder, chosen without the head's sample, so the
theorem covers it. Near-dead hidden units would otherwise make sup ||w||^2 as large as the
population.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from empirical.losses import SQUARES
from empirical.quality import certificates
from empirical.quality.frozen_encoder import Features, uniform_mass
from empirical.quality.noise_moments import Norm, covariance_norms, trials_at_once
from empirical.statistics.intervals import Estimate, Interval

RANGE_TOLERANCE = 1e-4
"""Eigenvalues of Sigma below this fraction of the largest are treated as zero."""

SAMPLE_TOLERANCE = 1e-9
"""The same for a sample's second moments of whitened features: below it a head is not determined."""


@dataclass(frozen=True)
class Whitened:
    """Features whitened on the range of Sigma.

    Parameters
    ----------
    w
        [T, p, rows]: Sigma^(-1/2) z in Sigma's eigenbasis, zero in the directions cut off.
    kept
        [T, p] bool: the directions that were kept.
    targets
        [c, rows].
    head
        [T, c, p]: B', the population's least-squares head on w.
    best
        [T]: its risk, the least over all heads.
    best_low, best_high
        [T]: certified ends of the least risk.
    norms
        [T, rows]: `certificates.row_norms` of w.
    """

    w: Tensor
    kept: Tensor
    targets: Tensor
    head: Tensor
    best: Tensor
    best_low: Tensor
    best_high: Tensor
    norms: Tensor

    @cached_property
    def xi(self) -> Tensor:
        """[T, c, rows]: y - B' w, what the population's best head leaves."""
        return self.targets - self.head @ self.w


@dataclass(frozen=True)
class Constants:
    """What the fast-rate bound needs to know of the population, each [T].

    Parameters
    ----------
    V
        tr Cov(v), in units of the loss.
    v_norm
        The largest eigenvalue of Cov(v), certified from above.
    v_frobenius
        The Frobenius norm of Cov(v), certified from above.
    v_max
        sup ||v||_F.
    leverage
        rho^2 = sup ||w||^2.
    p
        The rank of Sigma.
    """

    V: Tensor
    v_norm: Tensor
    v_frobenius: Tensor
    v_max: Tensor
    leverage: Tensor
    p: Tensor


@dataclass(frozen=True)
class FreshHead:
    """Least-squares heads on a fresh sample S_2, each [T].

    Parameters
    ----------
    risk_low, risk_high
        The population risk of the exact minimiser on S_2.
    empirical_risk
        on S_2.
    kappa
        1 - lambda_min(Sigma^(-1/2) Sigma-hat Sigma^(-1/2)) on the range, rounded up; 1 where S_2
        does not determine the minimiser.
    """

    risk_low: Tensor
    risk_high: Tensor
    empirical_risk: Tensor
    kappa: Tensor


def whiten(features: Features) -> Whitened:
    """Cut features to the range of Sigma, whiten them and solve the population's problem.

    Examples
    --------
    >>> z = torch.tensor([[[-2.0, 2.0], [1.0, 1.0]]], dtype=torch.float64)      # (2 x, 1)
    >>> y = torch.tensor([[0.0, 3.0]], dtype=torch.float64)                     # 1.5 + 1.5 x
    >>> white = whiten(Features(z, y, radius=1.0, loss="least-squares"))
    >>> white.w[0].abs().tolist(), round(float(white.best), 12) == 0.0
    ([[1.0, 1.0], [1.0, 1.0]], True)
    """
    mass = uniform_mass(features.z.shape[2], features.z).expand(features.z.shape[0], -1)
    gram, _ = features.moments(mass)
    eigenvalues, vectors = torch.linalg.eigh(gram)
    kept = eigenvalues > RANGE_TOLERANCE * eigenvalues[:, -1:]
    inverse_root = torch.where(kept, eigenvalues.clamp_min(1e-300).rsqrt(), 0.0)
    w = (inverse_root[..., None] * vectors.mT) @ features.z
    head = features.targets @ w.mT / w.shape[2]
    norms = certificates.row_norms(w)
    sums = certificates.row_sums(SQUARES, w, features.targets[None], mass, head, norms)
    # B' is the best head but for rounding: strong convexity bounds how much is left to gain.
    steep = torch.linalg.vector_norm(sums.gradient, dim=(1, 2)) * certificates.SAFE + sums.off
    curvature = certificates.least_eigenvalue(w, mass, head)
    left = certificates.SAFE * steep.square() / (4.0 * curvature)
    low = (sums.risk - sums.rounding - left).nan_to_num(0.0, 0.0, 0.0).clamp_min(0.0)
    high = sums.risk + sums.rounding
    certificates.check_certified(features.z, features.targets, high)
    return Whitened(w, kept, features.targets, head, sums.risk, low, high, norms)


def constants(white: Whitened) -> Constants:
    """V, lambda, F, b, rho^2 and p at the population's best head; all but lambda and F up to rounding.

    Examples
    --------
    >>> z, y = torch.ones(1, 1, 2, dtype=torch.float64), torch.tensor([[-1.0, 1.0]]).double()
    >>> found = constants(whiten(Features(z, y, radius=1.0, loss="least-squares")))
    >>> [float(x) for x in (found.V, found.v_max, found.leverage, found.p)]    # w = 1, xi = y
    [1.0, 1.0, 1.0, 1.0]
    """
    return _constants(white, *_norms(white))


def _norms(white: Whitened) -> tuple[Norm, Norm]:
    """The operator norms and the Frobenius norms of Cov(v), [T] each."""
    at_once = trials_at_once(white.w, white.xi)
    parts = zip(torch.split(white.w, at_once), torch.split(white.xi, at_once), strict=True)
    operator, frobenius = zip(*(covariance_norms(w, xi) for w, xi in parts), strict=True)
    return _joined(operator), _joined(frobenius)


def _joined(norms: Sequence[Norm]) -> Norm:
    return Norm(torch.cat([norm.low for norm in norms]), torch.cat([norm.high for norm in norms]))


def _constants(white: Whitened, operator: Norm, frobenius: Norm) -> Constants:
    leverage, noise = white.w.square().sum(1), white.xi.square().sum(1)
    return Constants(
        V=(leverage * noise).mean(1),
        v_norm=operator.high,
        v_frobenius=frobenius.high,
        v_max=(leverage * noise).amax(1).sqrt(),
        leverage=leverage.amax(1),
        p=white.kept.sum(1),
    )


def estimates(white: Whitened, fresh: FreshHead | None = None) -> dict[str, Estimate]:
    """The bound's arguments by the names that `risk_gap.fast_rate` gives them, one entry per encoder.

    V, v_max and leverage are averages and maxima over the population, exact but for rounding; p
    counts. v_norm and v_frobenius lie between certified ends. With heads on a sample S_2 also kappa,
    whose upper end is certified.

    Examples
    --------
    >>> z, y = torch.ones(1, 1, 2, dtype=torch.float64), torch.tensor([[-1.0, 1.0]]).double()
    >>> found = estimates(whiten(Features(z, y, radius=1.0, loss="least-squares")))
    >>> {name: found[name].direction for name in ("V", "v_norm")}
    {'V': 'exact', 'v_norm': 'two-sided'}
    """
    operator, frobenius = _norms(white)
    certified = _constants(white, operator, frobenius)
    result = {}
    for name in ("V", "v_norm", "v_frobenius", "v_max", "leverage", "p"):
        value = getattr(certified, name).double().cpu().numpy()
        result[name] = Estimate(value, Interval.exact(value))
    for name, norm in (("v_norm", operator), ("v_frobenius", frobenius)):
        low = norm.low.cpu().numpy()
        high = result[name].value
        result[name] = Estimate(high, Interval(np.minimum(low, high), high))
    if fresh is not None:
        kappa = fresh.kappa.cpu().numpy()
        # It was rounded up by p u lambda_max, below 1e-9 for all that fits in memory. Where S_2 does
        # not determine a head it was set to 1, and nothing is known from below.
        low = np.where(kappa < 1.0, kappa - 2e-9, -np.inf)
        result["kappa"] = Estimate(kappa, Interval(low, kappa))
    return result


def fresh_heads(white: Whitened, mass: Tensor) -> FreshHead:
    """Fit heads on samples given as mass [T, rows] and measure them on the population.

    The theorem speaks of the exact minimiser B-hat. The head found misses it by at most
    sqrt(gap / (1 - kappa)) in the population's norm, gap its certified excess on S_2, the rounding of
    its gradient included, and the square root of a risk is 1-Lipschitz in that norm: this gives the
    interval of the risk. Where
    kappa = 1 the minimiser is not unique, or not found to any accuracy, and the bound is infinite;
    the least-norm one stands for it.

    Examples
    --------
    >>> z, y = torch.ones(1, 1, 2, dtype=torch.float64), torch.tensor([[-1.0, 1.0]]).double()
    >>> white = whiten(Features(z, y, radius=1.0, loss="least-squares"))
    >>> fresh = fresh_heads(white, torch.tensor([[0.25, 0.75]]).double())   # the mean on S_2 is 1/2
    >>> round(float(fresh.risk_high), 9), round(float(fresh.empirical_risk), 9)
    (1.25, 0.75)
    """
    weighted = white.w * mass[:, None, :]
    sample, moment = weighted @ white.w.mT, weighted @ white.targets.mT
    eigenvalues, vectors = torch.linalg.eigh(sample)
    # Directions cut off have eigenvalue 0 here without being part of the range.
    outside = (~white.kept).sum(1)
    least, top = eigenvalues.gather(1, outside[:, None])[:, 0], eigenvalues[:, -1]
    cutoff = SAMPLE_TOLERANCE * top
    live = eigenvalues > cutoff[:, None]
    # Too small an eigenvalue counts as 0, a larger one less what rounding may have added to it.
    error = eigenvalues.shape[1] * 2.0**-52 * top
    kappa = 1.0 - torch.where(least > cutoff, least - error, 0.0)
    inverse = torch.where(live, 1.0 / torch.where(live, eigenvalues, 1.0), 0.0)
    head = (vectors @ (inverse[..., None] * (vectors.mT @ moment))).mT
    targets = white.targets[None]
    drawn = certificates.row_sums(SQUARES, white.w, targets, mass, head, white.norms)
    # Half the gradient is E (B z - y) z^T on S_2.
    residual = vectors.mT @ drawn.gradient.mT / 2.0
    shortest = torch.where(live, eigenvalues, float("inf")).amin(1)
    gap = (inverse[..., None] * residual.square()).sum((-2, -1)).sqrt()
    gap = (gap + drawn.off / (2.0 * shortest.sqrt())) * certificates.SAFE
    uniform = uniform_mass(white.w.shape[2], white.w).expand(len(mass), -1)
    risk = certificates.row_sums(
        SQUARES, white.w, targets, uniform, head, white.norms, gradient=False
    )
    distance = torch.where(kappa < 1.0, gap / (1.0 - kappa).clamp_min(1e-300).sqrt(), 0.0)
    low, high = risk.risk - risk.rounding, risk.risk + risk.rounding
    certificates.check_certified(white.w, white.targets, high, drawn.risk)
    return FreshHead(
        risk_low=(low.clamp_min(0.0).sqrt() - distance).clamp_min(0.0).square(),
        risk_high=(high.sqrt() + distance).square(),
        empirical_risk=drawn.risk,
        kappa=kappa,
    )
