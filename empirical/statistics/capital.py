"""The capital of bets against a mean: the bets, and what they win on blocks of rows in [0, 1].

`empirical.statistics.betting` says what is bet on and why.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Values = NDArray[np.float64]

CAP = 0.95
"""The largest share of the capital that one row may cost."""
PRIOR = 1e-4
"""What n rows add to the sum of squares from which the variance is estimated, in units of the range."""
OVERSHOOT = math.log(1.1)
"""Capital is aimed this much above 1/α, since its last step may carry it beyond."""
STEP = math.log(10.0)
"""Capital that has reached its aim is aimed at ten times as much, for the sake of the p-value."""
FIRST = 16
"""One row in so many comes before bets differ between means."""
PIECES = 64
"""Blocks have this fraction of the rows before or after them."""
GROUP = 8
GIVEN_UP = -200.0
EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Bet:
    """The bet θ, [R, K] or [R, 1], on the rows from start to stop."""

    start: int
    stop: int
    share: Values


@dataclass(frozen=True, eq=False)
class Game:
    """The largest ln W at the end of any block, [R, K], and the bets."""

    best: Values
    bets: list[Bet]


def margin(n: int) -> float:
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


def first_bets(x: Values, aim: float) -> list[Bet]:
    """The bets on the first rows: those of an observer who knows their mean so far, for all g."""
    R, n = x.shape
    total, squares = np.zeros((R, 1)), np.zeros((R, 1))
    bets = []
    for start, stop in _blocks(n):
        mean = (total + 0.5) / (start + 1)
        share = _share(aim, (start, total, squares), mean, n)
        bets.append(Bet(start, stop, share))
        rows = x[:, start:stop]
        total = total + rows.sum(1, keepdims=True)
        squares = squares + (rows * rows).sum(1, keepdims=True)
        if stop * FIRST >= n:
            break
    return bets


def play(x: Values, g: Values, first: list[Bet], aim: float) -> Game:
    """Bet against each g, [R, K], on all rows; the first bets, perhaps all of them, are given."""
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
            bet = Bet(start, stop, _share(lacks, (start, total, squares), g, n))
            bets.append(bet)
        rows = x[:, start:stop]
        capital = capital + growth(rows, bet.share, g)
        alive, best = _looked_at(capital, alive, best)
        total = total + rows.sum(1, keepdims=True)
        squares = squares + (rows * rows).sum(1, keepdims=True)
    return Game(best, bets)


def _looked_at(
    capital: Values, alive: NDArray[np.bool_], best: Values
) -> tuple[NDArray[np.bool_], Values]:
    """Capital below e^−200 is given up, so that rounding cannot add up; else the best is kept."""
    alive = alive & (capital > GIVEN_UP)
    return alive, np.where(alive, np.maximum(best, capital), best)


def growth(rows: Values, share: Values, g: Values) -> Values:
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
