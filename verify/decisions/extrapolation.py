"""How a learning curve may go on beyond the rows at hand: an estimate, with how it did on known rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from empirical.modalities import Subset
from verify.decisions.curves import Point

# Two numbers are fitted, to at least so many sizes.
LEAST_SIZES = 3


@dataclass(frozen=True)
class Extrapolation:
    """The loss at twice the largest size, and the record of the same method on the largest size.

    Parameters
    ----------
    subset
        The modalities.
    m, loss
        Twice the largest size, and the mean loss expected there.
    known_m, said, measured
        The largest size; what a fit to the smaller sizes alone said of it; what was measured there.
    """

    subset: Subset
    m: int
    loss: float
    known_m: int
    said: float
    measured: float


def extrapolate(points: Sequence[Point]) -> tuple[Extrapolation, ...]:
    """One for each subset with enough sizes: a + b / sqrt(m) with a, b >= 0, by least squares.

    Examples
    --------
    >>> curve = [Point(("a",), m, 0.1 + m**-0.5, 0.0, 1.0) for m in (25, 100, 400, 1600)]
    >>> [found] = extrapolate(curve)
    >>> found.m, round(found.loss, 6), abs(found.said - found.measured) < 1e-9
    (3200, 0.117678, True)
    """
    found = []
    for subset in dict.fromkeys(point.subset for point in points):
        curve = sorted((p.m, p.loss) for p in points if p.subset == subset)
        if len(curve) <= LEAST_SIZES:
            continue
        last, measured = curve[-1]
        found.append(
            Extrapolation(
                subset,
                2 * last,
                _at(curve, 2 * last),
                last,
                _at(curve[:-1], last),
                measured,
            )
        )
    return tuple(found)


def _at(curve: Sequence[tuple[int, float]], m: int) -> float:
    sizes, losses = (np.array(each, dtype=np.float64) for each in zip(*curve, strict=True))
    design = np.stack([np.ones_like(sizes), sizes**-0.5], axis=1)
    (level, slope), _ = nnls(design, losses)
    return float(level + slope * m**-0.5)
