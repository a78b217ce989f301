"""Durable results: each chunk of trials is one self-contained Parquet file, written atomically.

A part carries the hash of the study's configuration and a checksum of its content. It is written under
a temporary name, synced and renamed, so that a crash leaves either the whole part or none. There is no
manifest: the folder is the state, and two writers of one part write identical files.
"""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

_STUDY, _CHECKSUM = b"multimodal-bounds study", b"multimodal-bounds checksum"


def write_part(path: Path, frame: pd.DataFrame, study: str) -> None:
    """Write one part atomically. `study` is the hash of the configuration it belongs to."""
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata()
    metadata = {_STUDY: study.encode(), _CHECKSUM: _checksum(table, study.encode())}
    buffer = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(metadata), buffer)
    write_atomically(path, buffer.getvalue())


def read_part(path: Path) -> pd.DataFrame | None:
    """The part at `path`, or None where there is none; a damaged one is set aside first.

    A damaged part is renamed to NAME.damaged, so that it is kept for inspection and recomputed.
    """
    if not path.exists():
        return None
    whole = _read(path)
    if whole is None:
        path.replace(path.with_name(path.name + ".damaged"))
        return None
    frame: pd.DataFrame = whole[0].to_pandas()
    return frame


def study_of(path: Path) -> str | None:
    """The configuration hash inside a part; None where the file is damaged or no part."""
    whole = _read(path)
    return None if whole is None else whole[1]


def _read(path: Path) -> tuple[pa.Table, str] | None:
    """Table and configuration hash of a part whose checksum is right, else None."""
    try:
        table = pq.read_table(path)
        metadata = table.schema.metadata or {}
        study = metadata[_STUDY]
        if metadata[_CHECKSUM] == _checksum(table, study):
            return table, study.decode()
    except Exception:
        # Damaged bytes make the reader fail in ways that no list of exceptions covers.
        return None
    return None


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, sync it and rename it into place."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _checksum(table: pa.Table, study: bytes) -> bytes:
    digest = hashlib.sha256(study)
    for name in table.column_names:
        column = table.column(name).combine_chunks()
        digest.update(repr((name, str(column.type), len(column))).encode())
        digest.update(repr(column.to_pylist()).encode())
    return digest.hexdigest().encode()
