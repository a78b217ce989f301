"""The comparisons that are certified, fixed before the hold-out is looked at, and their gains.

All intervals of a family hold at once with probability 1 - delta: each end has its own share of delta,
and the shares add up to one.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from empirical.modalities import Subset
from empirical.statistics.betting import lower_bound, upper_bound
from empirical.streams import stream
from verify.decisions.choice import Plan, ordered, per_unit

# The shares of delta: the modalities' own comparisons, those with the constant, those along the path.
CONSTANT_SHARE = 0.1
PATH_SHARE = 0.1
# Of a comparison's share, what its lower end gets if a gain is expected.
LOWER_SHARE = 0.75
LEAST_UNITS = 30


@dataclass(frozen=True)
class Comparison:
    """Two subsets, and how much of delta either end of the interval may spend.

    Parameters
    ----------
    role
        "modality", "constant", "path" or "price": why it is in the family.
    subject
        The modality it is about; empty if it is about none.
    larger, smaller
        The gain is that of `larger` over `smaller`: positive if `larger` is better.
    low_share, high_share
        Shares of delta of the two ends.
    """

    role: str
    subject: str
    larger: Subset
    smaller: Subset
    low_share: float
    high_share: float


@dataclass(frozen=True)
class Gain:
    """A mean difference of losses on the hold-out, positive if the larger subset is better.

    Parameters
    ----------
    comparison
        What was compared.
    gain
        The mean over the units of the hold-out.
    low, high
        Each end fails with at most its share of delta.
    n
        The number of groups, or rows, behind it.
    rows
        The number of rows.
    spread
        The standard deviation over units.
    """

    comparison: Comparison
    gain: float
    low: float
    high: float
    n: int
    rows: int
    spread: float

    @property
    def better(self) -> bool:
        """Whether the larger subset is certified to be better."""
        return self.low > 0

    @property
    def worse(self) -> bool:
        """Whether the larger subset is certified to be worse."""
        return self.high < 0


def family(
    names: Sequence[str],
    plan: Plan,
    known: Collection[Subset],
    cheapest: Subset | None = None,
) -> list[Comparison]:
    """The comparisons for a plan: one per modality, the path with the constant, and the path itself.

    A modality of the favourite is compared with the favourite without it, any other one is added to
    the favourite. Where one of the two subsets is not known, the largest known subset that has a known
    twin without the modality takes their place. `cheapest` is compared with the favourite if it is
    another subset. A pair in which the favourite does not occur has its larger subset compared with the
    constant too.
    """
    favourite, path = plan.favourite, plan.path
    modality: list[tuple[str, Subset, Subset]] = []
    for name in names:
        smaller = ordered(names, {*favourite} - {name})
        pairs = [(ordered(names, {*each, name}), each) for each in known if name not in each]
        pairs = [pair for pair in pairs if pair[0] in known]
        if pairs:
            chosen = max(pairs, key=lambda pair: (pair[1] == smaller, len(pair[1])))
            modality.append((name, *chosen))
    taken = {(larger, smaller) for _, larger, smaller in modality}
    # A gain counts only over a constant: pairs without the favourite need a comparison of their own.
    apart = [larger for _, larger, smaller in modality if favourite not in (larger, smaller)]
    constant = [(each, ()) for each in dict.fromkeys((*path, *apart)) if each and () in known]
    constant = [pair for pair in constant if pair not in taken]
    taken |= set(constant)
    along = [(favourite, each) for each in path[:-1]]
    along += [(larger, smaller) for smaller, larger in itertools.pairwise(path)]
    if cheapest is not None and cheapest != favourite:
        along.append((favourite, cheapest))
    along = [pair for pair in dict.fromkeys(along) if pair not in taken]
    for_constant = CONSTANT_SHARE if constant else 0.0
    for_path = PATH_SHARE if along else 0.0
    each = (1 - for_constant - for_path) / max(len(modality), 1)
    found = []
    for name, larger, smaller in modality:
        lower = LOWER_SHARE if name in favourite else 0.5
        found.append(
            Comparison("modality", name, larger, smaller, each * lower, each * (1 - lower))
        )
    others: list[tuple[str, Sequence[tuple[Subset, Subset]], float]] = [
        ("constant", constant, for_constant),
        ("path", along, for_path),
    ]
    for role, listed, share in others:
        for larger, smaller in listed:
            part = share / len(listed)
            found.append(
                Comparison(role, "", larger, smaller, part * LOWER_SHARE, part * (1 - LOWER_SHARE))
            )
    return found


def differences(larger: np.ndarray, smaller: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Weighted gains of rows, NaN where one of the losses is missing."""
    gains = smaller - larger
    return np.asarray(gains if weights is None else gains * weights)


def certify_mean(
    values: np.ndarray,
    units: np.ndarray,
    half_range: float,
    low_delta: float,
    high_delta: float,
    seed: int,
) -> tuple[float, float, float, int, float]:
    """Mean of bounded values over units, its certified ends, the number of units, and the spread.

    Parameters
    ----------
    values
        (n,) numbers in [-half_range, half_range], NaN for rows that do not count.
    units
        (n,) codes of groups, or of rows. A group counts with the mean of its rows.
    low_delta, high_delta
        The probabilities with which either end may fail.
    seed
        Of the order in which units are taken.

    Notes
    -----
    With fewer than 30 units the ends are those of the range.
    """
    there = ~np.isnan(values)
    means = per_unit(values[there], units[there])
    n = len(means)
    if n < LEAST_UNITS:
        mean = float(means.mean()) if n else 0.0
        return mean, -half_range, half_range, n, float("nan")
    # The order is drawn before the values are seen, and is the same for all comparisons of these units.
    shuffled = means[stream(seed, "order", n).permutation(n)]
    clipped = np.clip(shuffled, -half_range, half_range)
    ends = {"low": -half_range, "high": half_range, "null": 0.0}
    low = float(lower_bound(clipped, low_delta, **ends))
    high = float(upper_bound(clipped, high_delta, **ends))
    return float(means.mean()), low, high, n, float(means.std(ddof=1))


def certify(
    comparisons: Sequence[Comparison],
    losses: Mapping[Subset, np.ndarray],
    *,
    largest: float,
    units: np.ndarray,
    weights: np.ndarray | None,
    delta: float,
    seed: int,
) -> list[Gain]:
    """The gains of all comparisons, simultaneous at delta.

    Parameters
    ----------
    losses
        Subset -> (n,) losses in [0, largest], NaN for rows outside the hold-out or without the
        modalities. A comparison counts the rows that have both.
    """
    scale = largest * (1.0 if weights is None else float(weights.max()))
    found = []
    for each in comparisons:
        values = differences(losses[each.larger], losses[each.smaller], weights)
        mean, low, high, n, spread = certify_mean(
            values, units, scale, each.low_share * delta, each.high_share * delta, seed
        )
        rows = int((~np.isnan(values)).sum())
        found.append(Gain(each, mean, low, high, n, rows, spread))
    return found
