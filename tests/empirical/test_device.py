"""A study's parts on another device: nothing is left on the CPU, and the numbers are the same."""

import pickle
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from elsewhere import DEVICE, Elsewhere, Watch

import empirical.complexity.outputs
import empirical.complexity.trained_class
import empirical.measure
from empirical import blocks, erm, measure, memory
from empirical.datasets.dataset import from_arrays
from empirical.erm import compiled, places
from empirical.fusion import stack
from empirical.fusion.classes import FusionClass
from empirical.heads import accelerated, newton, squares
from empirical.quality import certificates
from empirical.worlds.population import binary_targets, finite_population
from verify.execution.tasks import Context, Task, compute

CASES = [
    ("least-squares", "concatenation", 1),
    ("softmax", "concatenation", 1),
    pytest.param("logistic", "attention", 2, marks=pytest.mark.slow),
    pytest.param("least-squares", "gated", 1, marks=pytest.mark.slow),
]
TASKS = [Task("trials", 16, 0, 1), Task("trials", 400, 0, 1), Task("complexity", 16)]


@pytest.fixture(autouse=True)
def one_engine(monkeypatch):
    """Torch trains everywhere."""
    monkeypatch.setattr(compiled, "_library", lambda: None)
    for module in (memory, blocks):
        monkeypatch.setattr(module, "free_bytes", lambda device: 2**30)
    # Blocks of the same trials on both devices.
    monkeypatch.setattr(blocks, "ON_GPU", (16, 40, 1))
    monkeypatch.setattr(blocks, "ON_CPU", (16, 40, 1))


def context(loss, operation, depth, device="cpu"):
    x = np.random.default_rng(0).standard_normal((40, 3))
    target = np.sin(x[:, 0])
    if loss != "least-squares":
        target = np.where(
            x[:, 0] > 0, "up", np.where((x[:, 1] > 1) & (loss != "logistic"), "on", "down")
        )
    population = finite_population(from_arrays({"a": x, "b": x**2 + x[:, ::-1]}, target))
    if loss == "logistic":
        population = binary_targets(population)
    cls = FusionClass(4, 2.0, 3.0, population.outputs, operation, depth)
    plan = measure.TrainingPlan(((0,), (0, 1)), (1,), cls, loss, 3, 0.02, seed=0)
    return Context(
        population=population.without_features(),
        plan=plan,
        reference=measure.fit_reference(population, plan, steps=3),
        head_m=(64,),
        largest_m=400,
        classes=plan.subsets,
        device=device,
        engine=str(erm.choice(cls, plan.loss, device)),
    )


@pytest.mark.parametrize(("loss", "operation", "depth"), CASES)
def test_parts_on_another_device_mix_nothing_and_hold_the_same_numbers(
    loss, operation, depth, monkeypatch
):
    # A device that asks less often takes a few steps more, which change a head within its tolerance.
    for solver in (accelerated, newton, squares):
        monkeypatch.setattr(solver, "pace", lambda like: 1)
    here = context(loss, operation, depth)
    expected = [compute(here, task) for task in TASKS]
    there = replace(here, device=DEVICE.type)
    with Watch() as watch:
        found = [compute(there, task) for task in TASKS]
        assert isinstance(there.on_device.population.targets, Elsewhere)
    for a, b in zip(found, expected, strict=True):
        pd.testing.assert_frame_equal(a, b, rtol=1e-9, atol=1e-12)
    # Training, the loop that takes the time, never waits: no number is read, nothing copied in it.
    loop = {f"{module}.differentiate" for module in ("gradients", "by_hand")}
    loop |= {"by_hand._pass", "balls.project", "stack.project"}
    assert not loop & (set(watch.reads) | set(watch.copies))
    setup = ("gradients.__init__", "by_hand.__init__", "places.indices")
    assert 0 < sum(watch.copies[place] for place in setup) <= 2 * len(TASKS)


@pytest.mark.parametrize(
    ("loss", "most"),
    [("least-squares", 120), pytest.param("softmax", 280, marks=pytest.mark.slow)],
)
def test_what_the_host_waits_for_does_not_grow_with_the_trials(loss, most, monkeypatch):
    here = context(loss, "concatenation", 1)
    waits = []
    for trials in (1, 4):
        monkeypatch.setattr(blocks, "ON_GPU", (2**20, 2**20, trials))
        with Watch() as watch:
            compute(replace(here, device=DEVICE.type), Task("trials", 16, 0, trials))
        waits.append(watch.reads.total())
    # Some of four times the trials take a few steps longer.
    assert waits[1] <= 1.6 * waits[0]
    assert waits[1] <= most
    assert "fast_rate._norms" not in watch.reads


