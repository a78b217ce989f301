"""What the benchmark of training counts."""

import importlib.util
import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

SCRIPTS = Path(__file__).parent


def script(name, monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("members", [(0,), (0, 2), (0, 1, 2, 3)])
def test_the_operations_of_a_training_step_are_those_that_torch_counts(members, monkeypatch):
    training = script("train_models", monkeypatch)
    model, rows = training.Plain(members, skip=True), 7
    x = [torch.randn(rows, training.FEATURES) for _ in range(training.MODALITIES)]
    with FlopCounterMode(display=False) as counter:
        nn.functional.cross_entropy(model(x), torch.zeros(rows, dtype=torch.int64)).backward()
    # Torch adds biases outside its products; here they are a column of the inputs, used twice.
    biases = 2 * 2 * rows * (training.WIDTH * len(members) + training.CLASSES)
    assert training.operations(members, rows) == counter.get_total_flops() + biases
