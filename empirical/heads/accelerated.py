"""Accelerated gradient in the metric of Boehning's bound: cheap steps, far to good."""

from __future__ import annotations

import torch
from torch import Tensor

from empirical.heads.certificates import frank_wolfe_gap, into_ball
from empirical.heads.problems import CURVATURE, Problems
from empirical.heads.squares import secular


def accelerate(
    problems: Problems, start: Tensor, radius: float, *, tolerance: float, steps: int
) -> Tensor:
    """Heads [T, c, p] after at most `steps` steps from `start` [T, c, p], computed in float32.

    The Hessian is at most CURVATURE * (I (x) gram); a step minimises that quadratic over the ball,
    which is the secular equation of least squares. Momentum with restarts (O'Donoghue and Candes
    2015). A problem stops where its gap, looked at every fifth step, is within the tolerance. That
    gap is no certificate, and is not returned: float32 takes half the time, and what certifies the
    heads is computed anew.
    """
    gram = problems.gram()
    # A little extra curvature keeps the metric definite where features are dead.
    ridge = 1e-6 * gram.diagonal(dim1=-2, dim2=-1).mean(-1, keepdim=True)
    eigenvalues, vectors = torch.linalg.eigh(gram)
    curvature = (CURVATURE[problems.loss] * (eigenvalues.clamp_min(0.0) + ridge)).float()
    problems, vectors = problems.single(), vectors.float()

    best = start.float()
    best_gap = best.new_full((len(best),), float("inf"))
    active = torch.arange(len(best), device=best.device)
    current, previous, momentum = best.clone(), best.clone(), best.new_ones(len(best))
    for step in range(steps + 1):
        if step % 5 == 0 or step == steps:
            feasible = into_ball(current, radius)
            gap = frank_wolfe_gap(problems.gradient(feasible), feasible, radius)
            better = gap < best_gap[active]
            best[active[better]] = feasible[better]
            best_gap[active[better]] = gap[better]
            open_ = best_gap[active] > tolerance
            if not bool(open_.all()):
                active, momentum = active[open_], momentum[open_]
                current, previous = current[open_], previous[open_]
                curvature, vectors, problems = curvature[open_], vectors[open_], problems[open_]
            if step == steps or not len(active):
                break
        following = 0.5 * (1.0 + torch.sqrt(1.0 + 4.0 * momentum.square()))
        ahead = current + ((momentum - 1.0) / following)[:, None, None] * (current - previous)
        slope = problems.gradient(ahead)
        # Minimise <slope, V> + 1/2 ||V - ahead||^2 in the metric, over the ball.
        target = curvature[..., None] * (vectors.mT @ ahead.mT) - vectors.mT @ slope.mT
        moved = (vectors @ secular(curvature, target, radius)).mT
        # Restart the momentum of a problem that it would carry uphill.
        uphill = (slope * (moved - current)).sum((-2, -1)) > 0
        momentum = torch.where(uphill, 1.0, following)
        previous, current = torch.where(uphill[:, None, None], moved, current), moved
    # Numbers beyond the range of float32 end in NaN, and such problems where they began.
    lost = ~best.isfinite().all(2).all(1)
    return torch.where(lost[:, None, None], start, best.to(start.dtype))
