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
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from bounds.domains import PROBABILITY, REAL

Values = NDArray[np.float64]

CAP = 0.9
"""The largest share of the capital that one row may cost."""
PRIOR = 0.001
"""What n rows add to the sum of squares from which the variance is estimated, in units of the range."""
OVERSHOOT = math.log(1.1)
"""Capital is aimed this much above 1/α, since its last step may carry it beyond."""
STEP = math.log(10.0)
"""Capital that has reached its aim is aimed at ten times as much, for the sake of the p-value."""
FIRST = 16
"""One row in so many comes before the cells are fixed."""
PIECES = 64
"""Blocks have this fraction of the rows before or after them."""
BELOW, ABOVE = 120, 40
"""The number of cells on either side of the mean of the first rows."""
ROUNDS, PARTS = 2, 32
"""In the last cell the bound is found among PARTS points, ROUNDS times."""
LEAST = 1e-12
GROUP = 8
GIVEN_UP = -200.0
EPS = float(np.finfo(np.float64).eps)
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
        At most `high`; rounded upwards.

    Raises
    ------
    ValueError
        For no rows, values outside the range, an empty range, or alpha outside (0, 1).

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

    Parameters and errors are those of `upper_bound`; the bound is at least `low`, rounded downwards.

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
    return np.maximum(bound, low).reshape(rows.shape[:-1])


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
    best = _play(samples, end, _first_bets(samples, _aim(alpha, n)), _aim(alpha, n)).best
    return np.exp(-np.maximum(best[:, 0] - _margin(n), 0.0)).reshape(rows.shape[:-1])


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
    array = REAL.check("values", values)
    if array.ndim == 0 or array.size == 0:
        raise ValueError(f"values must have shape [..., n] with n ≥ 1, got shape {array.shape}")
    outside = (array < low) | (array > high)
    if outside.any():
        raise ValueError(f"values must lie in [{low:g}, {high:g}], got {array[outside][0]}")
    return array


@dataclass(frozen=True, eq=False)
class _Bet:
    """The bet θ, [R, K] or [R, 1], on the rows from start to stop."""

    start: int
    stop: int
    share: Values


@dataclass(frozen=True, eq=False)
class _Game:
    """The largest ln W at the end of any block, [R, K], and the bets."""

    best: Values
    bets: list[_Bet]


def _lower(x: Values, alpha: float, null: float | None) -> Values:
    """The lower bound for samples [R, n] in [0, 1]: [R]."""
    n = x.shape[1]
    aim = _aim(alpha, n)
    first = _first_bets(x, aim)
    ends = _cells(x[:, : first[-1].stop], n, null)
    refuted = _play(x, ends, first, aim).best >= aim
    open_cell = _leading(refuted)
    padded = np.c_[np.zeros(len(x)), ends, ends[:, -1]]
    here = np.arange(len(x))
    low, high = padded[here, open_cell], padded[here, open_cell + 1]
    # The same game for the upper end of this cell alone gives the bets of the whole cell.
    game = _play(x, high[:, None], first, aim)
    for _ in range(ROUNDS):
        points = low[:, None] + (high - low)[:, None] * np.arange(PARTS + 1) / PARTS
        refuted = _replay(x, np.maximum(points[:, 1:], LEAST), game.bets) >= aim
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
    return math.log(1 / alpha) + _margin(n)


def _margin(n: int) -> float:
    """More than rounding can add to ln W: each row's factor is off by a few units in the last place."""
    return 1e-9 + 64 * EPS * n


