"""The paper's network for classification: encoders of one ReLU layer, concatenation, a softmax head.

It is a `FusionClass` without effective norm constraints, trained as the paper trains: by Adam on
minibatches. All subsets of the modalities train at once on the same minibatches, from the same initial
weights if they share a modality, so that their differences are not those of chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from empirical import erm
from empirical.fusion.classes import FusionClass
from empirical.fusion.stack import Stack
from empirical.heads import softmax
from empirical.losses import SOFTMAX
from empirical.modalities import Subset
from empirical.paper.splits import Split
from empirical.streams import stream

WIDTH = 128
NO_BOUND = 1e15
"""A radius that no training reaches."""


@dataclass(frozen=True, eq=False)
class Networks:
    """Trained networks, one per subset, that share their layout but no weights.

    Parameters
    ----------
    names
        All modalities, in the order of the stack's.
    subsets
        What each network sees.
    stack
        One trial of one model per subset.
    """

    names: Subset
    subsets: tuple[Subset, ...]
    stack: Stack

    def features(self, x: dict[str, Tensor], index: int) -> Tensor:
        """z of one subset: [rows, |M| WIDTH + 1], the constant 1 last. x: name to [rows, d_k]."""
        columns = [_with_one(x[n]).T if n in x else torch.empty(0) for n in self.names]
        return self.stack.features(index, columns)[0].T

    def head(self, index: int) -> Tensor:
        """The head of one subset: [classes, |M| WIDTH + 1], the bias in the last column."""
        return self.stack.heads[index][0]

    def scores(self, x: dict[str, Tensor]) -> list[Tensor]:
        """Logits per subset, [rows, classes]."""
        return [self.features(x, i) @ self.head(i).T for i in range(len(self.subsets))]

    def encoder_norm(self, index: int) -> float:
        """Frobenius norm of one subset's encoders together, biases included."""
        layers = [self.stack.layers(index, k)[0] for k in self.stack.subsets[index]]
        return float(np.sqrt(sum(float(layer.double().square().sum()) for layer in layers)))

    def head_norm(self, index: int) -> float:
        """Frobenius norm of one subset's head, bias included."""
        return float(self.head(index).double().norm())


def _with_one(x: Tensor) -> Tensor:
    return torch.cat([x, x.new_ones(len(x), 1)], dim=1)


def tensors(features: dict[str, NDArray[np.floating[Any]]]) -> dict[str, Tensor]:
    """The features as torch reads them; copies, since a worker's memory may be read-only.

    Examples
    --------
    >>> tensors({"text": np.zeros((2, 3), dtype=np.float32)})["text"].shape
    torch.Size([2, 3])
    """
    return {name: torch.tensor(x, dtype=torch.float32) for name, x in features.items()}


def train(
    split: Split,
    subsets: Iterable[Subset],
    rows: NDArray[np.int64],
    *,
    seed: int,
    trial: int,
    steps: int,
    batch: int = 2048,
    learning_rate: float = 0.01,
) -> Networks:
    """Train one network per subset on the given training rows, in float32.

    Parameters
    ----------
    rows
        Indices of training rows; padding among them takes part in the minibatches and has no loss.
    steps
        of Adam (β 0.9 and 0.999, no decay), each on the next `batch` rows of a fresh permutation
        per epoch, or on all rows where there are no more.
    trial
        Initial weights (uniform within 1/√fan-in) and minibatches depend on seed, trial and the
        number of rows alone, and a modality's initial encoder on its position among all of them.

    Raises
    ------
    ValueError
        If no row is real, or a subset names an unknown modality.

    Examples
    --------
    >>> from empirical.paper.splits import from_dataset, standardised
    >>> from empirical.datasets.bundled import breast_cancer
    >>> split = standardised(from_dataset(breast_cancer()))
    >>> nets = train(split, [("mean",), split.names], np.arange(398), seed=0, trial=0, steps=20)
    >>> [tuple(scores.shape) for scores in nets.scores(tensors(split.test))]
    [(171, 2), (171, 2)]
    """
    chosen = tuple(tuple(subset) for subset in subsets)
    for subset in chosen:
        if not subset or any(name not in split.train for name in subset):
            raise ValueError(f"a subset must name modalities of {split.names}, got {subset}")
    if not split.real_train[rows].any():
        raise ValueError("rows must hold at least one real training row, got padding only")
    members = tuple(tuple(split.names.index(n) for n in subset) for subset in chosen)
    real = torch.from_numpy(split.real_train[rows])
    batches = (order[real[order]] for order in _minibatches(len(rows), batch, steps, seed, trial))
    fitted = erm.fit(
        [_with_one(torch.from_numpy(split.train[name][rows]))[None] for name in split.names],
        one_hot(torch.from_numpy(split.y_train[rows]), split.classes).float().T[None],
        members,
        FusionClass(WIDTH, NO_BOUND, NO_BOUND, split.classes),
        *_initial(split, chosen, seed, trial),
        objective=SOFTMAX,
        steps=steps,
        learning_rate=learning_rate,
        batches=(rows_ for rows_ in batches if len(rows_)),
    )
    return Networks(split.names, chosen, fitted.stack)


