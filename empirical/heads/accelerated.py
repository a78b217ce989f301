"""Gradient steps in the metric of the features' Gram matrix: cheap, and often all that is needed."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from empirical.heads.certificates import frank_wolfe_gap, into_ball
from empirical.heads.problems import Batch, Problems
from empirical.heads.squares import secular
from empirical.memory import pace

# Steps without momentum; problems still open after them are ill-conditioned.
PLAIN_STEPS = 12
# Steps of twice the assumed curvature can climb; this is a little less.
_STEEPEST = 1.8


@dataclass
class _State(Batch):
    """The problems at work, and what a step leaves for the next one.

    Parameters
    ----------
    problems, place
        The problems, and their positions [T] in the batch that was asked for.
    energies, vectors
        Eigenvalues [T, p] and eigenvectors [T, p, p] of the metric.
    factor
        [T, 1]: the curvature assumed is factor * metric.
    ahead, current
        [T, c, p]: where the next gradient is taken, and the last point without momentum.
    momentum
        [T].
    turned, turned_slope
        [T, p, c]: the previous `ahead` and its gradient, in the eigenvectors' coordinates.
    """

    problems: Problems
    place: Tensor
    energies: Tensor
    vectors: Tensor
    factor: Tensor
    ahead: Tensor
    current: Tensor
    momentum: Tensor
    turned: Tensor
    turned_slope: Tensor


def accelerate(
    problems: Problems, start: Tensor, radius: float, *, tolerance: float, steps: int
) -> Tensor:
    """Heads [T, c, p] after at most `steps` steps from `start` [T, c, p], in the type of `start`.

    A step minimises a quadratic of curvature factor * (I (x) gram) over the ball, which is the secular
    equation of least squares. The first factor is the curvature if all c classes are alike, 1/c: on
    small balls that is nearly the truth everywhere, and few steps are enough. If the curvature seen
    exceeds 1.8 times the assumed one, or after PLAIN_STEPS steps, a problem switches to Boehning's
    bound, which is always safe, with momentum and restarts (O'Donoghue and Candes 2015). A problem
    stops if its gap is within the tolerance. That gap is not a certificate, and is not returned: heads
    are certified anew.

    Parameters
    ----------
    problems
        In float32, which takes half the time.
    """
    energies, vectors = torch.linalg.eigh(problems.gram())
    # A little extra curvature keeps the metric definite if features are dead.
    energies = energies.clamp_min(0.0) + 1e-6 * energies[:, -1:]
    bound = problems.link.curvature
    even = min(bound, 1.0 / max(2, problems.targets.shape[1]))

    best = start.float()
    best_gap = best.new_full((len(best),), float("inf"))
    at = _State(
        problems=problems,
        place=torch.arange(len(best), device=best.device),
        energies=energies,
        vectors=vectors,
        factor=energies.new_full((len(energies), 1), even),
        ahead=best.clone(),
        current=best.clone(),
        momentum=best.new_ones(len(best)),
        turned=best.mT,
        turned_slope=best.mT,
    )
    wasted, every = 0, pace(best)
    for step in range(steps + 1):
        # Every gradient is taken inside the ball, so that it also gives a gap.
        slope = at.problems.gradient(at.ahead)
        gap = frank_wolfe_gap(slope, at.ahead, radius)
        known = best_gap[at.place]
        better = (gap < known) & (known > tolerance)
        best[at.place] = torch.where(better[:, None, None], at.ahead, best[at.place])
        best_gap[at.place] = torch.where(better, gap, known)
        if step == steps:
            break
        if step % every == 0:
            left = (best_gap[at.place] > tolerance).nonzero()[:, 0]
            if len(left) == 0:
                break
            # To drop solved problems the features of the others are copied, which costs two gradients
            # each: done as soon as as much has been spent on solved ones.
            wasted += every * (len(at.place) - len(left))
            if wasted >= 2 * len(left):
                wasted = 0
                at, slope = at[left], slope[left]
        _advance(at, slope, radius, bound, step)
    # Numbers beyond the range of float32 end in NaN: such problems keep their start.
    lost = ~best.isfinite().all(2).all(1)
    return torch.where(lost[:, None, None], start, best.to(start.dtype))


def _advance(at: _State, slope: Tensor, radius: float, bound: float, step: int) -> None:
    """One step of every problem, given the gradient [T, c, p] at `ahead`."""
    turned, turned_slope = at.vectors.mT @ at.ahead.mT, at.vectors.mT @ slope.mT
    if step > 0:
        # The curvature seen along the last step, beside that of the metric.
        moved = turned - at.turned
        seen = (moved * (turned_slope - at.turned_slope)).sum((1, 2))
        assumed = (at.factor[..., None] * at.energies[..., None] * moved.square()).sum((1, 2))
        unsafe = (seen > _STEEPEST * assumed) | (step >= PLAIN_STEPS)
        at.factor = torch.where(unsafe[:, None], bound, at.factor)
    at.turned, at.turned_slope = turned, turned_slope
    # Minimise <slope, V> + 1/2 ||V - ahead||^2 in the metric, over the ball.
    metric = at.factor * at.energies
    inner = secular(metric, metric[..., None] * turned - turned_slope, radius)
    reached = (at.vectors @ inner).mT
    # Restart the momentum if it would carry a problem uphill; without the bound there is none.
    uphill = (slope * (reached - at.current)).sum((1, 2)) > 0
    restarted = uphill | (at.factor[:, 0] < bound)
    following = 0.5 * (1.0 + torch.sqrt(1.0 + 4.0 * at.momentum.square()))
    share = torch.where(restarted, 0.0, (at.momentum - 1.0) / following)
    at.momentum = torch.where(restarted, 1.0, following)
    at.ahead = into_ball(reached + share[:, None, None] * (reached - at.current), radius)
    at.current = reached
