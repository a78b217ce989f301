"""Measured quantities carry their uncertainty and its direction: `Interval` and `Estimate`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bounds.arrays import real_array, same_rows

Direction = Literal["exact", "two-sided", "at least", "at most", "none"]


@dataclass(frozen=True)
class Interval:
    """A quantity known to lie in [low, high]; arrays broadcast, one entry per sample.

    The direction of a measurement lives in its ends: a supremum found by optimisation is a `low`,
    an infimum found by optimisation is a `high`, and a certificate closes the other side. Where
    nothing closes it the end is infinite. An exact quantity has low == high. NaN is kept, and never
    passes a comparison made by `verify.verdicts.compare`.

    Raises
    ------
    ValueError
        If low > high, for ends that are masked, complex or text, and for unequal row labels.

    Examples
    --------
    >>> Interval(0.1, 0.3) - Interval(0.0, 0.1)
    Interval(low=0.0, high=0.3)
    """

    low: NDArray[np.float64]
    high: NDArray[np.float64]

    row_labels: ClassVar[Any] = None
    """The labels of the rows, if the ends were pandas objects."""

    def __init__(self, low: ArrayLike, high: ArrayLike) -> None:
        low_array, high_array = np.broadcast_arrays(
            real_array("low", low), real_array("high", high)
        )
        crossed = low_array > high_array
        if np.any(crossed):
            raise ValueError(
                f"low must not exceed high, got low={low_array[crossed][0]}"
                f" and high={high_array[crossed][0]}"
            )
        object.__setattr__(self, "low", low_array)
        object.__setattr__(self, "high", high_array)
        object.__setattr__(self, "row_labels", same_rows({"low": low, "high": high}))

    @classmethod
    def exact(cls, value: ArrayLike) -> Interval:
        """The interval of zero width at a value that is known exactly.

        Examples
        --------
        >>> Interval.exact(0.5)
        Interval(low=0.5, high=0.5)
        """
        return cls(value, value)

    def __add__(self, other: Interval) -> Interval:
        return self._with(other, Interval(self.low + other.low, self.high + other.high))

    def __sub__(self, other: Interval) -> Interval:
        return self._with(other, Interval(self.low - other.high, self.high - other.low))

    def _with(self, other: Interval, result: Interval) -> Interval:
        """The result of two intervals, with their labels."""
        labels = same_rows({"the first interval": self, "the second interval": other})
        object.__setattr__(result, "row_labels", labels)
        return result

    def __repr__(self) -> str:
        if self.low.ndim == 0:
            return f"Interval(low={float(self.low)!r}, high={float(self.high)!r})"
        return f"Interval(low={self.low!r}, high={self.high!r})"


def outward_difference(first: Interval, second: Interval) -> Interval:
    """first - second, an end moved outward by one float unless the subtraction is exact.

    The rounding of a difference is a float, found by exact operations (Knuth's two-sum; Higham 2002, 4.3).

    Examples
    --------
    >>> outward_difference(Interval(1.0, 2.0), Interval.exact(0.5))
    Interval(low=0.5, high=1.5)
    >>> outward_difference(Interval.exact(1.0), Interval.exact(2.0**-60))
    Interval(low=0.9999999999999999, high=1.0)
    """
    plain = first - second
    low, above = plain.low, _lost(first.low, second.high, plain.low) >= 0
    high, below = plain.high, _lost(first.high, second.low, plain.high) <= 0
    return Interval(
        np.where(above, low, np.nextafter(low, -np.inf)),
        np.where(below, high, np.nextafter(high, np.inf)),
    )


def _lost(
    a: NDArray[np.float64], b: NDArray[np.float64], difference: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(a - b) less its rounded value."""
    with np.errstate(invalid="ignore"):
        taken = a - difference
        lost: NDArray[np.float64] = (a - (difference + taken)) + (taken - b)
    return lost


@dataclass(frozen=True)
class Estimate:
    """A measured number, or one per model of a stack, with the interval that holds it.

    Parameters
    ----------
    value
        The point estimate, a number or an array of the interval's shape.
    interval
        The interval that holds the quantity.
    level
        The confidence of each entry's interval: 1.0 if it is certain (exact or certified).
    n
        The number of independent draws behind it, None if none were made.

    Examples
    --------
    >>> Estimate(0.5, Interval(0.4, 0.6), level=0.95, n=100).interval
    Interval(low=0.4, high=0.6)
    """

    value: float | NDArray[np.float64]
    interval: Interval
    level: float = 1.0
    n: int | None = None

    @property
    def direction(self) -> Direction:
        """On which sides the interval closes: the same for all entries, or the weakest of them.

        "exact": no width (an average over a population, up to its rounding); "two-sided": both ends
        finite; "at least" / "at most": only the lower / upper end is; "none": neither.

        Examples
        --------
        >>> Estimate(2.0, Interval(1.5, np.inf)).direction
        'at least'
        """
        low, high = self.interval.low, self.interval.high
        below, above = bool(np.isfinite(low).all()), bool(np.isfinite(high).all())
        if below and above:
            return "exact" if np.array_equal(low, high) else "two-sided"
        return "at least" if below else "at most" if above else "none"

    def __sub__(self, other: Estimate) -> Estimate:
        """The difference; its interval takes the worst ends, its level charges both intervals.

        Examples
        --------
        >>> (Estimate(2.0, Interval(1.0, 3.0)) - Estimate(0.5, Interval(0.0, 1.0))).interval
        Interval(low=0.0, high=3.0)
        """
        n = self.n if other.n is None else other.n if self.n is None else min(self.n, other.n)
        return Estimate(
            np.asarray(self.value) - np.asarray(other.value),
            self.interval - other.interval,
            max(0.0, self.level + other.level - 1.0),
            n,
        )


def mean_estimate(values: ArrayLike, level: float = 0.95) -> Estimate:
    """The mean of independent draws with Student's t interval.

    Parameters
    ----------
    values
        shape [n].
    level
        The confidence, in (0, 1). With one draw the interval is the whole line.

    Raises
    ------
    ValueError
        If `values` is empty, masked, complex or no numbers, or `level` lies outside (0, 1).

    Examples
    --------
    >>> mean_estimate([1.0, 2.0, 3.0]).value
    2.0
    """
    from scipy import stats

    array = real_array("values", values).ravel()
    if array.size == 0:
        raise ValueError("values must hold at least one number, got none")
    if not 0 < level < 1:
        raise ValueError(f"level must lie in (0, 1), got {level}")
    mean = float(array.mean())
    if array.size == 1:
        return Estimate(mean, Interval(-np.inf, np.inf), level, 1)
    half = float(
        stats.t.ppf((1 + level) / 2, array.size - 1) * array.std(ddof=1) / np.sqrt(array.size)
    )
    return Estimate(mean, Interval(mean - half, mean + half), level, array.size)
