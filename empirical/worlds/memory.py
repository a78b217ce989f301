"""A class that remembers points: the deviations of its risks are twice its Rademacher complexity.

The input x is uniform on [0, 1]. Let v have c equal entries and norm ½, so that v = ½ for one output.
The loss of a prediction f is ½ + f·v/‖v‖: it is 1 at v, 0 at −v, and has L = C = 1. With G the first
`share` of [0, 1], a function of the class is

    f(x) = ±v on all of [0, 1], with the opposite sign on at most m points of G.

So no two examples are the same, on the examples in G the class has every pattern of signs, and on the
others it has two. An encoder is such a function that is −v elsewhere, and the two heads are z and −z.

*The worst learner.* Of m examples let n lie in G. The encoder that has just these as its points leaves
the heads the empirical risks n/m (z) and 1 − n/m (−z), and the risks 0 and 1. If n ≥ m/2 the head −z
minimises the empirical risk, and is wrong on all of [0, 1] but for n points. With G = [0, 1] the pair
is then a joint minimiser too, without error on the sample.

*Complexity.* For signs σ_ik the best function has the sign of Σ_k σ_ik at each example in G, and the
better of both signs outside:

    m R̂_S = (n E|W_c| + E|W_{c(m−n)}|) / (2√c),   W_j the sum of j fair signs.

The class is symmetric, so that |·| around the sum changes nothing. That of the losses has the
complexity of one output for every c. With two outputs R^c is smaller than that by √2 on the examples
in G, which is all that vector contraction allows.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from bounds import rademacher
from bounds.domains import POSITIVE_INTEGER, POSITIVE_SHARE, PROBABILITY, at_least
from empirical.statistics.laws import Law

Values = NDArray[np.float64]
DEVIATIONS = 12.0
"""Standard deviations beyond which a binomial law is cut off, unless it has few values anyway."""
FEW = 1000


def remembered_law(share: float, m: int) -> Law:
    """The law of n, how many of m examples lie in the part of [0, 1] that can be remembered.

    Parameters
    ----------
    share : float
        The probability of that part, in (0, 1].
    m : int

    Raises
    ------
    ValueError
        For a share outside (0, 1], or an m that is not a positive integer.

    Examples
    --------
    >>> law = remembered_law(0.5, 2)
    >>> law.values.tolist(), law.probabilities.round(9).tolist()
    ([0.0, 1.0, 2.0], [0.25, 0.5, 0.25])
    """
    POSITIVE_SHARE.number("share", share)
    size = POSITIVE_INTEGER.whole("m", m)
    spread = max(FEW, math.ceil(DEVIATIONS * math.sqrt(size * share * (1 - share))))
    low, high = max(0, int(size * share) - spread), min(size, int(size * share) + spread)
    n = np.arange(low, high + 1)
    cut = stats.binom.cdf(low - 1, size, share) + stats.binom.sf(high, size, share)
    return Law.of([(n.astype(np.float64), stats.binom.pmf(n, size, share))], float(cut))


def majority(share: float, m: int) -> float:
    """P(n ≥ m/2): how often the head −z is a minimiser on the encoder of the worst learner.

    Examples
    --------
    >>> [round(majority(share, m), 9) for share, m in ((0.5, 3), (0.5, 2), (1.0, 7))]
    [0.5, 0.75, 1.0]
    """
    POSITIVE_SHARE.number("share", share)
    size = POSITIVE_INTEGER.whole("m", m)
    return float(stats.binom.sf((size + 1) // 2 - 1, size, share))


def share_of_majority(probability: float, m: int) -> float:
    """The share at which `majority` is the given probability.

    The binomial tail P(n ≥ k) is the distribution function of Beta(k, m − k + 1) at the share.

    Parameters
    ----------
    probability : float
        In (0, 1).
    m : int

    Raises
    ------
    ValueError
        For a probability outside (0, 1), or an m that is not a positive integer.

    Examples
    --------
    >>> round(share_of_majority(0.25, 1), 9), round(majority(share_of_majority(1e-4, 99), 99), 9)
    (0.25, 0.0001)
    """
    PROBABILITY.number("probability", probability)
    size = POSITIVE_INTEGER.whole("m", m)
    least = (size + 1) // 2
    return float(stats.beta.ppf(probability, least, size - least + 1))


def empirical_complexity(remembered: ArrayLike, m: int, outputs: int = 1) -> Values:
    """R̂_S given how many of the m examples can be remembered, exact; R̂^c_S for several outputs.

    Parameters
    ----------
    remembered : array
        n, whole numbers from 0 to m.
    m : int
    outputs : int
        c.

    Raises
    ------
    ValueError
        For an n that is no whole number from 0 to m, or an m or c that is not a positive integer.

    Examples
    --------
    >>> empirical_complexity([0, 1, 2], 2).tolist()
    [0.25, 0.5, 0.5]
    >>> empirical_complexity([2], 2, outputs=2).round(6).tolist()       # 1/√8
    [0.353553]
    """
    size, c = POSITIVE_INTEGER.whole("m", m), POSITIVE_INTEGER.whole("outputs", outputs)
    n = at_least(0, size).check("remembered", remembered)
    walks = n * _length(np.array(float(c))) + _length(c * (size - n))
    found: Values = walks / (2 * math.sqrt(c) * size)
    return found


def complexity(share: float, m: int, outputs: int = 1) -> float:
    """R_m, or R^c_m for several outputs: the mean of `empirical_complexity` over the law of n.

    Examples
    --------
    >>> complexity(1.0, 5), round(complexity(0.5, 2), 9)
    (0.5, 0.4375)
    """
    law = remembered_law(share, m)
    return float(law.probabilities @ empirical_complexity(law.values, m, outputs))


def _length(signs: Values) -> Values:
    """E|W| of a sum of so many fair signs; 0 for none."""
    one_cell = rademacher.cells_empirical(counts=np.maximum(signs, 1.0)[..., None])
    length: Values = 2 * signs * one_cell
    return length
