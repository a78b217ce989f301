"""What every world promises, checked once for all kinds: exact, classes, linear, teacher, data."""

import inspect

import numpy as np
import pytest
import torch

from empirical.datasets.dataset import from_arrays
from empirical.fusion.classes import FusionClass
from empirical.losses import SQUARES
from empirical.worlds.boolean.classes import latent_bit
from empirical.worlds.boolean.exact import near_fair_coin, noisy_and, xor
from empirical.worlds.linear.world import linear_world
from empirical.worlds.networks import StackWorld
from empirical.worlds.population import finite_population
from empirical.worlds.protocol import World
from empirical.worlds.teacher import teacher_world

ROWS = np.random.default_rng(1).uniform(-1, 1, (20, 4))
INPUTS = {"a": ROWS[:, :2], "b": ROWS[:, 2:]}
ONE_OUTPUT, TWO = (FusionClass(2, 1.0, 2.0, outputs) for outputs in (1, 2))


def data_world():
    population = finite_population(from_arrays(INPUTS, np.tanh(ROWS.sum(axis=1))))
    zero = population.targets.square().sum(1).numpy()  # the loss of f = 0 stands for h* o g*
    N = population.rows
    radius = ONE_OUTPUT.prediction_radius(population.input_norm, modalities=2)
    constants = population.constants(radius, SQUARES)
    law = np.full(N, 1 / N)
    return StackWorld(
        population.names,
        population.inputs,
        np.arange(N),
        population.targets,
        law,
        ONE_OUTPUT,
        SQUARES,
        constants,
        zero,
        realizable=False,
    )


WORLDS = {
    "xor": xor(noise=0.2),
    "three bits": noisy_and(3, 0.1),
    "near-fair coin": near_fair_coin(30),
    "classes": latent_bit(xor(noise=0.2), "parities"),
    "linear": linear_world({"a": 2, "b": 3}, [1.0, -0.5, 0.25, 0, 2], overlap=0.5, radius=3.0),
    "teacher, softmax": teacher_world(INPUTS, TWO),
    "teacher, least squares": teacher_world(INPUTS, ONE_OUTPUT, loss="least-squares"),
    "data": data_world(),
}
M_SIZE, TRIALS = 30, 12

every_world = pytest.mark.parametrize("kind", WORLDS)


def measured(world, seed=0):
    sample = world.draw(np.random.default_rng(seed), M_SIZE, TRIALS)
    subsets = [world.names, world.names[:1]]
    return sample, world.measure(sample, subsets)


@every_world
def test_has_every_member_with_the_protocols_arguments(kind):
    world = WORLDS[kind]
    members = [name for name in vars(World) if not name.startswith("_")]
    assert set(members) >= {
        "names",
        "constants",
        "reference_risk",
        "draw",
        "fit",
        "risks",
        "measure",
    }
    for name in members:
        promised = inspect.getattr_static(World, name)
        if isinstance(promised, property):
            assert getattr(world, name) is not None
            continue
        wanted = list(inspect.signature(promised).parameters.values())[1:]
        mine = list(inspect.signature(getattr(world, name)).parameters.values())
        for promise, parameter in zip(wanted, mine, strict=False):
            assert parameter.kind is parameter.POSITIONAL_OR_KEYWORD
            if promise.kind is not promise.POSITIONAL_ONLY:
                assert parameter.name == promise.name
        # Whatever a world takes beyond that is optional.
        assert len(mine) >= len(wanted)
        assert all(p.default is not p.empty for p in mine[len(wanted) :])


@every_world
def test_measure_is_fit_and_then_risks(kind):
    world = WORLDS[kind]
    sample, together = measured(world)
    for subset, trials in together.items():
        alone = world.risks(sample, subset, world.fit(sample, subset))
        for name in (
            "population_risk",
            "empirical_risk",
            "latent_quality",
            "centred_loss",
            "slack",
        ):
            assert np.array_equal(getattr(alone, name), getattr(trials, name))
            assert getattr(alone, name).shape == (TRIALS,)
            assert getattr(alone, name).dtype == np.float64