def _blocks(n: int) -> Iterator[tuple[int, int]]:
    """Blocks of rows: single rows at both ends, longer in the middle; about 130 ln(n/64) in all."""
    start = 0
    while start < n:
        stop = start + max(1, min(start, n - start) // PIECES)
        yield start, stop
        start = stop


def _share(aim: Values | float, past: tuple[int, Values, Values], g: Values, n: int) -> Values:
    """θ for g: `aim` is what ln W still lacks, `past` the number of rows, their sum and squares."""
    t, total, squares = past
    wanted = -(np.maximum(aim, 0.001) + OVERSHOOT)
    d = special.ndtri_exp(wanted)
    ratio = np.exp(-d * d / 2 - math.log(2 * math.pi) / 2 - wanted)
    about = np.maximum(squares - 2 * g * total + t * g * g, 0.0)
    variance = (about + PRIOR * n) / max(t, 1)
    share: Values = np.minimum(CAP, g * ratio / np.sqrt((n - t) * variance))
    return share


def _first_bets(x: Values, aim: float) -> list[_Bet]:
    """The bets on the first rows: those of an observer who knows their mean so far, for all g."""
    R, n = x.shape
    total, squares = np.zeros((R, 1)), np.zeros((R, 1))
    bets = []
    for start, stop in _blocks(n):
        mean = (total + 0.5) / (start + 1)
        share = _share(aim, (start, total, squares), mean, n)
        bets.append(_Bet(start, stop, share))
        rows = x[:, start:stop]
        total = total + rows.sum(1, keepdims=True)
        squares = squares + (rows * rows).sum(1, keepdims=True)
        if stop * FIRST >= n:
            break
    return bets


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


def _play(x: Values, g: Values, first: list[_Bet], aim: float) -> _Game:
    """Bet against each g, [R, K], on all rows; the first bets are given."""
    n = x.shape[1]
    bets = list(first)
    capital = best = np.zeros(g.shape)
    alive = np.ones(g.shape, dtype=bool)
    known = {bet.start: bet for bet in first}
    total, squares = np.zeros((len(x), 1)), np.zeros((len(x), 1))
    for start, stop in _blocks(n):
        bet = known.get(start)
        if bet is None:
            lacks = np.where(best < aim, aim, best + STEP) - capital
            bet = _Bet(start, stop, _share(lacks, (start, total, squares), g, n))
            bets.append(bet)
        rows = x[:, start:stop]
        capital = capital + _growth(rows, bet.share, g)
        alive, best = _looked_at(capital, alive, best)
        total = total + rows.sum(1, keepdims=True)
        squares = squares + (rows * rows).sum(1, keepdims=True)
    return _Game(best, bets)


def _replay(x: Values, g: Values, bets: list[_Bet]) -> Values:
    """The largest ln W of g, [R, 1], with given bets."""
    capital = best = np.zeros(g.shape)
    alive = np.ones(g.shape, dtype=bool)
    for bet in bets:
        capital = capital + _growth(x[:, bet.start : bet.stop], bet.share, g)
        alive, best = _looked_at(capital, alive, best)
    return best


def _looked_at(
    capital: Values, alive: NDArray[np.bool_], best: Values
) -> tuple[NDArray[np.bool_], Values]:
    """Capital below e^−200 is given up, so that rounding cannot add up; else the best is kept."""
    alive = alive & (capital > GIVEN_UP)
    return alive, np.where(alive, np.maximum(best, capital), best)


def _growth(rows: Values, share: Values, g: Values) -> Values:
    """ln of the product of the factors of a block, [R, K].

    The product over eight rows is a polynomial in (1 − θ, θ/g) whose coefficients, the elementary
    symmetric polynomials of the rows, are the same for all g. All terms are positive.
    """
    stay, odds = np.broadcast_to(1 - share, g.shape), share / g
    length = rows.shape[1]
    whole = length - length % GROUP
    grown = np.zeros(g.shape)
    for j in range(whole, length):
        grown = grown + np.log(stay + odds * rows[:, j : j + 1])
    if whole:
        powers = np.arange(GROUP + 1)
        weights = stay[..., None] ** (GROUP - powers) * odds[..., None] ** powers
        for i in range(0, whole, 512 * GROUP):
            part = rows[:, i : min(whole, i + 512 * GROUP)]
            sums = _symmetric(part.reshape(len(rows), -1, GROUP))
            grown = grown + np.log(weights @ sums).sum(axis=2)
    return grown


def _symmetric(groups: Values) -> Values:
    """The elementary symmetric polynomials of each group of rows: [R, G, k] to [R, k + 1, G]."""
    R, count, size = groups.shape
    sums = np.zeros((R, size + 1, count))
    sums[:, 0] = 1.0
    for j in range(size):
        sums[:, 1 : j + 2] += sums[:, : j + 1] * groups[:, None, :, j]
    return sums


def _scaled(rows: Values, low: float, high: float) -> Values:
    return np.clip((rows - low) / (high - low), 0.0, 1.0)
