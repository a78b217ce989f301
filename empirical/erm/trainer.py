"""Empirical risk minimisation for a whole stack at once: all subsets of modalities x all trials.

A step is one gradient of every model (`empirical.erm.gradients`) and one fused Adam update of a
flat tensor, projected onto the class. Subsets share the products of the modalities they have in
common, and no work is spent on absent ones. Encoders need no joint optimum: the theorems ask only
for an optimal head, which `empirical.heads` then finds with a certificate; how far a trained head is
from it is `Fit.head_gap`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from empirical.erm import compiled
from empirical.erm.checks import check_problem, check_schedule
from empirical.erm.gradients import Objective, Workspace, gradient, residual
from empirical.fusion.classes import FusionClass, Stack, Subsets, project
from empirical.heads import frank_wolfe_gap
from empirical.losses import Loss as Loss
from empirical.losses import row_losses

Engine = Literal["auto", "torch", "compiled"]

PATIENCE = 10
"""Steps over which early stopping compares a model's objective."""


@dataclass(frozen=True, eq=False)
class Fit:
    """A trained stack, and what training left open.

    stack   the models, inside the class
    steps   [T, subsets] int64: the steps after which each model stood still
    inputs, targets, scale, loss, radius   the problem, kept for the two certificates below, which
            are computed where they are asked for
    """

    stack: Stack
    steps: Tensor
    inputs: tuple[Tensor, ...]
    targets: Tensor
    scale: Tensor
    loss: Objective
    radius: float

    @cached_property
    def objective(self) -> Tensor:
        """Every model's objective on its whole sample: [T, subsets] float64."""
        return _objectives(self.stack, self.inputs, self.targets, self.scale, self.loss)

    @cached_property
    def head_gap(self) -> Tensor:
        """Certified: objective - its least over the heads in the ball, encoders fixed <= head_gap.

        [T, subsets] float64, the Frank-Wolfe gap (`heads.frank_wolfe_gap`). Infinite for a trial
        with negative weights, whose objective is not convex in the head (a correlation is linear).
        """
        y, scale = self.targets.double(), self.scale.double()
        columns = [x.double().mT for x in self.inputs]
        gaps = []
        for index, head in enumerate(self.stack.heads):
            z, head64 = self.stack.features(index, columns), head.double()
            slope = residual(head64 @ z, y, self.loss).mul_(scale)
            gaps.append(frank_wolfe_gap(slope @ z.mT, head64, self.radius))
        found = torch.stack(gaps, dim=1)
        convex = (scale >= 0).all(dim=2) | (self.loss == "correlation")
        return torch.where(convex, found, torch.inf)


