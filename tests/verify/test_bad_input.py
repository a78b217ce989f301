"""Each row of the bad-input list, on the API and on the command line: one clear line, nothing written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from empirical import datasets
from verify import Study, verify_dataset
from verify.cli import main

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(40, 3)), RNG.normal(size=(40, 2))
Y = np.arange(40) % 3


def with_value(value: float) -> np.ndarray:
    spoiled = A.copy()
    spoiled[4, 1] = value
    return spoiled


def constant() -> np.ndarray:
    return np.full((40, 2), 7.0)


FEATURES: dict[str, tuple[dict[str, Any], str]] = {
    "nan": ({"a": with_value(np.nan), "b": B, "y": Y}, r"'a'.*finite.*nan"),
    "infinite": ({"a": with_value(np.inf), "b": B, "y": Y}, r"'a'.*finite.*inf"),
    "rows": ({"a": A, "b": B[:-1], "y": Y}, "rows"),
    "target rows": ({"a": A, "b": B, "y": Y[:-1]}, "rows|length"),
    "one modality": ({"a": A, "y": Y}, "two modalities"),
    "one class": ({"a": A, "b": B, "y": np.zeros(40, int)}, "class"),
    "constant modality": ({"a": A, "b": constant(), "y": Y}, "'b'.*constant"),
}


@pytest.mark.parametrize("case", FEATURES)
def test_features_api(case: str) -> None:
    arrays, message = FEATURES[case]
    given = dict(arrays)
    y = given.pop("y")
    with pytest.raises(ValueError, match=message) as raised:
        verify_dataset(given, y)
    assert "\n" not in str(raised.value)


def command(capsys: pytest.CaptureFixture, *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as exit_:
        main(list(arguments))
    captured = capsys.readouterr()
    return int(exit_.value.code or 0), captured.out, captured.err


def refused(
    capsys: pytest.CaptureFixture, out: Path, *arguments: str, options: tuple[str, ...] = ()
) -> str:
    """Run `report`, expect exit code 2, one line on standard error and no output folder."""
    existed = out.exists()
    code, printed, error = command(capsys, "report", "--out", str(out), *arguments)
    assert code == 2, error
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert printed == ""
    assert out.exists() == existed
    return error


@pytest.mark.parametrize("case", FEATURES)
def test_features_command_line(case: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    import re

    arrays, message = FEATURES[case]
    np.savez(tmp_path / "data.npz", **arrays)
    error = refused(capsys, tmp_path / "out", "--data", str(tmp_path / "data.npz"))
    assert re.search(message, error)


def test_two_modalities_of_one_name_api() -> None:
    with pytest.raises(ValueError, match="distinct.*'a'"):
        verify_dataset([("a", A), ("a", B)], Y)


def test_two_modalities_of_one_name_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    import io
    import warnings
    import zipfile

    path = tmp_path / "data.npz"
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w") as archive:
        warnings.simplefilter("ignore")  # zipfile warns of the duplicate that is the point here
        for name, array in (("a", A), ("a", B), ("y", Y)):
            buffer = io.BytesIO()
            np.save(buffer, array)
            archive.writestr(f"{name}.npy", buffer.getvalue())
    assert "distinct" in refused(capsys, tmp_path / "out", "--data", str(path))


NPZ: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: None,
    "empty": lambda path: path.write_bytes(b""),
    "corrupt": lambda path: path.write_bytes(b"not an archive at all" * 10),
    "pickled": lambda path: np.savez(path, a=A, b=np.array([{"x": 1}] * 40, dtype=object), y=Y),
    "a folder": lambda path: path.mkdir(),
}


@pytest.mark.parametrize("case", NPZ)
def test_npz(case: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "data.npz"
    NPZ[case](path)
    with pytest.raises(ValueError, match="data.npz") as raised:
        datasets.load_npz(path)
    assert "\n" not in str(raised.value)
    assert "data.npz" in refused(capsys, tmp_path / "out", "--data", str(path))


def test_a_pickle_is_never_executed(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    trap = tmp_path / "trap"

    class Bomb:
        def __reduce__(self) -> tuple:
            return (trap.touch, ())

    np.savez(tmp_path / "data.npz", a=A, b=np.array([Bomb()] * 40, dtype=object), y=Y)
    refused(capsys, tmp_path / "out", "--data", str(tmp_path / "data.npz"))
    assert not trap.exists()


def test_unknown_data_set(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(ValueError, match="digits.*got 'mnist'"):
        datasets.by_name("mnist")
    assert "got 'mnist'" in refused(capsys, tmp_path / "out", "--data", "mnist")


def test_unknown_modality(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(ValueError, match="got 'sonar'"):
        Study(datasets.diabetes(), pairs=[(["vitals", "sonar"], ["vitals"])])
    arguments = ["--data", "diabetes", "--pair", "vitals+sonar:vitals"]
    assert "got 'sonar'" in refused(capsys, tmp_path / "out", *arguments)
    arguments = ["--data", "diabetes", "--pair", "vitals"]
    assert "M:N" in refused(capsys, tmp_path / "out", *arguments)


SETTINGS: list[tuple[str, Any, str, str]] = [
    ("m", [0], "0", "m must be a positive integer and at most 4294967295, got 0"),
    ("m", [64, -3], "64,-3", "m must be a positive integer and at most 4294967295, got -3"),
    ("m", [64.5], "64.5", "m must be .*positive integer.*64.5"),
    ("m", ["many"], "many", "m must be .*positive integer.*'many'"),
    ("m", [], "", "m must .*positive integer"),
    ("delta", [1.5], "1.5", r"delta must lie in \(0, 1\), got 1.5"),
    ("delta", [0.0], "0", r"delta must lie in \(0, 1\), got 0"),
    ("delta", [float("nan")], "nan", r"delta must lie in \(0, 1\), got nan"),
    ("delta", [], "", "delta must .*0, 1"),
    ("trials", 0, "0", "trials must be a positive integer and at most 10000000, got 0"),
    (
        "trials",
        10**30,
        "1" + "0" * 30,
        "trials must be a positive integer and at most 10000000, got 1",
    ),
    ("delta", [1e-9], "1e-9", "delta must be so large that 10,000,000 trials can support a claim"),
    ("depth", 10**9, "1000000000", "depth must be an integer of at least 0 and at most 64, got 1"),
    ("trials", -5, "-5", "trials must be a positive integer and at most 10000000, got -5"),
    ("trials", 2.5, "2.5", "trials must be a positive integer.*, got '?2.5'?"),
    ("seed", -1, "-1", "seed must be an integer of at least 0.*, got -1"),
    ("loss", "hinge", "hinge", "loss must be one of least-squares, softmax, logistic, got 'hinge'"),
    ("loss", "softmax", "softmax", "softmax must go with classification, got .*regression"),
    ("device", "tpu", "tpu", "device must be one of auto, cpu, cuda, cuda:0, got 'tpu'"),
]


@pytest.mark.parametrize(("name", "value", "text", "message"), SETTINGS)
def test_settings(
    name: str, value: Any, text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    import re

    with pytest.raises(ValueError, match=message):
        Study(datasets.diabetes(), **{name: value})
    error = refused(capsys, tmp_path / "out", "--data", "diabetes", f"--{name}={text}")
    assert re.search(message, error)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("width", 0),
        ("encoder_radius", 0.0),
        ("head_radius", -1.0),
        ("head_radius", float("inf")),
        ("steps", 0),
        ("learning_rate", float("nan")),
        ("head_m", [0]),
        ("pairs", []),
        ("pairs", [(["vitals"], ["vitals"])]),
    ],
)
def test_settings_of_the_api_alone(name: str, value: Any) -> None:
    expected = {"pairs": "pair|distinct"}.get(name, name)
    with pytest.raises(ValueError, match=expected):
        Study(datasets.diabetes(), **{name: value})


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_a_gpu_where_there_is_none(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(ValueError, match="no CUDA device"):
        Study(datasets.diabetes(), trials=1, device="cuda").run(tmp_path / "out")
    arguments = ["--data", "diabetes", "--device", "cuda"]
    assert "no CUDA device" in refused(capsys, tmp_path / "out", *arguments)


def test_an_output_folder_that_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    for out in (file, file / "below"):
        with pytest.raises(ValueError, match="out must be a folder that can be written"):
            Study(datasets.diabetes(), trials=1).run(out)
        code, _, error = command(capsys, "report", "--data", "diabetes", "--out", str(out))
        assert code == 2
        assert "out must be a folder that can be written" in error
    assert file.read_text() == "mine"


def test_an_output_folder_without_a_name(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(ValueError, match="out must be"):
        Study(datasets.diabetes(), trials=1).report("")
    code, _, error = command(capsys, "report", "--data", "diabetes", "--out", "")
    assert code == 2
    assert "out must be" in error


def test_an_output_folder_with_another_study(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    small: dict[str, Any] = {"m": [8], "head_m": [], "trials": 2, "steps": 2}
    Study(datasets.diabetes(), **small, seed=1).run(tmp_path, workers=1)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match="another configuration"):
        Study(datasets.diabetes(), **small, seed=2).run(tmp_path, workers=1)
    code, _, error = command(
        capsys, "report", "--data", "diabetes", "--seed", "2", "--out", str(tmp_path)
    )
    assert code == 2
    assert "another configuration" in error
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nonsense"], "nonsense"),
        (["report", "--nonsense"], "nonsense"),
        (["bound"], "[Mm]issing"),
        (["bound", "no.theorem"], "got 'no.theorem'"),
        (["bound", "risk_gap.paper", "m"], "NAME=NUMBER, got 'm'"),
        (["bound", "risk_gap.paper", "m=ten"], "m must be a number, got 'ten'"),
        (["bound", "risk_gap.paper", "m=1", "m=2"], "m must be given once"),
        (["bound", "risk_gap.paper", "m=1"], "missing argument"),
        (["bound", "risk_gap.paper", "zeta=1"], "zeta"),
    ],
)
def test_other_commands(arguments: list[str], message: str, capsys: pytest.CaptureFixture) -> None:
    code, printed, error = command(capsys, *arguments)
    assert code == 2
    assert message.strip("[]Mm") in error
    assert error.count("\n") == 1
    assert printed == ""


def test_text_labels_are_accepted() -> None:
    study = verify_dataset({"a": A, "b": B}, [["cat", "dog", "owl"][k] for k in Y])
    assert study.data.classes == ("cat", "dog", "owl")
    assert study.data.task == "classification"


def test_single_constant_columns_are_dropped_and_named() -> None:
    study = verify_dataset({"a": np.hstack([A, np.ones((40, 1))]), "b": B}, Y)
    assert study.data.dropped == {"a": (3,)}
    assert study.config()["dropped_columns"] == {"a": [3]}


@pytest.mark.parametrize(
    ("delta", "chance"),
    [("0.05", "0.975"), ("1e-20", "1 - 5e-21"), ("5e-324", "1 - 4.94e-324")],
)
def test_a_bound_never_holds_with_probability_one(
    delta: str, chance: str, capsys: pytest.CaptureFixture
) -> None:
    numbers = ("m=10", f"delta={delta}", "L=1", "C=1", "R_M=1", "gamma=0")
    code, printed, _ = command(capsys, "bound", "risk_gap.paper", *numbers)
    assert code == 0
    assert printed.splitlines()[-1] == f"holds with probability at least {chance}"
    assert "inf" not in printed
