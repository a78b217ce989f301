"""Finite populations: D is uniform over the N rows of a data set, and S is drawn with replacement.

Every population risk is then an exact average over N rows and every infimum over heads a convex
problem with a certificate, for any trained network on any data (theory, section 6). The scaling
below is a fixed function of the population, chosen before any sample is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bounds.domains import at_least
from bounds.losses import LossConstants
from empirical import mapped
from empirical.datasets.dataset import Dataset
from empirical.losses import LOSSES, Loss

CLIP_NORM = 3**0.5
"""Rows of a scaled modality longer than this are pulled back onto the sphere of this radius."""

AT_A_TIME = 2**26
"""Bytes of features whose squares are summed at a time: another number would round otherwise."""


@dataclass(frozen=True)
class FinitePopulation:
    """A data set, scaled and ready to be drawn from.

    Parameters
    ----------
    inputs
        Per modality [N, D_k] float64: columns of mean 0 and equal variance, scaled to a mean square
        row norm of 1, rows longer than sqrt(3) pulled back onto that norm, then the constant 1.
    targets
        [N, c] float64: one-hot classes, or the real target mapped onto [-1, 1].
    labels
        [N] int64 class codes; empty for regression.
    clipped
        Per modality, the fraction of rows that were pulled back.
    target_radius
        Y with ||y|| <= Y for every row.
    target_scale
        Units of the original target in one unit of y (1.0 for classes)
    """

    data: Dataset
    inputs: tuple[Tensor, ...]
    targets: Tensor
    labels: Tensor
    clipped: tuple[float, ...]
    target_radius: float
    target_scale: float

    @property
    def rows(self) -> int:
        """N, the size of the population."""
        return int(self.targets.shape[0])

    @property
    def outputs(self) -> int:
        """c, the number of outputs of a model."""
        return int(self.targets.shape[1])

    @property
    def names(self) -> tuple[str, ...]:
        """The modalities' names, in the order of `inputs`."""
        return tuple(self.data.modalities)

    @property
    def input_norm(self) -> float:
        """The largest norm of one modality's row, its constant 1 included."""
        largest = 0.0
        for x in self.inputs:
            largest = max(largest, float(torch.linalg.vector_norm(x, dim=1).max()))
            mapped.release(x)
        return largest

    def mean_square_norm(self, members: tuple[int, ...]) -> float:
        """E ||x||^2 over the modalities of one subset, constants included: exact over the rows."""
        total = 0.0
        for x in (self.inputs[k] for k in members):
            rows = max(1, mapped.AT_A_TIME // (8 * x.shape[1]))
            squares = torch.cat([part.square().sum(1) for part in torch.split(x, rows)])
            total += float(squares.mean())
            mapped.release(x)
        return total

    def constants(self, prediction_radius: float, loss: str | Loss) -> LossConstants:
        """C and L of a loss if ||f(x)|| <= prediction_radius.

        Raises
        ------
        ValueError
            For another loss, for softmax or logistic on a regression target, or for logistic with
            one output per class (see `binary_targets`).
        """
        loss = LOSSES.find(loss)
        loss.check_task(self.data.task, len(self.data.classes))
        return loss.constants(prediction_radius, self.target_radius, self.outputs)

    def draw(self, generator: np.random.Generator, m: int) -> NDArray[np.int64]:
        """Row indices of an i.i.d. sample of size m (with replacement), shape [m].

        Raises
        ------
        ValueError
            If m < 1.
        """
        at_least(1).whole("m", m)
        return generator.integers(0, self.rows, m)

    def without_features(self) -> FinitePopulation:
        """The same population without the unscaled rows, which no measurement needs."""
        names = {name: features[:0] for name, features in self.data.modalities.items()}
        return replace(self, data=replace(self.data, modalities=names, target=self.data.target[:0]))

    def to(self, device: torch.device) -> FinitePopulation:
        """The same population with its tensors on `device`."""
        return replace(
            self,
            inputs=tuple(x.to(device) for x in self.inputs),
            targets=self.targets.to(device),
            labels=self.labels.to(device),
        )

    def fingerprint(self) -> str:
        """SHA-256 of everything a study's numbers depend on: names, task, inputs and targets."""
        digest = sha256(repr((self.names, self.data.task)).encode())
        for tensor in (*self.inputs, self.targets):
            digest.update(repr(tuple(tensor.shape)).encode())
            digest.update(np.ascontiguousarray(tensor.cpu().numpy()).data)  # read in place
            mapped.release(tensor)
        return digest.hexdigest()


def binary_targets(population: FinitePopulation) -> FinitePopulation:
    """The population of two classes with one target in {0, 1} per row, 1 for the second class.

    For the logistic loss, whose one logit is the log-odds of the second class.

    Raises
    ------
    ValueError
        For another number of classes.

    Examples
    --------
    >>> from empirical import datasets
    >>> two = binary_targets(finite_population(datasets.breast_cancer()))
    >>> two.outputs, bool((two.targets[:, 0] == two.labels).all())
    (1, True)
    """
    classes = population.data.classes
    if len(classes) != 2:
        raise ValueError(f"data must have two classes for a loss of one logit, got {len(classes)}")
    return replace(population, targets=population.labels[:, None].double())


def finite_population(data: Dataset) -> FinitePopulation:
    """Scale a data set into a population.

    Raises
    ------
    ValueError
        If a column's variance is zero or is not finite in float64.

    Examples
    --------
    >>> from empirical import datasets
    >>> population = finite_population(datasets.digits())
    >>> population.rows, population.outputs, round(population.input_norm, 6)
    (1797, 10, 2.0)
    """
    inputs, clipped = [], []
    for name, features in data.modalities.items():
        scaled, fraction = _scale(name, features)
        inputs.append(scaled)
        clipped.append(fraction)
    if data.task == "classification":
        labels = torch.from_numpy(np.asarray(data.target, dtype=np.int64))
        targets = torch.nn.functional.one_hot(labels, len(data.classes)).to(torch.float64)
        scale = 1.0
    else:
        values = np.asarray(data.target, dtype=np.float64)
        # Halve before adding: the midrange of values near the largest float stays finite.
        middle, scale = values.max() / 2 + values.min() / 2, float(np.ptp(values / 2))
        labels = torch.empty(0, dtype=torch.int64)
        targets = torch.from_numpy(np.clip((values - middle) / scale, -1.0, 1.0))[:, None]
    return FinitePopulation(
        data, tuple(inputs), targets.contiguous(), labels, tuple(clipped), 1.0, scale
    )


def single(x: Tensor, rows: Tensor | None = None) -> Tensor:
    """Rows of a population's modality in float32; what was read of a large one leaves memory again.

    Examples
    --------
    >>> single(torch.tensor([[0.5], [1.0]], dtype=torch.float64), torch.tensor([1]))
    tensor([[1.]])
    """
    chosen = (x if rows is None else x[rows]).float()
    mapped.release(x)
    return chosen


def _scale(name: str, features: NDArray[np.floating]) -> tuple[Tensor, float]:
    """The rows of one modality, scaled, with the constant 1; and the fraction that was pulled back.

    In float64, some columns at a time: what is needed beside the result does not grow with them.
    """
    rows, columns = features.shape
    unit = mapped.zeros((rows, columns + 1))
    squares = np.zeros(rows)
    parts = np.array_split(np.arange(columns), -(-features.size * 8 // AT_A_TIME))
    for part in filter(len, parts):
        # Never one column of several alone: numpy would add it up in another order.
        fewer = max(1, min(-(-rows * len(part) * 8 // mapped.AT_A_TIME), len(part) // 2))
        for some in (slice(each[0], each[-1] + 1) for each in np.array_split(part, fewer)):
            unit[:, some] = _standardised(name, features, some)
            mapped.release(unit, features)
        for some in mapped.blocks(unit):
            squares[some] += np.square(unit[some, part[0] : part[-1] + 1]).sum(axis=1)
            mapped.release(unit)
    norms = np.sqrt(squares)
    within = np.minimum(1.0, CLIP_NORM / np.maximum(norms, 1e-300))[:, None]
    for some in mapped.blocks(unit):
        unit[some, :-1] *= within[some]
        unit[some, -1] = 1.0
        mapped.release(unit)
    return torch.from_numpy(unit), float((norms > CLIP_NORM).mean())


def _standardised(name: str, features: NDArray[np.floating], columns: slice) -> NDArray[np.float64]:
    """Some columns with mean 0 and the same variance, that of all columns being 1, in float64."""
    values = np.asarray(features[:, columns], dtype=np.float64)
    # Dividing by the largest magnitude first keeps the variance of huge values finite.
    centred: NDArray[np.float64] = values / np.maximum(
        values.max(axis=0), -values.min(axis=0)
    ).clip(1e-300)
    centred -= centred.mean(axis=0)
    spread = centred.std(axis=0)
    if not (np.isfinite(spread).all() and (spread > 0).all()):
        raise ValueError(
            f"features of modality {name!r} must have a variance that float64 can hold,"
            f" got a column of values from {features.min()} to {features.max()}"
        )
    centred /= spread * np.sqrt(features.shape[1])
    return centred
