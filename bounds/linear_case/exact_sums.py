"""Sums of products of float64 numbers, rounded once.

Conditional variances of nearly collinear features cancel almost completely: with correlation
1 − 1e-12 a plain float64 quadratic form keeps four digits. Splitting each product into its rounded
value and its exact error (Dekker 1971) and adding with `math.fsum` keeps all of them, so the only
error left is that of the minimiser, which enters quadratically.
"""

from __future__ import annotations

import math

import numpy as np

from bounds.domains import FloatArray

_SPLITTER = 2.0**27 + 1.0


def quadratic_form(matrix: FloatArray, vector: FloatArray) -> float:
    """vᵀ A v, correctly rounded barring under- and overflow."""
    half, half_error = _two_product(matrix, vector[:, None])
    parts = (*_two_product(half, vector), *_two_product(half_error, vector))
    return math.fsum(np.concatenate([part.ravel() for part in parts]).tolist())


def matrix_vector(matrix: FloatArray, vector: FloatArray) -> FloatArray:
    """A v, each component correctly rounded barring under- and overflow."""
    rows = np.concatenate(_two_product(matrix, vector), axis=1)
    return np.array([math.fsum(row) for row in rows.tolist()])


def _two_product(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The rounded product and its exact error."""
    product = a * b
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, error


def _split(a: FloatArray) -> tuple[FloatArray, FloatArray]:
    high = _SPLITTER * a
    high = high - (high - a)
    return high, a - high
