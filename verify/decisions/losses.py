"""In what a gain is measured: losses of one row with a known range, and what a point of each is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bounds.table import Table

FloatArray = NDArray[np.float64]

# Probabilities are mixed with so much of the uniform law before the log-loss, which makes it bounded.
UNIFORM_SHARE = 0.01


@dataclass(frozen=True)
class Scale:
    """What is fixed on the training part before a loss is computed.

    Parameters
    ----------
    classes
        The number of classes; 0 for regression.
    low, high
        The range of the target in the training part; predictions are clipped to it.
    variance
        The variance of the target in the training part; 1 for classification.
    """

    classes: int
    low: float = 0.0
    high: float = 1.0
    variance: float = 1.0

    @classmethod
    def of(cls, target: np.ndarray, classes: int) -> Scale:
        """The scale that the targets of the training part set.

        Examples
        --------
        >>> Scale.of(np.array([1.0, 3.0]), 0)
        Scale(classes=0, low=1.0, high=3.0, variance=1.0)
        """
        if classes:
            return cls(classes)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            variance = float(target.var())
            found = cls(0, float(target.min()), float(target.max()), variance)
            square = float(np.square(target.max() - target.min()))
        if not (0 < variance < np.inf and square < np.inf):
            raise ValueError(
                "y must vary in the training part, with a finite variance that is not 0, got values"
                f" from {found.low:g} to {found.high:g} of variance {variance:g}"
            )
        return found


def settled_weights(weights: np.ndarray | None, train: np.ndarray) -> np.ndarray | None:
    """Weights on a scale that the training rows set: their mean is 1, and no row exceeds their largest.

    A bound needs the largest possible weight and the unit before the hold-out is looked at.

    Parameters
    ----------
    weights
        (n,) positive, or None.
    train
        Positions of the training rows.

    Examples
    --------
    >>> settled_weights(np.array([1.0, 3.0, 2.0, 8.0]), np.array([0, 1]))
    array([0.5, 1.5, 1. , 1.5])
    """
    if weights is None:
        return None
    return np.asarray(np.minimum(weights, weights[train].max()) / weights[train].mean())


def cut_weights(weights: np.ndarray | None, train: np.ndarray) -> tuple[str, ...]:
    """A sentence for the user if some weights exceed those of the training rows.

    Examples
    --------
    >>> cut_weights(np.array([1.0, 3.0, 2.0]), np.array([0, 1]))
    ()
    """
    if weights is None:
        return ()
    beyond = int((weights > weights[train].max()).sum())
    if not beyond:
        return ()
    return (
        f"{beyond:,} held-out {'row weighs' if beyond == 1 else 'rows weigh'} more than any training"
        " row: such weights were cut at the largest one of the training rows, which the intervals need.",
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class Measure:
    """How a mean loss and a difference of two are read.

    Parameters
    ----------
    name
        What users ask for.
    label
        The measure in a heading.
    better
        A sentence on a gain, with a place for the number of points.
    point
        What one point is.
    higher_is_better
        Whether users read 1 less the mean loss, and not the loss itself.
    treatment
        What was done to keep the loss in its range; empty if nothing.
    """

    name: str
    label: str
    better: str
    point: str
    higher_is_better: bool = False
    treatment: str = ""

    def score(self, loss: float) -> float:
        """The mean loss as users read it."""
        return 1 - loss if self.higher_is_better else loss


@dataclass(frozen=True, eq=False, kw_only=True)
class Metric(Measure):
    """A loss of one row in [0, C], and the words for it.

    Parameters
    ----------
    task
        "classification" or "regression".
    losses
        (targets, predictions, scale) -> the losses of the rows. Predictions are probabilities [n, k]
        for classification and numbers [n] for regression.
    choice
        The same, for the choice of a model on the training part: it may be smoother.
    range
        scale -> C.
    """

    task: str
    losses: Callable[[np.ndarray, FloatArray, Scale], FloatArray]
    choice: Callable[[np.ndarray, FloatArray, Scale], FloatArray]
    range: Callable[[Scale], float]


GIVEN = Measure(
    name="loss",
    label="loss",
    better="its loss is {} points",
    point="0.01 of the loss that you gave",
)
"""Of losses that the user computed."""


def zero_one(target: np.ndarray, prediction: FloatArray, scale: Scale) -> FloatArray:
    """1 where the most probable class is not the true one; the first of equals counts.

    Examples
    --------
    >>> zero_one(np.array([0, 1]), np.array([[0.6, 0.4], [0.7, 0.3]]), Scale(2))
    array([0., 1.])
    """
    return np.asarray(prediction.argmax(axis=1) != target, dtype=np.float64)


def brier(target: np.ndarray, prediction: FloatArray, scale: Scale) -> FloatArray:
    """Squared distance of the probabilities from the true class, in [0, 2].

    Examples
    --------
    >>> brier(np.array([0]), np.array([[0.5, 0.5]]), Scale(2))
    array([0.5])
    """
    true = prediction[np.arange(len(target)), target]
    squares: FloatArray = (prediction**2).sum(axis=1)
    return np.asarray(np.maximum(squares - 2 * true + 1, 0.0))


def log_loss(target: np.ndarray, prediction: FloatArray, scale: Scale) -> FloatArray:
    """-ln of the probability of the true class, after mixing with 1 % of the uniform law.

    Examples
    --------
    >>> log_loss(np.array([0]), np.array([[0.0, 1.0]]), Scale(2)).round(3)
    array([5.298])
    """
    true = prediction[np.arange(len(target)), target]
    return np.asarray(-np.log((1 - UNIFORM_SHARE) * true + UNIFORM_SHARE / scale.classes))


def squared(target: np.ndarray, prediction: FloatArray, scale: Scale) -> FloatArray:
    """Squared error over the variance of the target; predictions and losses are clipped.

    Examples
    --------
    >>> squared(np.array([1.0, 9.0]), np.array([2.0, 7.0]), Scale(0, 1.0, 3.0, 2.0))
    array([0.5, 2. ])
    """
    error = target - np.clip(prediction, scale.low, scale.high)
    return np.asarray(np.minimum(error**2 / scale.variance, squared_range(scale)))


def squared_range(scale: Scale) -> float:
    """The largest squared error of a target and a prediction in the range of the training part."""
    return (scale.high - scale.low) ** 2 / scale.variance


METRICS = Table(
    "metric",
    [
        Metric(
            name="accuracy",
            task="classification",
            label="accuracy",
            better="it is right on {} rows in a hundred",
            point="one row in a hundred",
            losses=zero_one,
            # Counts of errors alone are too coarse to choose a model by.
            choice=lambda y, p, scale: zero_one(y, p, scale) + brier(y, p, scale),
            range=lambda scale: 1.0,
            higher_is_better=True,
        ),
        Metric(
            name="brier",
            task="classification",
            label="Brier score",
            better="its Brier score is {} points",
            point="0.01 of the Brier score, which runs from 0 to 2",
            losses=brier,
            choice=brier,
            range=lambda scale: 2.0,
        ),
        Metric(
            name="log-loss",
            task="classification",
            label="log-loss",
            better="its log-loss is {} points",
            point="0.01 of the log-loss, in nats",
            losses=log_loss,
            choice=log_loss,
            range=lambda scale: float(np.log(scale.classes / UNIFORM_SHARE)),
            treatment="Probabilities were mixed with 1 % of the uniform law, so that no loss is"
            " infinite.",
        ),
        Metric(
            name="squared",
            task="regression",
            label="squared error",
            better="its squared error is {} points",
            point="0.01 of the variance of the target",
            losses=squared,
            choice=squared,
            range=squared_range,
            treatment="The squared error is divided by the variance of the target. Predictions were"
            " clipped to the range of the target in the training part, and losses to its square.",
        ),
    ],
)


def metric_for(choice: str | Metric | None, task: str) -> Metric:
    """The metric of that name, or the first one for the task.

    Raises
    ------
    ValueError
        If the metric is unknown or belongs to the other task.

    Examples
    --------
    >>> metric_for(None, "regression").name
    'squared'
    """
    fitting = [each for each in METRICS if each.task == task]
    if choice is None:
        return fitting[0]
    metric = METRICS.find(choice)
    if metric.task != task:
        names = ", ".join(each.name for each in fitting)
        raise ValueError(f"metric must be one of {names} for {task}, got {metric.name!r}")
    return metric
