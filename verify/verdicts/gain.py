"""Is more provably better than less? What bounds and measurements allow a report to say."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from verify.verdicts.coverage import Verdict

Gain = Literal[
    "proved", "proved in part", "too few samples", "measured", "measured in part", "none"
]


def certifies_gain(high: float, verdict: Verdict) -> bool:
    """Whether a bound on r(M) - r(N) certifies that M is better.

    Parameters
    ----------
    high : float
        The 95 % quantile of the bound over the samples drawn.
    verdict : {"supported", "refuted", "undecided"}
        That of the samples on the bound, at the level it states.

    Examples
    --------
    >>> certifies_gain(-0.1, "supported"), certifies_gain(-0.1, "undecided")
    (True, False)
    """
    return high < 0 and verdict == "supported"


def certified_from(measured: Collection[int], certified: Collection[int]) -> int | None:
    """The least sample size from which on a gain is certified at every size measured, if there is one.

    Examples
    --------
    >>> certified_from([64, 256, 1024], [256, 1024]), certified_from([64, 256], [64])
    (256, None)
    """
    start = None
    for m in sorted(measured, reverse=True):
        if m not in certified:
            break
        start = m
    return start


def gain(compared: int, proved: int, below_zero: int, better: int) -> Gain:
    """What a study says about the pairs (M, N) that it compares.

    Parameters
    ----------
    compared : int
        The number of pairs.
    proved : int
        Those with a bound that certifies the gain.
    below_zero : int
        Those with a bound below zero, supported by the samples or not.
    better : int
        Those for which the mean risk gap at the largest size lies below zero with its whole interval.

    Examples
    --------
    >>> gain(3, proved=3, below_zero=3, better=3), gain(3, proved=0, below_zero=0, better=2)
    ('proved', 'measured in part')
    """
    if proved:
        return "proved" if proved == compared else "proved in part"
    if below_zero:
        return "too few samples"
    if better:
        return "measured" if better == compared else "measured in part"
    return "none"
