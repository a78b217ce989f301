"""From certified gains to verdicts on modalities and to one recommended subset."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy.stats import norm

from empirical.modalities import Subset
from verify.decisions.choice import Plan
from verify.decisions.family import Comparison, Gain

# Betting intervals are wider than normal ones by about so much.
WIDENING = 1.05
# A study of `rows_needed` rows decides with this probability, if the gain is as measured.
POWER = 0.8


@dataclass(frozen=True)
class Verdict:
    """What the hold-out says of one modality.

    Parameters
    ----------
    name
        The modality.
    verdict
        "helps": the gain is certified to be positive, and the models are better than a constant;
        "hurts": certified to be negative; "negligible": certified to lie within the margin;
        "undecided": none of these.
    gain
        The comparison behind it.
    rows_needed
        About how many rows, in all, would decide if the gain is as measured: an estimate. None if
        the verdict stands, or if no number of rows would do.
    """

    name: str
    verdict: str
    gain: Gain
    rows_needed: int | None


@dataclass(frozen=True)
class Recommendation:
    """The recommended subset, and what it was compared with.

    Parameters
    ----------
    subset, against
        The empty subset is a constant prediction.
    gain
        Of `subset` over `against`; of `against` over `subset` with the sign turned if the constant
        is recommended. None if there was nothing to compare.
    """

    subset: Subset
    against: Subset
    gain: Gain | None


def verdicts(
    gains: Sequence[Gain],
    plan: Plan,
    *,
    margin: float,
    delta: float,
    largest: float,
    rows_per_unit: float,
) -> list[Verdict]:
    """One verdict per modality.

    Parameters
    ----------
    margin
        In the units of the gains.
    rows_per_unit
        Rows of the whole data per unit of the hold-out, for `rows_needed`.
    """
    useful = not plan.favourite or _beats_constant(gains, plan.favourite)
    found = []
    for gain in gains:
        if not gain.comparison.subject:
            continue
        if gain.better and useful:
            word = "helps"
        elif gain.worse:
            word = "hurts"
        elif gain.low >= -margin and gain.high <= margin:
            word = "negligible"
        else:
            word = "undecided"
        needed = None
        if word == "undecided" and not gain.better:
            needed = rows_needed(gain, margin, delta, largest, rows_per_unit)
        found.append(Verdict(gain.comparison.subject, word, gain, needed))
    return found


def recommend(gains: Sequence[Gain], plan: Plan) -> Recommendation:
    """The smallest subset on the path that is certified to beat the constant and is not beaten.

    "Not beaten" means that the favourite is not certified to be better than it. If the favourite is
    recommended and adding a modality to it is certified to help, the one with the largest lower end
    is added. If the favourite itself is not certified to beat the constant, the constant is
    recommended, or the one modality that is certified to.
    """
    favourite, path = plan.favourite, plan.path
    added = [
        gain
        for gain in gains
        if gain.comparison.subject and gain.comparison.smaller == favourite and gain.better
    ]
    if favourite and not _beats_constant(gains, favourite):
        return Recommendation((), favourite, _find(gains, favourite, ()))
    if not favourite and not added:
        nearest = max(gains, key=lambda gain: gain.gain, default=None)
        return Recommendation((), nearest.comparison.larger if nearest else (), nearest)
    for position, subset in enumerate(path[:-1]):
        if not subset or _find(gains, favourite, subset).better:
            continue
        if _beats_constant(gains, subset):
            return _over_the_smaller(gains, path, position)
    if added:
        best = max(added, key=lambda gain: gain.low)
        return Recommendation(best.comparison.larger, favourite, best)
    return _over_the_smaller(gains, path, len(path) - 1)


def _over_the_smaller(
    gains: Sequence[Gain], path: Sequence[Subset], position: int
) -> Recommendation:
    """A subset of the path with its gain over the one before it."""
    if position == 0:
        return Recommendation(path[0], (), None)
    subset, before = path[position], path[position - 1]
    return Recommendation(subset, before, index(gains).get((subset, before)))


def _beats_constant(gains: Sequence[Gain], subset: Subset) -> bool:
    """Whether that is certified, or there is no constant to compare with."""
    with_constant = [gain for gain in gains if not gain.comparison.smaller]
    return not with_constant or _find(gains, subset, ()).better


def rows_needed(
    gain: Gain, margin: float, delta: float, largest: float, rows_per_unit: float
) -> int | None:
    """About how many rows would show a sign, or that the gain lies within the margin: an estimate.

    It takes the gain and the spread as measured, and asks for a probability of 0.8. None if the
    spread is unknown, or if the gain lies on the edge of what either would need.
    """
    shares = gain.comparison
    if not gain.spread > 0:
        return None
    low, high = shares.low_share * delta, shares.high_share * delta
    sign = low if gain.gain > 0 else high
    routes = [(abs(gain.gain), sign)]
    if abs(gain.gain) < margin:
        routes.append((margin - abs(gain.gain), min(low, high)))
    found = []
    for distance, level in routes:
        if distance > 0:
            # distance = a / sqrt(n) + b / n, solved for sqrt(n).
            a = (WIDENING * norm.isf(level) + norm.ppf(POWER)) * gain.spread
            b = largest * math.log(1 / level) / 2
            root = (a + math.sqrt(a * a + 4 * distance * b)) / (2 * distance)
            found.append(root * root * rows_per_unit)
    if not found or not math.isfinite(min(found)):
        return None
    return _two_digits(max(min(found), gain.n * rows_per_unit))


def _two_digits(number: float) -> int:
    step = 10 ** max(0, math.floor(math.log10(max(number, 1))) - 1)
    return int(math.ceil(number / step) * step)


def index(gains: Sequence[Gain]) -> Mapping[tuple[Subset, Subset], Gain]:
    """Gains by the pair of subsets."""
    return {(gain.comparison.larger, gain.comparison.smaller): gain for gain in gains}


def _find(gains: Sequence[Gain], larger: Subset, smaller: Subset) -> Gain:
    return index(gains)[(larger, smaller)]


def reversed_gain(gain: Gain) -> Gain:
    """The gain of the smaller subset over the larger one."""
    pair = gain.comparison
    return Gain(
        Comparison(
            pair.role, pair.subject, pair.smaller, pair.larger, pair.high_share, pair.low_share
        ),
        -gain.gain,
        -gain.high,
        -gain.low,
        gain.n,
        gain.rows,
        gain.spread,
    )