@every_world
def test_the_same_seed_gives_the_same_numbers_and_another_does_not(kind):
    world = WORLDS[kind]
    first, second, other = (measured(world, seed)[1][world.names] for seed in (0, 0, 1))
    assert np.array_equal(first.empirical_risk, second.empirical_risk)
    assert not np.array_equal(first.empirical_risk, other.empirical_risk)


@every_world
def test_risks_lie_in_the_losss_range_and_above_what_is_attainable(kind):
    world = WORLDS[kind]
    C, L = world.constants.C, world.constants.L
    assert C > 0
    assert L > 0
    assert 0 <= world.reference_risk <= C
    for trials in measured(world)[1].values():
        for risk in (trials.population_risk, trials.empirical_risk):
            assert risk.min() >= 0
            assert risk.max() <= C
        # inf_h r(h∘ĝ) = η + r(h*∘g*) is at most the risk of the head that was trained.
        best = trials.quality.low + world.reference_risk
        assert (best <= trials.population_risk + 1e-12).all()
        assert (trials.quality_width >= 0).all()
        # Heads are optimal on the sample: within a certified slack that is next to nothing.
        assert 0 <= trials.slack.min() <= trials.slack.max() < 2e-3 * C
        # L̂ = r̂(f) − r̂(h*∘g*) and both risks are in [0, C].
        assert np.abs(trials.centred_loss).max() <= C


@every_world
def test_empirical_risk_is_unbiased_for_a_fixed_model(kind):
    """The models of one sample, judged on 4,000 fresh samples of one row each (five sigmas)."""
    world = WORLDS[kind]
    sample = world.draw(np.random.default_rng(2), M_SIZE, 1)
    models = world.fit(sample, world.names)
    n, batch = 4_000, 400
    if hasattr(models, "heads"):
        repeated = type(models)(
            models.subsets,
            tuple(e.expand(batch, -1, -1, -1) for e in models.encoders),
            tuple(h.expand(batch, -1, -1) for h in models.heads),
        )
    else:
        repeated = np.repeat(models, batch, axis=0)
    generator = np.random.default_rng(3)
    losses, centred, risk = [], [], None
    for _ in range(n // batch):
        trials = world.risks(world.draw(generator, 1, batch), world.names, repeated)
        losses.append(trials.empirical_risk)
        centred.append(trials.centred_loss)
        risk = trials.population_risk[0]
    for found, expected in ((losses, risk), (centred, risk - world.reference_risk)):
        values = np.concatenate(found)
        assert abs(values.mean() - expected) < 5 * values.std() / np.sqrt(n) + 1e-12
    # The model may be the reference itself, and L̂ then 0 throughout; its loss is not constant.
    assert np.concatenate(losses).std() > 0


@every_world
def test_complexity_is_an_interval_that_shrinks_with_m_and_grows_with_the_subset(kind):
    world = WORLDS[kind]
    few, many = (world.rademacher_complexity(world.names, m) for m in (10, 1_000))
    assert 0 <= float(few.low) <= float(few.high) < np.inf
    assert float(many.high) < float(few.high)
    smaller = world.rademacher_complexity(world.names[:1], 10)
    assert float(smaller.low) <= float(few.high)


@every_world
def test_bad_calls_are_refused_by_name(kind):
    world = WORLDS[kind]
    for m, trials in ((0, 1), (1, 0), (2.5, 1)):
        with pytest.raises(ValueError, match="must be a positive integer"):
            world.draw(np.random.default_rng(0), m, trials)
    with pytest.raises(ValueError, match="m must be a positive integer"):
        world.rademacher_complexity(world.names, 0)
    sample = world.draw(np.random.default_rng(0), 5, 2)
    for subset in (["smell"], [], "a"):
        with pytest.raises(ValueError, match="subset must"):
            world.fit(sample, subset)


def test_torch_threads_are_one_here():
    # Sums over a population have one order only then, and the equalities above are bit for bit.
    assert torch.get_num_threads() == 1
