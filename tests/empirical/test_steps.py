"""A training step can be recorded once and replayed, as a GPU does it: shown with a recorder on the CPU."""

import logging
from functools import partial

import numpy as np
import pytest
import tape
import torch

from empirical import erm
from empirical.erm import steps
from empirical.erm.engines import ENGINES, Kind, Problem, choice, fastest
from empirical.fusion.classes import FusionClass
from empirical.fusion.starts import initial_weights
from empirical.losses import OBJECTIVES, SOFTMAX

SUBSETS, DIMS, STEPS = ((1,), (0, 2), (2, 0, 1)), (4, 3, 7), 9
CASES = [
    ("softmax", FusionClass(5, 2.0, 3.0, 3)),
    ("least-squares", FusionClass(5, 2.0, 3.0, 2, "attention", 2)),
    ("logistic", FusionClass(5, 2.0, 3.0, 1, "gated")),
    ("correlation", FusionClass(5, 2.0, 3.0, 2, "sum")),
]
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def problem(objective, cls, device="cpu", steps=STEPS):
    generator = torch.Generator().manual_seed(0)
    inputs = [torch.randn(2, 20, d, generator=generator) for d in DIMS]
    scores = torch.randn(2, cls.outputs, 20, generator=generator)
    targets = scores.softmax(1) if objective == "softmax" else scores.sigmoid()
    draws = [np.random.default_rng(t) for t in range(2)]
    start = initial_weights(draws, SUBSETS, DIMS, cls)
    return Problem(
        inputs=tuple(x.to(device) for x in inputs),
        targets=targets.to(device),
        scale=torch.full((2, 1, 20), 0.05, device=device),
        subsets=SUBSETS,
        cls=cls,
        encoders=start[0],
        heads=start[1],
        objective=OBJECTIVES.find(objective),
        steps=steps,
        learning_rate=0.05,
        batches=None,
    )


def step_of(task):
    step = task.step()
    return step, partial(step.take, task.inputs, task.targets, task.scale)


def held(step):
    """All tensors that live from one step to the next."""
    work = step.work
    buffers = getattr(work, "buffers", [])
    return [work.parameters, work.gradient, *step.moments, step.count, *buffers]


def same(a, b):
    for x, y in zip((*a.encoders, *a.heads), (*b.encoders, *b.heads), strict=True):
        assert torch.equal(x, y)


@pytest.mark.parametrize(("objective", "cls"), CASES)
def test_a_replayed_step_gives_the_numbers_of_torch(objective, cls):
    task = problem(objective, cls)
    step, take = step_of(task)
    steps.repeat(take, STEPS, tape.record)
    same(step.stack, ENGINES.find("torch").train(task))
    # Bias corrections count replays.
    assert float(step.count) == STEPS


@pytest.mark.parametrize(("objective", "cls"), CASES)
def test_steps_do_the_same_to_the_same_tensors(objective, cls):
    step, take = step_of(problem(objective, cls))
    take()
    places = [x.data_ptr() for x in held(step)]
    seen = []
    for _ in range(3):
        with tape.Tape() as recorded:
            take()
        take()
        seen.append([(function, _shapes(arguments)) for function, arguments, *_ in recorded.calls])
    assert [x.data_ptr() for x in held(step)] == places
    assert len(seen[0]) > 20
    assert seen[0] == seen[1] == seen[2]


def _shapes(arguments):
    return str([x.shape if isinstance(x, torch.Tensor) else type(x) for x in arguments])


def test_what_a_recorder_must_refuse_is_launched_step_by_step(caplog):
    task = problem(*CASES[0])
    step, take = step_of(task)

    def reading():
        take()
        float(step.work.gradient.sum())

    with caplog.at_level(logging.WARNING):
        steps.repeat(reading, STEPS, tape.record)
    assert "_local_scalar_dense" in caplog.text
    same(step.stack, ENGINES.find("torch").train(task))


def test_a_step_that_counts_in_python_does_not_pass():
    task = problem(*CASES[0])
    step, take = step_of(task)
    taken = []

    def counting():
        taken.append(step)
        take()
        step.work.parameters.mul_(1.0 / len(taken))

    steps.repeat(counting, STEPS, tape.record)
    again, take = step_of(task)
    for k in range(STEPS):
        take()
        again.work.parameters.mul_(1.0 / (k + 1))
    assert not torch.equal(step.work.parameters, again.work.parameters)


def test_memory_that_runs_out_is_not_a_refusal():
    def full(step):
        raise torch.OutOfMemoryError("full")

    with pytest.raises(torch.OutOfMemoryError, match="full"):
        steps.repeat(lambda: None, STEPS, full)


@pytest.mark.parametrize("times", [0, 1, steps.WARM_UP, steps.WARM_UP + 1])
def test_few_steps_are_taken_exactly(times):
    taken = []
    steps.repeat(lambda: taken.append(0), times, lambda step: lambda: taken.append(1))
    assert len(taken) == times
    assert sum(taken) == max(0, times - steps.WARM_UP)


def test_graphs_train_on_cuda_alone_and_all_rows():
    cls = CASES[0][1]
    assert choice(cls, SOFTMAX, "cuda").name == "graphs"
    assert fastest(Kind(cls, SOFTMAX, torch.device("cuda"), batches=True)).name == "torch"
    task = problem(*CASES[0])
    options = {"objective": "softmax", "engine": "graphs"}
    with pytest.raises(ValueError, match="^engine must be one that can take this device"):
        erm.fit(task.inputs, task.targets, SUBSETS, cls, task.encoders, task.heads, **options)


@pytest.mark.gpu
@needs_gpu
@pytest.mark.parametrize(("objective", "cls"), CASES)
def test_cuda_graphs_agree_with_steps_launched_one_by_one_and_with_the_cpu(objective, cls, caplog):
    there = problem(objective, cls, "cuda", 40)
    with caplog.at_level(logging.WARNING):
        replayed = ENGINES.find("graphs").train(there)
    assert not caplog.records
    one_by_one = ENGINES.find("torch").train(there)
    here = ENGINES.find("torch").train(problem(objective, cls, steps=40))
    for a, b, c in zip(
        (*replayed.encoders, *replayed.heads),
        (*one_by_one.encoders, *one_by_one.heads),
        (*here.encoders, *here.heads),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-7)
        torch.testing.assert_close(a.cpu(), c, rtol=1e-4, atol=1e-4)


@pytest.mark.gpu
@needs_gpu
def test_cuda_launches_one_by_one_what_cannot_be_recorded(caplog, monkeypatch):
    task = problem(*CASES[0], "cuda")
    take = steps.Step.take

    def reading(step, *rows):
        take(step, *rows)
        float(step.work.gradient.sum())

    monkeypatch.setattr(steps.Step, "take", reading)
    with caplog.at_level(logging.WARNING):
        found = ENGINES.find("graphs").train(task)
    assert "one by one" in caplog.text
    monkeypatch.undo()
    same(found, ENGINES.find("torch").train(task))
