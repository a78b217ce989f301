"""The paper's network: stacked training is plain training, and padding has no say."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from empirical.datasets.dataset import from_arrays
from empirical.paper import network
from empirical.paper.network import WIDTH
from empirical.paper.splits import from_dataset, standardised

SUBSETS = (("a",), ("a", "c"), ("b", "c"), ("a", "b", "c"))


@pytest.fixture(scope="module")
def split():
    draws = np.random.default_rng(0)
    y = np.arange(90) % 3
    features = {
        name: draws.normal(size=(90, d)) + 0.7 * y[:, None]
        for name, d in (("a", 4), ("b", 3), ("c", 5))
    }
    return standardised(from_dataset(from_arrays(features, y, train_rows=60)))


def trained(split, subsets=SUBSETS, rows=None, **settings):
    rows = np.arange(len(split.y_train)) if rows is None else rows
    return network.train(split, subsets, rows, seed=1, trial=2, **{"steps": 12, **settings})


@pytest.mark.parametrize("batch", [2048, 17])
@pytest.mark.parametrize("index", range(len(SUBSETS)))
def test_a_stack_is_plain_torch_models_one_at_a_time(split, batch, index):
    subset = SUBSETS[index]
    start = trained(split, steps=0)
    model = torch.nn.ModuleDict(
        {name: torch.nn.Linear(split.train[name].shape[1], WIDTH) for name in subset}
    )
    head = torch.nn.Linear(WIDTH * len(subset), 3)
    with torch.no_grad():
        for name in subset:
            weights = start.stack.layers(index, split.names.index(name))[0][0]
            model[name].weight.copy_(weights[:, :-1])
            model[name].bias.copy_(weights[:, -1])
        head.weight.copy_(start.head(index)[:, :-1])
        head.bias.copy_(start.head(index)[:, -1])
    optimiser = torch.optim.Adam([*model.parameters(), *head.parameters()], lr=0.01)

    def predict(halves, rows=slice(None)):
        x = {name: torch.tensor(halves[name])[rows] for name in subset}
        return head(torch.cat([torch.relu(model[name](x[name])) for name in subset], dim=1))

    y = torch.tensor(split.y_train)
    for order in network._minibatches(60, batch, 12, seed=1, trial=2):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(predict(split.train, order), y[order]).backward()
        optimiser.step()
    networks = trained(split, batch=batch)
    stacked = networks.scores(network.tensors(split.test))[index]
    assert torch.allclose(stacked, predict(split.test), atol=2e-4)


def test_a_subset_does_not_depend_on_what_else_is_trained(split):
    alone = trained(split, (SUBSETS[1],)).scores(network.tensors(split.test))[0]
    together = trained(split).scores(network.tensors(split.test))[1]
    assert torch.allclose(alone, together, atol=1e-4)


def test_scores_are_the_head_of_the_features(split):
    networks, x = trained(split), network.tensors(split.test)
    for index, score in enumerate(networks.scores(x)):
        z = networks.features(x, index)
        assert z.shape == (30, WIDTH * len(SUBSETS[index]) + 1)
        assert torch.allclose(z @ networks.head(index).T, score, atol=1e-5)


def test_padding_has_no_say(split):
    # Zero rows with labels that would ruin the fit, in full-batch training.
    zeros = {name: np.zeros((40, x.shape[1]), dtype=np.float32) for name, x in split.train.items()}
    padded = replace(
        split,
        train={name: np.concatenate([x, zeros[name]]) for name, x in split.train.items()},
        y_train=np.concatenate([split.y_train, np.zeros(40, dtype=np.int64)]),
        real_train=np.arange(100) < 60,
    )
    x = network.tensors(split.test)
    for one, other in zip(trained(split).scores(x), trained(padded).scores(x), strict=True):
        assert torch.allclose(one, other, atol=1e-4)
    refits = [network.refit(trained(each), each, 1, radius=4.0) for each in (split, padded)]
    assert refits[0].train_loss == pytest.approx(refits[1].train_loss, abs=2e-3)


def test_rows_of_padding_only_are_refused(split):
    nothing = replace(split, real_train=np.zeros(60, dtype=bool))
    with pytest.raises(
        ValueError, match="^rows must hold at least one real training row, got padding only$"
    ):
        trained(nothing)
    with pytest.raises(ValueError, match="a subset must name modalities of"):
        trained(split, (("a", "z"),))


def test_refitted_heads_are_optimal_on_the_training_rows(split):
    networks = trained(split)
    radius = 2 * max(networks.head_norm(i) for i in range(len(SUBSETS)))
    x, y = network.tensors(split.train), torch.tensor(split.y_train)
    before = network.losses(networks.scores(x), y, torch.ones(60, dtype=torch.bool))
    for index in range(len(SUBSETS)):
        refit = network.refit(networks, split, index, radius)
        assert 0 <= refit.gap <= 1e-3
        # The trained head lies in the ball, so it cannot beat the optimum by more than the gap.
        assert refit.train_loss - refit.gap <= before[index]
        assert 0 <= refit.accuracy <= 1


def test_norms_by_hand(split):
    networks = trained(split)
    squares = 0.0
    for name in SUBSETS[3]:
        weights = networks.stack.layers(3, split.names.index(name))[0][0]
        squares += float((weights.numpy() ** 2).sum())
    assert networks.encoder_norm(3) == pytest.approx(squares**0.5, rel=1e-5)
