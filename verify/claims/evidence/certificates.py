"""Facts about certificates: the true gap of two predictors beside the end that is certified for it.

Each row is a difference of two losses in [−1, 1], and m is the number of rows of the hold-out. A
statement is violated where the true gap exceeds the upper end. Every source but those of `TRUTHS` makes
one mistake; the same draws without it are its truth.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import stats

from empirical.statistics import betting, trinomial
from empirical.statistics.intervals import Interval
from verify.certificates.arriving import arriving
from verify.claims.evidence.facts import (
    Drawn,
    Enumerated,
    Facts,
    Values,
    drawn,
    enumerated,
    generator,
)

DELTA = 0.05
"""Each upper end is at this level, and so is each claim."""
CANDIDATES = 20
COPIES = 10
LOOKS = 8
LARGE = 100.0
Draw = Callable[[np.random.Generator, tuple[int, ...]], tuple[Values, float]]


def continuous(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[Values, float]:
    """Differences of Beta losses with means 2/7 and 2/5."""
    rows: Values = rng.beta(2, 5, shape) - rng.beta(2, 3, shape)
    return rows, 2 / 7 - 2 / 5


def coins(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[Values, float]:
    """On each row one of the models errs, either with probability one half."""
    return rng.choice([-1.0, 1.0], shape), 0.0


def rare(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[Values, float]:
    """M loses 1 with probability 0.02, and N always 0.01."""
    return (rng.random(shape) < 0.02).astype(np.float64) - 0.01, 0.01


def constant(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[Values, float]:
    """M is better by 0.3 on every row."""
    return np.full(shape, -0.3), -0.3


def upper(rows: Values, alpha: float = DELTA) -> Values:
    """The upper end for samples [..., n]."""
    return betting.upper_bound(rows, alpha, low=-1, high=1, null=0.0)


def facts(gap: float, ends: Values, truth: Facts | None = None) -> Facts:
    """The gap beside the ends of all samples."""
    return Facts(Interval.exact(np.full(len(ends), gap)), rhs=ends, truth=truth)


def _truth(draw: Draw, name: str, world: str, m: tuple[int, ...]) -> Drawn:
    @drawn(f"certificates/{name}", world, m, trials=8000)
    def source(m: int, trials: int, seed: int) -> Facts:
        rows, gap = draw(generator(seed, f"certificates/{name}", m), (trials, m))
        return facts(gap, upper(rows))

    return source


TRUTHS = (
    _truth(continuous, "continuous", "Beta losses of both models", (50, 200)),
    _truth(coins, "coins", "on each row one of two models errs, by a fair coin", (50,)),
    _truth(rare, "rare", "a loss of 1 on two rows in a hundred", (50,)),
    _truth(constant, "constant", "a difference that never changes", (50,)),
)


@enumerated("certificates/trinomial", "0–1 losses of two models, all counts", (12, 30))
def exact_zero_one(m: int) -> Facts:
    """The exact bound: all counts, in a world where one row in five differs, to N's disadvantage."""
    plus, minus = 0.05, 0.15
    counts = [(a, b) for a in range(m + 1) for b in range(m + 1 - a)]
    law = stats.multinomial(m, [plus, minus, 1 - plus - minus])
    weights = np.array([law.pmf([a, b, m - a - b]) for a, b in counts])
    ends = np.array([trinomial.bound_from_counts(a, b, m, DELTA) for a, b in counts])
    return Facts(
        Interval.exact(np.full(len(counts), plus - minus)), rhs=ends, weights=weights, error=1e-9
    )


def _narrower(share: float, name: str, m: int) -> Drawn:
    @drawn(
        f"certificates/{name}",
        "on each row one of two models errs, by a fair coin",
        (m,),
        trials=1500,
    )
    def source(m: int, trials: int, seed: int) -> Facts:
        rows, gap = coins(generator(seed, f"certificates/{name}", m), (trials, m))
        mean, end = rows.mean(1), upper(rows)
        return facts(gap, mean + share * (end - mean), facts(gap, end))

    return source


NARROWER_BY_20 = _narrower(0.8, "narrower by 20 %", 600)
NARROWER_BY_40 = _narrower(0.6, "narrower by 40 %", 100)


