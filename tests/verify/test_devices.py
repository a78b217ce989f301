"""A study names a kind of device; the process that computes takes one that its machine has."""

from pathlib import Path

import pytest
import torch

from empirical import datasets
from verify import Study
from verify.cli import main
from verify.execution import devices, run, shards

NO_GPU = pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")


@pytest.fixture
def two_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)


def study(device: str) -> Study:
    return Study(datasets.diabetes(), m=[8], head_m=[], trials=2, steps=2, device=device)


@pytest.mark.usefixtures("two_cards")
def test_cards_go_round_unless_one_is_named() -> None:
    assert devices.chosen("auto") == "cuda"
    assert [devices.local("cuda", turn).index for turn in range(5)] == [0, 1, 0, 1, 0]
    assert devices.local("cuda:1", turn=2) == torch.device("cuda", 1)
    assert devices.local("cpu", turn=1) == torch.device("cpu")
    with pytest.raises(ValueError, match=r"^device must be .*has cuda:0, cuda:1, got 'cuda:2'$"):
        devices.local("cuda:2")


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:01", "cuda:-1", "cuda:x", 0, None])
def test_what_is_no_device_is_refused(name: object) -> None:
    with pytest.raises(ValueError, match="^device must be one of auto, cpu, cuda, cuda:0, got "):
        devices.chosen(name)


def test_the_card_is_no_part_of_a_study_and_its_kind_is() -> None:
    cpu, cuda, card = (study(name) for name in ("cpu", "cuda", "cuda:1"))
    assert card.config()["device"] == "cuda"
    assert card.config()["engine"] == f"graphs ({torch.__version__})"
    assert card.fingerprint == cuda.fingerprint != cpu.fingerprint


@NO_GPU
def test_a_study_for_other_machines_needs_no_gpu_here_until_it_is_computed(tmp_path: Path) -> None:
    made = study("cuda")
    with pytest.raises(ValueError, match="^device must be one that is there: no CUDA device"):
        made.run(tmp_path / "out")
    with pytest.raises(ValueError, match="^device must be one that is there: no CUDA device"):
        made.fill(tmp_path / "out", "1/2")
    assert not (tmp_path / "out").exists()


@NO_GPU
@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_the_command_line_says_that_there_is_none(
    device: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["report", "--data", "diabetes", "--device", device, "--out", str(tmp_path / "out")])
    error = capsys.readouterr().err
    assert ended.value.code == 2
    assert error.startswith("error: device must be one that is there: no CUDA device was found on ")
    assert error.count("\n") == 1


def test_each_shard_takes_the_next_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = set()

    def local(device: str, turn: int = 0) -> torch.device:
        turns.add(turn)
        return torch.device(device)

    for module in (run, shards):
        monkeypatch.setattr(module.devices, "local", local)
    for index in (1, 2, 3):
        turns.clear()
        study("cpu").fill(tmp_path, (index, 3), workers=1)
        assert turns == {index - 1}
    turns.clear()
    study("cpu").run(workers=1)
    assert turns == {0}
