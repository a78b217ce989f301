"""A number measured on many samples, as the page shows it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from empirical.statistics.intervals import Interval
from empirical.statistics.laws import estimate_quantile

LEVEL = 0.95
"""The confidence of every interval shown for one number."""


@dataclass(frozen=True)
class Summary:
    """The mean and the median over the samples drawn, and their 5 % and 95 % quantiles.

    `median_low` and `median_high` enclose the median over all samples with 95 % confidence, whatever
    the law: they are order statistics, infinite if there are too few samples. The mean has no such
    interval without a range. If a value is not finite there is no mean, and quantiles are values of
    samples.
    """

    value: float
    median: float
    median_low: float
    median_high: float
    q05: float
    q95: float

    @classmethod
    def of(cls, values: ArrayLike) -> Summary:
        """The summary of one number per sample, [n].

        Examples
        --------
        >>> found = Summary.of(range(1, 100))
        >>> found.median, found.median_low, found.median_high
        (50.0, 40.0, 60.0)
        """
        array = np.asarray(values, dtype=np.float64)
        finite = bool(np.isfinite(array).all())
        quantiles = (0.05, 0.5, 0.95)
        q05, median, q95 = (
            np.quantile(array, quantiles)
            if finite
            else np.quantile(array, quantiles, method="nearest")
        ).tolist()
        low = high = math.nan
        if not np.isnan(array).any():
            found = estimate_quantile(array, 0.5, LEVEL).interval
            low, high = float(found.low), float(found.high)
        return cls(float(array.mean()) if finite else math.inf, median, low, high, q05, q95)

    @classmethod
    def of_middle(cls, interval: Interval) -> Summary:
        """The summary of the middles of intervals."""
        return cls.of((interval.low + interval.high) / 2)
