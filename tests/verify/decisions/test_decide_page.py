"""decide.json keeps its schema; the page is one file, made from it, and shows names as text."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from verify import decide
from verify.cli import main
from verify.decisions import page
from verify.report.schemas import schema

SCHEMA = Draft202012Validator(schema("decide.json"))
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def documents(worlds: dict[str, Any]) -> dict[str, dict[str, Any]]:
    rng = np.random.default_rng(0)
    features, y = worlds["useful"](rng, 150)
    third = rng.normal(size=(150, 2))
    losses = {"a": rng.random(100), "a+b": rng.random(100)}
    named = {HOSTILE: features["a"], "=cmd()": features["b"]}
    return {
        "labels": decide(features, y, cost={"a": 1}).document,
        "numbers": decide(features, features["a"][:, 0] + third[:, 0]).document,
        "groups": decide(features, y, groups=np.arange(150) // 2).document,
        "losses": decide(predictions=losses, C=1).document,
        "coins": decide({**features, "c": third}, rng.integers(0, 2, 150)).document,
        "hostile": decide(named, np.where(y == "yes", HOSTILE, "no")).document,
    }


def test_every_document_keeps_the_published_schema(documents: dict[str, dict[str, Any]]) -> None:
    for name, document in documents.items():
        text = json.dumps(document, allow_nan=False)
        assert list(SCHEMA.iter_errors(json.loads(text))) == [], name


def test_the_check_of_the_schema_finds_faults(documents: dict[str, dict[str, Any]]) -> None:
    document = json.loads(json.dumps(documents["labels"]))
    document["modalities"][0]["verdict"] = "maybe"
    document["recommendation"]["gap"] = "1"
    document["surplus"] = 1
    del document["task"]
    assert len(list(SCHEMA.iter_errors(document))) == 4


def test_the_page_is_one_file_that_fetches_nothing(documents: dict[str, dict[str, Any]]) -> None:
    for document in documents.values():
        html = page.render(document)
        assert not re.search(r"(src|href)\s*=\s*[\"'](?!data:|#)", html)
        assert "<script" not in html
        assert "@import" not in html
        assert "nan" not in re.sub(r"<[^>]*>", "", html).lower().split()


def test_names_with_markup_stay_text(documents: dict[str, dict[str, Any]]) -> None:
    html = page.render(documents["hostile"])
    assert HOSTILE not in html
    assert "&lt;script&gt;" in html


def test_the_table_inside_the_page_can_be_read_and_holds_no_formula(
    documents: dict[str, dict[str, Any]],
) -> None:
    html = page.render(documents["hostile"])
    (held,) = re.findall(r"data:text/csv;base64,([^\"]*)", html)
    rows = base64.b64decode(held).decode().splitlines()
    assert rows[0] == "kind,larger,smaller,gain,low,high,rows,certified"
    assert len(rows) > 4
    assert not any(cell.startswith("=") for row in rows for cell in row.split(","))


def test_no_symbol_of_the_theory_is_shown_unfolded(documents: dict[str, dict[str, Any]]) -> None:
    html = page.render(documents["labels"])
    shown = re.sub(r"<details>.*?</details>", "", html, flags=re.S)
    for word in ("γ", "Rademacher", "η"):
        assert word not in shown


def test_the_command_writes_and_prints_the_answer(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    with pytest.raises(SystemExit) as exit_:
        main(["decide", "--data", str(folder), "--target", "mood", "--out", str(out)])
    assert not exit_.value.code
    printed = capsys.readouterr().out
    document = json.loads((out / "decide.json").read_text())
    assert document["recommendation"]["sentence"] in printed
    assert "joined on id" in printed
    assert (out / "decide.html").read_text() == page.render(document)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "data or predictions must be given, got neither"),
        (["--data", "nowhere"], "data must be a folder or a file that exists"),
        (["--data", "digits", "--margin", "x"], "margin must be a number of points"),
        (["--data", "digits", "--margin=-1"], "margin must be finite and non-negative"),
        (["--data", "digits", "--delta", "2"], r"delta must lie in (0, 1), got 2"),
        (["--data", "digits", "--cost", "x"], "cost must have the form NAME=PRICE"),
        (["--data", "digits", "--cost", "x=1"], "cost must name modalities among"),
        (["--data", "digits", "--metric", "f1"], "metric must be one of"),
        (["--data", "digits", "--modality", "a"], "modality must have the form"),
        (["--data", "digits", "--target", "a"], "target must be left out for the bundled"),
        (["--predictions", "nowhere.csv"], "nowhere.csv"),
    ],
)
def test_bad_options_are_one_line(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["decide", *arguments, "--out", str(tmp_path / "out")])
    captured = capsys.readouterr()
    assert exit_.value.code == 2
    assert message in captured.err
    assert captured.err.count("\n") == 1
