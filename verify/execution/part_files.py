"""Durable files: each chunk of trials is one self-contained Parquet file, written atomically.

A part holds the hash of the study's configuration and a checksum of its content. Every file is written
under a temporary name, synced and renamed, so that a crash leaves either the whole file or none. There
is no manifest: the files are the only state, and two writers of one part write identical files.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

_STUDY, _CHECKSUM = b"multimodal-bounds study", b"multimodal-bounds checksum"
_STALE_AFTER = 3600.0
"""Seconds after which a temporary file is no longer being written, however slow the disk."""

_FILLED_WITHIN = 0.5
"""Seconds after which an empty file is that of a killed writer."""

_NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM, errno.EACCES}
"""What a file system answers that cannot sync a folder, such as CIFS or some of FUSE."""

_log = logging.getLogger(__name__)


def write_part(path: Path, frame: pd.DataFrame, study: str) -> None:
    """Write one part atomically. `study` is the hash of the configuration it belongs to.

    Raises
    ------
    OSError
        If the disk is full or cannot be written; the part that was there is kept.
    """
    write_atomically(path, _packed(path.name, frame, study))


def create_part(path: Path, frame: pd.DataFrame, study: str) -> bool:
    """Write one part as `write_part` does unless it exists; whether it was written."""
    return create(path, _packed(path.name, frame, study))


def read_part(path: Path) -> pd.DataFrame | None:
    """The part at `path`, or None if there is no undamaged one.

    A damaged part, or one under another part's name, is renamed to NAME.damaged: it is kept for
    inspection, and computed again.

    Raises
    ------
    ValueError
        If something else than a readable file has that name.
    """
    content = read_file(path)
    if content is None:
        return None
    whole = _parse(content, path.name)
    if whole is None:
        set_aside(path, content)
        return None
    frame: pd.DataFrame = whole[0].to_pandas()
    return frame


def read_file(path: Path) -> bytes | None:
    """The content of a file, or None if there is none.

    An empty one may be about to be filled, where `create` has no links: it is read again for a moment.

    Raises
    ------
    ValueError
        If something else than a readable file has that name.
    """
    check_file(path)
    end = time.monotonic() + _FILLED_WITHIN
    while True:
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        if content or time.monotonic() > end:
            return content
        time.sleep(0.02)


def check_file(path: Path) -> None:
    """Check that a file, if there is one of that name, can be read.

    Raises
    ------
    ValueError
        If it cannot. A run that starts again would meet it again.
    """
    if path.exists() and not path.is_file():  # reading a FIFO would never end
        raise ValueError(f"{path} must be a file, got something else of that name: remove it")
    if path.exists() and not os.access(path, os.R_OK):
        raise ValueError(f"{path} must be readable, got a file without permission")


def study_of(path: Path) -> str | None:
    """The configuration hash inside a part; None if the file is damaged or not a part."""
    content = read_file(path)
    whole = None if content is None else _parse(content, path.name)
    return None if whole is None else whole[1]


def claims_study(path: Path, study: str) -> bool:
    """Whether a part's footer names this configuration, without a check of its content."""
    check_file(path)
    try:
        metadata = pq.read_metadata(path).metadata or {}
    except (OSError, pa.ArrowException):
        return False
    return metadata.get(_STUDY) == study.encode()


def set_aside(path: Path, content: bytes) -> None:
    """Rename a file whose content is damaged to NAME.damaged, and log a warning."""
    damaged = path.with_name(path.name + ".damaged")
    # Another process may have set it aside already.
    with suppress(FileNotFoundError):
        path.replace(damaged)
        found = damaged.read_bytes()
        if found == content:
            _log.warning("%s is damaged: set aside as %s", path, damaged.name)
        else:  # or even have written it again
            create(path, found)
            damaged.unlink()


def write_atomically(path: Path, content: bytes | pa.Buffer) -> None:
    """Write a file under a temporary name, sync it and rename it into place."""
    with _temporary(path, content) as temporary:
        temporary.replace(path)


def create(path: Path, content: bytes | pa.Buffer) -> bool:
    """Write a file as `write_atomically` does unless it exists; whether it was written."""
    with _temporary(path, content) as temporary:
        try:
            # Unlike a rename, a link never replaces a file: of two writers, the first wins.
            path.hardlink_to(temporary)
        except FileExistsError:
            return False
        except OSError:  # a file system without links: the name is taken first, then filled
            try:
                path.open("xb").close()
            except FileExistsError:
                return False
            temporary.replace(path)
        return True


def sweep(folder: Path) -> None:
    """Remove old temporary files of killed writers; recent ones may still be written."""
    for path in folder.glob(".*.tmp"):
        # The folder may be read-only, or the writer may have finished in the meantime.
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _STALE_AFTER:
                path.unlink()


@contextmanager
def _temporary(path: Path, content: bytes | pa.Buffer) -> Iterator[Path]:
    """Write the content under a temporary name; the folder is synced after the block."""
    # A random name, because writers on two machines may share a folder and a process id.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename durable where the file system can; it has happened in any case."""
    try:
        directory = os.open(folder, os.O_RDONLY)
    except (
        PermissionError
    ):  # Windows opens no folders, and a folder may be writable but not readable
        return
    try:
        os.fsync(directory)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(directory)


def _packed(name: str, frame: pd.DataFrame, study: str) -> pa.Buffer:
    """A part as the bytes of its file."""
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata()
    metadata = {_STUDY: study.encode(), _CHECKSUM: _checksum(table, study.encode(), name)}
    buffer = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata(metadata), buffer)
    return buffer.getvalue()


def _parse(content: bytes, name: str) -> tuple[pa.Table, str] | None:
    """Table and configuration hash of a part; None if its checksum is wrong."""
    try:
        table = pq.read_table(pa.BufferReader(content), use_threads=False)
        metadata = table.schema.metadata or {}
        study = metadata[_STUDY]
        if metadata[_CHECKSUM] == _checksum(table, study, name):
            return table, study.decode()
    except Exception:
        # Damaged bytes can raise any exception in the reader.
        return None
    return None


def _checksum(table: pa.Table, study: bytes, name: str) -> bytes:
    # The file's name says what the numbers are of: a part is not to be read under another one.
    digest = hashlib.sha256(study + b"\0" + name.encode())
    for label in table.column_names:
        column = table.column(label)
        digest.update(repr((label, str(column.type), len(column), column.null_count)).encode())
        values = np.asarray(column.to_numpy())
        # A numpy array of text holds pointers, not the characters.
        text = values.dtype == object
        digest.update(repr(values.tolist()).encode() if text else values.tobytes())
    return digest.hexdigest().encode()
