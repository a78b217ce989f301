"""Tables on disk: a folder of CSV and Parquet files joined on a column, or one wide table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pandas as pd

from bounds.table import Table

Found = tuple[dict[str, Any], dict[str, Any], list[str]]
"""Modalities, the columns asked for by argument, and notes."""


@dataclass(frozen=True)
class FileFormat:
    """A format of tables: the end of a file's name, and `load(path)`."""

    name: str
    load: Callable[[Path], pd.DataFrame]


TABLE_FORMATS = Table(
    "format",
    [
        FileFormat(".csv", lambda path: pd.read_csv(path, low_memory=False)),
        FileFormat(".parquet", lambda path: pd.read_parquet(path).pipe(_with_index)),
    ],
)


def load_table(path: Path) -> pd.DataFrame:
    """One CSV or Parquet file, with distinct column names.

    Raises
    ------
    ValueError
        Naming the file, if it is empty, damaged or in another format.
    """
    form = TABLE_FORMATS.find(path.suffix.lower(), "the end of the file's name")
    try:
        table = form.load(path)
    except PermissionError:
        raise ValueError(f"{path} must be a readable file, got one without permission") from None
    # Damaged bytes make pandas and pyarrow raise many kinds of exception; all mean this one thing.
    except Exception as error:
        detail = " ".join(str(error).split())[:120] or type(error).__name__
        raise ValueError(f"{path} must be an intact {form.name} file, got: {detail}") from None
    if 0 in table.shape:
        raise ValueError(f"{path} must hold rows and columns, got shape {table.shape}")
    table.columns = table.columns.map(str)
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise ValueError(f"{path} must have distinct column names, got {twice[0]!r} twice")
    return table


def read_folder(folder: Path, asked: Mapping[str, str], on: str | None) -> Found:
    """One modality from each file of a folder, rows labelled by the column `on`.

    Parameters
    ----------
    asked
        Argument (target, groups, order, weights) → the column that holds it, in any of the files.
        These columns are no features; a file that holds nothing else is no modality.
    on
        The column that says which rows belong together; by default the one column that all files
        share and whose values are distinct in each.

    Raises
    ------
    ValueError
        Naming the file and the column.
    """
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in TABLE_FORMATS.names)
    if not files:
        ends = " or ".join(TABLE_FORMATS.names)
        held = sorted(path.name for path in folder.iterdir())
        got = f"only {_shown(held)}" if held else "none"
        raise ValueError(f"{folder} must hold files that end in {ends}, got {got}")
    stems = [path.stem for path in files]
    for stem in stems:
        if stems.count(stem) > 1:
            raise ValueError(f"{folder} must hold one file for each name, got {stem!r} twice")
    notes = []
    others = sorted(path.name for path in folder.iterdir() if path not in files)
    if others:
        notes.append(f"Not read in {folder.name}: {', '.join(others)}.")
    tables = {path.name: load_table(path) for path in files}
    if on is None:
        on = _shared(tables, asked.values(), folder)
        notes.append(
            f"Rows are joined on {on}, the one column that all files share without repeats."
        )
    tables = {name: _labelled(table, on, folder / name) for name, table in tables.items()}
    taken = {a: _asked(tables, a, column, folder) for a, column in asked.items()}
    modalities = {}
    for path in files:
        rest = tables[path.name].drop(columns=list(asked.values()), errors="ignore")
        if rest.shape[1]:
            modalities[path.stem] = rest
    if not modalities:
        raise ValueError(
            f"{folder} must hold a file with features beside {', '.join(asked.values())}"
        )
    return modalities, taken, notes


