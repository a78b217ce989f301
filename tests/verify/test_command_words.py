"""The words of a command line: integers, pairs, tables of bounds, lists, completion, repeated options."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from bounds import catalogue, risk_gap
from empirical.datasets.sources import BUNDLED
from verify import verify_dataset
from verify.claims.ledger import CLAIMS
from verify.cli import COMMANDS, main
from verify.commands.text import integer, listed, pair_of
from verify.execution.progress import duration

SHARP = ("bound", "risk_gap.sharp", "gamma=0", "R_loss=0.1", "C=1")


def code_of(*arguments: str) -> int:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    return int(exit_.value.code or 0)


def strict(text: str) -> Any:
    def refuse(name: str) -> float:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1e4", 10_000),
        ("2.5e3", 2500),
        ("-3", -3),
        ("1E2", 100),
        ("1e22", 10**22),
        ("7.0", 7),
        ("-1e400", -(10**400)),
    ],
)
def test_integers_may_have_an_exponent(text: str, number: int) -> None:
    assert integer(text) == number
    assert isinstance(integer(text), int)


@pytest.mark.parametrize(
    "text",
    [
        "1.5",
        "1e-1",
        "1e401",
        "12345678901234567890123456789.5",
        "nan",
        "inf",
        "",
        "ten",
        "1e999999999",
        "0x10",
    ],
)
def test_what_is_no_integer_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^m must be positive integers, got "):
        listed("m", f"64,{text}", integer, "positive integers")


def test_every_integer_option_takes_an_exponent(capsys: pytest.CaptureFixture[str]) -> None:
    """Each is read, and the last one is out of its range."""
    words = ("--m", "1e2,2e3", "--head-m", "4e3", "--trials", "3e2", "--seed", "1e1")
    assert code_of("report", "--data", "diabetes", *words, "--depth", "9e1") == 2
    assert "depth must be" in capsys.readouterr().err
    assert code_of("reproduce", "table1", "--epochs", "1e1", "--seeds", "-1e0") == 2
    said = capsys.readouterr().err
    assert said.startswith("error: seeds must be a positive integer")
    assert said.endswith(", got -1\n")


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("my text + audio : my text", (["my text", "audio"], ["my text"])),
        ('"a+b"+c:"d:e"', (["a+b", "c"], ["d:e"])),
        (r'"say \"hi\"":x', (['say "hi"'], ["x"])),
        ('" outer ":x', ([" outer "], ["x"])),
        ('[["a+b", "c:d"], ["é"]]', (["a+b", "c:d"], ["é"])),
    ],
)
def test_names_with_signs_are_quoted(text: str, pair: Any) -> None:
    assert pair_of(text) == pair


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "a:",
        ":a",
        "a",
        "a:b:c",
        "a++b:c",
        '"a:b',
        '[["a"]]',
        '[["a"], [1]]',
        "[[",
        '"a"b:c',
    ],
)
def test_a_pair_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^pair must have the form M:N"):
        pair_of(text)


def test_a_pair_of_odd_names_reaches_the_study(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    rng = np.random.default_rng(0)
    np.savez(
        tmp_path / "odd.npz",
        **{"a+b": rng.normal(size=(20, 2)), "c : d": rng.normal(size=(20, 2))},
        y=rng.normal(size=20),
    )
    seen = []

    def cut(study: Any, *_: object, **__: object) -> None:
        seen.append(study.family.pairs)
        raise KeyboardInterrupt

    monkeypatch.setattr("verify.study.Study.run", cut)
    words = ("report", "--data", str(tmp_path / "odd.npz"), "--out", str(tmp_path / "out"))
    assert code_of(*words, "--pair", '"a+b" + "c : d" : "a+b"') == 3
    assert code_of(*words, "--pair", '[["a+b"], ["c : d"]]') == 3
    assert seen == [((("a+b", "c : d"), ("a+b",)),), ((("a+b",), ("c : d",)),)]


def test_a_table_of_bounds_has_every_combination(capsys: pytest.CaptureFixture[str]) -> None:
    words = (*SHARP, "m=100,1e3", "delta=0.05,0.01,0.2")
    assert code_of(*words, "--json") == 0
    found = strict(capsys.readouterr().out)
    assert found["arguments"] == {"gamma": 0, "R_loss": 0.1, "C": 1}
    at = [(row["arguments"]["m"], row["arguments"]["delta"]) for row in found["rows"]]
    assert at == [(m, delta) for m in (100, 1000) for delta in (0.05, 0.01, 0.2)]
    for row in found["rows"]:
        one = risk_gap.sharp("M", "N").evaluate(gamma=0, R_loss=0.1, C=1, **row["arguments"])
        assert row["total"] == one.total
        assert row["terms"] == dict(one.terms)
        assert (row["dominant"], row["vacuous"]) == (one.dominant, one.vacuous)
    assert code_of(*words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + 6
    assert lines[1].split()[:3] == ["m", "delta", "quality_gap"]
    assert lines[2].split()[:2] == ["100", "0.05"]
    assert f"{found['rows'][0]['total']:.6g}" in lines[2]


def test_a_table_with_an_infinite_bound_is_strict_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        code_of(
            "bound", "risk_gap.sharp", "gamma=0", "R_loss=inf,1", "C=1", "m=9", "delta=.1", "--json"
        )
        == 0
    )
    rows = strict(capsys.readouterr().out)["rows"]
    assert [row["total"] is None for row in rows] == [True, False]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("m=1,,2", "delta=.1"), "m must be numbers separated by commas, got '1,,2'"),
        (
            ("m=" + ",".join(map(str, range(1, 202))), "delta=" + ",".join(["0.1"] * 50)),
            "combinations, got 10,050",
        ),
        (("m=10,0", "delta=.1"), "m must be a positive integer, got 0"),
        (("m=10", "delat=.1"), "did you mean 'delta'?"),
    ],
)
def test_a_bad_table_is_refused_in_one_line(
    words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of(*SHARP, *words) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


@pytest.mark.parametrize(
    "words",
    [
        ("report", "--trials", "3", "--trials", "4"),
        ("report", "--m", "8", "--loss", "softmax", "--m=16"),
        ("report", "--resume", "--resume"),
        ("decide", "--data", "digits", "--seed", "1", "--seed", "1"),
        ("claims", "--out", "a", "--out", "b"),
        ("reproduce", "table4", "--seeds", "1", "--seeds", "2"),
        (*SHARP, "m=9", "delta=.1", "--json", "--json"),
        ("list", "data", "--json", "--json"),
    ],
)
def test_an_option_given_twice_is_refused(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of(*words) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("error: --")
    assert captured.err.endswith("must be given once, got it 2 times\n")
    assert captured.out == ""


def test_a_list_option_may_be_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    pairs = ("--pair", "vitals+serum:vitals", "--pair", "vitals+serum:serum")
    assert code_of("report", "--data", "diabetes", *pairs, "--depth", "-1") == 2
    assert "depth must be" in capsys.readouterr().err


def test_the_version_and_short_help_everywhere(capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of("--version") == 0
    name, version = capsys.readouterr().out.split()
    assert (name, version[:1].isdigit()) == ("multimodal-bounds", True)
    commands = [
        module.__name__.rpartition(".")[2].replace("listing", "list") for module in COMMANDS
    ]
    shown = []
    for words in ((), *((command,) for command in commands)):
        for flag in ("-h", "--help"):
            assert code_of(*words, flag) == 0
            shown.append(capsys.readouterr().out)
            assert shown[-1].startswith("Usage: ")
        assert shown[-1] == shown[-2]


def test_the_lists_are_the_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of("list", "--json") == 0
    found = strict(capsys.readouterr().out)
    names = {what: [row["name"] for row in rows] for what, rows in found.items()}
    assert names["data"] == list(BUNDLED.names)
    assert names["theorems"] == [theorem.key for theorem in catalogue.THEOREMS]
    assert names["claims"] == [claim.id for claim in CLAIMS]
    assert set(names["worlds"]) == {source.name for claim in CLAIMS for source in claim.sources}
    assert len(names["worlds"]) == len(set(names["worlds"]))
    assert code_of("list", "theorems") == 0
    shown = capsys.readouterr().out
    assert all(key in shown for key in names["theorems"])
    assert "digits" not in shown
    assert code_of("list", "theorem") == 2
    assert "did you mean 'theorems'?" in capsys.readouterr().err


def test_the_shell_completes_commands_options_and_names(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def completed(words: str) -> list[str]:
        """What bash is offered for the last of the words."""
        monkeypatch.setenv("_MULTIMODAL_BOUNDS_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
        code_of()
        monkeypatch.delenv("_MULTIMODAL_BOUNDS_COMPLETE")
        return capsys.readouterr().out.split()

    assert completed("multimodal-bounds re") == ["report", "reproduce"]
    assert "--trials" in completed("multimodal-bounds report --tr")
    assert completed("multimodal-bounds report --loss s") == ["softmax"]
    keys = ["latent_quality.paper", "latent_quality.paper_vector"]
    assert completed("multimodal-bounds bound latent_quality.pa") == keys


def test_completion_is_that_of_the_script(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("typer.completion._get_shell_name", lambda: "bash")
    assert code_of("--show-completion") == 0
    shown = capsys.readouterr().out
    assert "_MULTIMODAL_BOUNDS_COMPLETE=complete_bash" in shown
    assert shown.rstrip().endswith(" multimodal-bounds")


def test_a_study_of_some_sets_of_modalities_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """With many modalities the default is each one and one chain: 2 K - 1 of 2^K - 1 sets."""
    rng = np.random.default_rng(0)
    for K, said in ((2, None), (5, "9 of 31 sets of modalities are trained, 9 pairs compared")):
        rows = {f"x{k}": rng.normal(size=(30, 1)) for k in range(K)}
        study = verify_dataset(rows, rng.normal(size=30), m=[8], head_m=[], trials=1, steps=1)
        study.run(workers=1, progress=True)
        shown = capsys.readouterr().out
        assert (said in shown) if said else ("sets of modalities" not in shown)


def test_lengths_of_time_in_words() -> None:
    assert [duration(s) for s in (0.2, 1, 61, 100, 5399, 7200, 1e6)] == [
        "1 second",
        "1 second",
        "61 seconds",
        "2 minutes",
        "90 minutes",
        "2.0 hours",
        "11.6 days",
    ]
