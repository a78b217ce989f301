"""Which row of one table belongs to which row of another: by labels, or by position without any."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bounds.table import Table
from empirical.observations.columns import own_labels

Labels = Mapping[str, pd.Index]


@dataclass(frozen=True)
class Alignment:
    """A rule for tables whose rows have labels: `kept(labels, reference)` are the rows to keep.

    ``kept`` is None for the rule that ignores labels.

    Examples
    --------
    >>> one, two = pd.Index(["p", "q", "r"]), pd.Index(["q", "p"])
    >>> ALIGNMENTS.find("inner").kept({"y": one, "x": two}, "y").tolist()
    ['p', 'q']
    """

    name: str
    kept: Callable[[Labels, str], pd.Index] | None


def _equal(labels: Labels, reference: str) -> pd.Index:
    rows = labels[reference]
    for argument, index in labels.items():
        matching = int(rows.isin(index).sum())
        if matching == len(rows) == len(index):
            continue
        kinds = "" if rows.dtype == index.dtype else f" (labels are {index.dtype} and {rows.dtype})"
        raise ValueError(
            f"{argument} and {reference} must have the same {_labels(index)}, got {len(index)} and "
            f"{len(rows)} rows of which {matching} match{kinds}; align='inner' (--align inner) keeps those, "
            "align='outer' takes a modality as absent where its row is missing, "
            "align='position' ignores the labels"
        )
    return rows


def _inner(labels: Labels, reference: str) -> pd.Index:
    rows = labels[reference]
    for index in labels.values():
        rows = rows[rows.isin(index)]
    if len(rows) == 0:
        shown = ", ".join(
            f"{argument} has {index.tolist()[0]!r}" for argument, index in labels.items()
        )
        raise ValueError(f"tables must share {_labels(rows)} for align='inner', got none ({shown})")
    return rows


@dataclass(frozen=True)
class Aligned:
    """Where the kept rows lie in each table, and what was done.

    ``positions``: argument → the position of each kept row, −1 where the table lacks it; None if its
    rows stay as they are. ``labels``: those of the kept rows, None if rows are known by number alone.
    ``notes``: what was moved or left out, in sentences.
    """

    positions: dict[str, np.ndarray | None]
    labels: pd.Index | None
    notes: tuple[str, ...]


ALIGNMENTS = Table(
    "align",
    [
        Alignment("equal", _equal),
        Alignment("inner", _inner),
        Alignment("outer", lambda labels, reference: labels[reference]),
        Alignment("position", None),
    ],
)


def align_rows(
    labels: Mapping[str, pd.Index | None],
    lengths: Mapping[str, int],
    reference: str,
    align: str | None,
) -> Aligned:
    """Rows that belong together, found by their labels.

    Parameters
    ----------
    labels
        Argument → the labels of its rows, None if it has none.
    lengths
        Argument → its number of rows.
    reference
        The argument whose order the others follow: the target.
    align
        A name in ``ALIGNMENTS``, or None for "equal".

    Raises
    ------
    ValueError
        If labels or lengths differ where they must not, or if rows cannot be told apart.

    Examples
    --------
    >>> index = {"x": pd.Index(["b", "a"]), "y": pd.Index(["a", "b"])}
    >>> align_rows(index, {"x": 2, "y": 2}, "y", None).positions
    {'x': array([1, 0]), 'y': None}
    """
    rule = ALIGNMENTS.find("equal" if align is None else align)
    known = {} if rule.kept is None else _known(labels, reference)
    unknown = [argument for argument in lengths if argument not in known]
    if known:
        reference = reference if reference in known else next(iter(known))
    first = known.get(reference)
    same = all(index.equals(first) for index in known.values())
    if same or rule.kept is None:
        _check_lengths(lengths, reference)
        return Aligned(dict.fromkeys(lengths), None if first is None else own_labels(first), ())
    if unknown:
        other = next(a for a, index in known.items() if not index.equals(first))
        raise ValueError(
            f"{unknown[0]} must have row labels, since {reference} and {other} have different ones, "
            "got none; align='position' ignores the labels"
        )
    for argument, index in known.items():
        if not index.is_unique:
            twice = index[index.duplicated()].tolist()[0]
            raise ValueError(
                f"{argument} must have distinct {_labels(index)} where tables differ in them, "
                f"got {twice!r} more than once"
            )
    kept = rule.kept(known, reference)
    positions: dict[str, np.ndarray | None] = {}
    notes = []
    for argument, index in known.items():
        where = index.get_indexer(kept)
        unchanged = len(index) == len(kept) and bool((where == np.arange(len(kept))).all())
        positions[argument] = None if unchanged else where
        left = len(index) - int((where >= 0).sum())
        if left:
            label = "label" if index.name is None else index.name
            notes.append(
                f"{argument}: {left} of {len(index)} rows were left out, since another table has no "
                f"row of that {label}."
            )
        elif not unchanged and (where >= 0).all():
            by = "their labels" if index.name is None else index.name
            notes.append(f"{argument}: rows were put in the order of {reference} by {by}.")
    return Aligned(positions, own_labels(kept), tuple(notes))


def _labels(index: pd.Index) -> str:
    """What tells rows apart, in words: a column that was read as labels keeps its name."""
    return "row labels" if index.name is None else f"values of {index.name!r}"


def _known(labels: Mapping[str, pd.Index | None], reference: str) -> dict[str, pd.Index]:
    """The labels that say something: an index that counts from 0 does only if others share labels with it."""
    found = {argument: index for argument, index in labels.items() if index is not None}
    names = {argument: index for argument, index in found.items() if own_labels(index) is not None}
    if not names:
        return {reference: found[reference]} | found if reference in found else found
    return {
        argument: index
        for argument, index in found.items()
        if argument in names or any(index.isin(other).any() for other in names.values())
    }


def _check_lengths(lengths: Mapping[str, int], reference: str) -> None:
    for argument, length in lengths.items():
        if length != lengths[reference]:
            raise ValueError(
                f"{argument} must have as many rows as {reference}, {lengths[reference]}, "
                f"got {length}"
            )
