"""R_m of a finite class of {0, 1}-valued functions on finitely many cells, exact at any affordable m.

Each example falls into a cell and carries a fair sign, so the sums S_c of the cells' signs make a
random walk, and R_m = (1/m) E max_f Σ_c f(c) S_c. The walk is symmetric in each coordinate, which
is what makes the class small: a cell on which all functions agree adds nothing on average; two
cells on which all functions agree, or all disagree, are one cell; and a cell whose value can be
chosen freely, whatever the others are, adds its own E(S_c)₊. What is left, a walk in d dimensions,
has the characteristic function (1 − Σp_c + Σ p_c cos θ_c)^m; its law on a grid is a cosine
transform of that.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.fft import dctn

from bounds import rademacher
from empirical.statistics.intervals import Interval
from empirical.worlds.trials import check_draw

Table = NDArray[np.bool_]
Grid = NDArray[np.float64]

# Points of the largest grid: about five seconds on one core for eight functions of four cells.
MOST_POINTS = 2**22
# Mass beyond the grid in each coordinate, and rounding; both enter the interval.
_TAIL = 1e-13
_ROUNDING = 1e-12


def finite_class_complexity(table: ArrayLike, probabilities: ArrayLike, m: int) -> Interval:
    """R_m(F) of the functions in the rows of ``table``; convention 1/m, no |·|.

    Exact, up to a width below 1e-8, where all cells are free (any m), where two are left to walk
    over (to m ≈ 10⁵), three (m ≈ 1,000) or four (m ≈ 40). Beyond: at least the best pair of
    functions, at most Massart's bound and that of all maps of the cells.

    Parameters
    ----------
    table
        {0, 1} or bool [functions, cells]: f(c)
    probabilities
        [cells], summing to 1.

    Raises
    ------
    ValueError
        For a table that is not made of 0 and 1 with at least one row, probabilities that do not fit
        it or do not sum to 1, or m < 1.

    References
    ----------
    this module's derivation.

    Examples
    --------
    >>> interval = finite_class_complexity([[0, 0], [0, 1], [1, 0], [1, 1]], [0.5, 0.5], m=1)
    >>> round(float(interval.high), 9)                                 # all maps: E(σ)₊ = ½
    0.5
    """
    check_draw(m, 1)
    raw = np.asarray(table)
    if raw.ndim != 2 or 0 in raw.shape or not np.isin(raw, (0, 1)).all():
        raise ValueError(f"table must be a matrix of 0 and 1 with a row, got shape {raw.shape}")
    p = np.asarray(probabilities, dtype=np.float64)
    if p.shape != raw.shape[1:] or not (p >= 0).all() or abs(p.sum() - 1) > 1e-9:
        raise ValueError(
            f"probabilities must be {raw.shape[1]} numbers ≥ 0 that sum to 1, got {p.tolist()}"
        )
    functions, chances = _merged(raw.astype(bool), p)
    free, functions, chances = _freed(functions, chances)
    separate = sum(_walk_maximum(np.array([[False], [True]]), np.array([q]), m)[0] for q in free)
    low = high = separate
    if functions.shape[1]:
        points = math.prod(_reach(q, m) + 1 for q in chances)
        if points <= MOST_POINTS:
            rest, error = _walk_maximum(functions, chances, m)
            low, high = low + rest - error, high + rest + error
        else:
            low, high = low + _pairs(functions, chances, m), high + _ceiling(functions, chances, m)
    error = (len(free) + 1) * (m * _TAIL + _ROUNDING)
    return Interval(max(low - error, 0.0) / m, (high + error) / m)


def _merged(table: Table, p: Grid) -> tuple[Table, Grid]:
    """Distinct functions on the cells that matter, each cell flipped so that the first says 0."""
    flipped = (table ^ table[:1])[:, p > 0]
    columns, where = np.unique(flipped.T, axis=0, return_inverse=True)
    chances = np.bincount(where.ravel(), p[p > 0], minlength=len(columns))
    varies = columns.any(axis=1)
    functions: Table = np.unique(columns[varies].T, axis=0)
    return functions, chances[varies].astype(np.float64)


def _freed(functions: Table, chances: Grid) -> tuple[list[float], Table, Grid]:
    """Split off the cells whose value is free whatever the others are."""
    free: list[float] = []
    cell = 0
    while cell < functions.shape[1]:
        others = np.unique(np.delete(functions, cell, axis=1), axis=0)
        if 2 * len(others) == len(functions):
            free.append(float(chances[cell]))
            functions, chances = others, np.delete(chances, cell)
        else:
            cell += 1
    return free, functions, chances


def _reach(q: float, m: int) -> int:
    """The largest |S_c| that is kept. Bernstein: P(|S_c| ≥ t) ≤ 2 exp(−t²/2(mq + t/3))."""
    nats = math.log(2 / _TAIL)
    return min(m + 1, math.ceil(nats / 3 + math.sqrt(nats**2 / 9 + 2 * nats * m * q)))


def _walk_maximum(functions: Table, chances: Grid, m: int) -> tuple[float, float]:
    """E max_f Σ f(c) S_c, and how much what lies beyond the grid may add."""
    d = len(chances)
    reach = [_reach(float(q), m) for q in chances]
    phi = np.full([r + 1 for r in reach], 1.0 - chances.sum())
    for c in range(d):
        angles = np.pi * np.arange(reach[c] + 1) / reach[c]
        phi += (chances[c] * np.cos(angles)).reshape([-1 if k == c else 1 for k in range(d)])
    law = dctn(phi**m, type=1) / math.prod(2 * r for r in reach)
    for c in range(d):
        # Both signs of S_c share a point of the grid, except at 0 and at the period's end.
        twice = np.full(reach[c] + 1, 2.0)
        twice[[0, -1]] = 1.0
        law *= twice.reshape([-1 if k == c else 1 for k in range(d)])
    steps = np.meshgrid(*(np.arange(r + 1.0) for r in reach), indexing="ij", sparse=True)
    total = 0.0
    for signs in itertools.product((-1.0, 1.0), repeat=d):
        best = np.full(law.shape, -np.inf)
        for function in functions:
            value = sum((signs[c] * steps[c] for c in np.flatnonzero(function)), start=np.zeros(1))
            best = np.maximum(best, value)
        total += float((law * best).sum())
    return total / 2**d, d * m * _TAIL


def _pairs(functions: Table, chances: Grid, m: int) -> float:
    """max over f, g of E max(f·S, g·S) = E(walk of the cells where they differ)₊."""
    apart = max(float(chances[f != g].sum()) for f, g in itertools.combinations(functions, 2))
    return _walk_maximum(np.array([[False], [True]]), np.array([apart]), m)[0]


def _ceiling(functions: Table, chances: Grid, m: int) -> float:
    """All maps of the cells; and Massart's b √(2 n ln|F|), b = ½, n ≤ m examples in the cells."""
    maps = sum(_walk_maximum(np.array([[False], [True]]), np.array([q]), m)[0] for q in chances)
    inside = float(rademacher.massart(radius=0.5, size=len(functions), m=m))
    return min(maps, m * inside * math.sqrt(min(float(chances.sum()), 1.0)))
