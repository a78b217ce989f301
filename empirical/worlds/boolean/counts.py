"""Samples as tables of counts: every one of them with its probability, or just what was seen.

An i.i.d. sample from a finite alphabet matters to a symmetric learner only through its counts
(its multinomial type). Where labels are a function of the input, it matters to a learner that fits
the sample only through the set of letters it has seen, and then m may be as large as one likes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from empirical.statistics.intervals import Estimate, Interval
from empirical.statistics.laws import Law, estimate_probability
from empirical.worlds.boolean.sample_types import count_types, iterate_types
from empirical.worlds.trials import check_draw

Counts = NDArray[np.int64]

# Enumerating this many sample types takes about ten seconds on one core.
MOST_TYPES = 20_000_000
# Of a sum over that many types, each from differences of logarithms of factorials.
_ROUNDING = 1e-9
# Counts drawn at once, in numbers.
_BLOCK = 2**22
# Sets of letters: 2^12 of them, and sums over their subsets that keep ten digits.
MOST_LETTERS_SEEN = 12


def iterate_samples(
    joint: NDArray[np.float64], m: int
) -> Iterator[tuple[Counts, NDArray[np.float64]]]:
    """All samples of size m in chunks: counts [types, *joint.shape] and probabilities [types].

    ``joint``: probabilities of the letters, any shape, summing to 1. Affordable for four letters of
    positive probability to m = 400 (1.1e7 types), for eight to m = 30.

    Raises
    ------
    ValueError
        For more than MOST_TYPES types.

    Examples
    --------
    >>> [(c.tolist(), p.tolist()) for c, p in iterate_samples(np.array([0.5, 0.5, 0.0]), 1)]
    [([[0, 1, 0], [1, 0, 0]], [0.5, 0.5])]
    """
    check_draw(m, 1)
    law = joint.ravel()
    support = np.flatnonzero(law)
    number = count_types(len(support), m)
    if number > MOST_TYPES:
        raise ValueError(
            f"m must leave at most {MOST_TYPES} sample types to enumerate, "
            f"got {number} at m={m} with {len(support)} letters"
        )
    log_factorial = gammaln(np.arange(m + 1) + 1.0)
    for types in iterate_types(len(support), m):
        counts = np.zeros((len(types), law.size), dtype=np.int64)
        counts[:, support] = types
        log_law = types @ np.log(law[support]) - log_factorial[types].sum(axis=1)
        yield counts.reshape(-1, *joint.shape), np.exp(log_law + log_factorial[m])


def probability_of(
    joint: NDArray[np.float64], m: int, event: Callable[[Counts], NDArray[np.bool_]]
) -> float:
    """P(event) over samples of size m, exact, by enumeration.

    ``event``: counts [types, *joint.shape] → bool [types]; called on chunks.

    Raises
    ------
    ValueError
        As ``iterate_samples`` does.

    Examples
    --------
    >>> probability_of(np.array([0.25, 0.75]), 1, lambda counts: counts[:, 0] == 1)
    0.25
    """
    total = 0.0
    for counts, chance in iterate_samples(joint, m):
        total += float(chance[event(counts)].sum())
    return min(total, 1.0)


def chance_of(
    joint: NDArray[np.float64],
    m: int,
    event: Callable[[Counts], NDArray[np.bool_]],
    generator: np.random.Generator,
    *,
    trials: int = 20_000,
    level: float = 0.99,
    most_types: int = MOST_TYPES,
) -> Estimate:
    """P(event): exact by enumeration where at most ``most_types`` types do it, else from draws.

    Beyond that ``trials`` multinomial samples are drawn and the interval is Clopper and Pearson's,
    which misses with probability at most 1 − level; an exact answer has level 1 and n None.
    ``event`` as in ``probability_of``.

    Raises
    ------
    ValueError
        For m or trials below 1, or a level outside (0, 1).

    Examples
    --------
    >>> fair, generator = np.array([0.5, 0.5]), np.random.default_rng(0)
    >>> chance_of(fair, 2, lambda counts: counts[:, 0] == 1, generator).value
    0.5
    >>> chance_of(fair, 10**9, lambda counts: counts[:, 0] > 5 * 10**8, generator).n
    20000
    """
    check_draw(m, trials)
    if count_types(int(np.count_nonzero(joint)), m) <= min(most_types, MOST_TYPES):
        exact = probability_of(joint, m, event)
        low, high = np.clip([exact - _ROUNDING, exact + _ROUNDING], 0.0, 1.0)
        return Estimate(exact, Interval(low, high))
    happens = []
    at_once = max(1, _BLOCK // joint.size)
    for start in range(0, trials, at_once):
        number = min(at_once, trials - start)
        drawn = generator.multinomial(m, joint.ravel(), size=number)
        happens.append(event(drawn.reshape(-1, *joint.shape)))
    return estimate_probability(np.concatenate(happens), level)


def law_of(
    joint: NDArray[np.float64], m: int, statistic: Callable[[Counts], NDArray[np.float64]]
) -> Law:
    """The exact law of a number computed from a sample's counts, by enumeration.

    ``statistic``: counts [types, *joint.shape] → float64 [types]; called on chunks. Equal values
    are merged, so it should have few distinct ones.

    Raises
    ------
    ValueError
        As ``iterate_samples`` does.

    Examples
    --------
    >>> law = law_of(np.array([0.5, 0.5]), 2, lambda counts: counts[:, 0] / 2)
    >>> law.values.tolist(), law.probabilities.round(12).tolist()
    ([0.0, 0.5, 1.0], [0.25, 0.5, 0.25])
    """
    return Law.of((statistic(counts), chance) for counts, chance in iterate_samples(joint, m))


def seen_letters(joint: NDArray[np.float64], m: int) -> tuple[Counts, NDArray[np.float64]]:
    """Which letters a sample of size m contains: 0/1 tables [sets, *joint.shape], probabilities.

    Exact at any m, for learners that depend on the set alone: one example of each letter seen
    stands for the sample. By inclusion and exclusion, P(exactly A) = Σ_{B ⊆ A} (−1)^|A∖B| P(B)^m;
    absolute error below 1e-12.

    Raises
    ------
    ValueError
        For more than 12 letters of positive probability.

    Examples
    --------
    >>> tables, chances = seen_letters(np.array([0.5, 0.5]), 3)
    >>> tables.tolist(), chances.tolist()
    ([[1, 0], [0, 1], [1, 1]], [0.125, 0.125, 0.75])
    """
    check_draw(m, 1)
    law = joint.ravel()
    support = np.flatnonzero(law)
    if len(support) > MOST_LETTERS_SEEN:
        raise ValueError(
            f"joint must have at most {MOST_LETTERS_SEEN} letters of positive probability, "
            f"got {len(support)}"
        )
    sets = np.arange(2 ** len(support))[:, None] >> np.arange(len(support)) & 1
    chance = (sets @ law[support]) ** m
    # Moebius inversion, letter by letter: subtract what the sets without that letter hold.
    for bit in range(len(support)):
        pairs = chance.reshape(-1, 2, 2**bit)
        pairs[:, 1] -= pairs[:, 0]
    tables = np.zeros((len(sets), law.size), dtype=np.int64)
    tables[:, support] = sets
    return tables[1:].reshape(-1, *joint.shape), chance[1:].clip(0.0, 1.0)
