"""Rows that are equal in every modality and in the target: copies may lie on both sides of a split."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b

import numpy as np

from empirical.observations.columns import blocks
from empirical.observations.observations import Features


def identical_rows(
    features: Mapping[str, Features], present: Mapping[str, np.ndarray], target: np.ndarray
) -> np.ndarray:
    """For each row the number of the first row that equals it, its own if none does.

    Parameters
    ----------
    features, present, target
        As in ``Observations``. A modality that two rows lack counts as equal.

    Examples
    --------
    >>> ones = np.array([[1.0], [2.0], [1.0]])
    >>> identical_rows({"a": ones}, {"a": np.ones(3, bool)}, np.array([0, 0, 0]))
    array([0, 1, 0])
    """
    digests = [blake2b(value.tobytes(), digest_size=16) for value in target]
    for name, values in features.items():
        for digest, there, row in zip(digests, present[name], _rows(values), strict=True):
            # The length keeps the end of one modality apart from the start of the next.
            piece = row if there else b"absent"
            digest.update(len(piece).to_bytes(8, "little"))
            digest.update(piece)
    first: dict[bytes, int] = {}
    return np.array(
        [first.setdefault(each.digest(), row) for row, each in enumerate(digests)], dtype=np.int64
    )


def duplicate_warnings(
    first: np.ndarray,
    groups: np.ndarray | None,
    train: np.ndarray | None,
    row_name: Callable[[int], str] = "row {}".format,
) -> list[str]:
    """What a user must know about equal rows, in sentences; none if all rows differ.

    Parameters
    ----------
    first
        What ``identical_rows`` returns.
    groups, train
        As in ``Observations``.
    row_name
        What a row of that number is called.

    Examples
    --------
    >>> duplicate_warnings(np.array([0, 1]), None, None)
    []
    """
    again = np.flatnonzero(first != np.arange(len(first)))
    if len(again) == 0:
        return []

    def pair(row: int, earlier: int) -> str:
        return f"{row_name(row)} repeats {row_name(earlier)}"

    shown = pair(again[0], first[again[0]])
    found = [
        f"{len(again)} of {len(first)} rows repeat an earlier row in every modality and the target "
        f"({shown}). If they are copies, leave them out or give them one group; chance repeats of "
        "columns with few values do no harm."
    ]
    if groups is not None:
        across = again[groups[again] != groups[first[again]]]
        if len(across):
            found.append(
                f"{len(across)} rows repeat a row of another group "
                f"({pair(across[0], first[across[0]])})."
            )
    if train is not None:
        taught = np.unique(first[train])
        seen = np.flatnonzero(~train & np.isin(first, taught))
        if len(seen):
            row = int(seen[0])
            same = int(np.flatnonzero(train & (first == first[row]))[0])
            found.append(
                f"{len(seen)} of {int((~train).sum())} held-out rows repeat a training row "
                f"({pair(row, same)}): what is measured on them is not about new rows."
            )
    return found


def _rows(values: Features) -> Iterator[bytes]:
    if isinstance(values, np.ndarray):
        for _, block in blocks(values):
            # Adding zero makes one number of 0.0 and −0.0.
            yield from (row.tobytes() for row in np.ascontiguousarray(block) + 0.0)
        return
    for start, end in zip(values.indptr[:-1], values.indptr[1:], strict=True):
        kept = values.data[start:end] != 0
        columns = values.indices[start:end][kept].astype(np.int64)
        yield columns.tobytes() + values.data[start:end][kept].tobytes()