def fit(
    inputs: Sequence[Tensor],
    targets: Tensor,
    subsets: Subsets,
    cls: FusionClass,
    encoders: Sequence[NDArray[np.float64]],
    heads: Sequence[NDArray[np.float64]],
    *,
    objective: Objective = "least-squares",
    weights: Tensor | None = None,
    steps: int = 60,
    learning_rate: float = 0.02,
    batch: int | None = None,
    draws: Sequence[np.random.Generator] | None = None,
    tolerance: float | None = None,
    engine: Engine = "auto",
) -> Fit:
    """Adam on all models of the stack, projected onto the class after every step.

    inputs         per modality [T, m, D_k], the constant 1 included in D_k; device and dtype come
                   from here
    targets        [T, c, m]: real; one-hot or soft labels for softmax; in [0, 1], c = 1, for
                   logistic
    encoders, heads  starting values, as `fusion.initial_weights` returns them
    objective      "least-squares": mean of ||f(x) - y||^2; "softmax": mean cross-entropy;
                   "logistic": mean of ln(1 + e^s) - y s; "correlation": minus the mean of
                   <y, f(x)>, whose minimum is a Rademacher supremum where y are signs
    weights        [T, m] or None: factors on the rows' losses. Random signs turn this into the
                   search for the supremum of the loss class; counts of repeated rows times
                   (rows / m) into training on the sample that repeats them
    steps          the most Adam steps; 0 projects the start onto the class
    batch, draws   rows per step and one generator per trial: every step sees `batch` of the
                   trial's rows, drawn from its own generator with replacement. None: all rows
    tolerance      None, or early stopping: after every `PATIENCE` steps a model whose objective
                   on its whole sample has fallen by no more than `tolerance` times its modulus since
                   the last look is frozen as it stands. When all are frozen training ends
    engine         "compiled": `empirical.erm.compiled`, which trains one-layer ReLU concatenations in
                   float32 on the CPU, on full batches and without early stopping; "torch": anything;
                   "auto": compiled where it can. They differ by the rounding of float32

    Each model's result depends on its own trial only, never on what else is in the stack (but for
    the rounding of batched products), nor on which other models are frozen.

    Raises ValueError where shapes disagree, a number is not finite or a label out of range, the
    objective is unknown, steps is negative, the learning rate or the batch not positive, the
    tolerance negative, a batch comes without one generator per trial, or the engine cannot do it.

    >>> from empirical.fusion.classes import initial_weights
    >>> cls = FusionClass(width=4, encoder_radius=2.0, head_radius=3.0, outputs=1)
    >>> start = initial_weights([np.random.default_rng(0)], ((0,),), [2], cls)
    >>> x = torch.tensor([[[-1.0, 1.0], [1.0, 1.0]]])        # one trial, rows (x, 1)
    >>> y = torch.tensor([[[0.5, 1.0]]])
    >>> fitted = fit([x], y, ((0,),), cls, *start, steps=300)
    >>> f = fitted.stack.heads[0] @ fitted.stack.features(0, [x[0].mT])
    >>> bool((f - y).abs().max() < 1e-2), bool(fitted.objective[0, 0] < 1e-4)
    (True, True)
    """
    check_problem(inputs, targets, subsets, cls, encoders, heads, objective, weights)
    check_schedule(len(targets), steps, learning_rate, batch, draws, tolerance)
    if engine not in get_args(Engine):
        raise ValueError(f"engine must be one of {', '.join(get_args(Engine))}, got {engine!r}")
    rows = targets.shape[2] if batch is None else batch
    obstacle = _obstacle(cls, inputs[0].device, inputs[0].dtype)
    if batch is not None or tolerance is not None:
        obstacle = obstacle or "for minibatches and early stopping"
    if engine == "compiled" and obstacle:
        raise ValueError(f"engine must be torch or auto {obstacle}, got 'compiled'")
    chosen = "torch" if obstacle or engine == "torch" else "compiled"
    # The compiled trainer needs the parameters alone, not the buffers of a pass by hand.
    by_hand = False if chosen == "compiled" else None
    work = Workspace(subsets, cls, encoders, heads, inputs[0], rows, by_hand)
    scale = _row_scale(targets, weights)
    taken = torch.zeros(len(targets), len(subsets), dtype=torch.int64, device=targets.device)
    if chosen == "compiled":
        compiled.train(
            inputs,
            targets,
            scale,
            work.stack,
            cls,
            objective=objective,
            steps=steps,
            learning_rate=learning_rate,
        )
        taken += steps
        return Fit(work.stack, taken, tuple(inputs), targets, scale, objective, cls.head_radius)
    work.parameters.grad = work.gradient
    optimizer = torch.optim.Adam([work.parameters], lr=learning_rate, fused=True)
    project(work.stack, cls)
    running = torch.ones_like(taken, dtype=torch.bool)
    frozen = kept = before = None
    if tolerance is not None:
        before = _objectives(work.stack, inputs, targets, scale, objective)
    with torch.no_grad():
        for step in range(1, steps + 1):
            seen = (inputs, targets, scale)
            if batch is not None and draws is not None:
                seen = _minibatch(inputs, targets, scale, batch, draws)
            gradient(work, *seen, objective)
            optimizer.step()
            project(work.stack, cls)
            taken += running
            if frozen is not None and kept is not None:
                work.parameters.copy_(torch.where(frozen, kept, work.parameters))
            if before is not None and tolerance is not None and step % PATIENCE == 0:
                after = _objectives(work.stack, inputs, targets, scale, objective)
                running &= before - after > tolerance * before.abs()
                before = after
                if not bool(running.any()):
                    break
                frozen, kept = work.spread(~running), work.parameters.clone()
    return Fit(work.stack, taken, tuple(inputs), targets, scale, objective, float(cls.head_radius))


