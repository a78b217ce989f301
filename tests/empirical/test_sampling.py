"""Counts of rows are the rows drawn; large samples cost no more than the population."""

import tracemalloc

import numpy as np
import pytest
import torch

from empirical import sampling
from empirical.blocks import block_size
from empirical.complexity.trained_class import complexities
from empirical.datasets.dataset import from_arrays
from empirical.fusion.classes import FusionClass
from empirical.measure import TrainingPlan, fit_reference, measure, train
from empirical.sampling import DISTINCT, row_counts, sample_mass
from empirical.streams import stream
from empirical.worlds.population import finite_population

ROWS = 20
CLS = FusionClass(width=3, encoder_radius=2.0, head_radius=1.5, outputs=2)
SUBSETS = ((0,), (0, 1))


def world(operation="concatenation", loss="least-squares"):
    generator = np.random.default_rng(3)
    x = generator.standard_normal((ROWS, 5))
    labels = (x[:, 0] + 0.5 * generator.standard_normal(ROWS) > 0).astype(int)
    population = finite_population(from_arrays({"a": x[:, :2], "b": x[:, 2:]}, labels))
    cls = FusionClass(3, 2.0, 1.5, 2, operation)
    return population, TrainingPlan(SUBSETS, (1,), cls, loss, steps=10, learning_rate=0.05, seed=0)


def test_a_mass_is_the_frequency_of_each_drawn_row():
    population, _ = world()
    mass = sample_mass(population, [np.random.default_rng(t) for t in range(3)], 50)
    for t in range(3):
        drawn = population.draw(np.random.default_rng(t), 50)
        assert mass[t].numpy() == pytest.approx(np.bincount(drawn, minlength=ROWS) / 50, abs=1e-15)


def test_counts_drawn_as_such_have_the_law_of_counted_rows(monkeypatch):
    """Mean m/N, variance m (1/N)(1 - 1/N), covariance -m/N^2: 4,000 draws on each side of the switch."""
    population, _ = world()
    m, draws = 60, 4000
    for limit in (60, 59):
        monkeypatch.setattr(sampling, "DRAWN", limit)
        counts = np.stack(
            [row_counts(population, np.random.default_rng([limit, t]), m) for t in range(draws)]
        )
        assert (counts.sum(axis=1) == m).all()
        share = 1 / ROWS
        # Five standard errors of each statistic, over 20 rows.
        deviation = (m * share * (1 - share) / draws) ** 0.5
        assert np.abs(counts.mean(axis=0) - m * share).max() < 5 * deviation
        covariance = np.cov(counts.T)
        assert np.diag(covariance) == pytest.approx(
            m * share * (1 - share), rel=5 * (3 / draws) ** 0.5
        )
        off = covariance[~np.eye(ROWS, dtype=bool)]
        assert off.mean() == pytest.approx(-m * share**2, rel=0.05)


@pytest.mark.parametrize("operation", ["concatenation", "attention"])
def test_training_on_counts_is_training_on_the_rows(operation, monkeypatch):
    """The same sample, just above the switch from rows to counts and with the switch moved away."""
    population, design = world(operation)
    m = DISTINCT * ROWS + 1
    by_counts, mass = train(population, design, m, range(2))
    monkeypatch.setattr("empirical.measure.DISTINCT", 10**6)
    by_rows, its_mass = train(population, design, m, range(2))
    assert torch.equal(mass, its_mass)
    for one, other in zip(
        (*by_counts.encoders, *by_counts.heads), (*by_rows.encoders, *by_rows.heads), strict=True
    ):
        # In single precision.
        assert torch.allclose(one, other, rtol=0, atol=1e-4)
    assert not torch.equal(by_counts.heads[0][0], by_counts.heads[0][1])


@pytest.mark.parametrize("m", [DISTINCT * ROWS + 1, 10_000_000])
def test_a_large_sample_takes_no_more_memory_than_the_population(m):
    population, design = world()
    reference = fit_reference(population, design, steps=5)
    # Once before, so that modules that are first imported here are not counted.
    complexities(population, SUBSETS, design.cls, design.loss, 8, seed=0, draws=2)
    tracemalloc.start()
    frame = measure(population, reference, design, m, [m], range(1))
    (found, _) = complexities(population, SUBSETS, design.cls, design.loss, m, seed=0, draws=30)
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()
    assert frame["m"].eq(m).all()
    same = frame[frame["head"] == "same"]
    # The sample is the population but for its noise, of order sqrt(N / m).
    assert np.abs(same.empirical_risk - same.risk_low).max() < 3 * (ROWS / m) ** 0.5
    assert 0 < found.found_outputs.value < float(found.outputs.high)


def test_signs_summed_by_row_give_the_complexity_of_single_signs(monkeypatch):
    """R_m found with summed signs and with one sign per drawn row: the same mean, over 200 draws."""
    population, design = world()
    m = DISTINCT * ROWS + 1
    summed = complexities(population, SUBSETS, design.cls, design.loss, m, seed=0, draws=200)
    monkeypatch.setattr("empirical.complexity.trained_class.SUMMED", 10**6)
    single = complexities(population, SUBSETS, design.cls, design.loss, m, seed=1, draws=200)
    for one, other in zip(summed, single, strict=True):
        for name in ("found_outputs", "found_loss"):
            a, b = getattr(one, name), getattr(other, name)
            # Two 95 % intervals of independent means: four half-widths is beyond five deviations.
            half = float(np.hypot(a.interval.high - a.value, b.interval.high - b.value))
            assert abs(a.value - b.value) < 2.6 * half
            assert half < 0.2 * a.value


def test_a_block_of_large_samples_is_a_block_of_populations():
    assert block_size(10**9, 1797) == block_size(1797, 1797) == 9
    assert block_size(DISTINCT * 1797, 1797) == 1
    # Predictions for all rows are held as well: of many classes they are what takes the memory.
    assert block_size(64, 5000, outputs=33) == block_size(64, 5000) == 32
    assert block_size(64, 5000, outputs=330) == 5


def test_streams_of_the_largest_samples_stay_apart():
    first = [
        stream(0, "head sample", m * 2**32 + sampling.LARGEST, 0).integers(2**62) for m in (1, 2)
    ]
    assert first[0] != first[1]
