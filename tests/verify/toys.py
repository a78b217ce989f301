"""Toy entries of the library's tables, registered from outside: a loss, a fusion operation, a form."""

from __future__ import annotations

import math

import torch

from bounds import risk_gap
from bounds.losses import LossConstants
from bounds.theorem import Term, Theorem
from empirical.fusion.operations import Operation
from empirical.heads import Head, frank_wolfe_gap
from empirical.losses import Loss
from empirical.measure import SAME
from verify.findings.forms import Form, Place


def row_losses(predictions: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """ln cosh(f - y), summed over outputs: square around zero, linear far from it."""
    gap = (predictions - targets).abs()
    return (gap + torch.nn.functional.softplus(-2 * gap) - math.log(2.0)).sum(-2)


def residual(prediction: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return torch.tanh(prediction - targets)


def any_targets(targets: torch.Tensor) -> None:
    """Any finite numbers will do."""


def constants(prediction: float, target: float, outputs: int) -> LossConstants:
    # ln cosh x <= |x|, per output; the gradient is at most 1 per output.
    return LossConstants(C=(prediction + target) * outputs**0.5, L=outputs**0.5)


def solve(
    z: torch.Tensor,
    targets: torch.Tensor,
    mass: torch.Tensor,
    radius: float,
    *,
    start: torch.Tensor | None = None,
) -> Head:
    """Projected gradient descent on the ball, certified by the Frank-Wolfe gap."""
    outputs = targets.shape[1]
    V = z.new_zeros(len(z), outputs, z.shape[1]) if start is None else start.clone()
    y = targets.expand(len(z), -1, -1)
    bound = (z.square().sum(1) * mass).sum(1)[:, None, None]  # ln cosh has curvature at most 1
    for _ in range(300):
        slope = (residual(V @ z, y) * mass[:, None, :]) @ z.mT
        V = V - slope / bound
        norm = torch.linalg.matrix_norm(V)[:, None, None]
        V = V * (radius / norm).clamp_max(1.0)
    slope = (residual(V @ z, y) * mass[:, None, :]) @ z.mT
    return Head(V, frank_wolfe_gap(slope, V, radius))


LOG_COSH = Loss(
    "log-cosh",
    row_losses,
    residual,
    any_targets,
    words="ln cosh(f - y)",
    head_radius=2.0,
    constants=constants,
    solve=solve,
)


def halved(tokens, inputs, own):
    return torch.stack(list(tokens)).sum(0) / 2


def two(members: int) -> int:
    return 2


HALF_SUM = Operation("half-sum", "summed and halved", halved, adds_up=True, divisor=two)


def doubled(M, N) -> Theorem:
    """The sharp form with its terms doubled: true, and looser."""
    sharp = risk_gap.sharp(M, N)
    gap, *others = sharp.terms
    terms = (gap, *(Term(t.name, 2 * t.expression) for t in others))
    return Theorem(
        key="toy.doubled",
        title="Theorem 1, sharp and doubled",
        subsets=sharp.subsets,
        lhs=sharp.lhs,
        terms=terms,
        assumptions=sharp.assumptions,
        failure_probability=sharp.failure_probability,
        reference="a toy",
        directions=sharp.directions,
        defaults=sharp.defaults,
    )


def arguments(place: Place) -> dict:
    known = {"R_loss": place.complexity(loss_class=True), "C": place.C, "m": place.size}
    return {**known, "slack": place.one.slack}


def in_advance(place: Place) -> dict:
    return {"R_loss": place.falling(loss_class=True), "C": place.C}


DOUBLED = Form("doubled", doubled, True, (SAME,), arguments, in_advance)
