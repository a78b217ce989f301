"""Finite classes: Massart's bound, the exact value by enumeration, and maps of cells.

The exact values are the oracle against which every analytic bound is tested, and the complexities
of exact worlds (finite alphabets).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from bounds import domains
from bounds.domains import FINITE_NON_NEGATIVE, POSITIVE_INTEGER, FloatArray
from bounds.rademacher.signs import batches_of_signs

# Below this many pairs of signs E|S| comes from exact ratios, above from its asymptotic series.
_PAIRS_TABULATED = 256


def massart(*, radius: ArrayLike, size: ArrayLike, m: ArrayLike) -> FloatArray:
    """Upper bound on the complexity of |F| functions into [−b, b]: b √(2 ln|F|/m).

    Convention 1/m, no |·|. Holds for R̂_S and so for R_m. Subtracting a fixed function changes
    nothing, so a loss class in [0, C] has b = C/2.

    Parameters
    ----------
    radius
        b ≥ 0.
    size
        |F| ≥ 1, number of functions that differ on the sample.
    m
        Sample size ≥ 1.

    Raises
    ------
    ValueError
        For a negative, NaN or infinite argument, `size` or `m` not a positive integer, or shapes
        that do not broadcast.

    References
    ----------
    Massart 2000, Lemma 5.2; Mohri, Rostamizadeh & Talwalkar 2018, Theorem 3.7.

    Examples
    --------
    >>> round(float(massart(radius=0.5, size=16, m=1000)), 6)
    0.037233
    """
    b, count, examples = domains.broadcast(
        radius=(FINITE_NON_NEGATIVE, radius), size=(POSITIVE_INTEGER, size), m=(POSITIVE_INTEGER, m)
    )
    bound: FloatArray = b * np.sqrt(2.0 * np.log(count) / examples)
    return bound


def finite_exact(values: ArrayLike) -> float:
    """R̂_S of a finite class by enumeration of all signs; for c outputs its vector form.

    Parameters
    ----------
    values
        f(x_i), shape [functions, m], or f_k(x_i), shape [functions, m, c]; m c ≤ 20.

    Returns
    -------
    float
        E_σ max_f (1/m) Σ σ f, in the units of f; convention 1/m, no |·|.

    Raises
    ------
    ValueError
        For NaN or infinity, an empty array, another number of axes, or more than 20 signs.

    References
    ----------
    The definition.

    Examples
    --------
    >>> finite_exact([[1.0, 1.0], [-1.0, -1.0]])         # E|σ1 + σ2|/2
    0.5
    """
    table = domains.FINITE.check("values", values)
    if table.ndim not in (2, 3) or table.size == 0:
        raise ValueError(
            f"values must have shape [functions, m] or [functions, m, c], got shape {table.shape}"
        )
    flat = table.reshape(len(table), -1)
    total, count = 0.0, 0
    for signs in batches_of_signs(flat.shape[1]):
        total += float((signs @ flat.T).max(axis=1).sum())
        count += len(signs)
    return total / (count * int(table.shape[1]))


def cells_empirical(*, counts: ArrayLike, spread: ArrayLike = 1.0) -> FloatArray:
    """Exact R̂_S of all two-valued maps of the cells that a fixed encoder distinguishes.

    (1/m) Σ_cells E[(sum of the cell's signs)₊] times the spread of the two values: the best map
    takes the high value on the cells whose signs sum to more than 0.

    Parameters
    ----------
    counts
        Examples per cell, whole numbers ≥ 0, shape [..., cells]; m is their sum.
    spread
        High minus low value ≥ 0: 1 for {0, 1}, 2 for {−1, 1}; broadcasts against `[...]`.

    Raises
    ------
    ValueError
        For counts that are negative or not whole, a sample without examples, no cell, a
        negative, NaN or infinite spread, or shapes that do not broadcast.

    References
    ----------
    E|S_n| = 2k C(2k, k)/4ᵏ for n = 2k and n = 2k − 1 signs (de Moivre).

    Examples
    --------
    >>> float(cells_empirical(counts=[1, 1]))     # each cell counts half of the time: (½ + ½)/2
    0.5
    >>> float(cells_empirical(counts=[2]))        # the signs sum to 2 with probability ¼
    0.25
    """
    number = domains.at_least(0).check("counts", counts)
    if number.ndim == 0 or (number.sum(axis=-1) == 0).any():
        raise ValueError(
            "counts must have shape [..., cells] and at least one example per sample, "
            f"got {np.asarray(counts).tolist()}"
        )
    width = FINITE_NON_NEGATIVE.check("spread", spread)
    m = number.sum(axis=-1)
    domains.common_shape(dict(counts=m, spread=width))
    exact: FloatArray = width * _positive_part(number).sum(axis=-1) / m
    return exact


def cells(*, probabilities: ArrayLike, m: int, spread: float = 1.0) -> float:
    """Exact R_m of all two-valued maps of cells, by the binomial law of each cell's count.

    Parameters
    ----------
    probabilities
        Of the cells, shape [cells], summing to 1.
    m
        Sample size ≥ 1.
    spread
        High minus low value.

    Raises
    ------
    ValueError
        For probabilities that are negative or do not sum to 1 within 1e-9, `m` not a positive
        integer, or a negative, NaN or infinite spread.

    References
    ----------
    Linearity of the expectation over cells; counts are Binomial(m, p).

    Examples
    --------
    >>> cells(probabilities=[0.5, 0.5], m=1)
    0.5
    >>> cells(probabilities=[0.5, 0.5], m=2)      # one cell (¼) or two (½), equally likely
    0.375
    """
    p = FINITE_NON_NEGATIVE.check("probabilities", probabilities)
    if p.ndim != 1 or abs(p.sum() - 1.0) > 1e-9:
        raise ValueError(
            f"probabilities must be one row that sums to 1, got shape {p.shape}, sum {p.sum():g}"
        )
    size = int(POSITIVE_INTEGER.number("m", m))
    width = FINITE_NON_NEGATIVE.number("spread", spread)
    n = np.arange(size + 1)
    value = _positive_part(n.astype(np.float64))
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(n[1:]))])
    log_choose = log_factorial[-1] - log_factorial - log_factorial[::-1]
    total = 0.0
    for chance in p:
        if chance >= 1.0:
            total += float(value[-1])
        elif chance > 0.0:
            log_law = log_choose + n * math.log(chance) + (size - n) * math.log1p(-chance)
            total += float(np.exp(log_law) @ value)
    return width * total / size


def _positive_part(n: FloatArray) -> FloatArray:
    """E(S_n)₊ = E|S_n|/2 for a sum of n signs; n = 2k − 1 and n = 2k share one value."""
    k = np.ceil(n / 2.0)
    ratio = np.arange(1.0, _PAIRS_TABULATED + 1)
    table = np.concatenate([[1.0], np.cumprod(1.0 - 0.5 / ratio)])  # C(2k, k)/4ᵏ
    small = table[np.minimum(k, _PAIRS_TABULATED).astype(np.int64)]
    u = 1.0 / np.maximum(k, _PAIRS_TABULATED)
    series = 1.0 - u / 8 + u**2 / 128 + 5 * u**3 / 1024
    large = np.sqrt(u / math.pi) * series
    return k * np.where(k <= _PAIRS_TABULATED, small, large)