def accuracies(scores: Sequence[Tensor], y: Tensor, real: Tensor) -> list[float]:
    """Top-1 accuracy per subset over the real rows, in [0, 1].

    Examples
    --------
    >>> accuracies([torch.eye(2)], torch.tensor([0, 0]), torch.tensor([True, True]))
    [0.5]
    """
    return [float((score.argmax(dim=1) == y)[real].double().mean()) for score in scores]


def losses(scores: Sequence[Tensor], y: Tensor, real: Tensor) -> list[float]:
    """Mean cross-entropy per subset over the real rows, in nats, float64.

    Examples
    --------
    >>> losses([torch.zeros(2, 4)], torch.tensor([0, 3]), torch.tensor([True, False]))
    [1.3862943611198906]
    """
    return [float(cross_entropy(score[real].double(), y[real])) for score in scores]


@dataclass(frozen=True)
class Refit:
    """The best head on a frozen encoder, fitted to the training rows.

    Parameters
    ----------
    train_loss, gap
        Its loss there, at most `gap` above the least in the ball (certified)
    accuracy, test_loss
        On the real test rows.
    """

    train_loss: float
    gap: float
    accuracy: float
    test_loss: float


def refit(
    networks: Networks,
    split: Split,
    index: int,
    radius: float,
    *,
    tolerance: float = 1e-3,
    steps: int = 400,
) -> Refit:
    """Freeze one subset's encoder and fit its head to all real training rows.

    Parameters
    ----------
    radius
        Of the ball of heads (Frobenius norm, bias included), the same for all subsets that are to
        be compared. tolerance and steps as in `empirical.heads.softmax`.
    """
    halves = []
    for features, labels, real in (
        (split.train, split.y_train, split.real_train),
        (split.test, split.y_test, split.real_test),
    ):
        x = {name: torch.from_numpy(features[name][real]) for name in networks.subsets[index]}
        halves.append((networks.features(x, index).double(), torch.from_numpy(labels[real])))
    (z, y), (z_test, y_test) = halves
    targets = one_hot(y, split.classes).double().T[None]
    mass = torch.full((1, len(y)), 1.0 / len(y), dtype=torch.float64)
    head = softmax(
        z.T[None],
        targets,
        mass,
        radius,
        start=networks.head(index)[None].double(),
        tolerance=tolerance,
        steps=steps,
    )
    weights = head.weights[0]
    scores = z_test @ weights.T
    return Refit(
        float(cross_entropy(z @ weights.T, y)),
        float(head.gap[0]),
        float((scores.argmax(dim=1) == y_test).double().mean()),
        float(cross_entropy(scores, y_test)),
    )


def _initial(
    split: Split, subsets: tuple[Subset, ...], seed: int, trial: int
) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """Uniform within 1/√fan-in, as is usual for such layers; a modality's draws come in one block."""
    encoders, slices = [], {}
    for place, name in enumerate(split.names):
        draws = stream(seed, "initial weights", place, trial)
        fan_in = split.train[name].shape[1]
        layer = draws.uniform(-1, 1, (fan_in + 1, WIDTH)) / fan_in**0.5
        slices[name] = draws.uniform(-1, 1, (split.classes, WIDTH))
        users = sum(name in subset for subset in subsets)
        encoders.append(np.repeat(layer.T[None, None], users, axis=1))
    bias = stream(seed, "initial weights", len(split.names), trial).uniform(-1, 1, split.classes)
    heads = []
    for subset in subsets:
        columns = np.concatenate([*(slices[name] for name in subset), bias[:, None]], axis=1)
        heads.append(columns[None] / (WIDTH * len(subset)) ** 0.5)
    return encoders, heads


def _minibatches(rows: int, batch: int, steps: int, seed: int, trial: int) -> Iterator[Tensor]:
    """Indices for each step: epochs of fresh permutations, cut into batches."""
    draws = stream(seed, "minibatch", rows, trial)
    done = 0
    while done < steps:
        order = torch.from_numpy(draws.permutation(rows))
        cuts = [*range(0, rows, batch), rows]
        for start, stop in list(pairwise(cuts))[: steps - done]:
            yield order[start:stop]
            done += 1
