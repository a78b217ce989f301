"""Convex heads on a Frobenius ball: the optimum of a batch of problems, each with a certificate.

Every problem is min over ||V||_F <= B of a convex smooth phi(V), V of shape [c, p]. Any feasible V
has (Frank and Wolfe 1956; theory, section 6)

    phi(V) - min phi <= <grad phi(V), V> + B ||grad phi(V)||_F,

which certifies the slack epsilon on a sample and the latent quality eta on a population without
trusting the solver. Everything here is float64, and "certified" is up to the rounding of phi
itself: about 1e-13 of E||y||^2 + B^2 E||z||^2 for least squares.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Head:
    """Heads V [..., c, p] and per problem a certified gap, [...]: phi(V) - min phi <= gap."""

    weights: Tensor
    gap: Tensor


def least_squares(gram: Tensor, moment: Tensor, radius: float) -> Head:
    """Minimise E||V z - y||^2 over ||V||_F <= radius.

    gram    [..., p, p] float64: E z z^T, positive semidefinite, possibly singular
    moment  [..., p, c] float64: E z y^T
    radius  B > 0

    The Lagrange condition (gram + mu) V^T = moment is diagonal in the eigenbasis of `gram`, and
    mu >= 0 solves one secular equation per problem.

    Raises ValueError where the radius is not positive or shapes disagree.

    >>> eye = torch.eye(2, dtype=torch.float64)
    >>> head = least_squares(eye, torch.tensor([[3.0], [4.0]], dtype=torch.float64), radius=1.0)
    >>> [round(v, 6) for v in head.weights[0].tolist()], bool(head.gap < 1e-12)
    ([0.6, 0.8], True)
    """
    _check_radius(radius)
    if gram.shape[:-1] != moment.shape[:-1] or gram.shape[-1] != gram.shape[-2]:
        raise ValueError(
            "gram must be [..., p, p] and moment [..., p, c], got"
            f" {tuple(gram.shape)} and {tuple(moment.shape)}"
        )
    eigenvalues, vectors = torch.linalg.eigh(gram)
    rotated = vectors.mT @ moment
    solution = vectors @ _secular(eigenvalues.clamp_min(0.0), rotated, radius)
    weights = _into_ball(solution.mT, radius)
    return Head(weights, least_squares_gap(gram, moment, weights, radius))


def least_squares_gap(gram: Tensor, moment: Tensor, weights: Tensor, radius: float) -> Tensor:
    """The certified gap [...] of any feasible V [..., c, p] for the problem of `least_squares`.

    >>> one = torch.ones(1, 1, dtype=torch.float64)
    >>> float(least_squares_gap(one, one, 0.0 * one, radius=1.0))    # phi = (v - 1)^2 at v = 0
    2.0
    """
    gradient = 2.0 * (weights @ gram - moment.mT)
    return frank_wolfe_gap(gradient, weights, radius)


def frank_wolfe_gap(gradient: Tensor, weights: Tensor, radius: float) -> Tensor:
    """<grad, V> + B ||grad||_F over the last two axes, never below zero.

    gradient, weights: [..., c, p] at a feasible V. By convexity phi(V) - phi(U) <= <grad, V - U>,
    and over the ball the right-hand side is largest at U = -B grad / ||grad||_F.

    >>> frank_wolfe_gap(torch.tensor([[3.0, 4.0]]), torch.tensor([[-0.6, -0.8]]), radius=1.0)
    tensor(0.)
    """
    inner = (gradient * weights).sum((-2, -1))
    norm = gradient.square().sum((-2, -1)).sqrt()
    return (inner + radius * norm).clamp_min(0.0)


def _secular(eigenvalues: Tensor, rotated: Tensor, radius: float) -> Tensor:
    """Solve (diag(eigenvalues) + mu) X = rotated for the least mu >= 0 with ||X||_F <= radius.

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
    for _ in range(60):
        shifted = safe + mu
        norm_square = (squares / shifted.square()).sum(-1, keepdim=True)
        norm = norm_square.sqrt()
        slope = (squares / shifted**3).sum(-1, keepdim=True)
        step = norm_square * (norm - radius) / (radius * slope.clamp_min(1e-300))
        step = torch.where(norm > radius, step, 0.0)
        mu = mu + step
        if bool((step <= 1e-15 * mu).all()):
            break
    return torch.where(live, 1.0 / (safe + mu), 0.0)[..., None] * rotated


