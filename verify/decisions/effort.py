"""What training will take: which candidates are affordable, and how many threads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from empirical.modalities import Subset
from empirical.observations.observations import Features, Observations
from verify.decisions.candidates import CANDIDATES
from verify.decisions.linear import CELLS
from verify.decisions.models import Candidate, Size
from verify.decisions.split import Split

# Seconds of one core that all candidates but the first may take, by a rough model of their cost.
BUDGET = 60.0
# Bytes that threads may work in, however small the input is.
ALWAYS = 2**30


def affordable(
    data: Observations, split: Split, classes: int, subsets: Sequence[Subset]
) -> tuple[tuple[Candidate, ...], float]:
    """The candidates whose rough cost over all subsets fits the budget, and their seconds together.

    The choice depends on sizes alone, never on a clock, so the same data get the same candidates;
    and every subset gets the same ones. The first candidate is always among them.
    """
    task = "classification" if classes else "regression"
    fitting = [each for each in CANDIDATES if task in each.tasks]
    kept: list[Candidate] = []
    spent = 0.0
    for candidate in fitting:
        seconds = 0.0
        for subset in subsets:
            size = size_of(data, subset, len(split.train), classes)
            seconds += (len(split.folds) + 1) * candidate.seconds(size)
        if not kept or spent + seconds <= BUDGET:
            kept.append(candidate)
            spent += seconds
    return tuple(kept), spent


def threads(data: Observations, asked: int) -> int:
    """So many threads that what they work in stays below the size of the input."""
    given = sum(
        X.nbytes if isinstance(X, np.ndarray) else 3 * X.data.nbytes for X in data.features.values()
    )
    columns = sum(X.shape[1] for X in data.features.values())
    rows = data.rows // 2
    side = min(rows, columns)
    # Products of columns and two pieces of rows; or products of rows, and the rows.
    cells = side**2 + min(2 * CELLS if columns <= rows else side * columns, rows * columns)
    return max(1, min(asked, int(max(given, ALWAYS) / (4 * max(cells, 1)))))


def size_of(data: Observations, subset: Subset, rows: int, classes: int) -> Size:
    """The size of the matrix of a subset with so many rows."""
    columns = sum(data.features[name].shape[1] for name in subset)
    whole = sum(entries(data.features[name]) for name in subset)
    return Size(rows, columns, max(1, round(whole * rows / data.rows)), classes, len(subset))


def entries(values: Features) -> int:
    """The number of stored entries."""
    return int(values.size) if isinstance(values, np.ndarray) else int(values.nnz)
