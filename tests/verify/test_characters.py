"""Names that hold control characters, in every page, on the terminal, and in JSON."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from bounds.characters import has_commands, printable
from empirical.datasets.dataset import from_arrays
from verify import Study, decide
from verify.claims.report import page as claims_page
from verify.cli import main
from verify.report import provenance as written
from verify.report import render, templates, write_report
from verify.reproduce import page as table_page

EVIL = "a\x00b\x1b[31mc\x85\u202e\ud800<b>"
SHOWN = "a␀b␛[31mc���&lt;b&gt;"
RAW = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]")


@given(st.text(st.characters(exclude_categories=())))
def test_what_is_printable_commands_nothing_and_other_text_is_kept(text: str) -> None:
    shown = printable(text)
    assert not has_commands(shown)
    assert len(shown) == len(text)
    assert all(a == b or has_commands(a) for a, b in zip(text, shown, strict=True))
    assert printable(shown) == shown
    shown.encode()  # a page can hold it


@pytest.mark.parametrize("package", ["verify.report", "verify.claims.report", "verify.reproduce"])
def test_every_environment_of_pages_shows_pictures(package: str) -> None:
    template = templates.environment(package).from_string("{{ name }}|{{ safe }}")
    shown = template.render(name=EVIL, safe=Markup("<i>\x1b</i>"))
    assert shown == f"{SHOWN}|<i>␛</i>"


def evil_study(**settings: Any) -> Study:
    draws = np.random.default_rng(0)
    rows = {name: draws.normal(size=(40, 2)) for name in ("a", "b")}
    y = np.array([EVIL, "no"], dtype=object)[draws.integers(2, size=40)]
    data = from_arrays(rows, y, name=EVIL, description=EVIL)
    return Study(data, m=[8], head_m=[], trials=2, steps=1, **settings)


def test_the_page_of_a_report(tmp_path: Path) -> None:
    page = write_report(evil_study().run(workers=1), tmp_path, command=EVIL)
    text = page.read_text(encoding="utf-8")
    assert RAW.search(text) is None
    assert SHOWN in text
    document = json.loads((tmp_path / "report.json").read_bytes())
    assert document["config"]["classes"] == [EVIL, "no"], "data keep what they are"


def test_the_page_of_a_decision(tmp_path: Path) -> None:
    draws = np.random.default_rng(0)
    rows = {name: draws.normal(size=(64, 2)) for name in ("a", "b")}
    y = np.where(rows["a"][:, 0] > 0, "yes\x1b[31m", "no\x00")
    found = decide(rows, y)
    text = found.report(tmp_path).read_text(encoding="utf-8")
    assert RAW.search(text) is None
    assert RAW.search(found._repr_html_()) is None


def test_the_pages_of_tables_and_claims_go_through_the_same_environment() -> None:
    for module in (claims_page, table_page):
        assert module._template().environment.finalize is templates._shown


@pytest.mark.parametrize("name", ["a\x00", "\x1b[31m", "a\u202eb", "\ud800"])
def test_a_modality_is_refused_such_a_name(name: str) -> None:
    rows = {name: np.eye(3), "b": np.eye(3)}
    for use in (from_arrays, decide):
        with pytest.raises(ValueError, match="a modality name must hold no control characters"):
            use(rows, [0, 1, 1])


def test_an_error_shows_them_as_pictures(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["report", "--data", "no\x1b[31mwhere.npz"])
    error = capsys.readouterr().err
    assert "\x1b" not in error
    assert error.count("\n") == 1


def test_a_page_names_the_file_it_was_made_from_and_a_resumed_run_makes_it_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between the two files leaves the page of another run, which can be told."""

    def named() -> str:
        found = re.search(r"SHA-256 ([0-9a-f]{16})…", (tmp_path / "report.html").read_text())
        assert found is not None
        return found[1]

    def digest() -> str:
        return hashlib.sha256((tmp_path / "report.json").read_bytes()).hexdigest()[:16]

    evil_study().report(tmp_path, workers=1)
    assert named() == digest()
    original = written.write_atomically

    def killed(path: Path, content: bytes) -> None:
        if path.suffix == ".html":
            raise KeyboardInterrupt
        original(path, content)

    monkeypatch.setattr(written, "write_atomically", killed)
    with pytest.raises(KeyboardInterrupt):
        evil_study(delta=[0.2]).report(tmp_path, resume=True, workers=1)
    assert named() != digest()
    monkeypatch.undo()
    evil_study(delta=[0.2]).report(tmp_path, resume=True, workers=1)
    assert named() == digest()
    # The page is that of the file alone.
    content = json.loads((tmp_path / "report.json").read_bytes())
    assert render(content) == (tmp_path / "report.html").read_text(encoding="utf-8")