def read_wide(
    path: Path, asked: Mapping[str, str], on: str | None, modality: Mapping[str, Sequence[str]]
) -> Found:
    """Modalities from the columns of one table whose names match patterns such as ``mfcc_*``.

    Parameters
    ----------
    asked, on
        As in ``read_folder``; ``on`` may be None.
    modality
        Modality → patterns of column names.

    Raises
    ------
    ValueError
        If a pattern matches no column, or if a column belongs to two modalities.
    """
    table = load_table(path)
    if on is not None:
        table = _labelled(table, on, path)
    taken = {a: _asked({path.name: table}, a, column, path) for a, column in asked.items()}
    rest = table.drop(columns=list(asked.values()))
    if not modality:
        raise ValueError(
            f"modality must say which columns belong together, such as audio=mfcc_*,pitch, got none "
            f"for the columns {_shown(rest.columns)} of {path}"
        )
    owner: dict[str, str] = {}
    for name, patterns in modality.items():
        for pattern in patterns:
            matching = [column for column in rest.columns if fnmatchcase(column, pattern)]
            if not matching:
                raise ValueError(
                    f"modality {name} must name columns of {path}, got {pattern!r}, which matches "
                    f"none of {_shown(rest.columns)}"
                )
            for column in matching:
                if owner.setdefault(column, name) != name:
                    raise ValueError(
                        f"modality must put each column into one modality, got {column!r} in "
                        f"{owner[column]} and {name}"
                    )
    features = {
        name: rest[[column for column in rest.columns if owner.get(column) == name]]
        for name in modality
    }
    unused = [column for column in rest.columns if column not in owner]
    return features, taken, [f"Columns not used: {_shown(unused)}."] if unused else []


def _with_index(table: pd.DataFrame) -> pd.DataFrame:
    """A named index of a Parquet file as a column."""
    return table.reset_index() if table.index.names != [None] else table


def _shared(tables: Mapping[str, pd.DataFrame], asked: Any, folder: Path) -> str:
    common = [
        column
        for column in next(iter(tables.values())).columns
        if column not in asked and all(column in table for table in tables.values())
    ]
    distinct = [c for c in common if all(table[c].is_unique for table in tables.values())]
    if len(distinct) != 1:
        raise ValueError(
            f"on must name the column on which the files of {folder} are joined, got nothing, and "
            + (
                f"{_shown(distinct)} could serve: shared by all of {', '.join(tables)} without repeats"
                if distinct
                else f"none could serve: {_why_none(tables, common, asked)}"
            )
        )
    return str(distinct[0])


def _why_none(tables: Mapping[str, pd.DataFrame], common: list[str], asked: Any) -> str:
    """What keeps every column from joining the files."""
    repeats = [
        f"{column} repeats {int(table[column].duplicated().sum())} value(s) in {name}"
        for column in common
        for name, table in tables.items()
        if not table[column].is_unique
    ]
    if repeats:
        return _shown(repeats)
    taken = [c for c in dict.fromkeys(asked) if all(c in table for table in tables.values())]
    if taken:
        return f"all files share {_shown(taken)} alone, named as target, groups, order or weights"
    first, table = next(iter(tables.items()))
    return f"no column is in all of {', '.join(tables)}; {first} has {_shown(table.columns)}"


def _labelled(table: pd.DataFrame, on: str, path: Path) -> pd.DataFrame:
    if on not in table:
        raise ValueError(f"{path} must have the column {on!r}, got {_shown(table.columns)}")
    missing = int(table[on].isna().sum())
    if missing:
        raise ValueError(f"{path} must have a value of {on!r} in every row, got {missing} without")
    twice = table[on][table[on].duplicated()]
    if len(twice):
        raise ValueError(
            f"{path} must have distinct values of {on!r}, got {twice.tolist()[0]!r} more than once "
            f"({len(twice)} repeats in all)"
        )
    return table.set_index(on)


def _asked(
    tables: Mapping[str, pd.DataFrame], argument: str, column: str, path: Path
) -> pd.Series[Any]:
    """The column with that name; where several files have it they must agree."""
    found = {name: table[column] for name, table in tables.items() if column in table}
    if not found:
        held = ", ".join(_shown(table.columns) for table in tables.values())
        raise ValueError(f"{argument} must name a column of {path}, got {column!r}, not in {held}")
    (first, values), *others = found.items()
    for name, other in others:
        rows = values.index.intersection(other.index)
        if not values.loc[rows].equals(other.loc[rows]):
            raise ValueError(
                f"{argument} must be the same wherever it is given, got {column!r} with different "
                f"values in {first} and {name}"
            )
        if len(other) > len(values):
            first, values = name, other
    return values


def _shown(names: Any) -> str:
    names = list(names)
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
