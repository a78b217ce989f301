"""Empirical risk minimisation for a whole stack at once: all subsets of modalities x all trials.

Subsets share the products of the modalities they have in common, and absent modalities cost nothing.
Encoders need not be optimal: the theorems ask only for an optimal head, which `empirical.heads` then
finds with a certificate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from empirical.erm.checks import check_problem, check_trained
from empirical.erm.engines import ENGINES, Engine, Problem, fastest
from empirical.erm.gradients import workspace
from empirical.fusion.classes import FusionClass
from empirical.fusion.stack import Stack, Subsets
from empirical.losses import OBJECTIVES, SQUARES, Objective


@dataclass(frozen=True, eq=False)
class Fit:
    """A trained stack.

    Parameters
    ----------
    stack
        The models, inside the class.
    problem
        What they were trained on.
    """

    stack: Stack
    problem: Problem

    @cached_property
    @torch.no_grad()
    def objective(self) -> Tensor:
        """Every model's objective on its whole sample: [T, subsets] float64."""
        problem = self.problem
        y, weights = problem.targets.double(), problem.scale[:, 0].double()
        columns = [x.double().mT for x in problem.inputs]
        found = []
        for index, head in enumerate(self.stack.heads):
            f = head.double() @ self.stack.features(index, columns)
            found.append((problem.objective.row_losses(f, y) * weights).sum(1))
        return torch.stack(found, dim=1)


def fit(
    inputs: Sequence[Tensor],
    targets: Tensor,
    subsets: Subsets,
    cls: FusionClass,
    encoders: Sequence[NDArray[np.float64]],
    heads: Sequence[NDArray[np.float64]],
    *,
    objective: str | Objective = SQUARES,
    weights: Tensor | None = None,
    steps: int = 60,
    learning_rate: float = 0.02,
    batches: Iterable[Tensor] | None = None,
    engine: str | Engine = "auto",
) -> Fit:
    """Adam on all models of the stack, projected onto the class after every step.

    Apart from the rounding of batched products a model's result depends on its own trial only, not on
    what else is in the stack.

    Parameters
    ----------
    inputs
        Per modality [T, m, D_k], the constant 1 included in D_k; device and dtype come from here.
    targets
        [T, c, m]: real; one-hot or soft labels for softmax; in [0, 1], c = 1, for logistic.
    subsets
        The indices of the modalities that each model sees.
    cls
        The class.
    encoders, heads
        Starting values, as `fusion.initial_weights` returns them.
    objective
        A loss of `empirical.losses`, or its name. "correlation" is minus the mean of <y, f(x)>: its
        minimum is a Rademacher supremum if y are signs.
    weights
        [T, m] or None: factors on the rows' losses. Random signs turn this into the search for the
        supremum of the loss class; counts of repeated rows times (rows / m) into training on the
        sample that repeats them.
    steps
        Adam steps; 0 projects the start onto the class.
    batches
        Row indices of each step, the same for all trials; None: all rows at every step. Training ends
        with the last batch, or after `steps` steps.
    engine
        "compiled", "graphs", "torch", or "auto": the first of `ENGINES` that can take the problem.
        Engines differ by the rounding of float32.

    Returns
    -------
    Fit
        The trained stack, with every model's objective.

    Raises
    ------
    ValueError
        If shapes disagree, a number is not finite or a label out of range, a batch is no list of rows,
        the objective or the engine is unknown, steps is negative, the learning rate not positive, the
        engine cannot take the problem, or weights leave the range of the type.

    Examples
    --------
    >>> from empirical.fusion.starts import initial_weights
    >>> cls = FusionClass(width=4, encoder_radius=2.0, head_radius=3.0, outputs=1)
    >>> start = initial_weights([np.random.default_rng(0)], ((0,),), [2], cls)
    >>> x = torch.tensor([[[-1.0, 1.0], [1.0, 1.0]]])        # one trial, rows (x, 1)
    >>> y = torch.tensor([[[0.5, 1.0]]])
    >>> fitted = fit([x], y, ((0,),), cls, *start, steps=300)
    >>> f = fitted.stack.heads[0] @ fitted.stack.features(0, [x[0].mT])
    >>> bool((f - y).abs().max() < 1e-2), bool(fitted.objective[0, 0] < 1e-4)
    (True, True)
    """
    minimised = OBJECTIVES.find(objective)
    check_problem(inputs, targets, subsets, cls, encoders, heads, minimised, weights)
    problem = Problem(
        inputs=tuple(inputs),
        targets=targets,
        scale=_row_scale(targets, weights),
        subsets=subsets,
        cls=cls,
        encoders=encoders,
        heads=heads,
        objective=minimised,
        steps=steps,
        learning_rate=learning_rate,
        batches=batches,
    )
    stack = _chosen(engine, problem).train(problem)
    check_trained(stack)
    return Fit(stack, problem)


def _chosen(engine: str | Engine, problem: Problem) -> Engine:
    if engine == "auto":
        return fastest(problem.kind)
    chosen = ENGINES.find(engine)
    obstacle = chosen.obstacle(problem.kind)
    if obstacle:
        raise ValueError(f"engine must be one that can take this {obstacle}, got {chosen.name!r}")
    return chosen


@torch.no_grad()
def objective_gradient(
    inputs: Sequence[Tensor],
    targets: Tensor,
    stack: Stack,
    objective: str | Objective,
    weights: Tensor | None = None,
    by_hand: bool | None = None,
) -> tuple[list[Tensor], list[Tensor]]:
    """The gradient of `fit`'s objective at one stack.

    Parameters
    ----------
    inputs, targets, objective, weights
        As for `fit`.
    by_hand
        Whether to use the hand-derived pass, which exists for the concatenation of one-layer ReLU
        encoders only; None: if it exists.

    Returns
    -------
    encoders, heads
        In the shapes of `stack.encoders` and `stack.heads`, each the gradient of one model's own mean
        loss.

    Examples
    --------
    >>> z = torch.zeros
    >>> stack = Stack(((0,),), (z(1, 1, 1, 1),), (z(1, 1, 2),))        # f = 0 everywhere
    >>> _, heads = objective_gradient([z(1, 2, 1)], torch.ones(1, 1, 2), stack, "least-squares")
    >>> heads[0].tolist()                                   # 2 (f - y) (z, 1) with z = 0, y = 1
    [[[0.0, -2.0]]]
    """
    width = stack.encoders[0].shape[2]
    # Gradients do not depend on the radii.
    cls = FusionClass(width, 1.0, 1.0, targets.shape[1], stack.operation, stack.depth)
    rows = targets.shape[2]
    work = workspace(stack.subsets, cls, stack.encoders, stack.heads, inputs[0], rows, by_hand)
    work.differentiate(inputs, targets, _row_scale(targets, weights), OBJECTIVES.find(objective))
    found = work.gradients
    return list(found.encoders), list(found.heads)


def _row_scale(targets: Tensor, weights: Tensor | None) -> Tensor:
    """The factor 1/m, times its weight, on every row's loss: [T, 1, m]."""
    scale = torch.full_like(targets[:, :1], 1.0 / targets.shape[-1])
    return scale if weights is None else scale * weights[:, None, :].to(scale.dtype)
