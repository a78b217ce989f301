"""Newton's method on the ball: the finish where gradients are slow (near-separable problems).

A step minimises the quadratic model over the ball exactly (Cholesky factors and the secular
equation of the multiplier) and then searches the segment to that point, which is feasible by
convexity. Hessians are the dear part, so one is kept as long as its steps divide the gap by four,
and the first is computed in float32.
"""

from __future__ import annotations

import torch
from torch import Tensor

from empirical.heads.certificates import INSIDE, Head, frank_wolfe_gap, into_ball
from empirical.heads.problems import Problems
from empirical.heads.squares import least_quadratic

# A problem whose certificate has not improved for so many steps has met its rounding.
_PATIENCE = 8


def polish(
    problems: Problems,
    head: Head,
    start: Tensor,
    radius: float,
    *,
    tolerance: float,
    steps: int,
) -> Head:
    """The heads of least gap among `head`, `start` and at most `steps` Newton steps from there.

    Parameters
    ----------
    start
        [T, c, p]. A problem stops within the tolerance, or where rounding keeps it from there.
    """
    free = problems.free()
    trials, p, _ = problems.z.shape
    best, best_gap = head.weights.clone(), head.gap.clone()
    inside = INSIDE * radius
    # What does not change the scores only costs norm.
    point = into_ball(free @ (free.mT @ start), inside)
    active = torch.arange(trials, device=best.device)
    size = free.shape[1] * p
    hessian = best.new_empty(trials, size, size)
    stale = torch.ones(trials, dtype=torch.bool, device=best.device)
    last_gap = best.new_full((trials,), float("inf"))
    waited = torch.zeros_like(active)
    seen = torch.zeros_like(stale)
    for step in range(steps + 1):
        scores = point @ problems.z
        chance = problems.probabilities(scores)
        slope = problems.slope(chance)
        gap = frank_wolfe_gap(slope, point, radius)
        better = gap < best_gap[active]
        best[active[better]] = point[better]
        best_gap[active[better]] = gap[better]
        waited = torch.where(better, 0, waited + 1)
        stale = stale | (gap > 0.25 * last_gap)
        last_gap = gap
        open_ = (best_gap[active] > tolerance) & (waited < _PATIENCE)
        if step == steps or not bool(open_.any()):
            break
        if not bool(open_.all()):
            active, point, stale, last_gap = active[open_], point[open_], stale[open_], gap[open_]
            waited, hessian, seen = waited[open_], hessian[open_], seen[open_]
            problems, scores, chance = problems[open_], scores[open_], chance[open_]
            slope = slope[open_]
        if bool(stale.any()):
            # The first is far from the optimum, where float32 serves as well.
            for which, rough in ((stale & ~seen, True), (stale & seen, False)):
                if bool(which.any()):
                    hessian[which] = _curvature(problems, chance, which, free, single=rough)
            seen = seen | stale
        at = (free.mT @ point).reshape(len(point), size, 1)
        target = hessian @ at - (free.mT @ slope).reshape(len(point), size, 1)
        aim, _ = least_quadratic(hessian, target, radius)
        aim = into_ball(free @ aim.reshape(len(point), -1, p), inside)
        share = _search(problems, scores, slope, point, aim)
        # A convex combination: feasible, and it is `aim` itself where the whole step is taken.
        point = torch.where(share == 1.0, aim, point + share * (aim - point))
        stale = share[:, 0, 0] < 1.0
    return Head(best, best_gap)


def _curvature(
    problems: Problems, chance: Tensor, which: Tensor, free: Tensor, *, single: bool
) -> Tensor:
    """Hessians of the problems that `which` [T] marks, a little above the truth."""
    if not bool(which.all()):
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

    Armijo's rule, with room for the rounding of phi. Scores are linear on the segment, so that a
    trial costs no product.
    """
    way = (aim - point) @ problems.z
    expected = (slope * (aim - point)).sum((1, 2))
    value = problems.value(scores)
    room = 1e-15 * (1.0 + (problems.mass * scores.abs().amax(1)).sum(1))
    share = torch.ones_like(value)
    for _ in range(40):
        reached = problems.value(scores + share[:, None, None] * way)
        short = reached > value + 1e-4 * share * expected + room
        if not bool(short.any()):
            break
        share = torch.where(short, 0.5 * share, share)
    return share[:, None, None]
