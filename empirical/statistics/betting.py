"""Bounds on the mean of bounded variables by betting, for a number of rows that is fixed in advance.

Let X lie in [0, 1]. Whoever doubts that E X ≤ g bets on it: the capital

    W_t(g) = ∏_{s ≤ t} (1 − θ_s + θ_s X_s / g),    0 ≤ θ_s ≤ CAP < 1,

is a nonnegative supermartingale if E X ≤ g and θ_s depends on earlier rows alone, so that
P(sup_t W_t(g) ≥ 1/α) ≤ α (Ville). The lower bound on E X is the end of the stretch from 0 upwards in
which every g is refuted in this way. It can exceed the true mean only if the mean itself is refuted:
all g are tested, and nothing is paid for their number.

[0, 1] is cut into cells. All g of one cell share their bets, so that W_t falls in g there, and a cell
is refuted as a whole if its upper end is. Cells are scanned upwards from 0; in the first one that is
not refuted the bound is found by cutting it up. The cells are fixed after the first rows, on which all g
share one bet; later bets depend on the cell and on earlier rows. So θ is predictable for every g.

The bet replicates a digital option that pays 1/α if g is refuted at the end: with
s = ln(1/α) − ln W it is φ(d)/Φ(d)/√(rows left · variance), where Φ(d) = e^{−s}/1.1. It is renewed after each
block of rows, and the capital is looked at there.

References
----------
Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86 (2024).
Ville, Étude critique de la notion de collectif (1939).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bounds.domains import PROBABILITY, RANGE, REAL
from empirical.statistics.capital import EPS, first_bets, margin, play

Values = NDArray[np.float64]

BELOW, ABOVE = 120, 40
"""The number of cells on either side of the mean of the first rows."""
ROUNDS, PARTS = 2, 32
"""In the last cell the bound is found among PARTS points, ROUNDS times."""
LEAST = 1e-12
BATCH = 256


def upper_bound(
    values: ArrayLike, alpha: float, *, low: float, high: float, null: float | None = None
) -> Values:
    """A number that the mean exceeds with probability at most alpha.

    Parameters
    ----------
    values : array, [..., n]
        Independent rows in [low, high], in an order that does not depend on them; each leading index
        is a sample of its own.
    alpha : float
        In (0, 1).
    low, high : float
        The range of the variable, known in advance.
    null : float, optional
        A value of interest. It becomes the end of a cell, so that a bound beyond it goes with a
        `p_value` of at most alpha.

    Returns
    -------
    array, [...]
        At most `high`, and not below the sample's mean; rounded upwards.

    Raises
    ------
    ValueError
        For no rows, values outside the range, a range that is empty or of a width outside
        [1e-100, 1e100], or alpha outside (0, 1).

    Examples
    --------
    >>> bound = upper_bound([-1.0, 0.0] * 50, 0.05, low=-1, high=1)
    >>> -0.5 < bound < -0.4
    np.True_
    """
    rows = checked(values, low, high)
    mirrored = None if null is None else -null
    return -lower_bound(-rows, alpha, low=-high, high=-low, null=mirrored)


def lower_bound(
    values: ArrayLike, alpha: float, *, low: float, high: float, null: float | None = None
) -> Values:
    """A number that the mean falls below with probability at most alpha.

    Parameters and errors are those of `upper_bound`; the bound is at least `low` and not above the sample's
    mean, rounded downwards.

    Examples
    --------
    >>> float(lower_bound([-1.0] * 50, 0.05, low=-1, high=1))
    -1.0
    """
    PROBABILITY.number("alpha", alpha)
    rows = checked(values, low, high)
    samples = _scaled(rows, low, high).reshape(-1, rows.shape[-1])
    end = None if null is None else (null - low) / (high - low)
    parts = range(0, len(samples), BATCH)
    found = np.concatenate([_lower(samples[i : i + BATCH], alpha, end) for i in parts])
    # The rows were rounded when they were scaled, and the bound is when it is scaled back.
    bound = low + (high - low) * (found - 8 * EPS) - 8 * EPS * max(abs(low), abs(high))
    # At a large alpha capital that was won and lost again refutes the sample's own mean. Then a bound from
    # below and one from above could pass each other; weakened bounds stay valid.
    kept = np.minimum(bound.reshape(rows.shape[:-1]), rows.mean(axis=-1))
    return np.asarray(np.maximum(kept, low))


def p_value(values: ArrayLike, null: float, alpha: float, *, low: float, high: float) -> Values:
    """A p-value, 1 / sup W, of the hypothesis that the mean is at most `null`.

    Parameters
    ----------
    values, low, high
        As for `upper_bound`.
    null : float
        In (low, high].
    alpha : float
        The level at which the bets aim; the p-value is valid at every level.

    Returns
    -------
    array, [...]
        In (0, 1].

    Raises
    ------
    ValueError
        As `upper_bound`, and for a null outside (low, high].

    Examples
    --------
    >>> float(p_value([0.5] * 10, 0.5, 0.05, low=0, high=1))
    1.0
    """
    PROBABILITY.number("alpha", alpha)
    rows = checked(values, low, high)
    if not low < REAL.number("null", null) <= high:
        raise ValueError(f"null must lie in ({low:g}, {high:g}], got {null!r}")
    samples = _scaled(rows, low, high).reshape(-1, rows.shape[-1])
    n = samples.shape[1]
    # A null that is a little larger makes the capital a little smaller.
    end = np.full((len(samples), 1), min(1.0, (null - low) / (high - low) + 16 * EPS))
    best = play(samples, end, first_bets(samples, _aim(alpha, n)), _aim(alpha, n)).best
    return np.exp(-np.maximum(best[:, 0] - margin(n), 0.0)).reshape(rows.shape[:-1])


def checked(values: ArrayLike, low: float, high: float) -> Values:
    """The values as float64 [..., n], every one of them in [low, high].

    Raises
    ------
    ValueError
        For anything else.

    Examples
    --------
    >>> checked([0.5, 2.0], 0, 1)
    Traceback (most recent call last):
    ...
    ValueError: values must lie in [0, 1], got 2.0
    """
    if not REAL.number("low", low) < REAL.number("high", high):
        raise ValueError(f"low must be less than high, got low={low!r} and high={high!r}")
    RANGE.number("high - low", float(high) - float(low))
    array = REAL.check("values", values)
    if array.ndim == 0 or array.size == 0:
        raise ValueError(f"values must have shape [..., n] with n ≥ 1, got shape {array.shape}")
    outside = (array < low) | (array > high)
    if outside.any():
        raise ValueError(f"values must lie in [{low:g}, {high:g}], got {array[outside][0]}")
    return array


def _lower(x: Values, alpha: float, null: float | None) -> Values:
    """The lower bound for samples [R, n] in [0, 1]: [R]."""
    n = x.shape[1]
    aim = _aim(alpha, n)
    first = first_bets(x, aim)
    ends = _cells(x[:, : first[-1].stop], n, null)
    refuted = play(x, ends, first, aim).best >= aim
    open_cell = _leading(refuted)
    padded = np.c_[np.zeros(len(x)), ends, ends[:, -1]]
    here = np.arange(len(x))
    low, high = padded[here, open_cell], padded[here, open_cell + 1]
    # The same game for the upper end of this cell alone gives the bets of the whole cell.
    game = play(x, high[:, None], first, aim)
    for _ in range(ROUNDS):
        points = low[:, None] + (high - low)[:, None] * np.arange(PARTS + 1) / PARTS
        refuted = play(x, np.maximum(points[:, 1:], LEAST), game.bets, aim).best >= aim
        reached = np.minimum(_leading(refuted), PARTS - 1)
        low, high = points[here, reached], points[here, reached + 1]
    bound: Values = low
    return bound


def _leading(refuted: NDArray[np.bool_]) -> NDArray[np.intp]:
    """How many entries of each row are true before the first that is not."""
    closed = np.c_[refuted, np.zeros(len(refuted), dtype=bool)]
    first: NDArray[np.intp] = np.argmin(closed, axis=1)
    return first


def _aim(alpha: float, n: int) -> float:
    return math.log(1 / alpha) + margin(n)


def _cells(first: Values, n: int, null: float | None) -> Values:
    """The upper ends of the cells, [R, K], ascending: close to the first rows' mean, wider far away."""
    rows = first.shape[1]
    mean = (first.sum(1, keepdims=True) + 0.5) / (rows + 1)
    spread = first.std(1, keepdims=True)
    unit = np.maximum(0.5 / n, spread / math.sqrt(n) / 2)
    far = np.arcsinh(mean / unit)
    # The bound can hardly come out above the mean of the first rows by more than five standard errors.
    near = np.arcsinh(np.minimum(1 - mean, 5 * spread / math.sqrt(rows) + 5 * unit) / unit)
    below = mean - unit * np.sinh(far * np.arange(BELOW - 1, -1, -1) / BELOW)
    above = mean + unit * np.sinh(near * np.arange(1, ABOVE + 1) / ABOVE)
    ends: Values = np.clip(np.concatenate([below, above], axis=1), LEAST, 1.0)
    if null is not None and 0 < null <= 1:
        ends = np.sort(np.concatenate([ends, np.full((len(ends), 1), null)], axis=1), axis=1)
    return ends


def _scaled(rows: Values, low: float, high: float) -> Values:
    return np.clip((rows - low) / (high - low), 0.0, 1.0)
