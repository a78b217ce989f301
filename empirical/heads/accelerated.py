"""Gradient steps in the metric of the features' Gram matrix: cheap, and often all that is needed."""

from __future__ import annotations

import torch
from torch import Tensor

from empirical.heads.certificates import frank_wolfe_gap, into_ball
from empirical.heads.problems import Problems
from empirical.heads.squares import secular

# Steps without momentum; what they leave open is ill-conditioned.
PLAIN_STEPS = 12


def accelerate(
    problems: Problems, start: Tensor, radius: float, *, tolerance: float, steps: int
) -> Tensor:
    """Heads [T, c, p] after at most `steps` steps from `start` [T, c, p], in their type.

    A step minimises a quadratic of curvature a * (I (x) gram) over the ball, which is the secular
    equation of least squares. First a is the curvature where all c classes are alike, 1/c: on a
    small ball that is close to the truth everywhere, and a handful of steps are enough. A problem
    where it turns out too small by nearly two (from two on, steps can climb), or that is still open
    after PLAIN_STEPS, goes on with Boehning's bound, which is safe, and with momentum and restarts
    (O'Donoghue and Candes 2015). A problem stops where its gap is within the tolerance. That gap is
    no certificate, and is not returned: what certifies the heads is computed anew.

    Parameters
    ----------
    problems
        In float32, which takes half the time.
    """
    energies, vectors = torch.linalg.eigh(problems.gram())
    # A little extra curvature keeps the metric definite where features are dead.
    energies = energies.clamp_min(0.0) + 1e-6 * energies[:, -1:]
    bound = problems.link.curvature
    factor = energies.new_full(
        (len(energies), 1), min(bound, 1.0 / max(2, problems.targets.shape[1]))
    )

    best = start.float()
    best_gap = best.new_full((len(best),), float("inf"))
    active = torch.arange(len(best), device=best.device)
    ahead, current, momentum = best.clone(), best.clone(), best.new_ones(len(best))
    before = before_slope = vectors.mT @ ahead.mT
    wasted = 0
    for step in range(steps + 1):
        # Every gradient is taken inside the ball, so that it also gives a gap.
        slope = problems.gradient(ahead)
        gap = frank_wolfe_gap(slope, ahead, radius)
        better = (gap < best_gap[active]) & (best_gap[active] > tolerance)
        best[active[better]] = ahead[better]
        best_gap[active[better]] = gap[better]
        open_ = best_gap[active] > tolerance
        if step == steps or not bool(open_.any()):
            break
        # To leave solved problems behind, the features of the others are copied, for the price of
        # two gradients each: as soon as so much has been wasted on solved ones.
        left = int(open_.sum())
        wasted += len(active) - left
        if wasted >= 2 * left:
            wasted = 0
            active, momentum, factor = active[open_], momentum[open_], factor[open_]
            problems = problems[open_]
            current, ahead, slope = current[open_], ahead[open_], slope[open_]
            before, before_slope = before[open_], before_slope[open_]
            energies, vectors = energies[open_], vectors[open_]
        turned, turned_slope = vectors.mT @ ahead.mT, vectors.mT @ slope.mT
        if step > 0:
            # The curvature seen along the last step, beside that of the metric.
            moved = turned - before
            seen = (moved * (turned_slope - before_slope)).sum((1, 2))
            assumed = (factor[..., None] * energies[..., None] * moved.square()).sum((1, 2))
            unsafe = (seen > 1.8 * assumed) | (step >= PLAIN_STEPS)
            factor = torch.where(unsafe[:, None], bound, factor)
        before, before_slope = turned, turned_slope
        # Minimise <slope, V> + 1/2 ||V - ahead||^2 in the metric, over the ball.
        metric = factor * energies
        reached = (vectors @ secular(metric, metric[..., None] * turned - turned_slope, radius)).mT
        # Restart the momentum of a problem that it would carry uphill.
        uphill = (slope * (reached - current)).sum((1, 2)) > 0
        following = 0.5 * (1.0 + torch.sqrt(1.0 + 4.0 * momentum.square()))
        share = torch.where(uphill | (factor[:, 0] < bound), 0.0, (momentum - 1.0) / following)
        momentum = torch.where(uphill | (factor[:, 0] < bound), 1.0, following)
        ahead = into_ball(reached + share[:, None, None] * (reached - current), radius)
        current = reached
    # Numbers beyond the range of float32 end in NaN, and such problems where they began.
    lost = ~best.isfinite().all(2).all(1)
    return torch.where(lost[:, None, None], start, best.to(start.dtype))
