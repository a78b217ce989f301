"""Best linear prediction from a subset of features, numerically: the core of `linear_case`.

All functions take a covariance `S` that `covariance` has checked, and positions of features.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bounds import domains
from bounds.domains import FloatArray
from bounds.linear_case.exact_sums import matrix_vector, quadratic_form

Positions = NDArray[np.int64]

# Relative sizes of what counts as rounding: of the input (which may be a float64 Gram matrix over
# many rows) and, per feature, of the eigenvalues that the solver may not divide by.
_INPUT_ROUNDING = 1e-12
_ROUNDING = 1e-14


def covariance(value: ArrayLike, dimension: int) -> FloatArray:
    """`value` as a symmetric positive semi-definite d×d matrix, or a `ValueError`."""
    S = domains.FINITE.check("Sigma", value)
    if S.shape != (dimension, dimension):
        raise ValueError(
            f"Sigma must have shape ({dimension}, {dimension}), the sum of the blocks, "
            f"got {S.shape}"
        )
    skew = float(abs(S - S.T).max())
    if skew > _INPUT_ROUNDING * float(abs(S).max()):
        raise ValueError(f"Sigma must be symmetric, got entries that differ by {skew:g}")
    S = S + (S.T - S) / 2.0
    variance = S.diagonal()
    if (variance < 0).any():
        raise ValueError(
            f"Sigma must be positive semi-definite, got the variance {variance.min():g}"
        )
    correlation, _ = _equilibrated(S)
    least = float(np.linalg.eigvalsh(correlation)[0])
    if least < -_INPUT_ROUNDING * dimension:
        raise ValueError(
            "Sigma must be positive semi-definite, got the eigenvalue "
            f"{least:g} of its correlation matrix"
        )
    return S


def regression(S: FloatArray, w: FloatArray, present: Positions) -> FloatArray:
    """Coefficients z = Σ_MM⁺ Σ_Mc w_c of the absent part's prediction from the present features.

    Scaled to unit variances first, so that a feature in small units is not taken for a null
    direction. An error of z enters the residual variance quadratically, so none is refined away.
    """
    absent = _others(len(S), present)
    if len(absent) == 0 or len(present) == 0:
        return np.zeros(len(present))
    own = S[np.ix_(present, present)]
    target = matrix_vector(S[np.ix_(present, absent)], w[absent])
    correlation, scale = _equilibrated(own)
    values, vectors = np.linalg.eigh(correlation)
    kept = values > _ROUNDING * max(len(present), 10)
    basis = scale[:, None] * vectors[:, kept]
    solution: FloatArray = basis @ ((basis.T @ target) / values[kept])
    return solution


def shortest_predictor(S: FloatArray, w: FloatArray, present: Positions) -> FloatArray:
    """The best predictor on the present features, the shortest one where Σ_MM is singular."""
    u = w[present] + regression(S, w, present)
    correlation, scale = _equilibrated(S[np.ix_(present, present)])
    values, vectors = np.linalg.eigh(correlation)
    null = scale[:, None] * vectors[:, values <= _ROUNDING * max(len(present), 10)]
    if null.shape[1] == 0:
        return u
    orthonormal = np.linalg.qr(null)[0]
    shortest: FloatArray = u - orthonormal @ (orthonormal.T @ u)
    return shortest


def residual_variance(S: FloatArray, w: FloatArray, present: Positions) -> float:
    """w_cᵀ (Σ_cc − Σ_cM Σ_MM⁺ Σ_Mc) w_c: what the present features leave unexplained of w·x."""
    v = -w
    v[present] = regression(S, w, present)
    # Rounding can leave −1e-30 of an exact 0.
    return max(quadratic_form(S, v), 0.0)


def residual_variance_on_ball(
    S: FloatArray, w: FloatArray, present: Positions, radius: float
) -> float:
    """min over ‖u‖ ≤ radius on the present features of (u − w)ᵀ Σ (u − w)."""
    if np.linalg.norm(shortest_predictor(S, w, present)) <= radius:
        return residual_variance(S, w, present)
    v = -w
    if radius > 0:
        own = S[np.ix_(present, present)]
        v[present] += _on_sphere(own, matrix_vector(S[present], w), radius)
    return max(quadratic_form(S, v), 0.0)


def _on_sphere(own: FloatArray, right: FloatArray, radius: float) -> FloatArray:
    """The minimiser of uᵀAu − 2uᵀb on the sphere: (A + λ) u = b, ‖u‖ = radius, λ > 0.

    Newton's method on radius/‖u(λ)‖ − 1, which is concave and increasing in λ, inside a bracket
    (Conn, Gould & Toint 2000, Trust-Region Methods, section 7.3).
    """
    values, vectors = np.linalg.eigh(own)
    values = np.maximum(values, 0.0)
    b = vectors.T @ right
    length = float(np.linalg.norm(b))
    if length > 1e300 * radius:  # λ beyond float64: A is nothing beside it
        steepest: FloatArray = vectors @ (b * (radius / length))
        return steepest
    low, high = 0.0, length / radius  # ‖u(λ)‖ ≤ ‖b‖/λ
    multiplier = high
    for _ in range(200):
        # In units of the radius: powers of a small one would be zero.
        u = b / (values + multiplier) / radius
        norm = float(np.linalg.norm(u))
        if norm > 1.0:
            low = multiplier
        else:
            high = multiplier
        slope = float(u @ (u / (values + multiplier))) / norm**3
        step = (1.0 - 1.0 / norm) / slope
        proposal = multiplier + step
        if not low < proposal < high:
            proposal = (low + high) / 2.0
        if abs(proposal - multiplier) <= 4e-16 * multiplier:
            break
        multiplier = proposal
    u = b / (values + multiplier) / radius
    solution: FloatArray = vectors @ (u * (radius / np.linalg.norm(u)))
    return solution


def _equilibrated(S: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The correlation matrix and 1/standard deviation (1 where the variance is 0)."""
    variance = S.diagonal()
    scale = 1.0 / np.sqrt(np.where(variance > 0, variance, 1.0))
    return S * scale[:, None] * scale, scale


def _others(dimension: int, present: Positions) -> Positions:
    return np.setdiff1d(np.arange(dimension), present)
