"""What the mixture form of the fast rate observes on a head's sample S_2: V_hat and the inflation g.

With w = Sigma^(-1/2) z and v = w xi^T as one vector (`empirical.quality.fast_rate`), A the sample's second
moment of w (times the identity on outputs), G and G_hat those of v,

    H = I + (2 theta/3) (G_hat - G),    g = the largest eigenvalue of A^-1 H A^-1

(theory, section 3, 1-mixture). A^-1 (G_hat - G) A^-1 is the second moment of A^-1 v under the sample's
mass minus the population's, one product for each sample.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from empirical.quality.fast_rate import SAMPLE_TOLERANCE, Constants, Whitened
from empirical.quality.noise_moments import (
    LARGEST,
    largest_eigenvalue,
    operator_norm,
    rounding,
    second_moment,
    trials_at_once,
)

BEST_AT = 0.05
"""The delta at which theta is best. It is fixed before any sample; the bound holds at every delta."""


@dataclass(frozen=True)
class SampleNoise:
    """What the mixture form takes from samples S_2, each [T].

    Parameters
    ----------
    theta
        The scale, which depends on the population alone.
    V_hat
        Mean ||v||^2.
    inflation
        g, certified from above; infinite where S_2 does not determine the head.
    """

    theta: Tensor
    V_hat: Tensor
    inflation: Tensor


def scale(constants: Constants) -> Tensor:
    """theta = sqrt(t)/(F + 2 lambda sqrt(t)) at t = ln(2/`BEST_AT`), [T]; 1 without noise.

    Examples
    --------
    >>> one = torch.ones(1, dtype=torch.float64)
    >>> known = dict(V=one, v_norm=one, v_frobenius=one, v_max=one, leverage=one, p=one)
    >>> round(float(scale(Constants(**known))), 4)
    0.3967
    """
    root = math.sqrt(math.log(2.0 / BEST_AT))
    below = constants.v_frobenius + 2.0 * root * constants.v_norm
    return torch.where(below > 0, root / below.clamp_min(1e-300), 1.0)


def sample_noise(white: Whitened, constants: Constants, mass: Tensor) -> SampleNoise:
    """V_hat and the inflation on samples given as mass [T, rows], for heads without a radius.

    Examples
    --------
    >>> from empirical.quality.fast_rate import constants, whiten
    >>> from empirical.quality.frozen_encoder import Features
    >>> z, y = torch.ones(1, 1, 2, dtype=torch.float64), torch.tensor([[-1.0, 1.0]]).double()
    >>> white = whiten(Features(z, y, radius=1.0, loss="least-squares"))        # |v| = 1 on both rows
    >>> found = sample_noise(white, constants(white), torch.tensor([[0.25, 0.75]]).double())
    >>> round(float(found.V_hat), 9), round(float(found.inflation), 3)
    (1.0, 1.0)
    """
    square = white.w.square().sum(1) * white.xi.square().sum(1)
    theta = scale(constants)
    inflation = torch.full_like(theta, math.inf)
    ranks = white.kept.sum(1)
    # Directions that were kept stand last; trials that kept as many are taken together.
    order = white.kept.int().argsort(dim=1, stable=True)
    for rank in sorted(set(ranks.cpu().tolist())):
        alike = (ranks == rank).nonzero()[:, 0]
        for some in torch.split(alike, trials_at_once(white.w, white.xi)):
            kept = order[some, -rank:, None].expand(-1, -1, white.w.shape[2])
            w = white.w[some].gather(1, kept)
            inflation[some] = _inflation(w, white.xi[some], mass[some], theta[some])
    return SampleNoise(theta, (mass * square).sum(1), inflation)


def _inflation(w: Tensor, xi: Tensor, mass: Tensor, theta: Tensor) -> Tensor:
    """g of samples, from above, [n]: w [n, p, rows] with p of full rank, xi [n, c, rows], mass [n, rows]."""
    (_, p, rows), c = w.shape, xi.shape[1]
    eigenvalues, vectors = torch.linalg.eigh((w * mass[:, None, :]) @ w.mT)
    least, top = eigenvalues[:, 0], eigenvalues[:, -1]
    sound = least > SAMPLE_TOLERANCE * top
    if not bool(sound.any()):
        return torch.full_like(theta, math.inf)
    # What is not sound is left out in the end.
    eigenvalues = torch.where(sound[:, None], eigenvalues, 1.0)
    inverse = (vectors / eigenvalues[:, None, :]) @ vectors.mT
    moved = inverse @ w
    weights = mass - 1.0 / rows
    noise = 2.0 * theta / 3.0
    if p * c <= LARGEST:
        outputs = torch.eye(c, dtype=w.dtype, device=w.device)
        apart = second_moment(moved, xi, weights)
        matrix = torch.kron(inverse @ inverse, outputs[None]) + noise[:, None, None] * apart
        total = (weights.abs() * moved.square().sum(1) * xi.square().sum(1)).sum(1)
        largest = operator_norm(matrix) + noise * rounding(total)
    else:
        # Eigenvalues of a sum are at most the sum of the largest; without the rows of negative weight
        # it is no smaller.
        above = largest_eigenvalue(moved, xi, weights.clamp_min(0.0))
        largest = 1.0 / least.square() + noise * above
    # The inverse errs by about p u top/least of itself.
    relative = 8.0 * p * 2.0**-52 * top / least
    return torch.where(sound, largest * (1.0 + relative), math.inf)
