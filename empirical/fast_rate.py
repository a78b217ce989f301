"""The fast-rate bound's quantities for plain least-squares heads, exact on a finite population.

Given frozen encoders, Sigma = E z z^T on its range, B' the population's least-squares head,
xi = y - B' z and v = Sigma^(-1/2) z xi^T with the Frobenius norm (theory, section 3, 1-fast; the convex set
is the whole space, so that E z xi^T = 0 and no radius enters). In whitened coordinates
w = Sigma^(-1/2) z the population's problem is trivial: B' = E y w^T, and a head's excess risk is its
squared distance from B'.

Directions in which z has less than `RANGE_TOLERANCE` of its largest second moment are cut off first:
this is one more fixed map after the encoder, chosen without the head's sample, so the theorem covers it.
Near-dead hidden units would otherwise make sup ||w||^2 as large as the population.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from empirical.quality import Features, uniform_mass

RANGE_TOLERANCE = 1e-4
"""Eigenvalues of Sigma below this fraction of the largest are treated as zero."""


@dataclass(frozen=True)
class Whitened:
    """Features whitened on the range of Sigma.

    w        [T, p, rows]: Sigma^(-1/2) z in Sigma's eigenbasis, zero in the directions cut off
    kept     [T, p] bool: the directions that were kept
    targets  [c, rows]
    head     [T, c, p]: B', the population's least-squares head on w
    best     [T]: its risk, the least over all heads
    """

    w: Tensor
    kept: Tensor
    targets: Tensor
    head: Tensor
    best: Tensor


@dataclass(frozen=True)
class Constants:
    """V = tr Cov(v), v_norm >= ||Cov(v)|| (certified), v_max = sup ||v||, leverage = sup ||w||^2 and
    the rank p, each [T]."""

    V: Tensor
    v_norm: Tensor
    v_max: Tensor
    leverage: Tensor
    p: Tensor


@dataclass(frozen=True)
class FreshHead:
    """Least-squares heads on a fresh sample S_2, each [T].

    risk_low, risk_high  the population risk of the exact minimiser on S_2
    empirical_risk       on S_2
    kappa                1 - lambda_min(Sigma^(-1/2) Sigma-hat Sigma^(-1/2)) on the range
    """

    risk_low: Tensor
    risk_high: Tensor
    empirical_risk: Tensor
    kappa: Tensor


def whiten(features: Features) -> Whitened:
    """Cut features to the range of Sigma, whiten them and solve the population's problem."""
    mass = uniform_mass(features.z.shape[2], features.z).expand(features.z.shape[0], -1)
    square, gram, _ = features.moments(mass)
    eigenvalues, vectors = torch.linalg.eigh(gram)
    kept = eigenvalues > RANGE_TOLERANCE * eigenvalues[:, -1:]
    inverse_root = torch.where(kept, eigenvalues.clamp_min(1e-300).rsqrt(), 0.0)
    w = (inverse_root[..., None] * vectors.mT) @ features.z
    head = features.targets @ w.mT / w.shape[2]
    best = square - head.square().sum((-2, -1))
    return Whitened(w, kept, features.targets, head, best)


def constants(white: Whitened) -> Constants:
    """V, lambda, b, rho^2 and p at the population's best head, exact up to rounding."""
    xi = white.targets - white.head @ white.w
    leverage, noise = white.w.square().sum(1), xi.square().sum(1)
    return Constants(
        V=(leverage * noise).mean(1),
        v_norm=torch.stack([_covariance_norm(w, x) for w, x in zip(white.w, xi, strict=True)]),
        v_max=(leverage * noise).amax(1).sqrt(),
        leverage=leverage.amax(1),
        p=white.kept.sum(1),
    )