@drawn(
    "certificates/trained on",
    "M remembers its rows, labels are coins, N always loses ½",
    (60,),
    trials=1500,
)
def trained_on(m: int, trials: int, seed: int) -> Facts:
    """M predicts the label of the nearest row it knows; on new rows it errs on half, like N."""
    rng = generator(seed, "certificates/trained on", m)
    place, label = rng.random((2, trials, 2 * m)), rng.integers(2, size=(trials, 2 * m))
    known, new = place[0, :, :m], place[0, :, m:]
    nearest = np.abs(new[:, :, None] - known[:, None, :]).argmin(2)
    remembered = np.take_along_axis(label[:, :m], nearest, 1)
    held_out = (remembered != label[:, m:]).astype(np.float64) - 0.5
    # On its own rows the nearest one is the row itself, and M errs nowhere.
    return facts(0.0, upper(np.full((trials, m), -0.5)), facts(0.0, upper(held_out)))


@drawn("certificates/best of many", "20 models that err by coins, as N does", (100,))
def best_of_many(m: int, trials: int, seed: int) -> Facts:
    """The candidate that looks best on the hold-out, certified there; charged for all in the truth."""
    rng = generator(seed, "certificates/best of many", m)
    rows = rng.choice([-1.0, 1.0], (trials, CANDIDATES, m))
    best = np.take_along_axis(rows, rows.mean(2).argmin(1)[:, None, None], 1)[:, 0]
    return facts(0.0, upper(best), facts(0.0, upper(best, DELTA / CANDIDATES)))


@drawn("certificates/peeking", "on each row one of two models errs, by a fair coin", (400,))
def peeking(m: int, trials: int, seed: int) -> Facts:
    """The bound for a fixed number of rows, looked at eight times; in the truth the one for any time."""
    rng = generator(seed, "certificates/peeking", m)
    rows, _ = coins(rng, (trials, m))
    looks = [m * (k + 1) // LOOKS for k in range(LOOKS)]
    lowest = np.min([upper(rows[:, :n]) for n in looks], axis=0)
    nothing = np.zeros(m // LOOKS)
    ends = []
    for sample in rows:
        parts = [(part, nothing) for part in np.split(sample, LOOKS)]
        *_, last = arriving(parts, C=1, delta=DELTA, side="upper", stop=False)
        ends.append(last.high)
    return facts(0.0, lowest, facts(0.0, np.array(ends)))


@drawn("certificates/groups as rows", "groups of ten equal rows", (400,), trials=1500)
def groups_as_rows(m: int, trials: int, seed: int) -> Facts:
    """Rows of a group are copies; the truth takes groups for units."""
    groups, gap = coins(generator(seed, "certificates/groups as rows", m), (trials, m // COPIES))
    return facts(gap, upper(np.repeat(groups, COPIES, axis=1)), facts(gap, upper(groups)))


@drawn("certificates/hidden by a clip", "M loses 100 on one row in fifty, N loses ½", (100,))
def hidden_by_a_clip(m: int, trials: int, seed: int) -> Facts:
    """Losses cut off at 1: what is certified is about these, and true of them alone."""
    rng = generator(seed, "certificates/hidden by a clip", m)
    lost = (rng.random((trials, m)) < 0.02).astype(np.float64)
    ends = upper(lost - 0.5)
    return facts(0.02 * LARGE - 0.5, ends, facts(0.02 - 0.5, ends))


MISTAKES: dict[str, tuple[str, Drawn]] = {
    "narrower_by_20": ("with a width reduced by 20 %", NARROWER_BY_20),
    "narrower_by_40": ("with a width reduced by 40 %", NARROWER_BY_40),
    "trained_on": ("with the hold-out used for training", trained_on),
    "best_of_many": ("of the pair that was chosen on the hold-out", best_of_many),
    "peeking": ("for a fixed number of rows, looked at again and again", peeking),
    "groups_as_rows": ("with groups treated as rows", groups_as_rows),
    "hidden_by_a_clip": ("of losses cut off, for the losses themselves", hidden_by_a_clip),
}
"""A mistake's name: what it is in words, and its source."""

EXACT: tuple[Enumerated, ...] = (exact_zero_one,)
