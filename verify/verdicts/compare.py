"""Does LHS <= RHS hold on one sample, if both sides are known as intervals?

Each theorem declares in which direction its bound moves with each argument. The lower end of the
right-hand side takes the lower end of an argument that raises the bound and the upper end of one that
lowers it. A comparison with NaN or with an infinite left-hand side is never passed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bounds.arrays import real_array
from bounds.statement.evaluation import BoundValue
from bounds.theorem import Theorem
from empirical.statistics.intervals import Interval

Values = NDArray[np.float64]
Verdicts = NDArray[np.int8]
HOLDS, INCONCLUSIVE, VIOLATED = 1, 0, -1

ROUNDING = 1e-12
"""What float64 may have added to a risk of order one."""


@dataclass(frozen=True)
class BoundInterval:
    """A theorem's right-hand side at both ends of its measured arguments.

    Attributes
    ----------
    lower : BoundValue
        The right-hand side at the arguments' ends that make it smallest.
    upper : BoundValue
        The right-hand side at the ends that make it largest: what one would quote without knowing
        our lower ends.
    """

    lower: BoundValue
    upper: BoundValue

    @property
    def interval(self) -> Interval:
        """The right-hand side as an interval, one entry per sample."""
        return Interval(self.lower.total, self.upper.total)

    @property
    def own_terms(self) -> Values:
        """The sum of the complexity and confidence terms, at the upper end."""
        given = given_names(self.upper)
        return _sum((self.upper.terms[n] for n in self.upper.terms if n not in given), self.upper)

    def given_terms(self, rounding: float = 0.0) -> Values:
        """The sum of the other terms, the measured ones and the slack, at the lower end.

        Parameters
        ----------
        rounding : float
            A term smaller than this counts as zero.
        """
        terms = (self.lower.terms[name] for name in given_names(self.lower))
        return _sum((without_rounding(term, rounding) for term in terms), self.lower)


def given_names(value: BoundValue) -> list[str]:
    """The names of the terms that are measured or slack."""
    return [name for name in value.terms if name in value.measured or name == "slack"]


def bound_interval(
    theorem: Theorem, arguments: Mapping[str, Interval | ArrayLike | None]
) -> BoundInterval:
    """Evaluate a theorem on measured arguments; numbers and arrays count as exact.

    Raises
    ------
    ValueError
        As `Theorem.evaluate`, and for an interval as an argument of no declared direction.
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
    """Compare two intervals sample by sample.

    Returns
    -------
    numpy.ndarray
        HOLDS where hi(LHS) <= lo(RHS), VIOLATED where lo(LHS) > hi(RHS), else INCONCLUSIVE. A
        right-hand side of +infinity claims nothing and holds (such a bound is vacuous). An infinite
        left-hand side, a NaN on either side or a right-hand side of -infinity is INCONCLUSIVE.

    Examples
    --------
    >>> compare(Interval([0.1, 0.5, 0.3], [0.2, 0.6, 0.5]), Interval.exact(0.4)).tolist()
    [1, -1, 0]
    """
    low, high, floor, ceiling = np.broadcast_arrays(lhs.low, lhs.high, rhs.low, rhs.high)
    sound = np.isfinite(low) & np.isfinite(high) & ~np.isnan(floor) & ~np.isnan(ceiling)
    verdicts = np.full(low.shape, INCONCLUSIVE, dtype=np.int8)
    verdicts[sound & (high <= floor)] = HOLDS
    verdicts[sound & (low > ceiling) & np.isfinite(ceiling)] = VIOLATED
    return verdicts


def without_rounding(values: ArrayLike, rounding: float = ROUNDING) -> Values:
    """Set to zero what rounding alone can make: values closer to zero than `rounding`.

    Examples
    --------
    >>> without_rounding([1e-15, -0.5]).tolist()
    [0.0, -0.5]
    """
    array = real_array("values", values)
    return np.where(np.abs(array) < rounding, 0.0, array)


def interval_without_rounding(interval: Interval) -> Interval:
    """Both ends as `without_rounding` returns them."""
    return Interval(without_rounding(interval.low), without_rounding(interval.high))


def _sum(terms: Iterable[ArrayLike], value: BoundValue) -> Values:
    shape = np.shape(value.total)
    parts = [np.broadcast_to(np.asarray(term, dtype=np.float64), shape) for term in terms]
    total: Values = np.sum(parts, axis=0) if parts else np.zeros(shape)
    return total
