"""The folder of a study: its configuration, and the parts that are finished."""

from __future__ import annotations

import itertools
import json
import logging
import re
import tempfile
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Any

from bounds.domains import PROBABILITY
from verify.design import Design
from verify.execution import part_files
from verify.execution.tasks import Task

PARTS, CONFIG = "parts", "config.json"

_DIVISION = re.compile(r"shards-(\d+)-(\d+)\.json")

_log = logging.getLogger(__name__)


def open_folder(out: str | Path, design: Design) -> Path:
    """The folder `out`/parts, created if missing and reserved for this study's configuration.

    Raises
    ------
    ValueError
        If `out` cannot be a folder, or holds a study of another configuration.
    """
    if not str(out).strip():
        raise ValueError(f"out must be the name of a folder, got {str(out)!r}")
    parts = Path(out) / PARTS
    try:
        parts.mkdir(parents=True, exist_ok=True)
        _claim(parts / CONFIG, design, out)
    except OSError as error:
        raise _unusable(out, error) from None
    identity = design.fingerprint
    for path in parts.glob("*.parquet"):
        if part_files.claims_study(path, identity):
            continue
        # Ignore damaged parts: their stored study name may be wrong.
        if part_files.study_of(path) not in (None, identity):
            raise ValueError(_other(out))
    for folder in (parts, Path(out)):
        part_files.sweep(folder)
    return parts


def record_deltas(parts: Path, deltas: Sequence[float]) -> tuple[tuple[float, ...], ...]:
    """Every delta ever asked for in a folder, by request; those that are new are recorded as one more.

    A request is one file, `deltas-0001.json` and so on, that is never changed. A damaged one holds no
    delta, but has had its share of alpha.

    Parameters
    ----------
    parts : Path
        What `open_folder` returns.
    deltas : sequence of float
        Those that are asked for now.
    """
    while True:
        requests: list[tuple[float, ...]] = []
        for number in itertools.count(1):
            path = parts / f"deltas-{number:04d}.json"
            if not path.exists():
                break
            requests.append(_request(path))
        new = [delta for delta in deltas if delta not in itertools.chain(*requests)]
        # Of two studies that ask at once the second one reads what the first one wrote.
        if not new or part_files.create(path, json.dumps(new).encode()):
            return (*requests, tuple(new)) if new else tuple(requests)


def record_look(parts: Path, trials: int) -> tuple[int, ...]:
    """The numbers of samples at which the study in a folder was ever looked at, this one included.

    A look is one file, `look-305.json` for 305 samples; another one at as many samples shows nothing new.

    Parameters
    ----------
    parts : Path
        What `open_folder` returns.
    trials : int
        The samples of each size that are looked at now.
    """
    path = parts / f"look-{trials}.json"
    if not path.exists():
        part_files.create(path, json.dumps(trials).encode())
    names = (path.stem.removeprefix("look-") for path in parts.glob("look-*.json"))
    return tuple(sorted({trials, *(int(name) for name in names if name.isdecimal())}))


def record_division(parts: Path, count: int, chunk: int) -> None:
    """Keep in the folder that its study is divided into so many shards, with parts of `chunk` trials."""
    path = parts / f"shards-{count:04d}-{chunk:04d}.json"
    if not path.exists():
        part_files.create(path, json.dumps({"shards": count, "chunk": chunk}).encode())


def divisions(parts: Path) -> list[tuple[int, int]]:
    """The number of shards, and the trials per part, of each division of the study in a folder.

    Only names count: the content is for people.
    """
    found = (_DIVISION.fullmatch(path.name) for path in sorted(parts.glob("shards-*.json")))
    return [
        (int(each[1]), int(each[2])) for each in found if each and int(each[1]) and int(each[2])
    ]


def _request(path: Path) -> tuple[float, ...]:
    try:
        written = json.loads(part_files.read_file(path) or b"")
        return tuple(PROBABILITY.number("delta", each) for each in written)
    except (ValueError, TypeError, RecursionError):
        _log.warning("%s is damaged: its deltas count as asked for again", path)
        return ()


def check_writable(out: str | Path, *names: str) -> None:
    """Check that files, also those of the given names, can be written in `out`, created if missing.

    Raises
    ------
    ValueError
        If they cannot.

    Examples
    --------
    >>> check_writable("/dev/null/report")
    Traceback (most recent call last):
    ValueError: out must be a folder that can be written, got '/dev/null/report' (Not a directory)
    """
    try:
        Path(out).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise _unusable(out, error) from None
    for name in names:
        part_files.check_file(Path(out) / name)


def finished(parts: Path) -> list[Task]:
    """The parts with trials that exist, whatever chunks they were computed in."""
    found = (Task.parse(path.name) for path in parts.glob("*.parquet"))
    # The longest first, so that as few as possible are read.
    return sorted(filter(None, found), key=lambda task: (task.m, task.start, -task.stop))


def _unusable(out: str | Path, error: OSError) -> ValueError:
    return ValueError(
        f"out must be a folder that can be written, got {str(out)!r} ({error.strerror})"
    )


def _claim(path: Path, design: Design, out: str | Path) -> None:
    """Write the configuration beside the parts, or compare it with the existing one."""
    mine = {
        "fingerprint": design.fingerprint,
        "data": design.data.name,
        "settings": design.identity,
    }
    # Halves of characters, which UTF-8 has not, become what JSON writes for them.
    content = json.dumps(mine, indent=1, ensure_ascii=False).encode(errors="backslashreplace")
    # Studies may start in one folder at once: the first one gets it, and all read what is there.
    if not path.exists():
        part_files.create(path, content)
    try:
        written = part_files.read_file(path)
        theirs = json.loads(written or b"")
        fingerprint, settings = theirs["fingerprint"], theirs["settings"]
        if not isinstance(settings, dict):
            raise TypeError
    except (ValueError, TypeError, KeyError, RecursionError):
        if written is not None:
            part_files.set_aside(path, written)
        return _claim(path, design, out)
    if fingerprint != mine["fingerprint"]:
        raise ValueError(_other(out, _differences(theirs, json.loads(content), design.derived())))


def _differences(theirs: dict[str, Any], mine: dict[str, Any], derived: Container[str]) -> str:
    """The settings that differ, in words; derived ones only if no other setting does."""
    one, other = theirs.get("settings", {}), mine["settings"]
    names = [name for name in {**other, **one} if one.get(name) != other.get(name)]
    told = [name for name in names if name not in derived] or names
    words = [
        f"{name} {_short(one.get(name))} there, {_short(other.get(name))} here"
        for name in told
        if name != "population"
    ]
    if "population" in told:
        # Readers cannot compare checksums, but perhaps names.
        a, b = theirs.get("data"), mine["data"]
        words.insert(0, f"data {a} there, {b} here" if a != b else "other rows in the data")
    return "; ".join(words)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def _other(out: str | Path, differences: str = "other data, settings, seed or version") -> str:
    return (
        f"out must not hold another study, got {str(out)!r}, which holds one of another"
        f" configuration ({differences}): name another folder, or remove this one"
    )
