"""Part files: whole or absent, checked, and set aside when damaged."""

import errno
import os
import stat
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from verify.execution import part_files


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame({"trial": [0, 1], "risk": [0.1, np.nan], "head": ["same", "free"]})


def test_what_is_written_is_read(tmp_path: Path, frame: pd.DataFrame) -> None:
    part_files.write_part(tmp_path / "a.parquet", frame, "hash")
    pd.testing.assert_frame_equal(part_files.read_part(tmp_path / "a.parquet"), frame)
    assert part_files.study_of(tmp_path / "a.parquet") == "hash"
    assert os.listdir(tmp_path) == ["a.parquet"]


def test_two_writers_write_identical_files(tmp_path: Path, frame: pd.DataFrame) -> None:
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        part_files.write_part(tmp_path / folder / "a.parquet", frame, "hash")
    one, other = (tmp_path / folder / "a.parquet" for folder in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()


def test_a_part_under_another_name_is_set_aside(tmp_path: Path, frame: pd.DataFrame) -> None:
    """The name says what the numbers are of, so it is part of the checksum."""
    part_files.write_part(tmp_path / "trials-m8-000000-000002.parquet", frame, "hash")
    moved = tmp_path / "trials-m16-000000-000002.parquet"
    (tmp_path / "trials-m8-000000-000002.parquet").rename(moved)
    assert part_files.read_part(moved) is None
    assert moved.with_name(moved.name + ".damaged").exists()


def test_what_is_no_readable_file_is_named_and_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.parquet")
    (tmp_path / "folder.parquet").mkdir()
    for name in ("fifo.parquet", "folder.parquet"):
        for read in (part_files.read_part, part_files.study_of):
            with pytest.raises(ValueError, match=rf"{name} must be a file, got something else"):
                read(tmp_path / name)
        with pytest.raises(ValueError, match=rf"{name} must be a file"):
            part_files.claims_study(tmp_path / name, "hash")


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EPERM])
def test_a_folder_that_cannot_be_synced_is_no_obstacle(
    tmp_path: Path, frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """CIFS, some FUSE and Windows sync files alone; the rename has happened by then."""
    _sync(monkeypatch, number)
    part_files.write_part(tmp_path / "a.parquet", frame, "hash")
    pd.testing.assert_frame_equal(part_files.read_part(tmp_path / "a.parquet"), frame)


def test_another_error_of_the_folder_is_raised(
    tmp_path: Path, frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    _sync(monkeypatch, errno.EIO)
    with pytest.raises(OSError, match="Input/output"):
        part_files.write_part(tmp_path / "a.parquet", frame, "hash")


def _sync(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    original = os.fsync

    def sync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        original(descriptor)

    monkeypatch.setattr(os, "fsync", sync)


def test_a_missing_part_is_none(tmp_path: Path) -> None:
    assert part_files.read_part(tmp_path / "none.parquet") is None


def test_any_damaged_byte_is_noticed_or_harmless(tmp_path: Path, frame: pd.DataFrame) -> None:
    """Flip each byte in turn: the part reads as it was, or it is set aside. It never reads wrong."""
    path = tmp_path / "a.parquet"
    part_files.write_part(path, frame, "hash")
    whole = path.read_bytes()
    for position in range(0, len(whole), 7):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
        read = part_files.read_part(path)
        if read is None:
            assert (tmp_path / "a.parquet.damaged").exists()
        else:
            pd.testing.assert_frame_equal(read, frame)


@pytest.mark.parametrize("keep", [0, 4, 100])
def test_a_truncated_part_is_set_aside(tmp_path: Path, frame: pd.DataFrame, keep: int) -> None:
    path = tmp_path / "a.parquet"
    part_files.write_part(path, frame, "hash")
    path.write_bytes(path.read_bytes()[:keep])
    assert part_files.read_part(path) is None
    assert not path.exists()
    assert (tmp_path / "a.parquet.damaged").exists()


def test_a_failed_write_leaves_the_old_part(
    tmp_path: Path, frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.parquet"
    part_files.write_part(path, frame, "hash")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        part_files.write_part(path, frame.assign(risk=0.0), "hash")
    monkeypatch.undo()
    pd.testing.assert_frame_equal(part_files.read_part(path), frame)
    assert os.listdir(tmp_path) == ["a.parquet"]