def fresh_heads(white: Whitened, mass: Tensor) -> FreshHead:
    """Fit heads on samples given as mass [T, rows] and measure them on the population.

    The theorem speaks of the exact minimiser B-hat. The head found misses it by at most
    sqrt(gap / (1 - kappa)) in the population's norm, gap its certified excess on S_2, and the square
    root of a risk is 1-Lipschitz in that norm: this gives the interval of the risk. Where kappa >= 1
    the minimiser is not unique and the bound is infinite; the least-norm one stands for it.
    """
    weighted = white.w * mass[:, None, :]
    sample, moment = weighted @ white.w.mT, weighted @ white.targets.mT
    eigenvalues, vectors = torch.linalg.eigh(sample)
    # Directions cut off have eigenvalue 0 here without being part of the range.
    outside = (~white.kept).sum(1)
    least = eigenvalues.gather(1, outside[:, None])[:, 0]
    # Whitened directions that S_2 saw have at least about 1/m_2; below that is rounding.
    live = eigenvalues > 1e-9 * eigenvalues[:, -1:]
    inverse = torch.where(live, 1.0 / torch.where(live, eigenvalues, 1.0), 0.0)
    head = (vectors @ (inverse[..., None] * (vectors.mT @ moment))).mT
    residual = vectors.mT @ (sample @ head.mT - moment)
    gap = (inverse[..., None] * residual.square()).sum((-2, -1))
    kappa = 1.0 - least
    risk = white.best + (head - white.head).square().sum((-2, -1))
    distance = torch.where(kappa < 1.0, (gap / (1.0 - kappa).clamp_min(1e-300)).sqrt(), 0.0)
    norm = risk.clamp_min(0.0).sqrt()
    square = mass @ white.targets.square().sum(0)
    fitted = (head * moment.mT).sum((-2, -1))
    return FreshHead(
        risk_low=(norm - distance).clamp_min(0.0).square(),
        risk_high=(norm + distance).square(),
        empirical_risk=square - 2.0 * fitted + ((head @ sample) * head).sum((-2, -1)),
        kappa=kappa,
    )


def _covariance_norm(w: Tensor, xi: Tensor) -> Tensor:
    """An upper bound on the operator norm of E v v^T >= Cov(v), v = w xi^T; w [p, rows], xi [c, rows].

    The matrix is summed in float32, and what rounding can add to its norm is added: every entry errs by
    at most gamma times the mean of |v_i v_j|, hence the matrix by gamma E||v||^2 in Frobenius norm, with
    gamma = (rows + 8) 2^-24 (Higham 2002, section 3.1).
    """
    rows = w.shape[1]
    products = (w.float()[:, None, :] * xi.float()[None, :, :]).reshape(-1, rows)
    moment = (products @ products.T).double() / rows
    trace = (w.square().sum(0) * xi.square().sum(0)).mean()
    gamma = (rows + 8) * 2.0**-24
    return operator_norm(moment) + gamma / (1.0 - min(gamma, 0.5)) * trace


def operator_norm(matrix: Tensor) -> Tensor:
    """The largest eigenvalue of a symmetric positive semidefinite [n, n] matrix, from above.

    Power iteration finds it from below; a Cholesky factorisation proves 1.001 times that (3 times the
    excess at each failure) from above.

    >>> norm = operator_norm(torch.diag(torch.tensor([1.0, 3.0], dtype=torch.float64)))
    >>> bool(3.0 <= norm <= 3.004)
    True
    """
    n = matrix.shape[0]
    vector = torch.from_numpy(np.random.default_rng(0).standard_normal(n)).to(matrix)
    for _ in range(20):
        vector = matrix @ vector
        vector = vector / torch.linalg.vector_norm(vector).clamp_min(1e-300)
    found = vector @ matrix @ vector
    eye = torch.eye(n, dtype=matrix.dtype, device=matrix.device)
    margin = 1e-3
    while margin < 1.0:
        candidate = found * (1.0 + margin)
        if int(torch.linalg.cholesky_ex(candidate * eye - matrix).info) == 0:
            return candidate
        margin *= 3.0
    return torch.linalg.eigvalsh(matrix)[-1] * (1.0 + 1e-9)
