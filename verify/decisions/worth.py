"""What each modality is worth over all orders in which modalities may be added: Shapley values."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from verify.decisions.choice import all_subsets, ordered
from verify.decisions.evidence import Evidence, normal_interval
from verify.decisions.family import certify_mean


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


def shapley(evidence: Evidence, delta: float, seed: int) -> tuple[Share, ...]:
    """The Shapley value of every modality; empty unless all subsets were trained.

    A row's own contribution is a weighted mean of differences of its losses, so it lies in the range
    of one difference, and one bound per modality is enough. Rows with a loss for every subset count.
    """
    names, losses = evidence.names, evidence.losses
    if len(losses) < 2 ** len(names) or any(s not in losses for s in all_subsets(names)):
        return ()
    each = delta / (2 * len(names))
    found = []
    for name in names:
        others = [other for other in names if other != name]
        values = np.zeros(len(evidence.units))
        for smaller in all_subsets(others):
            larger = ordered(names, {*smaller, name})
            share = 1 / (len(names) * comb(len(others), len(smaller)))
            values += share * (losses[smaller] - losses[larger])
        mean = certify_mean(values, evidence, each, each, seed)
        found.append(Share(name, mean.gain, mean.low, mean.high))
    return tuple(found)


def interactions(evidence: Evidence) -> tuple[Interaction, ...]:
    """For each pair: the gain of both over a constant, less the two gains apart. Estimates."""
    losses = evidence.losses
    found = []
    for first, second in combinations(evidence.names, 2):
        four = [losses.get(each) for each in ((first,), (second,), (first, second), ())]
        if any(each is None for each in four):
            continue
        one, other, both, none = (np.asarray(each) for each in four)
        estimated = normal_interval(evidence, one + other - both - none)
        if estimated is not None:
            found.append(Interaction(first, second, **estimated))
    return tuple(found)
