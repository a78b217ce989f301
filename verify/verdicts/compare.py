"""Intervals into a theorem: does LHS <= RHS hold on one sample?

Each theorem declares in which direction its bound moves with each argument, so that the lower end of
the right-hand side takes the lower end of an argument that raises it and the upper end of one that
lowers it. NaN never passes a comparison, and neither does an infinite left-hand side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bounds.statement.evaluation import BoundValue
from bounds.theorem import Theorem
from empirical.statistics.intervals import Interval

HOLDS, INCONCLUSIVE, VIOLATED = 1, 0, -1
Verdicts = NDArray[np.int8]


@dataclass(frozen=True)
class BoundInterval:
    """A theorem's right-hand side at both ends of its measured arguments.

    `usable` is the upper end: what someone without our lower bounds would compute and quote.
    """

    lower: BoundValue
    usable: BoundValue

    @property
    def interval(self) -> Interval:
        """The right-hand side as an interval, one entry per sample."""
        return Interval(self.lower.total, self.usable.total)

    @property
    def price(self) -> NDArray[np.float64]:
        """The complexity and confidence terms alone: neither measured nor slack, at the usable end."""
        usable = self.usable
        parts = [
            np.broadcast_to(value, np.shape(usable.total))
            for name, value in usable.terms.items()
            if name not in usable.measured and name != "slack"
        ]
        total: NDArray[np.float64] = np.sum(parts, axis=0)
        return total

    @property
    def granted(self) -> NDArray[np.float64]:
        """What is not part of the price, at the lower end: the measured terms and the slack."""
        lower = self.lower
        parts = [
            np.broadcast_to(value, np.shape(lower.total))
            for name, value in lower.terms.items()
            if name in lower.measured or name == "slack"
        ]
        total: NDArray[np.float64] = np.sum(parts, axis=0)
        return total


def bound_interval(
    theorem: Theorem, arguments: Mapping[str, Interval | ArrayLike | None]
) -> BoundInterval:
    """Evaluate a theorem on measured arguments; numbers and arrays count as exact.

    Raises ValueError as `Theorem.evaluate` does, and where an interval is given for an argument whose
    direction the theorem does not declare.
    """
    ends: tuple[dict[str, object], dict[str, object]] = ({}, {})
    for name, value in arguments.items():
        if not isinstance(value, Interval):
            ends[0][name] = ends[1][name] = value
            continue
        direction = theorem.directions.get(name)
        if direction is None and name != "best_risk":
            raise ValueError(
                f"{name} must be exact or have a declared direction in {theorem.key},"
                f" got an interval"
            )
        rising = direction is not None and direction >= 0
        ends[0][name] = value.low if rising else value.high
        ends[1][name] = value.high if rising else value.low
    return BoundInterval(theorem.evaluate(**ends[0]), theorem.evaluate(**ends[1]))


def compare(lhs: Interval, rhs: Interval) -> Verdicts:
    """HOLDS where hi(LHS) <= lo(RHS), VIOLATED where lo(LHS) > hi(RHS), else INCONCLUSIVE.

    A right-hand side of +infinity claims nothing and holds (such a bound is vacuous); an infinite
    left-hand side, a NaN anywhere or a right-hand side of -infinity is INCONCLUSIVE.

    >>> compare(Interval([0.1, 0.5, 0.3], [0.2, 0.6, 0.5]), Interval.exact(0.4)).tolist()
    [1, -1, 0]
    """
    low, high, floor, ceiling = np.broadcast_arrays(lhs.low, lhs.high, rhs.low, rhs.high)
    sound = np.isfinite(low) & np.isfinite(high) & ~np.isnan(floor) & ~np.isnan(ceiling)
    verdicts = np.full(low.shape, INCONCLUSIVE, dtype=np.int8)
    verdicts[sound & (high <= floor)] = HOLDS
    verdicts[sound & (low > ceiling) & np.isfinite(ceiling)] = VIOLATED
    return verdicts
