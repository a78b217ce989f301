"""The least sample size at which something holds, for each of many samples at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from numpy.typing import ArrayLike, NDArray

from bounds.notation import m as m_symbol
from bounds.statement.evaluation import BoundValue
from bounds.theorem import Theorem
from empirical.measurement import Values
from empirical.statistics.laws import estimate_quantile
from verify.findings.summaries import LEVEL

LARGEST = 2.0**62
"""A size beyond this counts as infinite."""


@dataclass(frozen=True)
class LeastSize:
    """A least sample size that is enough for a share of all encoders, infinite if there is none.

    Parameters
    ----------
    value
        The quantile over the encoders measured.
    low, high
        Order statistics that enclose the quantile over all encoders with 95 % confidence; `high` is
        infinite if there are too few of them.
    """

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, sizes: ArrayLike, share: float) -> LeastSize:
        """The size that is enough for a share of the encoders, from one size for each.

        Examples
        --------
        >>> LeastSize.of(range(1, 201), 0.95)
        LeastSize(value=190.0, low=184.0, high=197.0)
        """
        found = estimate_quantile(sizes, share, LEVEL)
        value = float(np.asarray(found.value))
        return cls(value, max(1.0, float(found.interval.low)), float(found.interval.high))


def evaluated_at(
    theorem: Theorem, known: Mapping[str, Any]
) -> Callable[[NDArray[np.float64]], BoundValue]:
    """The theorem as a function of the sample size, one entry for each sample.

    Parameters
    ----------
    theorem
        With a sample size.
    known
        Its other arguments: numbers, arrays [n], and expressions in m.
    """
    fixed = {k: v for k, v in known.items() if not isinstance(v, sympy.Expr)}
    moving = {
        name: sympy.lambdify([m_symbol], value, "numpy")
        for name, value in known.items()
        if isinstance(value, sympy.Expr)
    }
    size = theorem.sample_size
    if size is None:
        raise ValueError(f"theorem must have a sample size, got {theorem.key}")

    def at(m: NDArray[np.float64]) -> BoundValue:
        return theorem.evaluate(**fixed, **{k: f(m) for k, f in moving.items()}, **{size: m})

    return at


def least_sizes(holds: Callable[[NDArray[np.float64]], ArrayLike], n: int) -> Values:
    """For each of n samples the least integer at which a condition holds, if it then stays true.

    Returns
    -------
    numpy.ndarray
        [n] whole numbers, exact up to 2**53; infinite where the condition holds nowhere up to `LARGEST`.

    Examples
    --------
    >>> least_sizes(lambda m: m**2 > np.array([0.0, 50.0, math.inf]), 3).tolist()
    [1.0, 8.0, inf]
    """
    low, high = np.zeros(n), np.ones(n)
    short = ~np.broadcast_to(holds(high), n)
    while short.any() and high[short].max() < LARGEST:
        low[short] = high[short]
        high[short] *= 2
        short &= ~np.broadcast_to(holds(high), n)
    while True:
        middle = np.floor((low + high) / 2)
        inside = (low < middle) & (middle < high) & ~short
        if not inside.any():
            return np.where(short, math.inf, high)
        below = np.broadcast_to(holds(np.where(inside, middle, high)), n)
        high = np.where(inside & below, middle, high)
        low = np.where(inside & ~below, middle, low)
