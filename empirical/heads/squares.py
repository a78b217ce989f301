"""Least squares on a Frobenius ball: the exact optimum of a batch of problems."""

from __future__ import annotations

import torch
from torch import Tensor

from empirical.heads.certificates import (
    Head,
    check_finite,
    check_radius,
    frank_wolfe_gap,
    into_ball,
)


def least_squares(gram: Tensor, moment: Tensor, radius: float) -> Head:
    """Minimise E||V z - y||^2 over ||V||_F <= radius.

    gram    [..., p, p] float64: E z z^T, positive semidefinite, possibly singular
    moment  [..., p, c] float64: E z y^T
    radius  B > 0

    The Lagrange condition (gram + mu) V^T = moment is diagonal in the eigenbasis of `gram`, and
    mu >= 0 solves one secular equation per problem.

    Raises ValueError where the radius is not positive, shapes disagree or a moment is not finite.

    >>> eye = torch.eye(2, dtype=torch.float64)
    >>> head = least_squares(eye, torch.tensor([[3.0], [4.0]], dtype=torch.float64), radius=1.0)
    >>> [round(v, 6) for v in head.weights[0].tolist()], bool(head.gap < 1e-12)
    ([0.6, 0.8], True)
    """
    check_radius(radius)
    if gram.shape[:-1] != moment.shape[:-1] or gram.shape[-1] != gram.shape[-2]:
        raise ValueError(
            "gram must be [..., p, p] and moment [..., p, c], got"
            f" {tuple(gram.shape)} and {tuple(moment.shape)}"
        )
    check_finite("gram", gram)
    check_finite("moment", moment)
    eigenvalues, vectors = torch.linalg.eigh(gram)
    rotated = vectors.mT @ moment
    solution = vectors @ secular(eigenvalues.clamp_min(0.0), rotated, radius)
    weights = into_ball(solution.mT, radius)
    return Head(weights, least_squares_gap(gram, moment, weights, radius))


def least_squares_gap(gram: Tensor, moment: Tensor, weights: Tensor, radius: float) -> Tensor:
    """The certified gap [...] of any feasible V [..., c, p] for the problem of `least_squares`.

    >>> one = torch.ones(1, 1, dtype=torch.float64)
    >>> float(least_squares_gap(one, one, 0.0 * one, radius=1.0))    # phi = (v - 1)^2 at v = 0
    2.0
    """
    gradient = 2.0 * (weights @ gram - moment.mT)
    return frank_wolfe_gap(gradient, weights, radius)


def secular(eigenvalues: Tensor, rotated: Tensor, radius: float) -> Tensor:
    """Solve (diag(eigenvalues) + mu) X = rotated for the least mu >= 0 with ||X||_F <= radius.

    eigenvalues [..., p], not negative; rotated [..., p, c].

    Newton's iteration on 1/||X(mu)|| - 1/radius (More and Sorensen 1983), from mu = 0. The function
    is increasing, concave (a power mean of the eigenvalues + mu, of exponent -2) and nearly linear:
    from the left Newton never overshoots, and a fixed count of steps is safe.
    """
    squares = rotated.square().sum(-1)
    # Directions in which z has no energy carry no moment either: leave the head at zero there.
    floor = eigenvalues.amax(-1, keepdim=True) * eigenvalues.shape[-1] * 4e-16
    live = eigenvalues > floor
    squares = torch.where(live, squares, 0.0)
    safe = torch.where(live, eigenvalues, 1.0)
    mu = torch.zeros_like(eigenvalues[..., :1])
    # 1e-15 in float64.
    resolution = 1e-15 * torch.finfo(mu.dtype).eps / 2.0**-52
    for _ in range(60):
        shifted = safe + mu
        norm_square = (squares / shifted.square()).sum(-1, keepdim=True)
        norm = norm_square.sqrt()
        slope = (squares / shifted**3).sum(-1, keepdim=True)
        step = norm_square * (norm - radius) / (radius * slope.clamp_min(1e-300))
        step = torch.where(norm > radius, step, 0.0)
        mu = mu + step
        if bool((step <= resolution * mu).all()):
            break
    return torch.where(live, 1.0 / (safe + mu), 0.0)[..., None] * rotated
