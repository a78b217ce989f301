"""The table of losses, and risks as exact averages over a finite population, in float64.

A loss is one entry of `LOSSES`: its values, its gradient in the prediction, its constants, and the solver
of its best heads. A sample is given as the mass it puts on the population's rows (counts / m), so that
r and r-hat are one function: the population puts 1/N on every row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from bounds import losses
from bounds.losses import LossConstants
from bounds.table import Table
from empirical import heads

UNIT = 2.0**-53
"""The relative rounding of one operation in float64."""


def _function_rounding(
    reach: Tensor, losses: Tensor, slopes: Tensor, outputs: int
) -> tuple[Tensor, Tensor]:
    """Of losses made of exponentials and logarithms, each right to 4 units in the last place.

    A sum of c exponentials at most 1 errs by (c + 9) u, its logarithm by twice that and 5 u of itself;
    largest score and <t, s> with weights t that sum to 1 err by (c + 2) u of the scores. Probabilities err
    by (c + 13) u.
    """
    unit = (4 * outputs + 64) * UNIT
    return unit * (1.0 + 2.0 * reach + losses.abs()), unit + 0.0 * slopes


def _squares_rounding(
    reach: Tensor, losses: Tensor, slopes: Tensor, outputs: int
) -> tuple[Tensor, Tensor]:
    """Of a sum of c squares, and of a doubled residual; underflow makes the smallest."""
    return (outputs + 2) * UNIT * losses + 1e-300, UNIT * slopes


def _squares_constants(prediction: float, target: float, outputs: int) -> LossConstants:
    return losses.squared(prediction, target)


@dataclass(frozen=True)
class Objective:
    """What training minimises: a function of predictions f and targets y, row by row.

    Parameters
    ----------
    name
        The name under which users ask for it.
    row_losses
        Maps predictions and targets [..., c, rows] to losses [..., rows].
    residual
        Maps predictions [..., c, rows] and targets, which are broadcast to them, to the gradient in the
        predictions, in a new tensor.
    check_targets
        Raises a ValueError if it is not defined for targets [T, c, rows].
    """

    name: str
    row_losses: Callable[[Tensor, Tensor], Tensor]
    residual: Callable[[Tensor, Tensor], Tensor]
    check_targets: Callable[[Tensor], None]


@dataclass(frozen=True)
class Loss(Objective):
    """A loss with values in [0, C] on a norm-bounded class.

    Parameters
    ----------
    words
        Its formula in words, for pages and the command line.
    tasks
        "classification", "regression" or both.
    head_radius
        The default radius of the ball of heads.
    constants
        Maps the prediction radius, the target radius and the number of outputs to C and L.
    solve
        Finds the best heads in the ball, with the arguments of `empirical.heads.softmax`; None for a loss
        that is quadratic in the head, whose best heads follow from second moments.
    binary
        Whether it has one output, the log-odds of the second of two classes.
    curvature
        A Lipschitz constant of its gradient in the prediction, Euclidean norms: 2 for squares, and less for
        cross-entropies, for which a larger one only widens what is allowed for rounding.
    rounding
        Maps bounds on the norms of predictions [..., rows], losses, norms of gradients and the number of
        outputs to what rounding adds to a loss and to the norm of its gradient, given the predictions.
    """

    words: str = ""
    tasks: tuple[str, ...] = ("classification", "regression")
    head_radius: float = 1.0
    constants: Callable[[float, float, int], LossConstants] = _squares_constants
    solve: Callable[..., heads.Head] | None = None
    binary: bool = False
    curvature: float = 2.0
    rounding: Callable[[Tensor, Tensor, Tensor, int], tuple[Tensor, Tensor]] = _function_rounding

    @property
    def quadratic(self) -> bool:
        """Whether it is quadratic in the head: least squares, with plain heads and the fast rate."""
        return self.solve is None

    def check_task(self, task: str, classes: int) -> None:
        """Raise `ValueError` unless it is defined for the task and the number of classes."""
        if task not in self.tasks:
            raise ValueError(
                f"loss {self.name} must go with {' or '.join(self.tasks)}, got the task {task!r}"
            )
        if self.binary and classes != 2:
            raise ValueError(
                f"loss {self.name} must go with two classes, got {classes}: take softmax"
            )


def weighted_risk(losses: Tensor, mass: Tensor) -> Tensor:
    """The mean loss [...] of row losses [..., rows] under the mass [..., rows] of a distribution.

    Examples
    --------
    >>> weighted_risk(torch.tensor([4.0, 8.0]), torch.tensor([0.75, 0.25]))
    tensor(5.)
    """
    return (losses * mass).sum(-1)


def _squares(predictions: Tensor, targets: Tensor) -> Tensor:
    return (predictions - targets).square().sum(-2)


def _squares_residual(prediction: Tensor, targets: Tensor) -> Tensor:
    return (prediction - targets).mul_(2.0)


def _cross_entropy(predictions: Tensor, targets: Tensor) -> Tensor:
    return torch.logsumexp(predictions, dim=-2) - (predictions * targets).sum(-2)


def _cross_entropy_residual(prediction: Tensor, targets: Tensor) -> Tensor:
    return torch.softmax(prediction, dim=-2).sub_(targets)


def _cross_entropy_constants(prediction: float, target: float, outputs: int) -> LossConstants:
    return losses.softmax(prediction, outputs)


def _logistic(predictions: Tensor, targets: Tensor) -> Tensor:
    if predictions.shape[-2] != 1:
        raise ValueError(f"logistic must have one output, got {predictions.shape[-2]}")
    # Two terms >= 0 instead of a difference of large ones; torch's softplus is linear beyond 20.
    positive = targets * torch.nn.functional.logsigmoid(predictions)
    negative = (1.0 - targets) * torch.nn.functional.logsigmoid(-predictions)
    return -(positive + negative).squeeze(-2)


def _logistic_residual(prediction: Tensor, targets: Tensor) -> Tensor:
    return torch.sigmoid(prediction).sub_(targets)


def _logistic_constants(prediction: float, target: float, outputs: int) -> LossConstants:
    if outputs != 1:
        raise ValueError(f"logistic must have targets of one output, got {outputs}")
    return losses.logistic(prediction)


def _correlations(predictions: Tensor, targets: Tensor) -> Tensor:
    return -(predictions * targets).sum(-2)


def _correlations_residual(prediction: Tensor, targets: Tensor) -> Tensor:
    return targets.neg().expand_as(prediction)


def _any_targets(targets: Tensor) -> None:
    """Any finite numbers will do."""


def _distributions(targets: Tensor) -> None:
    _within_one("softmax", targets)
    if not bool(((targets.sum(1) - 1.0).abs() < 1e-4).all()):
        raise ValueError("targets must sum to 1 over the outputs for softmax, got other sums")


def _probabilities(targets: Tensor) -> None:
    _within_one("logistic", targets)
    if targets.shape[1] != 1:
        raise ValueError(f"targets must have one output for logistic, got {targets.shape[1]}")


def _within_one(name: str, targets: Tensor) -> None:
    low, high = float(targets.min()), float(targets.max())
    if low < 0 or high > 1:
        raise ValueError(f"targets must lie in [0, 1] for {name}, got {low:g} to {high:g}")


SQUARES = Loss(
    "least-squares",
    _squares,
    _squares_residual,
    _any_targets,
    words="squared error ||f - y||^2, summed over outputs",
    head_radius=5.0,
    constants=_squares_constants,
    rounding=_squares_rounding,
)
SOFTMAX = Loss(
    "softmax",
    _cross_entropy,
    _cross_entropy_residual,
    _distributions,
    words="cross-entropy of one logit per class, in nats",
    tasks=("classification",),
    head_radius=15.0,
    constants=_cross_entropy_constants,
    solve=heads.softmax,
)
LOGISTIC = Loss(
    "logistic",
    _logistic,
    _logistic_residual,
    _probabilities,
    words="ln(1 + e^s) - y s of one logit s, two classes, in nats",
    tasks=("classification",),
    head_radius=15.0,
    constants=_logistic_constants,
    solve=heads.logistic,
    binary=True,
)
CORRELATION = Objective("correlation", _correlations, _correlations_residual, _any_targets)
"""Minus <y, f>: its minimum over a class is a Rademacher supremum if y are signs."""

LOSSES: Table[Loss] = Table("loss", [SQUARES, SOFTMAX, LOGISTIC])
OBJECTIVES: Table[Objective] = Table("objective", [*LOSSES, CORRELATION])
