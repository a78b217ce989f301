"""Is more provably better than less? What bounds and measurements allow a report to say.

Every decision here is one on a probability over samples, by `verify.verdicts.coverage`: it needs no
range of the risks, and no shape of their law.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bounds.arrays import real_array
from verify.verdicts.compare import HOLDS, VIOLATED
from verify.verdicts.coverage import ALPHA, Coverage, Verdict, coverage

UNPROVED = 0.05
"""A bound proves a gain if it lies below zero on all samples but for this share, at most."""
MOST = 0.5
"""M is better on most samples if it is not better on less than this share of them."""

Proves = Literal["yes", "no", "open"]
Side = Literal["better", "worse", "open"]
Proof = Literal["proved", "proved in part", "open", "none"]


@dataclass(frozen=True)
class GainProof:
    """Whether a bound on r(M) - r(N) proves that M is better.

    Attributes
    ----------
    proves : {"yes", "no", "open"}
        "yes" if the bound is below zero on all samples but for a share of `UNPROVED`, and is itself
        supported; "no" if one of both is refuted.
    below_zero : int
        The samples drawn on which it lies below zero.
    low, high : float
        The interval of the share of all samples on which it does.
    needed : int
        The number of samples that would be enough if it lay below zero on each.
    """

    proves: Proves
    below_zero: int
    low: float
    high: float
    needed: int


@dataclass(frozen=True)
class Preference:
    """On how many samples M is better than N.

    Attributes
    ----------
    side : {"better", "worse", "open"}
        "better" if M is on most of all samples, "worse" if N is, "open" if the samples cannot tell.
    better, worse : int
        The samples drawn on which the risk gap lies below zero, and above it.
    low, high : float
        The interval of the share of all samples on which M is better.
    needed : int
        The number of samples that would be enough if M were better on each.
    """

    side: Side
    better: int
    worse: int
    low: float
    high: float
    needed: int


def prove_gain(
    bounds: ArrayLike, verdict: Verdict, *, tests: int = 1, alpha: float = ALPHA
) -> GainProof:
    """Whether a bound certifies that M is better, from its values on independent samples.

    Parameters
    ----------
    bounds : array, [n]
        The bound on r(M) - r(N), one entry per sample; NaN and infinity lie nowhere below zero.
    verdict : {"supported", "refuted", "undecided"}
        That of the samples on the bound, at the level it states.
    tests, alpha
        As for `verify.verdicts.coverage.coverage`.

    Examples
    --------
    >>> prove_gain([-0.1] * 67, "supported").proves, prove_gain([-0.1] * 66, "supported").proves
    ('yes', 'open')
    """
    values = real_array("bounds", bounds)
    found = _share(np.isfinite(values) & (values < 0), UNPROVED, tests, alpha)
    proves: Proves = "open"
    if "refuted" in (verdict, found.verdict):
        proves = "no"
    elif verdict == found.verdict == "supported":
        proves = "yes"
    return GainProof(
        proves, found.trials - found.violations, 1 - found.high, 1 - found.low, int(found.needed)
    )


def preference(gaps: ArrayLike, *, tests: int = 1, alpha: float = ALPHA) -> Preference:
    """Whether M is better on most samples, or worse, from the risk gaps of independent samples.

    Parameters
    ----------
    gaps : array, [n]
        r(M) - r(N), one entry per sample; NaN and infinity are neither better nor worse.
    tests, alpha
        As for `verify.verdicts.coverage.coverage`.

    Examples
    --------
    >>> preference([-0.1] * 7).side, preference([-0.1] * 6).side, preference([0.1] * 7).side
    ('better', 'open', 'worse')
    """
    values = real_array("gaps", gaps)
    finite = np.isfinite(values)
    # With many ties neither is true, and each test may be wrong.
    better = _share(finite & (values < 0), MOST, 2 * tests, alpha)
    worse = _share(finite & (values > 0), MOST, 2 * tests, alpha)
    side: Side = "open"
    if better.verdict == "supported":
        side = "better"
    elif worse.verdict == "supported":
        side = "worse"
    return Preference(
        side,
        better.trials - better.violations,
        worse.trials - worse.violations,
        1 - better.high,
        1 - better.low,
        int(better.needed),
    )


def _share(holds: NDArray[np.bool_], level: float, tests: int, alpha: float) -> Coverage:
    """Whether something holds on all samples but for a share of `level`."""
    return coverage(np.where(holds, HOLDS, VIOLATED), level, tests=tests, alpha=alpha)


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


def proof(compared: int, proved: int, left_open: int) -> Proof:
    """What bounds say about the pairs (M, N) that a study compares.

    Parameters
    ----------
    compared : int
        The number of pairs.
    proved : int
        Those with a bound that certifies the gain.
    left_open : int
        Those of the others for which the samples cannot tell.

    Examples
    --------
    >>> proof(3, proved=3, left_open=0), proof(3, proved=1, left_open=2), proof(3, 0, 1)
    ('proved', 'proved in part', 'open')
    """
    if proved:
        return "proved" if proved == compared else "proved in part"
    return "open" if left_open else "none"
