"""Observations from a path: a folder of tables, one wide table, or an `.npz` archive."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from empirical.observations.archive import read_archive
from empirical.observations.observations import Observations
from empirical.observations.observe import observe
from empirical.observations.tables import TABLE_FORMATS, Found, read_folder, read_wide

ARCHIVE = ".npz"


def read(
    path: str | os.PathLike[str],
    *,
    target: str | None = None,
    modality: Mapping[str, str | Sequence[str]] | None = None,
    groups: str | None = None,
    order: str | None = None,
    weights: str | None = None,
    on: str | None = None,
    task: str | None = None,
    align: str | None = None,
) -> Observations:
    """Checked observations from files.

    Parameters
    ----------
    path
        A folder of CSV or Parquet files, one for each modality; one such file with the columns of
        all modalities; or an ``.npz`` file with one array for each.
    target
        The column or array that holds the target. In an archive it is ``y`` by default.
    modality
        For one wide table: modality → patterns of column names, such as ``["mfcc_*", "pitch"]`` or
        ``"mfcc_*,pitch"``.
    groups, order, weights
        Columns or arrays that hold them; see ``observe``.
    on
        The column that says which rows belong together. By default, for a folder, the one column
        that all files share and whose values are distinct in each.
    task, align
        As in ``observe``.

    Raises
    ------
    ValueError
        Beginning with the path: what a file, column or array must be and what it was.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "text.csv").write_text("id,length\\np,3\\nq,5\\nr,4\\n")
    ...     _ = Path(folder, "audio.csv").write_text("id,pitch,mood\\nq,7,sad\\np,8,glad\\nr,6,sad\\n")
    ...     seen = read(folder, target="mood")
    >>> seen.names, seen.classes, seen.features["audio"][:, 0].tolist()
    (('audio', 'text'), ('glad', 'sad'), [7.0, 8.0, 6.0])
    """
    place = Path(path)
    asked = {"target": target, "groups": groups, "order": order, "weights": weights}
    try:
        features, beside, notes = _find(
            place, {key: name for key, name in asked.items() if name is not None}, on, modality
        )
        seen = observe(features, **beside, task=task, align=align, name=place.stem)
    except ValueError as error:
        start = "" if str(error).startswith(str(place)) else f"{place}: "
        raise ValueError(f"{start}{error}") from None
    return replace(seen, notes=(seen.notes[0], *notes, *seen.notes[1:]))


def _find(
    place: Path,
    asked: dict[str, str],
    on: str | None,
    modality: Mapping[str, str | Sequence[str]] | None,
) -> Found:
    ends = (*TABLE_FORMATS.names, ARCHIVE)
    if not place.exists():
        raise ValueError(
            "data must be a folder or a file that exists, got a path where there is none"
        )
    archive = place.suffix.lower() == ARCHIVE and not place.is_dir()
    if archive:
        asked = {"target": "y"} | asked
    if "target" not in asked:
        raise ValueError("target must name the column that is to be predicted, got none")
    twice = [name for name in asked.values() if list(asked.values()).count(name) > 1]
    if twice:
        raise ValueError(f"target, groups, order and weights must differ, got {twice[0]!r} twice")
    if modality and (archive or place.is_dir()):
        raise ValueError(
            "modality must be given for one wide table only, where it names columns; "
            "in a folder each file is a modality, in an archive each array"
        )
    if archive:
        return read_archive(place, asked)
    if place.is_dir():
        return read_folder(place, asked, on)
    if place.suffix.lower() not in TABLE_FORMATS.names:
        raise ValueError(f"data must be a folder or end in {', '.join(ends)}, got {place.name!r}")
    patterns = {
        name: each.split(",") if isinstance(each, str) else list(each)
        for name, each in (modality or {}).items()
    }
    return read_wide(place, asked, on, patterns)
