"""Blocks of trials on a GPU: they fit into its free memory, and numbers do not depend on their size."""

import gc
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from elsewhere import DEVICE, HELD, Watch

from empirical import blocks, measure, memory
from empirical.datasets.dataset import from_arrays
from empirical.erm import compiled
from empirical.fusion.classes import FusionClass
from empirical.worlds.population import finite_population

SUBSETS = ((0,), (1,), (0, 1))


@pytest.fixture(autouse=True)
def stand_in(monkeypatch):
    """Torch trains, and solvers hold little at once."""
    monkeypatch.setattr(compiled, "_library", lambda: None)
    monkeypatch.setattr(memory, "free_bytes", lambda device: 0)
    monkeypatch.setattr(blocks, "free_bytes", lambda device: 2**60)


def study(rows, classes, loss, operation="concatenation", depth=1):
    draws = np.random.default_rng(0)
    x = draws.standard_normal((rows, 4))
    y = np.array([f"class {k}" for k in draws.integers(classes, size=rows)])
    population = finite_population(
        from_arrays({"a": x, "b": x**2}, y if loss == "softmax" else x[:, 0])
    )
    cls = FusionClass(6, 2.0, 3.0, population.outputs, operation, depth)
    plan = measure.TrainingPlan(SUBSETS, (2,), cls, loss, 4, 0.02, seed=0)
    return population, plan, measure.fit_reference(population, plan, steps=2)


def there(population, reference):
    return population.to(DEVICE), replace(reference, losses=reference.losses.to(DEVICE))


@pytest.mark.parametrize(
    ("rows", "m", "classes", "loss", "operation", "depth"),
    [
        (400, 20, 1, "least-squares", "concatenation", 1),
        pytest.param(60, 400, 1, "least-squares", "concatenation", 1, marks=pytest.mark.slow),
        pytest.param(80, 500, 4, "softmax", "attention", 2, marks=pytest.mark.slow),
        pytest.param(60, 400, 3, "softmax", "concatenation", 3, marks=pytest.mark.slow),
    ],
)
def test_a_trial_takes_the_memory_that_is_expected_or_less(
    rows, m, classes, loss, operation, depth, monkeypatch
):
    population, plan, reference = study(rows, classes, loss, operation, depth)
    trials = 2
    monkeypatch.setattr(blocks, "ON_GPU", (10**9, 10**9, trials))
    with Watch():
        moved = there(population, reference)
        gc.collect()
        HELD.peak = before = HELD.now
        measure.measure(*moved, plan, m, [m], range(trials))
    each = (HELD.peak - before) / trials
    expected = blocks.bytes_per_trial(population, plan.subsets, plan.cls, m)
    assert each <= expected <= 6 * each


@pytest.mark.parametrize("loss", ["least-squares", pytest.param("softmax", marks=pytest.mark.slow)])
def test_numbers_do_not_depend_on_the_memory_that_is_free(loss, monkeypatch):
    population, plan, reference = study(40, 3, loss)
    monkeypatch.setattr(blocks, "ON_GPU", (10**9, 10**9, 2))
    each = blocks.bytes_per_trial(population, plan.subsets, plan.cls, 30)
    frames, sizes = [], []
    with Watch():
        moved = there(population, reference)
        for free in (2 * each, each):
            monkeypatch.setattr(blocks, "free_bytes", lambda device, free=free: free)
            sizes.append(blocks.local_size(moved[0], plan.subsets, plan.cls, 30))
            frame = measure.measure(*moved, plan, 30, [30], range(2))
            frames.append(frame.sort_values(["subset", "head", "m_head", "trial"]))
    assert sizes == [2, 1]
    pd.testing.assert_series_equal(*(frame["head"] for frame in frames), check_index=False)
    # Training is in float32, the heads found are certified to 1e-4.
    numbers = [frame.drop(columns="head").to_numpy(dtype=np.float64) for frame in frames]
    np.testing.assert_allclose(*numbers, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("m", [1, 64, 1000, 5000, 10**6])
def test_halves_of_blocks_on_a_gpu_are_blocks(m):
    size = blocks.block_size(m, 1797, device="cuda")
    assert size & (size - 1) == 0


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_whole_block_fits_into_the_memory_of_a_gpu(monkeypatch):
    monkeypatch.undo()
    population, plan, reference = study(2000, 1, "least-squares")
    device = torch.device("cuda", 0)
    moved = (
        population.to(device),
        replace(reference, losses=reference.losses.to(device)),
    )
    size = blocks.local_size(moved[0], plan.subsets, plan.cls, 64)
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    measure.measure(*moved, plan, 64, [64], range(size))
    taken = torch.cuda.max_memory_allocated(device) - before
    # What solvers hold at once follows the memory that is free.
    free = memory.free_bytes(device)
    expected = blocks.bytes_per_trial(population, plan.subsets, plan.cls, 64)
    assert taken <= size * expected + free / 2
