"""Newton's method on the ball: the finish for problems on which gradients are slow (near-separable ones).

A step minimises the quadratic model over the ball exactly (Cholesky factors and the secular
equation of the multiplier) and then searches the segment to that point, which is feasible by
convexity. Hessians cost most, so that one is kept as long as its steps divide the gap by four,
and the first is computed in float32.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from empirical.heads.certificates import INSIDE, Head, frank_wolfe_gap, into_ball
from empirical.heads.problems import Batch, Problems
from empirical.heads.squares import least_quadratic
from empirical.memory import pace

# After so many steps without a better certificate a problem is taken to be at its rounding.
_PATIENCE = 8


@dataclass
class _State(Batch):
    """The problems that are still open, and what a step leaves for the next one.

    Parameters
    ----------
    problems, place
        The problems, and their positions [T] in the batch that was asked for.
    point
        [T, c, p]: the heads.
    hessian, stale, seen
        [T, k p, k p]; whether it is to be computed anew; whether it ever was.
    gap, waited
        [T]: the last gap, and the steps since the best one.
    done
        [T]: whether a problem is solved, or at its rounding: nothing is taken from it any more.
    """

    problems: Problems
    place: Tensor
    point: Tensor
    hessian: Tensor
    stale: Tensor
    seen: Tensor
    gap: Tensor
    waited: Tensor
    done: Tensor


def polish(
    problems: Problems,
    head: Head,
    start: Tensor,
    radius: float,
    *,
    tolerance: float,
    steps: int,
) -> Head:
    """The heads of least gap among `head`, `start` and at most `steps` Newton steps from `start`.

    Parameters
    ----------
    start
        [T, c, p]. A problem stops within the tolerance, or if rounding keeps it above that.
    """
    free = problems.free()
    trials, p, _ = problems.z.shape
    size = free.shape[1] * p
    best, best_gap = head.weights.clone(), head.gap.clone()
    place = torch.arange(trials, device=best.device)
    at = _State(
        problems=problems,
        place=place,
        # What does not change the scores only costs norm.
        point=into_ball(free @ (free.mT @ start), INSIDE * radius),
        hessian=best.new_empty(trials, size, size),
        stale=torch.ones_like(place, dtype=torch.bool),
        seen=torch.zeros_like(place, dtype=torch.bool),
        gap=best.new_full((trials,), float("inf")),
        waited=torch.zeros_like(place),
        done=torch.zeros_like(place, dtype=torch.bool),
    )
    every = pace(best)
    for step in range(steps + 1):
        scores = at.point @ at.problems.z
        chance = at.problems.probabilities(scores)
        slope = at.problems.slope(chance)
        gap = frank_wolfe_gap(slope, at.point, radius)
        known = best_gap[at.place]
        better = (gap < known) & ~at.done
        best[at.place] = torch.where(better[:, None, None], at.point, best[at.place])
        best_gap[at.place] = torch.where(better, gap, known)
        at.waited = torch.where(better, 0, at.waited + 1)
        at.stale = at.stale | (gap > 0.25 * at.gap)
        at.gap = gap
        open_ = ~at.done & (best_gap[at.place] > tolerance) & (at.waited < _PATIENCE)
        at.done = ~open_
        if step == steps:
            break
        if step % every == 0:
            left = open_.nonzero()[:, 0]
            if len(left) == 0:
                break
            if len(left) < len(open_):
                at, scores, chance, slope = at[left], scores[left], chance[left], slope[left]
        _renew(at, chance, free)
        target = at.hessian @ _flat(free, at.point) - _flat(free, slope)
        aim, _ = least_quadratic(at.hessian, target, radius)
        aim = into_ball(free @ aim.reshape(len(at.point), -1, p), INSIDE * radius)
        share = _search(at.problems, scores, slope, at.point, aim)
        # A convex combination: feasible, and `aim` itself if the whole step is taken.
        at.point = torch.where(share == 1.0, aim, at.point + share * (aim - at.point))
        at.stale = share[:, 0, 0] < 1.0
    return Head(best, best_gap)


def _flat(free: Tensor, weights: Tensor) -> Tensor:
    """Weights [T, c, p] in the coordinates of the free outputs, [T, k p, 1]."""
    return (free.mT @ weights).reshape(len(weights), -1, 1)


def _renew(at: _State, chance: Tensor, free: Tensor) -> None:
    """Compute the stale Hessians: the first far from the optimum, so that float32 is enough."""
    for marked, rough in ((at.stale & ~at.seen, True), (at.stale & at.seen, False)):
        which = marked.nonzero()[:, 0]
        if len(which):
            at.hessian[which] = _curvature(at.problems, chance, which, free, single=rough)
    at.seen = at.seen | at.stale


def _curvature(
    problems: Problems, chance: Tensor, which: Tensor, free: Tensor, *, single: bool
) -> Tensor:
    """Hessians of the problems at the positions `which`, a little above the truth."""
    if len(which) < len(chance):
        problems, chance = problems[which], chance[which]
    if single:
        hessian = problems.single().hessian(chance.float(), free.float()).to(chance.dtype)
    else:
        hessian = problems.hessian(chance, free)
    # Rounding must not make a flat Hessian indefinite.
    diagonal = hessian.diagonal(dim1=-2, dim2=-1)
    diagonal.add_((1e-6 if single else 1e-12) * diagonal.amax(-1, keepdim=True))
    return hessian


def _search(
    problems: Problems, scores: Tensor, slope: Tensor, point: Tensor, aim: Tensor
) -> Tensor:
    """The largest share 1, 1/2, 1/4, ... of the way to `aim` that lowers phi enough: [T, 1, 1].

    Armijo's rule, with an allowance for the rounding of phi. Scores are linear on the segment, so that
    a trial needs no product.
    """
    way = (aim - point) @ problems.z
    expected = (slope * (aim - point)).sum((1, 2))
    value = problems.value(scores)
    allowance = 1e-15 * (1.0 + (problems.mass * scores.abs().amax(1)).sum(1))
    share = torch.ones_like(value)
    every = pace(value)
    for halving in range(40):
        reached = problems.value(scores + share[:, None, None] * way)
        short = reached > value + 1e-4 * share * expected + allowance
        if halving % every == 0 and not bool(short.any()):
            break
        share = torch.where(short, 0.5 * share, share)
    return share[:, None, None]
