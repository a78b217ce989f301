"""What each modality is worth over all orders in which modalities may be added: Shapley values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from empirical.modalities import Subset
from verify.decisions.choice import all_subsets, ordered, per_unit, standard_error
from verify.decisions.family import certify_mean

NORMAL = 1.96


@dataclass(frozen=True)
class Share:
    """A modality's mean gain over all orders, with certified ends.

    Parameters
    ----------
    gain, low, high
        Positive if it lowers the loss. The intervals of all modalities hold together at delta.
    """

    name: str
    gain: float
    low: float
    high: float


@dataclass(frozen=True)
class Interaction:
    """How much more two modalities gain together than apart: an estimate with a normal interval."""

    first: str
    second: str
    gain: float
    low: float
    high: float


def shapley(
    names: Sequence[str],
    losses: Mapping[Subset, np.ndarray],
    *,
    largest: float,
    units: np.ndarray,
    weights: np.ndarray | None,
    delta: float,
    seed: int,
) -> tuple[Share, ...]:
    """The Shapley value of every modality; empty unless all subsets were trained.

    A row's own contribution is a weighted mean of differences of its losses, so it lies in the range
    of one difference, and one bound per modality is enough.

    Parameters
    ----------
    losses
        Subset -> (n,) losses in [0, largest], NaN where a row has none. Rows with a loss for every
        subset count.
    """
    if len(losses) < 2 ** len(names) or any(s not in losses for s in all_subsets(names)):
        return ()
    scale = largest * (1.0 if weights is None else float(weights.max()))
    found = []
    for name in names:
        others = [each for each in names if each != name]
        values = np.zeros(len(units))
        for smaller in all_subsets(others):
            larger = ordered(names, {*smaller, name})
            share = 1 / (len(names) * comb(len(others), len(smaller)))
            values += share * (losses[smaller] - losses[larger])
        if weights is not None:
            values *= weights
        each = delta / (2 * len(names))
        mean, low, high, _, _ = certify_mean(values, units, scale, each, each, seed)
        found.append(Share(name, mean, low, high))
    return tuple(found)


def interactions(
    names: Sequence[str],
    losses: Mapping[Subset, np.ndarray],
    units: np.ndarray,
    weights: np.ndarray | None,
) -> tuple[Interaction, ...]:
    """For each pair: the gain of both over a constant, less the two gains apart. Estimates."""
    found = []
    for first, second in combinations(names, 2):
        four = [losses.get(each) for each in ((first,), (second,), (first, second), ())]
        if any(each is None for each in four):
            continue
        one, other, both, none = (np.asarray(each) for each in four)
        values = one + other - both - none
        if weights is not None:
            values = values * weights
        there = ~np.isnan(values)
        if not there.any():
            continue
        means = per_unit(values[there], units[there])
        mean, error = float(means.mean()), standard_error(means)
        found.append(Interaction(first, second, mean, mean - NORMAL * error, mean + NORMAL * error))
    return tuple(found)
