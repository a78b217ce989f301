"""A number measured on many samples, as the page shows it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from empirical.statistics.intervals import Interval, mean_estimate


@dataclass(frozen=True)
class Summary:
    """The mean over samples with its 95 % interval (Student's t), the median, and the 5 % and 95 % quantiles.

    Without a finite value on every sample there is no mean; the quantiles are then values of samples.
    """

    value: float
    low: float
    high: float
    median: float
    q05: float
    q95: float

    @classmethod
    def of(cls, values: ArrayLike) -> Summary:
        """The summary of one number per sample, [n]."""
        array = np.asarray(values, dtype=np.float64)
        if not np.isfinite(array).all():
            low, middle, high = np.quantile(array, [0.05, 0.5, 0.95], method="nearest")
            return cls(math.inf, math.nan, math.nan, float(middle), float(low), float(high))
        estimate = mean_estimate(array)
        return cls(
            value=float(estimate.value),
            low=float(estimate.interval.low),
            high=float(estimate.interval.high),
            median=float(np.median(array)),
            q05=float(np.quantile(array, 0.05)),
            q95=float(np.quantile(array, 0.95)),
        )

    @classmethod
    def of_middle(cls, interval: Interval) -> Summary:
        """The summary of the middles of intervals."""
        return cls.of((interval.low + interval.high) / 2)
