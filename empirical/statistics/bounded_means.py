"""Methods that bound the mean of rows in [−C, C] from above; for a bound from below turn the signs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bounds.domains import PROBABILITY, range_of_losses
from bounds.table import Table
from empirical.statistics import betting, trinomial

Values = NDArray[np.float64]
Upper = Callable[[Values, float, float], float]


class PValue(Protocol):
    """The p-value of the hypothesis that the mean is at least 0, aimed at a level."""

    def __call__(self, values: Values, alpha: float, C: float) -> float:
        """From rows [n] in [−C, C]."""
        ...


@dataclass(frozen=True)
class Method:
    """One way to bound a mean.

    Attributes
    ----------
    name : str
    text : str
        What it is, in words.
    upper : callable
        From rows [n] in [−C, C], alpha and C: a number that the mean exceeds with probability at most
        alpha, if `certified`.
    p_value : callable
        From the same: a p-value of the hypothesis that the mean is at least 0.
    certified : bool
        Whether the statement holds for every distribution on [−C, C] and every n.
    """

    name: str
    text: str
    upper: Upper
    p_value: PValue
    certified: bool = True


def by_betting(values: Values, alpha: float, C: float) -> float:
    """Bets that replicate an option, see `empirical.statistics.betting`.

    Examples
    --------
    >>> rows = np.array([-1.0, 0.0] * 50)
    >>> round(by_betting(rows, 0.025, 1.0), 3)
    -0.394
    """
    return float(betting.upper_bound(values, alpha, low=-C, high=C, null=0.0))


def p_by_betting(values: Values, alpha: float, C: float) -> float:
    """One over the largest capital against a mean of at least 0.

    Examples
    --------
    >>> p_by_betting(np.array([-1.0, 0.0] * 50), 0.025, 1.0) < 0.025
    True
    """
    return float(betting.p_value(-values, 0.0, alpha, low=-C, high=C))


def hoeffding(values: Values, alpha: float, C: float) -> float:
    """The mean plus C √(2 ln(1/α) / n) (Hoeffding 1963, theorem 1).

    Examples
    --------
    >>> round(hoeffding(np.zeros(200), math.exp(-1), 1.0), 6)
    0.1
    """
    return float(values.mean()) + C * math.sqrt(2 * math.log(1 / alpha) / values.size)


def maurer_pontil(values: Values, alpha: float, C: float) -> float:
    """The mean plus √(2 V ln(2/α) / n) + 14 C ln(2/α) / (3 (n − 1)), V the sample variance.

    References
    ----------
    Maurer and Pontil (2009), theorem 4, for a range of 2C.

    Examples
    --------
    >>> round(maurer_pontil(np.zeros(15), 2 * math.exp(-3), 1.0), 6)
    1.0
    """
    n, t = values.size, math.log(2 / alpha)
    variance = float(values.var(ddof=1))
    return float(values.mean()) + math.sqrt(2 * variance * t / n) + 14 * C * t / (3 * (n - 1))


def fixed_bet(values: Values, alpha: float, C: float) -> float:
    """One bet θ that is fixed in advance: mean + mean of squares / (2sC) + (1 + s) C ln(1/α) / n.

    s = (1 − θ)/θ is the best one for rows whose root mean square is C/4.

    References
    ----------
    Fan, Grama and Liu (2015): exp(θx − ψ(θ)x²) ≤ 1 + θx for x ≥ −1, ψ(θ) = −ln(1 − θ) − θ.

    Examples
    --------
    >>> round(fixed_bet(np.zeros(32), math.exp(-1), 1.0), 6)
    0.0625
    """
    n, t = values.size, math.log(1 / alpha)
    s = math.sqrt(n / (2 * t)) / 4
    squares = float(np.square(values).mean())
    return float(values.mean()) + squares / (2 * s * C) + (1 + s) * C * t / n


def normal(values: Values, alpha: float, C: float) -> float:
    """The mean plus a normal quantile of standard errors: right for large n alone.

    Examples
    --------
    >>> round(normal(np.array([-1.0, 1.0] * 50), 0.025, 1.0), 3)
    0.197
    """
    error = float(values.std(ddof=1)) / math.sqrt(values.size)
    return float(values.mean()) + float(stats.norm.isf(alpha)) * error


def least_level(upper: Upper) -> PValue:
    """The p-value of a method whose bound falls as alpha grows: the least alpha with a bound below 0.

    Examples
    --------
    >>> p = least_level(hoeffding)(np.full(50, -0.2), 0.05, 1.0)
    >>> round(p, 6) == round(math.exp(-1), 6)
    True
    """

    def p_value(values: Values, alpha: float, C: float) -> float:
        # Bisection on ln(alpha); the upper end is always one that refutes.
        low, high = math.log(1e-300), 0.0
        if not upper(values, math.nextafter(1.0, 0.0), C) < 0:
            return 1.0
        while high - low > 1e-9 * max(1.0, -high):
            middle = (low + high) / 2
            if upper(values, math.exp(middle), C) < 0:
                high = middle
            else:
                low = middle
        return math.exp(high)

    return p_value


def _of(name: str, text: str, upper: Upper, certified: bool = True) -> Method:
    return Method(name, text, upper, least_level(upper), certified)


METHODS: Table[Method] = Table(
    "method",
    [
        Method("betting", "bets that replicate an option", by_betting, p_by_betting),
        _of("hoeffding", "Hoeffding", hoeffding),
        _of("maurer-pontil", "empirical Bernstein (Maurer and Pontil)", maurer_pontil),
        _of("fixed bet", "one bet fixed in advance", fixed_bet),
        Method(
            "trinomial",
            "exact for differences −C, 0 and C",
            trinomial.upper_bound,
            trinomial.p_value,
        ),
        _of("normal", "normal interval, not certified", normal, certified=False),
    ],
)


def upper_bound(values: Values, alpha: float, C: float, method: str | Method = "betting") -> float:
    """A number of at most C that the mean of rows in [−C, C] exceeds with probability at most alpha.

    Parameters
    ----------
    values : array, [n]
        Independent rows; for betting in an order that does not depend on them.
    alpha, C : float
    method : str or Method
        An entry of `METHODS`.

    Raises
    ------
    ValueError
        For fewer than two rows, rows outside [−C, C], an unknown method, and for alpha or C out of
        range.

    Examples
    --------
    >>> upper_bound(np.zeros(2), 0.05, 1.0, "hoeffding")
    1.0
    """
    PROBABILITY.number("alpha", alpha)
    range_of_losses("C", C)
    rows = betting.checked(values, -C, C)
    if rows.ndim != 1 or rows.size < 2:
        raise ValueError(f"values must have shape [n] with n ≥ 2, got shape {rows.shape}")
    return min(C, METHODS.find(method).upper(rows, alpha, C))
