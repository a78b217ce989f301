"""What the benchmarks of training count, and that the one for any device runs on the CPU."""

import importlib.util
import re
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


def test_the_benchmark_of_a_device_says_what_a_million_models_take(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)
    on_device, kept = script("train_on_device", monkeypatch), tmp_path / "history.jsonl"
    options = ["--sizes", "20", "--trials", "2", "--steps", "3", "--rounds", "1"]
    on_device.main(["--device", "cpu", "--history", str(kept), *options])
    (line,) = script("history", monkeypatch).read(kept)
    speed = line["figures"]["m = 20: torch, models per second"]
    found = re.search(r"torch +(\S+) models / s +(\S+) s for a million", capsys.readouterr().out)
    assert float(found[1].replace(",", "")) == pytest.approx(speed, rel=1e-4, abs=0.1)
    assert float(found[2]) == pytest.approx(1e6 / speed, rel=1e-4, abs=0.1)
    assert all(
        value < 1e-4 for name, value in line["figures"].items() if name.endswith("disagreement")
    )


def test_the_benchmark_of_a_device_refuses_one_that_is_not_there(monkeypatch, capsys):
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(SystemExit) as ended:
        script("train_on_device", monkeypatch).main(["--device", "cuda"])
    assert ended.value.code == 2
    assert "no CUDA device was found" in capsys.readouterr().err
