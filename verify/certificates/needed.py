"""How many rows a certificate of a given gain would need: an estimate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from scipy import stats

from bounds.domains import FINITE_POSITIVE, PROBABILITY
from bounds.names import known_options
from empirical.statistics.capital import CAP
from verify.certificates.certificate import Certificate, level_of


@dataclass(frozen=True, repr=False)
class RowsNeeded:
    """An estimate of how many units a gain of a given size would need to be certified.

    Attributes
    ----------
    more : int
        Units beyond those of the certificate.
    total : int
        Units in all.
    gain : float
        The true gain that is supposed.
    power : float
        The chance with which the certificate would then decide.
    unit : {"row", "group"}

    Examples
    --------
    >>> RowsNeeded(100, 300, 0.1, 0.9, "row")
    about 100 more rows, 300 in all, for a true gain of 0.1 (an estimate, not certified)
    """

    more: int
    total: int
    gain: float
    power: float
    unit: Literal["row", "group"]

    def __repr__(self) -> str:
        return (
            f"about {self.more:,} more {self.unit}s, {self.total:,} in all, for a true gain of"
            f" {self.gain:g} (an estimate, not certified)"
        )


@known_options
def how_many_more(
    certificate: Certificate, gain: float | None = None, power: float = 0.9
) -> RowsNeeded:
    """How many units a hold-out needs to certify a true gain of a given size: an estimate.

    It supposes that the spread of the differences stays what it is. The rows of this hold-out have been
    looked at: a new certificate needs a new hold-out, or `arriving` from the start.

    Parameters
    ----------
    certificate : Certificate
    gain : float, optional
        The size of the true mean gap; None: that of the estimated gap, which is optimistic.
    power : float
        The chance of a verdict, in (0, 1).

    Raises
    ------
    ValueError
        For a gain that is not positive, exceeds C or is too small for any number of rows, and a power
        outside (0, 1).

    Examples
    --------
    >>> found = Certificate(-0.1, -0.4, 0.2, delta=0.05, n=100, rows=100, C=1.0, spread=0.5)
    >>> how_many_more(found).more
    236
    """
    size = FINITE_POSITIVE.number("gain", abs(certificate.gap) if gain is None else gain)
    if size > certificate.C:
        raise ValueError(f"gain must be at most C, {certificate.C:g}, got {size:g}")
    PROBABILITY.number("power", power)
    alpha = level_of(certificate.delta * certificate.share, certificate.side)
    # Half-width: a normal quantile of standard errors, and the least that a capped bet leaves.
    normal = float(stats.norm.isf(alpha) + stats.norm.ppf(power)) * certificate.spread
    capped = certificate.C * math.log(1 / alpha) / CAP
    units = units_for(size, normal, capped)
    if not math.isfinite(units):
        raise ValueError(f"gain must be larger for a number of rows to show it, got {size:g}")
    total = math.ceil(units)
    more = max(0, total - certificate.n)
    return RowsNeeded(more, certificate.n + more, size, power, certificate.unit)


def units_for(width: float, normal: float, capped: float) -> float:
    """The n at which a half-width normal/√n + capped/n is `width`; infinite for a width too small.

    Examples
    --------
    >>> units_for(3.0, 2.0, 1.0), units_for(0.5, 1.0, 0.0)
    (1.0, 4.0)
    """
    root = (normal + math.sqrt(normal**2 + 4 * width * capped)) / (2 * width)
    return root * root  # infinite where a power would raise
