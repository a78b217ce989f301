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
from empirical.memory import pace


def least_squares(gram: Tensor, moment: Tensor, radius: float) -> Head:
    """Minimise E||V z - y||^2 over ||V||_F <= radius.

    The Lagrange condition is (gram + mu) V^T = moment for one mu >= 0 per problem, found with Cholesky
    factors, which take a tenth of the time of eigenvectors. If a factor is close to singular,
    eigenvectors decide which directions have energy, and the head is the one of least norm.

    Parameters
    ----------
    gram
        [..., p, p] float64: E z z^T, positive semidefinite, possibly singular.
    moment
        [..., p, c] float64: E z y^T.
    radius
        B > 0.

    Raises
    ------
    ValueError
        If the radius is not positive, shapes disagree or a moment is not finite.

    Examples
    --------
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
    count = gram.shape[:-2].numel()
    grams = gram.reshape(count, *gram.shape[-2:])
    moments = moment.reshape(count, *moment.shape[-2:])
    solution, sound = least_quadratic(grams, moments, radius)
    singular = (~sound).nonzero()[:, 0]
    if len(singular):
        eigenvalues, vectors = torch.linalg.eigh(grams[singular])
        rotated = vectors.mT @ moments[singular]
        solution[singular] = vectors @ secular(eigenvalues.clamp_min(0.0), rotated, radius)
    weights = into_ball(solution.reshape(moment.shape).mT, radius)
    return Head(weights, least_squares_gap(gram, moment, weights, radius))


def least_squares_gap(gram: Tensor, moment: Tensor, weights: Tensor, radius: float) -> Tensor:
    """The certified gap [...] of any feasible V [..., c, p] for the problem of `least_squares`.

    The rounding of the gradient and of the gap is added: with gamma(n) = n u / (1 - n u), u = 2^-53, the
    gradient errs by at most 2 gamma(p + 3) (||V|| ||gram|| + ||moment||) in Frobenius norm, and the gap by
    ||V|| + B times that and gamma(c p + 8) (||V|| + B) ||gradient||. What rounding did to the moments
    before is not in it: for rows see `empirical.quality`.

    Examples
    --------
    >>> one = torch.ones(1, 1, dtype=torch.float64)
    >>> gap = least_squares_gap(one, one, 0.0 * one, radius=1.0)    # phi = (v - 1)^2 at v = 0
    >>> 2.0 < float(gap) < 2.0 + 1e-13
    True
    """
    gradient = 2.0 * (weights @ gram - moment.mT)
    outputs, p = weights.shape[-2:]
    # 1.2e-16 n exceeds gamma(n), and the rounding of these bounds, below a million terms.
    norm, of_gram, of_moment, own = (
        torch.linalg.vector_norm(x, dim=(-2, -1)) for x in (weights, gram, moment, gradient)
    )
    lost = 2.4e-16 * (p + 3) * (norm * of_gram + of_moment) + 1.2e-16 * (outputs * p + 8) * own
    gap: Tensor = frank_wolfe_gap(gradient, weights, radius) + (norm + radius) * lost
    return gap


def least_quadratic(hessian: Tensor, target: Tensor, radius: float) -> tuple[Tensor, Tensor]:
    """Minimise 1/2 <X, H X> - <target, X> over ||X||_F <= radius, by Cholesky factors of H + mu.

    Newton's iteration on 1/||X(mu)|| - 1/radius, as in `secular` (More and Sorensen 1983).

    Parameters
    ----------
    hessian
        H, [T, n, n], positive definite.
    target
        [T, n, c].
    radius
        Of the ball.

    Returns
    -------
    solution
        X, [T, n, c].
    sound
        [T]: whether the factor is far enough from singular (pivots above 1e-8 of the largest entry) to
        rely on X.

    Examples
    --------
    >>> eye = torch.eye(2, dtype=torch.float64)[None]
    >>> target = torch.tensor([[[3.0], [4.0]]], dtype=torch.float64)
    >>> x, sound = least_quadratic(eye, target, radius=1.0)
    >>> x[0, :, 0].round(decimals=9).tolist(), bool(sound)
    ([0.6, 0.8], True)
    """
    solution = torch.empty_like(target)
    sound = torch.zeros(len(target), dtype=torch.bool, device=target.device)
    active = torch.arange(len(target), device=target.device)
    squares = target.square().sum((1, 2))
    mean = (target * (hessian @ target)).sum((1, 2)) / squares.clamp_min(
        torch.finfo(target.dtype).tiny
    )
    mu = _least_multiplier(squares, mean, radius)
    every = pace(target)
    for iteration in range(1, 61):
        shifted = hessian.clone()
        diagonal = shifted.diagonal(dim1=-2, dim2=-1)
        diagonal.add_(mu[:, None])
        factor, info = torch.linalg.cholesky_ex(shifted)
        x = torch.cholesky_solve(target, factor)
        solution[active] = x
        pivots = factor.diagonal(dim1=-2, dim2=-1).amin(-1).square()
        fine = (info == 0) & (pivots > 1e-8 * diagonal.amax(-1))
        sound[active] = fine
        norm = torch.linalg.vector_norm(x, dim=(1, 2))
        outside = norm > radius * (1.0 + 1e-12)
        left = outside.nonzero()[:, 0] if iteration % every == 0 else active
        if len(left) == 0:
            break
        half = torch.linalg.solve_triangular(factor, x, upper=False).square().sum((1, 2))
        further = mu + norm.square() * (norm - radius) / (radius * half)
        mu = torch.where(outside, further, mu)
        if len(left) < len(active):
            active, mu, hessian, target = (v[left] for v in (active, mu, hessian, target))
    return solution, sound


def secular(eigenvalues: Tensor, rotated: Tensor, radius: float) -> Tensor:
    """Solve (diag(eigenvalues) + mu) X = rotated for the least mu >= 0 with ||X||_F <= radius.

    Newton's iteration on 1/||X(mu)|| - 1/radius (More and Sorensen 1983). The function is
    increasing, concave (a power mean of the eigenvalues + mu, of exponent -2) and nearly linear:
    from the left Newton's steps never overshoot, and a fixed number of them is safe.

    Parameters
    ----------
    eigenvalues
        [..., p], not negative.
    rotated
        [..., p, c].
    radius
        Of the ball.
    """
    squares = rotated.square().sum(-1)
    # In directions in which z has no energy the moment is zero too: the head stays at zero.
    floor = eigenvalues.amax(-1, keepdim=True) * eigenvalues.shape[-1] * 4e-16
    live = eigenvalues > floor
    squares = torch.where(live, squares, 0.0)
    safe = torch.where(live, eigenvalues, 1.0)
    total = squares.sum(-1, keepdim=True)
    tiny = torch.finfo(total.dtype).tiny
    mean = (squares * safe).sum(-1, keepdim=True) / total.clamp_min(tiny)
    mu = _least_multiplier(total, mean, radius)
    # 1e-15 in float64.
    resolution = 1e-15 * torch.finfo(mu.dtype).eps / 2.0**-52
    every = pace(mu)
    for iteration in range(1, 61):
        shifted = safe + mu
        norm_square = (squares / shifted.square()).sum(-1, keepdim=True)
        norm = norm_square.sqrt()
        slope = (squares / shifted**3).sum(-1, keepdim=True)
        step = norm_square * (norm - radius) / (radius * slope.clamp_min(tiny))
        step = step.clamp_min(0.0)
        mu = mu + step
        if iteration % every == 0 and bool((step <= resolution * mu).all()):
            break
    return torch.where(live, 1.0 / (safe + mu), 0.0)[..., None] * rotated


def _least_multiplier(squares: Tensor, mean: Tensor, radius: float) -> Tensor:
    """A lower bound on the multiplier, exact if all eigenvalues are equal: Newton's method starts there.

    `squares` is ||target||^2, and `mean` the mean of the eigenvalues weighted by the target's energy
    (a Rayleigh quotient). t^-2 is convex, so that ||X(mu)|| >= ||target|| / (mean + mu).
    """
    return (squares.sqrt() / radius - mean).clamp_min(0.0)
