"""From certified gains to verdicts on modalities and to one recommended subset."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from scipy.stats import norm

from empirical.modalities import Subset
from verify.certificates.needed import units_for
from verify.decisions.choice import Plan
from verify.decisions.family import Gain

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
        "helps": the gain is certified to be positive, and the larger model to beat the constant;
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
    *,
    margin: float,
    delta: float,
    largest: float,
    rows: int,
) -> list[Verdict]:
    """One verdict per modality.

    Parameters
    ----------
    margin
        In the units of the gains.
    rows
        Of the whole data, for `rows_needed`.
    """
    found = []
    for gain in gains:
        if not gain.comparison.subject:
            continue
        if gain.better and _useful(gains, gain):
            word = "helps"
        elif gain.worse:
            word = "hurts"
        elif gain.low >= -margin and gain.high <= margin:
            word = "negligible"
        else:
            word = "undecided"
        needed = None
        if word == "undecided" and not gain.better:
            needed = rows_needed(gain, margin, delta, largest, rows)
        found.append(Verdict(gain.comparison.subject, word, gain, needed))
    return found


def recommend(gains: Sequence[Gain], plan: Plan) -> Recommendation:
    """The smallest subset on the path that is certified to beat the constant and is not beaten.

    "Not beaten" means that the favourite is not certified to be better than it. If the favourite is
    recommended and adding a modality to it is certified to help, the one with the largest lower end
    is added. If nothing that was compared with it is certified to beat the constant, the constant is.
    """
    favourite, path = plan.favourite, plan.path
    added = [
        gain
        for gain in gains
        if gain.comparison.subject
        and gain.comparison.smaller == favourite
        and gain.better
        and _useful(gains, gain)
    ]
    known = index(gains)
    for position, subset in enumerate(path[:-1]):
        if subset and not known[favourite, subset].better and _beats_constant(gains, subset):
            return _over_the_smaller(gains, path, position)
    if added:
        best = max(added, key=lambda gain: gain.low)
        return Recommendation(best.comparison.larger, favourite, best)
    if not favourite:
        with_constant = [gain for gain in gains if not gain.comparison.smaller]
        nearest = max(with_constant, key=lambda gain: gain.gain, default=None)
        return Recommendation((), nearest.comparison.larger if nearest else (), nearest)
    if _beats_constant(gains, favourite):
        return _over_the_smaller(gains, path, len(path) - 1)
    others = [gain for gain in gains if not gain.comparison.smaller and gain.better]
    if others:
        best = max(others, key=lambda gain: gain.low)
        return Recommendation(best.comparison.larger, (), best)
    return Recommendation((), favourite, known[favourite, ()])


def _over_the_smaller(
    gains: Sequence[Gain], path: Sequence[Subset], position: int
) -> Recommendation:
    """A subset of the path with its gain over the one before it."""
    if position == 0:
        return Recommendation(path[0], (), None)
    subset, before = path[position], path[position - 1]
    return Recommendation(subset, before, index(gains).get((subset, before)))


def _useful(gains: Sequence[Gain], gain: Gain) -> bool:
    """Whether one of the two models is certified to beat the constant; both could be worthless.

    The smaller one is enough: a gain is asked about only if the larger is certified to beat it.
    """
    pair = gain.comparison
    return any(
        not subset or _beats_constant(gains, subset) for subset in (pair.smaller, pair.larger)
    )


def _beats_constant(gains: Sequence[Gain], subset: Subset) -> bool:
    """Whether that is certified, or there is no constant to compare with."""
    with_constant = {g.comparison.larger: g for g in gains if not g.comparison.smaller}
    if not with_constant:
        return True
    return subset in with_constant and with_constant[subset].better


def rows_needed(gain: Gain, margin: float, delta: float, largest: float, rows: int) -> int | None:
    """About how many rows would show a sign, or that the gain lies within the margin: an estimate.

    It takes the gain and the spread as measured, and asks for a probability of 0.8. It exceeds the
    present number of rows: where the hold-out decided less than the spread promises, the interval's
    own width is what shrinks. None if the spread is unknown, or if the gain lies on the edge of what
    either would need.

    Parameters
    ----------
    rows
        Of the whole data, of which `gain.n` units count in the comparison.
    """
    shares = gain.comparison
    if not gain.spread >= 0:
        return None
    low, high = shares.low_share * delta, shares.high_share * delta
    below, above = gain.gain - gain.low, gain.high - gain.gain
    up = gain.gain > 0
    # The distance to cover, the level, and the present half-width on that side.
    routes = [(abs(gain.gain), low if up else high, below if up else above)]
    if abs(gain.gain) < margin:
        routes.append((margin - abs(gain.gain), min(low, high), max(below, above)))
    found = []
    for distance, level, width in routes:
        if distance > 0:
            normal = float(WIDENING * norm.isf(level) + norm.ppf(POWER)) * gain.spread
            units = units_for(distance, normal, largest * math.log(1 / level) / 2)
            ratio = width / distance
            found.append(max(units / gain.n, ratio * ratio, 1.0) * rows)
    if not found or not math.isfinite(min(found)):
        return None
    return _two_digits(min(found))


def _two_digits(number: float) -> int:
    step = 10 ** max(0, math.floor(math.log10(max(number, 1))) - 1)
    return int(math.ceil(number / step) * step)


def index(gains: Sequence[Gain]) -> Mapping[tuple[Subset, Subset], Gain]:
    """Gains by the pair of subsets."""
    return {(gain.comparison.larger, gain.comparison.smaller): gain for gain in gains}


def reversed_gain(gain: Gain) -> Gain:
    """The gain of the smaller subset over the larger one."""
    pair = gain.comparison
    turned = replace(
        pair,
        larger=pair.smaller,
        smaller=pair.larger,
        low_share=pair.high_share,
        high_share=pair.low_share,
    )
    return replace(gain, comparison=turned, gain=-gain.gain, low=-gain.high, high=-gain.low)
