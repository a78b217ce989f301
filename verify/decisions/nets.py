"""The library's fusion networks as a candidate: one hidden layer per modality, and a head on all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy import special
from torch import Tensor

from empirical import erm
from empirical.fusion.classes import FusionClass
from empirical.fusion.stack import Stack
from empirical.fusion.starts import initial_weights
from empirical.streams import stream
from verify.decisions.linear import Matrix
from verify.decisions.models import Prediction, Problem, Size

WIDTH = 16
STEPS = 150
LEARNING_RATE = 0.05


def net_settings(size: Size) -> Sequence[float]:
    """Radii of the encoders and of the head: the larger, the less is a network held back."""
    return (4.0, 12.0, 36.0)


def fit_net(problem: Problem, settings: Sequence[float]) -> list[Prediction]:
    """Networks of the class of `FusionClass`, trained on all rows at once."""
    inputs = _inputs(problem.X, problem.blocks)
    y = problem.y.astype(np.float64)
    centre, unit = (0.0, 1.0) if problem.classes else (float(y.mean()), float(y.std()) or 1.0)
    targets = (
        np.eye(problem.classes)[problem.y] if problem.classes else ((y - centre) / unit)[:, None]
    )
    weights = None if problem.weights is None else problem.weights / problem.weights.mean()
    members = tuple(range(len(problem.blocks)))
    found = []
    for radius in settings:
        cls = FusionClass(WIDTH, radius, radius, targets.shape[1])
        start = initial_weights(
            [stream(problem.seed, "initial weights")], (members,), [x.shape[1] for x in inputs], cls
        )
        stack = erm.fit(
            [x[None] for x in inputs],
            torch.from_numpy(np.ascontiguousarray(targets.T)).float()[None],
            (members,),
            cls,
            *start,
            objective="softmax" if problem.classes else "least-squares",
            weights=None if weights is None else torch.from_numpy(weights).float()[None],
            steps=STEPS,
            learning_rate=LEARNING_RATE,
        ).stack
        found.append(_prediction(stack, problem, centre, unit))
    return found


def net_seconds(size: Size) -> float:
    """A rough time of `fit_net` for all settings; sparse columns are filled up first."""
    cells = size.rows * (size.columns + size.outputs)
    return len(net_settings(size)) * (0.02 + STEPS * 6 * WIDTH * cells / 1.5e10)


def _prediction(stack: Stack, problem: Problem, centre: float, unit: float) -> Prediction:
    def predict(X: Matrix) -> np.ndarray:
        columns = [x.mT for x in _inputs(X, problem.blocks)]
        scores = (stack.heads[0] @ stack.features(0, columns))[0].double().numpy().T
        if problem.classes:
            return np.asarray(special.softmax(scores, axis=1))
        return np.asarray(centre + unit * scores[:, 0])

    return predict


def _inputs(X: Matrix, blocks: Sequence[int]) -> list[Tensor]:
    """Per modality [rows, d + 1] float32: columns on a scale where a row has length 1, and the constant 1."""
    found = []
    start = 0
    for d in blocks:
        part = X[:, start : start + d]
        dense = part if isinstance(part, np.ndarray) else part.toarray()
        block = torch.ones(X.shape[0], d + 1)
        block[:, :d] = torch.from_numpy(np.ascontiguousarray(dense)).float() / np.sqrt(max(d, 1))
        found.append(block)
        start += d
    return found
