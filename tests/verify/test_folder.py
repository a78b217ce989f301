"""A study's folder: one configuration, damage set aside, litter removed, no locks."""

import json
import logging
import os
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from empirical import datasets
from empirical.worlds.population import FinitePopulation
from verify import Study
from verify.execution import folder, part_files

SMALL: dict[str, Any] = {"m": [8], "head_m": [], "trials": 2, "steps": 2}


def study(**changes: Any) -> Study:
    return Study(datasets.diabetes(), **{**SMALL, **changes})


def test_the_configuration_is_written_for_people(tmp_path: Path) -> None:
    parts = folder.open_folder(tmp_path, study())
    config = json.loads((parts / "config.json").read_text())
    assert config["data"] == "diabetes"
    assert config["fingerprint"] == study().fingerprint
    assert config["settings"]["m"] == [8]
    assert config["settings"]["seed"] == 0
    assert folder.open_folder(tmp_path, study(trials=9, delta=[0.3])) == parts


def test_the_population_is_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = []
    original = FinitePopulation.fingerprint
    monkeypatch.setattr(
        FinitePopulation, "fingerprint", lambda self: hashed.append(self) or original(self)
    )
    opened = study()
    parts = folder.open_folder(tmp_path, opened)
    assert folder.open_folder(tmp_path, opened) == parts
    assert len(hashed) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": 1}, r"another configuration \(seed 0 there, 1 here\)"),
        ({"m": [8, 16], "steps": 3}, r"m \[8\] there, \[8, 16\] here; steps 2 there, 3 here\)"),
        ({"head_radius": 2.0}, r"\(head_radius 5.0 there, 2.0 here\)"),
    ],
)
def test_another_configuration_is_refused_and_says_what_differs(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    folder.open_folder(tmp_path, study())
    with pytest.raises(ValueError, match=message):
        folder.open_folder(tmp_path, study(**changes))


def test_other_data_are_named(tmp_path: Path) -> None:
    folder.open_folder(tmp_path, study())
    other = Study(datasets.breast_cancer(), **SMALL)
    with pytest.raises(ValueError, match=r"\(data diabetes there, breast-cancer here"):
        folder.open_folder(tmp_path, other)


def test_parts_alone_tell_another_study(tmp_path: Path) -> None:
    parts = folder.open_folder(tmp_path, study())
    part = parts / "trials-m8-000000-000002.parquet"
    part_files.write_part(part, pd.DataFrame({"trial": [0, 1]}), study().fingerprint)
    (parts / "config.json").unlink()
    with pytest.raises(ValueError, match="another configuration"):
        folder.open_folder(tmp_path, study(seed=1))
    (parts / "config.json").unlink()
    folder.open_folder(tmp_path, study())


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[1]", b"{}", b"\xff\x00", b'{"fingerprint": "x", "settings": 3}'),
        pytest.param(b"[" * 100_000, id="nested"),
    ],
)
def test_a_damaged_configuration_is_written_again(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    config = folder.open_folder(tmp_path, study()) / "config.json"
    whole = config.read_bytes()
    config.write_bytes(content)
    folder.open_folder(tmp_path, study())
    assert config.read_bytes() == whole
    assert config.with_name("config.json.damaged").read_bytes() == content
    assert "set aside as config.json.damaged" in caplog.text


def test_the_first_of_two_claims_wins(tmp_path: Path) -> None:
    assert part_files.create(tmp_path / "a", b"first")
    assert not part_files.create(tmp_path / "a", b"second")
    assert (tmp_path / "a").read_bytes() == b"first"
    assert os.listdir(tmp_path) == ["a"]


def test_stale_temporary_files_are_removed_and_young_ones_kept(tmp_path: Path) -> None:
    parts = folder.open_folder(tmp_path, study())
    old, young = parts / ".a.parquet.0123.tmp", parts / ".b.parquet.4567.tmp"
    report = tmp_path / ".report.html.89ab.tmp"
    for path in (old, young, report):
        path.write_bytes(b"half")
    for path in (old, report):
        os.utime(path, (0, time.time() - 7200))
    folder.open_folder(tmp_path, study())
    assert not old.exists()
    assert not report.exists()
    assert young.exists()


def test_a_damaged_part_is_named_set_aside_and_computed_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = study().run(tmp_path, workers=1).frame
    part = next((tmp_path / "parts").glob("trials-*.parquet"))
    whole = part.read_bytes()
    part.write_bytes(whole[:200] + bytes(20) + whole[220:])
    with caplog.at_level(logging.WARNING):
        again = study().run(tmp_path, resume=True, workers=1).frame
    assert f"{part} is damaged: set aside as {part.name}.damaged" in caplog.text
    assert part.read_bytes() == whole
    pd.testing.assert_frame_equal(again, first, check_exact=True)


def test_damage_to_the_name_of_the_study_does_not_make_it_another_study(tmp_path: Path) -> None:
    """The name stands twice in a part; whichever the reader takes, the checksum covers it."""
    first = study().run(tmp_path, workers=1).frame
    part = next((tmp_path / "parts").glob("trials-*.parquet"))
    whole, name = part.read_bytes(), study().fingerprint.encode()
    assert name in whole
    part.write_bytes(whole.replace(name, b"0" * len(name)))
    assert not part_files.claims_study(part, study().fingerprint)
    again = study().run(tmp_path, resume=True, workers=1).frame
    pd.testing.assert_frame_equal(again, first, check_exact=True)


def test_each_part_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study(trials=40).run(tmp_path, workers=1, chunk=8)
    read: list[str] = []
    original = Path.read_bytes

    def watched(path: Path) -> bytes:
        read.append(path.name)
        return original(path)

    monkeypatch.setattr(Path, "read_bytes", watched)
    study(trials=40).run(tmp_path, resume=True, workers=1, chunk=8)
    names = [name for name in read if name.endswith(".parquet")]
    assert sorted(names) == sorted(p.name for p in (tmp_path / "parts").glob("*.parquet"))
