"""γ > 0 with probability 1: what `full_latent` is for.

Two modalities of one feature each, x ~ N(0, I₂), y = b x⁽¹⁾ + σ ε with standard normal noise: the
second modality is junk. Encoders map to n = 1 latent dimension, M = {1, 2}, N = {1}, heads are
scalars without a radius. The encoder of M is a direction of the plane and the head its length, so
the joint empirical risk minimiser has the direction of the least-squares solution ŵ = (a₁, a₂). No
head can undo a wrong direction:

    η(ĝ_M) = b² a₂²/(a₁² + a₂²) > 0 = η(ĝ_N)    almost surely, at every finite m.

A latent space of two dimensions does not help if the encoder learned there has rank 1. ŵ needs no
second direction: x ↦ (ŵ·x/‖ŵ‖, 0) with the head (‖ŵ‖, 0) is a joint minimiser too. Heads on it see
the same one direction, and γ is the same on every sample. So `full_latent` is about the encoder that
was learned, not about the class that it was chosen from.

Law. For m ≥ 2, ŵ = (b, 0) + σ Z/√q with Z ~ N(0, I₂) and q ~ χ²_{m−1} independent (a bivariate
Student law, from the inverse Wishart XᵀX). γ > s b² is the pair of wedges |a₂| > τ|a₁|,
τ² = s/(1 − s), and Plackett's identity turns the probability of a wedge into one integral.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from bounds import domains
from bounds.domains import FloatArray

# Composite Gauss–Legendre over a stretch that leaves out less than e^{−40} at each end.
_REACH, _PANELS, _NODES = 40.0, 40, 12


def gap_exceedance(share: ArrayLike, *, m: int, b: float = 1.0, noise: float = 1.0) -> FloatArray:
    """P(γ > s b²), exactly: (2/π) ∫ from arcsin √s to π/2 of (1 + s b²/(σ² sin²φ))^{−(m−1)/2} dφ.

    At s = 0 the integrand is 1 and the probability is 1: γ > 0 almost surely at every m.

    Parameters
    ----------
    share
        s in [0, 1], any shape.
    m
        Sample size ≥ 2.
    b
        Weight of the informative modality, > 0.
    noise
        σ > 0.

    Returns
    -------
    FloatArray
        float64 probabilities, the shape of `share`; 1e-12 absolute.

    Raises
    ------
    ValueError
        For a share outside [0, 1], `m` < 2, or `b` or `noise` not positive and finite.

    References
    ----------
    this module's docstring; Plackett 1954 for the Student law as in Genz 2004, "Numerical
    computation of rectangular bivariate and trivariate normal and t probabilities", section 2.

    Examples
    --------
    >>> gap_exceedance([0.0, 1.0], m=10).tolist()
    [1.0, 0.0]
    """
    s = domains.FINITE_NON_NEGATIVE.check("share", share)
    if (s > 1).any():
        raise ValueError(f"share must lie in [0, 1], got {s.max():g}")
    degrees = domains.at_least(2).number("m", m) - 1.0
    weight = domains.FINITE_POSITIVE.number("b", b)
    signal = (weight / domains.FINITE_POSITIVE.number("noise", noise)) ** 2
    # In v = ln tan φ the integrand is smooth at every m and falls like e^{−|v|} on either side.
    with np.errstate(divide="ignore"):
        start = np.clip(0.5 * (np.log(s) - np.log1p(-s)), -_REACH, _REACH)[..., None]
    length = np.maximum(start, 0.0) + _REACH - start
    node, weight_of = np.polynomial.legendre.leggauss(_NODES)
    unit = ((node + 1) / 2 + np.arange(_PANELS)[:, None]).ravel() / _PANELS
    v = start + length * unit
    tail = np.exp(-degrees / 2 * np.log1p(s[..., None] * signal * (1 + np.exp(-2 * v))))
    mass = length * np.tile(weight_of, _PANELS) / (2 * _PANELS)
    probability: FloatArray = (2 / np.pi) * (mass * tail / (2 * np.cosh(v))).sum(axis=-1)
    return np.where(s == 0, 1.0, np.where(s == 1, 0.0, np.minimum(probability, 1.0)))
