"""The headline: one sentence for each thing that a study can say about the gain."""

from __future__ import annotations

from collections.abc import Callable

from verify.findings.situation import Situation
from verify.verdicts.gain import Gain


def headline(found: Situation, modalities: int) -> str:
    """One sentence on the gain."""
    claim = "M beats N"
    if found.whole:
        claim = f"the {modalities} modalities together beat each one alone"
    elif found.comparisons > 1:
        claim = f"M beats N in all {found.comparisons} comparisons"
    return _HEADLINES[found.outcome](found, claim)


def _proved_headline(found: Situation, claim: str) -> str:
    sizes = "at some of the sizes measured"
    if found.from_m is not None:
        sizes = f"at every size measured from m = {found.from_m:,} on"
    return f"Yes, provably: {claim}, certified by a bound {sizes}."


def _too_few_headline(found: Situation, claim: str) -> str:
    return (
        f"Undecided: bounds lie below zero, but {found.trials} samples are too few to support"
        f" them at their level; {found.needed} without violation would be enough."
    )


def _proved_in_part_headline(found: Situation, claim: str) -> str:
    return f"In part: a bound certifies {found.certified} of the {found.comparisons} gains."


def _measured_headline(found: Situation, claim: str) -> str:
    return f"Measured, not proved: {claim}, but no bound certifies it at the sizes measured."


def _measured_in_part_headline(found: Situation, claim: str) -> str:
    return (
        f"In part, and not proved: more is better in {found.better} of {found.comparisons}"
        " comparisons, and no bound certifies a gain at the sizes measured."
    )


def _no_gain_headline(found: Situation, claim: str) -> str:
    return "No: no gain was measured at the largest sample size, and no bound certifies one."


_HEADLINES: dict[Gain, Callable[[Situation, str], str]] = {
    "proved": _proved_headline,
    "too few samples": _too_few_headline,
    "proved in part": _proved_in_part_headline,
    "measured": _measured_headline,
    "measured in part": _measured_in_part_headline,
    "none": _no_gain_headline,
}
