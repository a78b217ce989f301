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
    found = [
        _inflation(white.w[t], white.xi[t], white.kept[t], mass[t], float(theta[t]))
        for t in range(len(mass))
    ]
    return SampleNoise(theta, (mass * square).sum(1), torch.stack(found))


def _inflation(w: Tensor, xi: Tensor, kept: Tensor, mass: Tensor, theta: float) -> Tensor:
    """g of one sample, from above: w [p, rows], xi [c, rows], kept [p], mass [rows]."""
    w = w[kept]
    eigenvalues, vectors = torch.linalg.eigh((w * mass) @ w.mT)
    least, top = eigenvalues[0], eigenvalues[-1]
    if not bool(least > SAMPLE_TOLERANCE * top):
        return w.new_full((), math.inf)
    inverse = (vectors / eigenvalues) @ vectors.mT
    moved = inverse @ w
    weights = mass - 1.0 / w.shape[1]
    noise = 2.0 * theta / 3.0
    if len(w) * len(xi) <= LARGEST:
        outputs = torch.eye(len(xi), dtype=w.dtype, device=w.device)
        apart = second_moment(moved, xi, weights)
        matrix = torch.kron(inverse @ inverse, outputs) + noise * apart
        total = (weights.abs() * moved.square().sum(0) * xi.square().sum(0)).sum()
        largest = operator_norm(matrix) + noise * rounding(total)
    else:
        # Eigenvalues of a sum are at most the sum of the largest; without the rows of negative weight
        # it is no smaller.
        above = largest_eigenvalue(moved, xi, weights.clamp_min(0.0))
        largest = 1.0 / least.square() + noise * above
    # The inverse errs by about p u top/least of itself.
    relative = 8.0 * len(w) * 2.0**-52 * top / least
    found: Tensor = largest * (1.0 + relative)
    return found