def engine_for(cls: FusionClass, device: str) -> Literal["torch", "compiled"]:
    """What "auto" means for full batches of float32 on this kind of device ("cpu" or "cuda").

    >>> engine_for(FusionClass(4, 1.0, 1.0, 2, operation="sum"), "cpu")
    'torch'
    """
    return "torch" if _obstacle(cls, torch.device(device), torch.float32) else "compiled"


def _obstacle(cls: FusionClass, device: torch.device, dtype: torch.dtype) -> str | None:
    """Why the compiled trainer cannot take a problem; None where it can."""
    if (cls.operation, cls.depth) != ("concatenation", 1):
        return "for another class than one-layer ReLU concatenation"
    if device.type != "cpu" or dtype != torch.float32:
        return "but for float32 on the CPU"
    return None if compiled.available() else "where the compiled trainer is not installed"


def objective_gradient(
    inputs: Sequence[Tensor],
    targets: Tensor,
    stack: Stack,
    objective: Objective,
    weights: Tensor | None = None,
    by_hand: bool | None = None,
) -> tuple[list[Tensor], list[Tensor]]:
    """The gradient of `fit`'s objective at one stack, arguments as there.

    by_hand: whether to use the hand-derived pass, which only the concatenation of one-layer ReLU
    encoders has; None: wherever there is one. Returns the gradients in the shapes of
    `stack.encoders` and `stack.heads`, each the gradient of one model's own mean loss.

    >>> z = torch.zeros
    >>> stack = Stack(((0,),), (z(1, 1, 1, 1),), (z(1, 1, 2),))        # f = 0 everywhere
    >>> _, heads = objective_gradient([z(1, 2, 1)], torch.ones(1, 1, 2), stack, "least-squares")
    >>> heads[0].tolist()                                   # 2 (f - y) (z, 1) with z = 0, y = 1
    [[[0.0, -2.0]]]
    """
    arrays = [[p.double().cpu().numpy() for p in part] for part in (stack.encoders, stack.heads)]
    width = stack.encoders[0].shape[2]
    # Gradients do not look at the radii.
    cls = FusionClass(width, 1.0, 1.0, targets.shape[1], stack.operation, stack.depth)
    rows = targets.shape[2]
    work = Workspace(stack.subsets, cls, arrays[0], arrays[1], inputs[0], rows, by_hand)
    gradient(work, inputs, targets, _row_scale(targets, weights), objective)
    return list(work.gradients.encoders), list(work.gradients.heads)


def _row_scale(targets: Tensor, weights: Tensor | None) -> Tensor:
    """The factor 1/m, times its weight, on every row's loss: [T, 1, m]."""
    scale = torch.full_like(targets[:, :1], 1.0 / targets.shape[-1])
    return scale if weights is None else scale * weights[:, None, :].to(scale.dtype)


def _minibatch(
    inputs: Sequence[Tensor],
    targets: Tensor,
    scale: Tensor,
    batch: int,
    draws: Sequence[np.random.Generator],
) -> tuple[list[Tensor], Tensor, Tensor]:
    """`batch` rows of each trial, with the factors that make their mean an unbiased one."""
    m = targets.shape[2]
    drawn = np.stack([draw.integers(0, m, batch) for draw in draws])
    rows = torch.from_numpy(drawn).to(targets.device)

    def columns(x: Tensor) -> Tensor:
        return x.gather(2, rows[:, None, :].expand(-1, x.shape[1], -1))

    picked = [x.gather(1, rows[:, :, None].expand(-1, -1, x.shape[2])) for x in inputs]
    return picked, columns(targets), columns(scale) * (m / batch)


def _objectives(
    stack: Stack, inputs: Sequence[Tensor], targets: Tensor, scale: Tensor, objective: Objective
) -> Tensor:
    """Each model's weighted mean loss on its trial's rows: [T, subsets] float64."""
    y, weights = targets.double(), scale[:, 0].double()
    columns = [x.double().mT for x in inputs]
    found = []
    for index, head in enumerate(stack.heads):
        f = head.double() @ stack.features(index, columns)
        losses = -(f * y).sum(1) if objective == "correlation" else row_losses(f, y, objective)
        found.append((losses * weights).sum(1))
    return torch.stack(found, dim=1)
