"""The paper's network for classification: encoders of one ReLU layer, concatenation, a softmax head.

Unlike the classes of `empirical.fusion` it has no norm constraint: it is trained as the paper trains,
by Adam on minibatches. All subsets of the modalities train at once on the same minibatches, from the
same initial weights where they share a modality, so that their differences are not those of chance.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from empirical.heads import softmax
from empirical.modalities import Subset
from empirical.paper.splits import Split
from empirical.streams import stream

WIDTH = 128


@dataclass(frozen=True, eq=False)
class Networks:
    """Trained networks, one per subset S, that share their layout but no weights.

    encoders  name → [d_k + 1, users·WIDTH], the bias in the last row; users are the subsets that see
              the modality, in the order of `subsets`
    heads     per subset [classes, |M|·WIDTH + 1], the bias in the last column
    """

    subsets: tuple[Subset, ...]
    encoders: dict[str, Tensor]
    heads: tuple[Tensor, ...]

    def features(self, x: dict[str, Tensor], index: int) -> Tensor:
        """z of one subset: [rows, |M|·WIDTH + 1], the constant 1 last. x: name → [rows, d_k]."""
        parts = []
        for name in self.subsets[index]:
            place = self.users(name).index(index)
            weights = self.encoders[name][:, place * WIDTH : (place + 1) * WIDTH]
            parts.append(torch.relu(x[name] @ weights[:-1] + weights[-1]))
        return torch.cat([*parts, parts[0].new_ones(len(parts[0]), 1)], dim=1)

    def encoder_norm(self, index: int) -> float:
        """Frobenius norm of one subset's encoders together, biases included."""
        squares = 0.0
        for name in self.subsets[index]:
            place = self.users(name).index(index) * WIDTH
            squares += float(self.encoders[name][:, place : place + WIDTH].double().square().sum())
        return math.sqrt(squares)

    def users(self, name: str) -> list[int]:
        """The subsets that see a modality."""
        return [index for index, subset in enumerate(self.subsets) if name in subset]

    def scores(self, x: dict[str, Tensor]) -> list[Tensor]:
        """Logits per subset, [rows, classes]; one product per modality serves all subsets."""
        hidden = {
            name: torch.relu(x[name] @ weights[:-1] + weights[-1])
            for name, weights in self.encoders.items()
        }
        found = []
        for index, (subset, head) in enumerate(zip(self.subsets, self.heads, strict=True)):
            scores = head[:, -1]
            for order, name in enumerate(subset):
                place = self.users(name).index(index) * WIDTH
                part = head[:, order * WIDTH : (order + 1) * WIDTH]
                scores = scores + hidden[name][:, place : place + WIDTH] @ part.T
            found.append(scores)
        return found


def tensors(features: dict[str, NDArray[np.float32]]) -> dict[str, Tensor]:
    """The features as torch reads them; copies, since a worker's memory may be read-only.

    >>> tensors({"text": np.zeros((2, 3), dtype=np.float32)})["text"].shape
    torch.Size([2, 3])
    """
    return {name: torch.tensor(x) for name, x in features.items()}


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

    rows   indices of training rows; padding among them takes part in the minibatches and has no loss
    steps  of Adam (β 0.9 and 0.999, no decay), each on the next `batch` rows of a fresh permutation
           per epoch, or on all rows where there are no more
    trial  initial weights (uniform within 1/√fan-in) and minibatches depend on seed, trial and the
           number of rows alone, and a modality's initial encoder on its position among all of them

    Raises ValueError where no row is real, or a subset names an unknown modality.

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
    networks = _initial(split, chosen, seed, trial)
    parameters = [*networks.encoders.values(), *networks.heads]
    for parameter in parameters:
        parameter.requires_grad_()
    optimiser = torch.optim.Adam(parameters, lr=learning_rate, fused=True)
    x = {name: torch.from_numpy(split.train[name][rows]) for name in networks.encoders}
    y = torch.from_numpy(split.y_train[rows])
    real = torch.from_numpy(split.real_train[rows])
    for order in _minibatches(len(rows), batch, steps, seed, trial):
        here = order[real[order]]
        if not len(here):
            continue
        whole = len(here) == len(rows)
        scores = networks.scores({n: v if whole else v[here] for n, v in x.items()})
        labels = y if whole else y[here]
        loss = torch.stack([cross_entropy(score, labels) for score in scores]).sum()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    for parameter in parameters:
        parameter.requires_grad_(False)
    return networks


def accuracies(scores: Sequence[Tensor], y: Tensor, real: Tensor) -> list[float]:
    """Top-1 accuracy per subset over the real rows, in [0, 1].

    >>> accuracies([torch.eye(2)], torch.tensor([0, 0]), torch.tensor([True, True]))
    [0.5]
    """
    return [float((score.argmax(dim=1) == y)[real].double().mean()) for score in scores]


def losses(scores: Sequence[Tensor], y: Tensor, real: Tensor) -> list[float]:
    """Mean cross-entropy per subset over the real rows, in nats, float64.

    >>> losses([torch.zeros(2, 4)], torch.tensor([0, 3]), torch.tensor([True, False]))
    [1.3862943611198906]
    """
    return [float(cross_entropy(score[real].double(), y[real])) for score in scores]


@dataclass(frozen=True)
class Refit:
    """The best head on a frozen encoder, fitted to the training rows.

    train_loss, gap  its loss there, at most `gap` above the least in the ball (certified)
    accuracy, test_loss  on the real test rows
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

    radius  of the ball of heads (Frobenius norm, bias included), the same for all subsets that are
            to be compared. tolerance and steps as in `empirical.heads.softmax`
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
        start=networks.heads[index][None].double(),
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


def _initial(split: Split, subsets: tuple[Subset, ...], seed: int, trial: int) -> Networks:
    """Uniform within 1/√fan-in, as is usual for such layers; a modality's draws come in one block."""
    layers, slices = {}, {}
    for place, name in enumerate(split.names):
        draws = stream(seed, "initial weights", place, trial)
        fan_in = split.train[name].shape[1]
        layers[name] = draws.uniform(-1, 1, (fan_in + 1, WIDTH)) / fan_in**0.5
        slices[name] = draws.uniform(-1, 1, (split.classes, WIDTH))
    bias = stream(seed, "initial weights", len(split.names), trial).uniform(-1, 1, split.classes)
    encoders = {}
    for name, layer in layers.items():
        users = sum(name in subset for subset in subsets)
        if users:
            encoders[name] = torch.from_numpy(np.tile(layer, (1, users)).astype(np.float32))
    heads = []
    for subset in subsets:
        columns = np.concatenate([*(slices[name] for name in subset), bias[:, None]], axis=1)
        scale = (WIDTH * len(subset)) ** 0.5
        heads.append(torch.from_numpy((columns / scale).astype(np.float32)))
    return Networks(subsets, encoders, tuple(heads))


def _minibatches(rows: int, batch: int, steps: int, seed: int, trial: int) -> Iterable[Tensor]:
    """Indices for each step: epochs of fresh permutations, cut into batches."""
    draws = stream(seed, "minibatch", rows, trial)
    done = 0
    while done < steps:
        order = torch.from_numpy(draws.permutation(rows))
        cuts = [*range(0, rows, batch), rows]
        for start, stop in list(pairwise(cuts))[: steps - done]:
            yield order[start:stop]
            done += 1
