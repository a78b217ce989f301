"""Facts about rows held out: two fixed models whose losses differ by few values, all samples enumerated."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import log, sqrt

import numpy as np
from scipy import stats

from empirical.statistics.intervals import Interval
from empirical.worlds.boolean import counts
from verify.claims.evidence.exact import LOGARITHMS
from verify.claims.evidence.facts import Enumerated, Facts, enumerated
from verify.verdicts.compare import ROUNDING

MOST = 0.5
"""The largest stake, as a share of 1/C."""


def stake(mean_square: float, m: int) -> float:
    """A stake that is nearly the best one at δ = 0.05 for losses in [0, 1] and the true E Z²."""
    return min(MOST, sqrt(2 * log(20) / (m * mean_square)))


def pair(values: tuple[float, ...], chances: tuple[float, ...], m: int) -> Facts:
    """Two models whose losses differ by one of a few values; every sample of m rows."""
    Z, law = np.array(values), np.array(chances)
    bet = stake(float(law @ Z**2), m)
    columns = [
        [chance, table @ Z / m, table @ Z**2 / m]
        for table, chance in counts.iterate_samples(law, m)
    ]
    chance, mean, square = (np.concatenate(c) for c in zip(*columns, strict=True))
    known = {"Z_mean": mean, "Z_square": square, "C": 1.0, "bet": bet, "m_test": m}
    gap = np.full(len(chance), float(law @ Z))
    return Facts(Interval.exact(gap), known, chance, LOGARITHMS, rounding=ROUNDING)


def _pair(
    name: str, world: str, values: tuple[float, ...], chances: tuple[float, ...], *m: int
) -> Enumerated:
    return enumerated(f"exact/held-out/{name}", world, m)(partial(pair, values, chances))


PAIRS = (
    _pair(
        "errors",
        "two fixed models, M wrong alone on 15 % of the rows, N on 20 %",
        (1.0, -1.0, 0.0),
        (0.15, 0.2, 0.65),
        20,
        100,
        800,
    ),
    _pair(
        "rare",
        "two fixed models, M better by 0.02 on most rows and worse by 1 on 1 %",
        (1.0, -0.02),
        (0.01, 0.99),
        50,
        400,
        2000,
    ),
    _pair(
        "rarely better",
        "two fixed models, M worse by 0.02 on most rows and better by 1 on 1 %",
        (-1.0, 0.02),
        (0.01, 0.99),
        50,
        400,
        2000,
    ),
)
FAIR = _pair(
    "fair",
    "two fixed models, one of them wrong on each row, by a coin",
    (1.0, -1.0),
    (0.5, 0.5),
    10_000,
)
"""A sum of fair signs, of which nearly all terms are needed."""

CANDIDATES = 20


@enumerated(
    "exact/held-out/chosen",
    "twenty models that guess fair labels; M the best of them on the rows held out, N sure of nothing",
    m=(400, 2000),
)
def best_of_twenty(m: int) -> Facts:
    """M's errors are the least of twenty binomial counts; N loses ½ on every row, so that E Z = 0."""
    errors = np.arange(m + 1)
    one = stats.binom.pmf(errors, m, 0.5)
    above = stats.binom.sf(errors, m, 0.5)
    before = np.concatenate([[1.0], above[:-1]])
    least = before**CANDIDATES - above**CANDIDATES
    known = {
        "Z_mean": errors / m - 0.5,
        "Z_square": 0.25,
        "C": 0.5,
        "bet": stake(0.25, m),
        "m_test": m,
    }
    truth = Facts(Interval.exact(np.zeros(m + 1)), known, one, LOGARITHMS)
    return replace(truth, weights=least, truth=truth)