def test_full_steps_of_the_suprema_stay_on_the_device(monkeypatch):
    cls = FusionClass(3, 2.0, 3.0, 1, "gated")
    x, signs = torch.randn(2, 9, 4).double(), torch.randn(2, 1, 9).sign().double()
    counts = []
    for steps in (1, 4):
        monkeypatch.setattr(empirical.complexity.outputs, "FULL_STEPS", steps)
        draws = [np.random.default_rng(t) for t in range(2)]
        with Watch() as watch:
            inputs, given = [x.to(DEVICE), x.square().to(DEVICE)], signs.to(DEVICE)
            empirical.complexity.outputs.outputs_suprema(
                inputs, given, ((0,), (0, 1)), cls, draws, steps=2
            )
        # Index tensors are moved once, by whoever is first.
        watch.copies.pop("stack._places", None)
        watch.copies.pop("places.indices", None)
        counts.append((watch.reads, watch.copies, watch.launches.total()))
    assert counts[0][:2] == counts[1][:2]
    assert counts[0][2] < counts[1][2]


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (empirical.measure, "sample_mass"),
        (empirical.measure, "uniform_mass"),
        (empirical.complexity.trained_class, "_signed_samples"),
        (places.Layout, "indices"),
    ],
)
def test_a_tensor_that_was_left_on_the_cpu_is_found(module, name, monkeypatch):
    _left_on_the_cpu(module, name, monkeypatch)
    there = replace(context("least-squares", "concatenation", 1), device=DEVICE.type)
    with Watch(), pytest.raises(RuntimeError, match="on the CPU beside one on the device"):
        _ = [compute(there, task) for task in TASKS]


def test_indices_of_a_projection_that_were_left_on_the_cpu_are_found(monkeypatch):
    stack._places.cache_clear()
    _left_on_the_cpu(stack, "_places", monkeypatch)
    there = replace(context("least-squares", "sum", 1), device=DEVICE.type)
    with Watch(), pytest.raises(RuntimeError, match="on the CPU beside one on the device"):
        compute(there, TASKS[0])


def _left_on_the_cpu(module, name, monkeypatch):
    right = getattr(module, name)

    def left_behind(*arguments):
        found = right(*arguments)
        if isinstance(found, tuple):
            return (*found[:-1], found[-1].cpu())
        if isinstance(found, places.Indices):
            return replace(found, subset_of=found.subset_of.cpu())
        return found.cpu()

    monkeypatch.setattr(module, name, left_behind)


@pytest.mark.parametrize("rows", [1, 64, 300])
def test_sums_by_blocks_of_rows_are_a_few_launches(rows):
    slopes, z = torch.randn(2, 3, rows).double(), torch.randn(2, 4, rows).double()
    with Watch() as watch:
        there = slopes.to(DEVICE), z.to(DEVICE)
        total = certificates._total(there[0][:, 0]).cpu()
        carried = certificates._carried(*there).cpu()
    assert watch.launches.total() < 16
    torch.testing.assert_close(total, slopes[:, 0].sum(1), rtol=1e-13, atol=1e-13)
    torch.testing.assert_close(carried, slopes @ z.mT, rtol=1e-13, atol=1e-13)


def test_a_list_as_index_is_found():
    with Watch(), pytest.raises(RuntimeError, match="aten.index.Tensor"):
        torch.ones(2, 3).to(DEVICE)[:, [0, 1]]


def test_the_copy_on_the_device_is_not_sent_to_workers():
    there = replace(context("least-squares", "concatenation", 1), device=DEVICE.type)
    with Watch():
        assert there.on_device is there.on_device
        assert isinstance(there.on_device.population.targets, Elsewhere)
        sent = pickle.dumps(partial(compute, there))
        assert b"Elsewhere" not in sent
        assert b"Elsewhere" in pickle.dumps(there.on_device)
    again = pickle.loads(sent).args[0]
    assert "on_device" not in vars(again)
    assert again.population.targets.device.type == "cpu"
    assert torch.equal(again.population.targets, there.population.targets)


def test_a_worker_without_the_device_says_so():
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    there = replace(context("least-squares", "concatenation", 1), device="cuda")
    with pytest.raises(
        ValueError, match="^device must be one that is there: no CUDA device was found on "
    ):
        compute(there, TASKS[0])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize(("loss", "operation", "depth"), CASES)
def test_cuda_agrees_with_the_cpu(loss, operation, depth):
    here = context(loss, operation, depth)
    there = replace(here, device="cuda")
    for task in TASKS:
        a, b = compute(there, task), compute(here, task)
        numbers = [c for c in a.columns if a[c].dtype == np.float64]
        np.testing.assert_allclose(a[numbers], b[numbers], rtol=1e-4, atol=1e-4)
