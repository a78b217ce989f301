"""Softmax and binary logistic heads on a Frobenius ball, each problem with its certificate."""

from __future__ import annotations

import torch
from torch import Tensor

from empirical.heads.accelerated import accelerate
from empirical.heads.certificates import (
    INSIDE,
    Head,
    check_finite,
    check_radius,
    frank_wolfe_gap,
    into_ball,
)
from empirical.heads.newton import polish
from empirical.heads.problems import LOGISTIC, SOFTMAX, Link, Problems
from empirical.memory import numbers_at_once

# Steps of the gradient before Newton's: most problems are done by then.
_GRADIENT_STEPS = 12
# Beyond so many unknowns a Hessian costs more than the gradient's remaining steps.
_MOST_UNKNOWNS = 2048
# About the least gap that float32 can see.
_SINGLE = 3e-7
LARGEST = 1e15
"""The largest feature: squares of much larger ones exceed float32, in which the first steps are taken."""
# Numbers held at once on the CPU, in features and in Hessians.
_BLOCK = 2**20


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

    Gradient steps in the metric of E z z^T: at first with the curvature of equally likely classes, then
    with Boehning's bound (1992: the Hessian is at most 1/2 (I - 11^T/c) (x) E z z^T, here used as
    1/2 E z z^T) and momentum, all in float32. Problems that are still open go to Newton's method on the
    ball in float64. The returned gap is certified in float64, whether or not it reached `tolerance`;
    rounding keeps it above about 1e-15 B E||z||.

    Parameters
    ----------
    z
        [T, p, rows] float64 features, the constant 1 included.
    targets
        [T, c, rows] or [1, c, rows] float64: distributions over the classes (one-hot: labels).
    mass
        [T, rows]: nonnegative weights that sum to 1 per problem (counts / m, or 1 / N).
    radius
        B > 0.
    start
        [T, c, p] or None: starting heads; those outside the ball are scaled into it.
    tolerance
        The gap at which a problem counts as solved, in nats.
    steps
        The most steps that any problem takes.

    Raises
    ------
    ValueError
        If the radius is not positive, shapes disagree, a number is not finite, a feature exceeds 1e15
        in size, targets are not distributions, mass is negative or does not sum to 1, or tolerance or
        steps is negative.

    Examples
    --------
    >>> z = torch.tensor([[[-1.0, 1.0]]], dtype=torch.float64)       # p = 1, two rows, two classes
    >>> targets = torch.eye(2, dtype=torch.float64)[None]
    >>> mass = torch.full((1, 2), 0.5, dtype=torch.float64)
    >>> head = softmax(z, targets, mass, radius=2.0, tolerance=1e-12)
    >>> (head.weights[0, :, 0] / 2**0.5).round(decimals=6).tolist()  # on the ball, as far as it goes
    [-1.0, 1.0]
    """
    return _solve(SOFTMAX, z, targets, mass, radius, start, tolerance, steps)


def logistic(
    z: Tensor,
    targets: Tensor,
    mass: Tensor,
    radius: float,
    *,
    start: Tensor | None = None,
    tolerance: float = 1e-4,
    steps: int = 1000,
) -> Head:
    """Minimise the weighted mean of ln(1 + e^s) - t s, s = V z one logit, over ||V||_F <= radius.

    Parameters
    ----------
    targets
        [T, 1, rows] or [1, 1, rows] float64 in [0, 1], the probability of the label 1. For labels, 0 or
        1, the loss is ln(1 + e^(-ys)) with y = 2t - 1.
    z, mass, radius, start, tolerance, steps
        As for `softmax`, as are the method and the errors; Boehning's bound on the curvature is 1/4.

    Examples
    --------
    >>> z = torch.ones(1, 1, 2, dtype=torch.float64)                 # a constant: log-odds ln 3
    >>> targets = torch.tensor([[[1.0, 0.0]]], dtype=torch.float64)
    >>> mass = torch.tensor([[0.75, 0.25]], dtype=torch.float64)
    >>> head = logistic(z, targets, mass, radius=2.0, tolerance=1e-12)
    >>> round(float(head.weights.exp()), 9), bool(head.gap <= 1e-12)
    (3.0, True)
    """
    return _solve(LOGISTIC, z, targets, mass, radius, start, tolerance, steps)


def _solve(
    link: Link,
    z: Tensor,
    targets: Tensor,
    mass: Tensor,
    radius: float,
    start: Tensor | None,
    tolerance: float,
    steps: int,
) -> Head:
    check_radius(radius)
    if not tolerance >= 0:
        raise ValueError(f"tolerance must not be negative, got {tolerance}")
    if not steps >= 0:
        raise ValueError(f"steps must not be negative, got {steps}")
    _check_shapes(z, targets, mass, start)
    _check_values(link, z, targets, mass)
    trials, p, rows = z.shape
    c = targets.shape[1]
    if start is not None:
        check_finite("start", start)
    whole = Problems(z, targets.expand(trials, -1, -1), mass, link)
    # Few problems at a time: their features stay near the processor, and Hessians fit.
    at_once = max(1, numbers_at_once(z, _BLOCK) // max(p * rows, ((c - 1) * p) ** 2))
    # One float32 buffer for all blocks: allocating it takes longer than filling it.
    buffer = z.new_empty(min(at_once, trials), p, rows, dtype=torch.float32)
    parts = [
        _solve_part(
            whole[part], None if start is None else start[part], radius, tolerance, steps, buffer
        )
        for part in (slice(begin, begin + at_once) for begin in range(0, trials, at_once))
    ]
    return Head(
        torch.cat([part.weights for part in parts]), torch.cat([part.gap for part in parts])
    )


def _solve_part(
    problems: Problems,
    start: Tensor | None,
    radius: float,
    tolerance: float,
    steps: int,
    buffer: Tensor,
) -> Head:
    trials, p, _ = problems.z.shape
    c = problems.targets.shape[1]
    if start is None:
        weights = problems.z.new_zeros(trials, c, p)
    else:
        outside = torch.linalg.vector_norm(start, dim=(1, 2), keepdim=True) > radius
        weights = torch.where(outside, into_ball(start, INSIDE * radius), start)
    if start is None and steps > 0:
        gap = weights.new_full((trials,), float("inf"))
    else:
        gap = frank_wolfe_gap(problems.gradient(weights), weights, radius)
    open_ = (gap > tolerance).nonzero()[:, 0]
    if steps == 0 or len(open_) == 0:
        return Head(weights, gap)
    # For larger problems a Hessian costs more than the gradient's remaining steps: no Newton steps.
    large = max(c - 1, 1) * p > _MOST_UNKNOWNS
    first = steps if large else min(steps, _GRADIENT_STEPS)
    if len(open_) < trials:
        problems = problems[open_]
    head = Head(weights[open_], gap[open_])
    rough = accelerate(
        problems.single(buffer),
        head.weights,
        radius,
        tolerance=max(0.5 * tolerance, _SINGLE),
        steps=first,
    )
    head = polish(problems, head, rough, radius, tolerance=tolerance, steps=steps - first)
    weights[open_], gap[open_] = head.weights, head.gap
    return Head(weights, gap)


def _check_shapes(z: Tensor, targets: Tensor, mass: Tensor, start: Tensor | None) -> None:
    if z.ndim != 3 or 0 in z.shape:
        raise ValueError(f"z must be [T, p, rows], none of them 0, got {tuple(z.shape)}")
    trials, p, rows = z.shape
    if (
        targets.ndim != 3
        or targets.shape[0] not in (1, trials)
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


def _check_values(link: Link, z: Tensor, targets: Tensor, mass: Tensor) -> None:
    check_finite("z", z)
    if float(z.abs().max()) > LARGEST:
        raise ValueError(
            f"z must hold numbers of at most {LARGEST:g} in size, got {float(z.abs().max()):g}"
        )
    check_finite("targets", targets)
    check_finite("mass", mass)
    if float(mass.min()) < 0:
        raise ValueError(f"mass must not be negative, got {float(mass.min())}")
    sums = mass.sum(1)
    if float((sums - 1.0).abs().max()) > 1e-6:
        raise ValueError(
            f"mass must sum to 1 per problem, got {float(sums[(sums - 1.0).abs().argmax()])}"
        )
    link.check_targets(targets)
