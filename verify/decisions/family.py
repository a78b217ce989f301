"""The comparisons that are certified, fixed before the hold-out is looked at, and their gains.

All intervals of a family hold at once with probability 1 - delta: each end has its own share of delta,
and the shares add up to one.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from empirical.modalities import Subset
from verify.certificates.certify import ends_of
from verify.certificates.rows import LEAST_UNITS, Differences, by_group
from verify.decisions.choice import Plan, ordered
from verify.decisions.evidence import Evidence

# The shares of delta: the modalities' own comparisons, those with the constant, those along the path.
CONSTANT_SHARE = 0.1
PATH_SHARE = 0.1
# Of a comparison's share, what its lower end gets if a gain is expected.
LOWER_SHARE = 0.75


@dataclass(frozen=True)
class Comparison:
    """Two subsets, and how much of delta either end of the interval may spend.

    Parameters
    ----------
    role
        "modality", "constant" or "path": why it is in the family.
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
class Mean:
    """A mean gain over the units of the hold-out, with certified ends.

    Parameters
    ----------
    gain, low, high
        Each end fails with at most its own probability.
    n, rows
        The number of units, and of rows.
    spread
        The standard deviation over units; NaN where they are too few.
    """

    gain: float
    low: float
    high: float
    n: int
    rows: int
    spread: float


@dataclass(frozen=True)
class Gain(Mean):
    """A mean difference of losses on the hold-out, positive if the larger subset is better.

    Parameters
    ----------
    comparison
        What was compared; each end fails with at most its share of delta.
    """

    comparison: Comparison

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


def certify_mean(
    values: np.ndarray, evidence: Evidence, low_delta: float, high_delta: float, seed: int
) -> Mean:
    """The mean over the units of the hold-out, each row with its weight.

    Parameters
    ----------
    values
        (n,) differences of losses, or weighted means of such differences; NaN for rows that do not
        count. A group counts with the mean of its rows.
    low_delta, high_delta
        The probabilities with which either end may fail.
    seed
        Of the order in which units are taken.

    Notes
    -----
    With fewer than 30 units the ends are those of the range.
    """
    weights = evidence.weights
    half_range = evidence.largest
    if weights is not None:
        values, half_range = values * weights, half_range * float(weights.max())
    there = ~np.isnan(values)
    rows = int(there.sum())
    if not rows:
        return Mean(0.0, -half_range, half_range, 0, 0, math.nan)
    codes = np.unique(evidence.units[there], return_inverse=True)[1]
    within = np.clip(values[there], -half_range, half_range)
    found = by_group(Differences(within, rows, half_range), codes)
    mean = float(found.values.mean())
    if found.n < LEAST_UNITS:
        return Mean(mean, -half_range, half_range, found.n, rows, math.nan)
    low, high = ends_of(found, low_delta, high_delta, seed=seed)
    return Mean(mean, low, high, found.n, rows, float(found.values.std(ddof=1)))


def certify(
    comparisons: Sequence[Comparison], evidence: Evidence, delta: float, seed: int
) -> list[Gain]:
    """The gains of all comparisons, simultaneous at delta.

    A comparison counts the rows of the hold-out that have the modalities of both subsets.
    """
    losses = evidence.losses
    found = []
    for each in comparisons:
        gains = losses[each.smaller] - losses[each.larger]
        mean = certify_mean(gains, evidence, each.low_share * delta, each.high_share * delta, seed)
        found.append(Gain(**vars(mean), comparison=each))
    return found