def softmax(
    z: Tensor,
    targets: Tensor,
    mass: Tensor,
    radius: float,
    *,
    start: Tensor | None = None,
    tolerance: float = 1e-4,
    steps: int = 1000,
) -> Head:
    """Minimise the weighted mean cross-entropy of softmax(V z) over ||V||_F <= radius.

    z         [T, p, rows] float64 features, the constant 1 included
    targets   [T, c, rows] or [1, c, rows] float64: one-hot classes
    mass      [T, rows]: nonnegative weights that sum to 1 per problem (counts / m, or 1 / N)
    radius    B > 0
    start     [T, c, p] or None: starting heads, pulled into the ball where they lie outside
    tolerance the gap at which a problem counts as solved
    steps     the most steps that any problem takes

    Accelerated gradient with restarts in the metric of Boehning's bound (the Hessian is at most
    1/2 (I - 11^T/c) (x) E z z^T, here used as 1/2 E z z^T), whose projection onto the ball is the
    secular equation of `least_squares`. The returned gap is certified, whether or not it reached
    `tolerance`.

    Raises ValueError where the radius is not positive or shapes disagree.

    >>> z = torch.tensor([[[-1.0, 1.0]]], dtype=torch.float64)       # p = 1, two rows, two classes
    >>> targets = torch.eye(2, dtype=torch.float64)[None]
    >>> mass = torch.full((1, 2), 0.5, dtype=torch.float64)
    >>> head = softmax(z, targets, mass, radius=2.0, tolerance=1e-12)
    >>> (head.weights[0, :, 0] / 2**0.5).round(decimals=6).tolist()  # on the ball, as far as it goes
    [-1.0, 1.0]
    """
    _check_radius(radius)
    trials, p, rows = z.shape
    if (
        targets.shape[0] not in (1, trials)
        or targets.shape[2] != rows
        or mass.shape != (trials, rows)
    ):
        raise ValueError(
            f"targets must be [{trials} or 1, c, {rows}] and mass [{trials}, {rows}], got"
            f" {tuple(targets.shape)} and {tuple(mass.shape)}"
        )
    shape = (trials, targets.shape[1], p)
    if start is not None and start.shape != shape:
        raise ValueError(f"start must have shape {shape}, got {tuple(start.shape)}")
    targets = targets.expand(trials, -1, -1)
    weighted = z * mass[:, None, :]
    gram = weighted @ z.mT
    # A little extra curvature keeps the metric definite where features are dead.
    ridge = 1e-6 * gram.diagonal(dim1=-2, dim2=-1).mean(-1, keepdim=True)
    eigenvalues, vectors = torch.linalg.eigh(gram)
    curvature = 0.5 * (eigenvalues.clamp_min(0.0) + ridge)

    best = z.new_zeros(shape) if start is None else _into_ball(start, radius)
    best_gap = z.new_full((trials,), float("inf"))
    active = torch.arange(trials, device=z.device)
    current, previous, momentum = best.clone(), best.clone(), z.new_ones(trials)
    problem: tuple[Tensor, ...] = (z, targets, weighted, curvature, vectors)
    for step in range(steps + 1):
        z_, targets_, weighted_, curvature_, vectors_ = problem
        if step % 5 == 0 or step == steps:
            feasible = _into_ball(current, radius)
            gradient = _cross_entropy_gradient(feasible, z_, targets_, weighted_)
            gap = frank_wolfe_gap(gradient, feasible, radius)
            better = gap < best_gap[active]
            best[active[better]] = feasible[better]
            best_gap[active[better]] = gap[better]
            open_ = best_gap[active] > tolerance
            if not bool(open_.all()):
                active, momentum = active[open_], momentum[open_]
                current, previous = current[open_], previous[open_]
                problem = tuple(part[open_] for part in problem)
                z_, targets_, weighted_, curvature_, vectors_ = problem
            if not len(active):
                break
        following = 0.5 * (1.0 + torch.sqrt(1.0 + 4.0 * momentum.square()))
        ahead = current + ((momentum - 1.0) / following)[:, None, None] * (current - previous)
        slope = _cross_entropy_gradient(ahead, z_, targets_, weighted_)
        # Minimise <slope, V> + 1/2 ||V - ahead||^2 in the metric, over the ball.
        target = curvature_[..., None] * (vectors_.mT @ ahead.mT) - vectors_.mT @ slope.mT
        moved = (vectors_ @ _secular(curvature_, target, radius)).mT
        # Restart the momentum of a problem that it would carry uphill (O'Donoghue and Candes 2015).
        uphill = (slope * (moved - current)).sum((-2, -1)) > 0
        momentum = torch.where(uphill, 1.0, following)
        previous, current = torch.where(uphill[:, None, None], moved, current), moved
    return Head(best, best_gap)


def _cross_entropy_gradient(v: Tensor, z: Tensor, targets: Tensor, weighted: Tensor) -> Tensor:
    return (torch.softmax(v @ z, dim=1) - targets) @ weighted.mT


def _into_ball(weights: Tensor, radius: float) -> Tensor:
    """Remove what rounding left outside the ball."""
    norm = weights.square().sum((-2, -1), keepdim=True).sqrt()
    return weights * (radius / norm.clamp_min(radius))


def _check_radius(radius: float) -> None:
    if not (radius > 0 and radius < float("inf")):
        raise ValueError(f"radius must be positive and finite, got {radius}")
