"""Linear classes: x ↦ Wx on a Euclidean (Frobenius) ball, and x ↦ w·x on an L1 ball.

Biases enter as a constant 1 appended to the features; norms include it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from bounds import domains
from bounds.domains import FINITE_NON_NEGATIVE, POSITIVE_INTEGER, FloatArray
from bounds.rademacher.signs import batches_of_signs


def linear(
    *,
    radius: ArrayLike,
    mean_square_norm: ArrayLike,
    m: ArrayLike,
    outputs: ArrayLike = 1,
) -> FloatArray:
    """Upper bound on R_m^c of linear maps W with ‖W‖_F ≤ B: B √(c E‖x‖²/m).

    Convention 1/m, no |·|; for c = 1 the class w·x with ‖w‖₂ ≤ B.

    Parameters
    ----------
    radius
        B ≥ 0.
    mean_square_norm
        E‖x‖²; the largest ‖x‖² gives the worst case.
    m
        Sample size ≥ 1.
    outputs
        c ≥ 1.

    Raises
    ------
    ValueError
        For a negative, NaN or infinite argument, `m` or `outputs` not a positive integer, or
        shapes that do not broadcast.

    References
    ----------
    Bartlett & Mendelson 2002, Lemma 22 (there with 2/m); Jensen's inequality.

    Examples
    --------
    >>> float(linear(radius=2, mean_square_norm=1, m=400))
    0.1
    """
    B, square, size, c = domains.broadcast(
        radius=(FINITE_NON_NEGATIVE, radius),
        mean_square_norm=(FINITE_NON_NEGATIVE, mean_square_norm),
        m=(POSITIVE_INTEGER, m),
        outputs=(POSITIVE_INTEGER, outputs),
    )
    bound: FloatArray = B * np.sqrt(c * square / size)
    return bound


def linear_empirical(
    *, radius: ArrayLike, squared_norms: ArrayLike, outputs: ArrayLike = 1
) -> FloatArray:
    """Upper bound on R̂_S^c of linear maps with ‖W‖_F ≤ B: (B/m) √(c Σ‖x_i‖²).

    Parameters
    ----------
    radius
        B ≥ 0; broadcasts against the samples' shape `[...]`.
    squared_norms
        ‖x_i‖², shape [..., m].
    outputs
        c ≥ 1.

    Returns
    -------
    FloatArray
        float64, shape `[...]`: one bound per sample.

    Raises
    ------
    ValueError
        As for `linear`; also for squared norms without examples.

    References
    ----------
    As in `linear`: (B/m) E‖Σ σ_i x_iᵀ‖_F ≤ (B/m) √(E‖·‖_F²).

    Examples
    --------
    >>> float(linear_empirical(radius=2, squared_norms=[1.0] * 400))
    0.1
    """
    norms = domains.per_example("squared_norms", squared_norms)
    return linear(
        radius=radius, mean_square_norm=norms.mean(axis=-1), m=norms.shape[-1], outputs=outputs
    )


def linear_empirical_lower(
    *, radius: ArrayLike, squared_norms: ArrayLike, outputs: ArrayLike = 1
) -> FloatArray:
    """Lower bound on R̂_S^c of linear maps with ‖W‖_F ≤ B: the upper bound divided by √2.

    Two examples with x_1 = x_2 attain it.

    Parameters
    ----------
    radius, squared_norms, outputs
        As for `linear_empirical`.

    Raises
    ------
    ValueError
        As for `linear_empirical`.

    References
    ----------
    Latała & Oleszkiewicz 1994, "On the best constant in the Khinchin–Kahane inequality"
    (constant 1/√2 in any normed space).

    Examples
    --------
    >>> float(linear_empirical_lower(radius=1, squared_norms=[1.0, 1.0]))      # E|σ1 + σ2|/2
    0.5
    """
    return linear_empirical(
        radius=radius, squared_norms=squared_norms, outputs=outputs
    ) / math.sqrt(2.0)


def linear_exact(*, radius: float, features: ArrayLike, outputs: int = 1) -> float:
    """R̂_S^c of linear maps with ‖W‖_F ≤ B by enumeration: (B/m) E‖Σ σ_i x_iᵀ‖_F.

    Parameters
    ----------
    radius
        B ≥ 0.
    features
        x_i, shape [m, d], with c m ≤ 20.
    outputs
        c ≥ 1.

    Raises
    ------
    ValueError
        For a negative, NaN or infinite number, features that are not a matrix with at least one
        row, or more than 20 signs.

    References
    ----------
    The definition, with the supremum over a ball written as a dual norm.

    Examples
    --------
    >>> linear_exact(radius=1.0, features=[[1.0, 0.0], [0.0, 1.0]]) == 2**0.5 / 2
    True
    """
    B = FINITE_NON_NEGATIVE.number("radius", radius)
    x = domains.FINITE.check("features", features)
    if x.ndim != 2 or len(x) == 0:
        raise ValueError(f"features must have shape [m, d] with m ≥ 1, got shape {x.shape}")
    m, c = len(x), int(POSITIVE_INTEGER.number("outputs", outputs))
    total, count = 0.0, 0
    for signs in batches_of_signs(m * c):
        sums = signs.reshape(-1, c, m) @ x
        total += float(np.sqrt((sums**2).sum(axis=(1, 2))).sum())
        count += len(signs)
    return B * total / (count * m)


def linear_l1(
    *, radius: ArrayLike, coordinate_radius: ArrayLike, dimension: ArrayLike, m: ArrayLike
) -> FloatArray:
    """Upper bound on R_m of w·x with ‖w‖₁ ≤ B and ‖x‖_∞ ≤ X: B X √(2 ln(2d)/m).

    Convention 1/m, no |·|. The supremum is at one of the 2d vertices ±B e_j (Massart's lemma).

    Parameters
    ----------
    radius
        B ≥ 0.
    coordinate_radius
        X ≥ 0, largest modulus of any feature.
    dimension
        d ≥ 1.
    m
        Sample size ≥ 1.

    Raises
    ------
    ValueError
        For a negative, NaN or infinite argument, `dimension` or `m` not a positive integer, or
        shapes that do not broadcast.

    References
    ----------
    Mohri, Rostamizadeh & Talwalkar 2018, Theorem 11.15; Kakade, Sridharan & Tewari 2008.

    Examples
    --------
    >>> round(float(linear_l1(radius=1, coordinate_radius=1, dimension=50, m=1000)), 6)
    0.095971
    """
    B, X, d, size = domains.broadcast(
        radius=(FINITE_NON_NEGATIVE, radius),
        coordinate_radius=(FINITE_NON_NEGATIVE, coordinate_radius),
        dimension=(POSITIVE_INTEGER, dimension),
        m=(POSITIVE_INTEGER, m),
    )
    bound: FloatArray = B * X * np.sqrt(2.0 * np.log(2.0 * d) / size)
    return bound


def linear_l1_empirical(*, radius: ArrayLike, features: ArrayLike) -> FloatArray:
    """Upper bound on R̂_S of w·x with ‖w‖₁ ≤ B: (B/m) max_j √(Σ_i x_ij²) √(2 ln(2d)).

    Parameters
    ----------
    radius
        B ≥ 0; broadcasts against the samples' shape `[...]`.
    features
        Shape [..., m, d].

    Raises
    ------
    ValueError
        For a negative radius, NaN or infinity, or features without rows or columns.

    References
    ----------
    As in `linear_l1`, with each coordinate's own norm in place of X √m.

    Examples
    --------
    >>> import numpy as np
    >>> round(float(linear_l1_empirical(radius=1, features=np.ones((1000, 50)))), 6)
    0.095971
    """
    x = domains.FINITE.check("features", features)
    if x.ndim < 2 or 0 in x.shape[-2:]:
        raise ValueError(f"features must have shape [..., m, d] with m, d ≥ 1, got {x.shape}")
    m, d = x.shape[-2:]
    longest = np.sqrt((x**2).mean(axis=-2).max(axis=-1))
    return linear_l1(radius=radius, coordinate_radius=longest, dimension=d, m=m)
