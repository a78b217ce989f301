"""Problems of extreme scale, computed near scale one: η(cΣ, s w, s B) = c s² η(Σ, w, B).

Factors are powers of two, so that no digit changes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bounds.domains import FloatArray

# Within 2^±EXTREME products of four numbers neither overflow nor lose digits.
_EXTREME = 100


@dataclass(frozen=True)
class Unit:
    """Σ is in units of 2^covariance, w and the radius in units of 2^weights."""

    covariance: int = 0
    weights: int = 0

    def restored(self, quality: float) -> float:
        """A quality in its original units.

        Raises
        ------
        ValueError
            If it lies beyond float64.

        Examples
        --------
        >>> Unit(covariance=3, weights=-1).restored(2.0)
        4.0
        """
        try:
            return math.ldexp(quality, self.covariance + 2 * self.weights)
        except OverflowError:
            raise ValueError(
                "Sigma and w must give a quality within float64, got one of about"
                f" 2^{self.covariance + 2 * self.weights} times {quality:g}"
            ) from None


def near_one(
    S: FloatArray, w: FloatArray, radius: float | None = None
) -> tuple[FloatArray, FloatArray, float | None, Unit]:
    """Σ, w and the radius near scale one if they are extreme, and their units.

    Entries that would vanish keep the others as they are.

    Examples
    --------
    >>> near_one(np.eye(2), np.ones(2))[3]
    Unit(covariance=0, weights=0)
    """
    first, second = _exponent(S), _exponent(w)
    scaled, weights = np.ldexp(S, -first), np.ldexp(w, -second)
    if _vanished(S, scaled):
        first, scaled = 0, S
    if _vanished(w, weights):
        second, weights = 0, w
    ball = radius if radius is None else _ldexp(radius, -second)
    return scaled, weights, ball, Unit(first, second)


def _exponent(numbers: FloatArray) -> int:
    largest = float(np.abs(numbers).max(initial=0.0))
    exponent = math.frexp(largest)[1]
    return exponent if abs(exponent) > _EXTREME else 0


def _vanished(before: FloatArray, after: FloatArray) -> bool:
    return bool(((after == 0) & (before != 0)).any())


def _ldexp(number: float, exponent: int) -> float:
    """A radius in other units; one beyond float64 does not bind, and one below it is zero."""
    try:
        return math.ldexp(number, exponent)
    except OverflowError:
        return math.inf
