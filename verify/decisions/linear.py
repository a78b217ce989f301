"""Ridge regression for many penalties at once, from products of columns or of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from scipy import linalg, sparse

Matrix: TypeAlias = np.ndarray | sparse.csr_matrix

# Up to this side an eigendecomposition serves all penalties; beyond, one factorisation each is cheaper.
EIGEN_SIDE = 1500
# Rows whose sums are formed at a time.
ROWS = 1000


def ridge_path(
    X: Matrix, Y: np.ndarray, penalties: Sequence[float], weights: np.ndarray | None = None
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Coefficients (d, k) and intercepts (k,) of ridge regression, one pair per penalty.

    The penalty is relative to the mean variance of a column: it adds penalty * trace(X'X) / d to
    the diagonal of X'X, with X centred. The intercept is not penalised.

    Parameters
    ----------
    X
        (n, d), dense or sparse.
    Y
        (n, k).
    penalties
        Positive numbers.
    weights
        (n,) positive, or None.

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0]])
    >>> [(coefficients, intercept)] = ridge_path(X, 3 * X + 1, [1e-9])
    >>> coefficients.round(6), intercept.round(6)
    (array([[3.]]), array([1.]))
    """
    n, d = X.shape
    w = np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)
    root = np.sqrt(w).astype(X.dtype)
    x_mean = _column_means(X, w)
    y_mean = w @ Y / w.sum()
    centred = ((Y - y_mean) * np.sqrt(w)[:, None]).astype(X.dtype)
    rooted = X if weights is None else _scale_rows(X, root)
    small = _by_columns if d <= n else _by_rows
    coefficients = small(rooted, root, x_mean.astype(X.dtype), centred, penalties)
    return [(each, y_mean - x_mean @ each) for each in coefficients]


def _column_means(X: Matrix, w: np.ndarray) -> np.ndarray:
    """Weighted means of columns in float64; numpy would copy the whole of a float32 matrix."""
    total = np.zeros(X.shape[1])
    for start in range(0, X.shape[0], ROWS):
        part = slice(start, start + ROWS)
        total += np.asarray(X[part].T @ w[part]).ravel()
    return np.asarray(total / w.sum())


def _scale_rows(X: Matrix, root: np.ndarray) -> Matrix:
    if sparse.issparse(X):
        return sparse.csr_matrix(sparse.diags(root) @ X)
    return X * root[:, None]


def _dense(product: Matrix) -> np.ndarray:
    return product if isinstance(product, np.ndarray) else np.asarray(product.toarray())


def _by_columns(
    X: Matrix, root: np.ndarray, mean: np.ndarray, Y: np.ndarray, penalties: Sequence[float]
) -> list[np.ndarray]:
    gram = _dense(X.T @ X)
    gram -= np.outer(mean, mean) * np.sum(root**2, dtype=X.dtype)
    right = np.asarray(X.T @ Y)  # Y is centred, so the mean of X drops out
    return _solve(gram, right, penalties, X.shape[1])


def _by_rows(
    X: Matrix, root: np.ndarray, mean: np.ndarray, Y: np.ndarray, penalties: Sequence[float]
) -> list[np.ndarray]:
    gram = _dense(X @ X.T)
    along = np.outer(np.asarray(X @ mean).ravel(), root)
    gram += np.outer(root, root) * (mean @ mean) - along - along.T
    return [
        np.asarray(X.T @ dual) - np.outer(mean, root @ dual)
        for dual in _solve(gram, Y, penalties, X.shape[1])
    ]


def _solve(
    gram: np.ndarray, right: np.ndarray, penalties: Sequence[float], d: int
) -> list[np.ndarray]:
    """(gram + a I)^-1 right for each penalty; `d` is the number of columns."""
    unit = max(float(np.trace(gram)) / d, np.finfo(gram.dtype).tiny)
    if len(gram) <= EIGEN_SIDE:
        values, vectors = np.linalg.eigh(gram.astype(np.float64))
        turned = vectors.T @ right
        return [
            vectors @ (turned / (np.maximum(values, 0) + penalty * unit)[:, None])
            for penalty in penalties
        ]
    solutions = []
    for penalty in penalties:
        lifted = gram.copy()
        lifted[np.diag_indices_from(lifted)] += penalty * unit
        factor = linalg.cho_factor(lifted, overwrite_a=True, check_finite=False)
        solutions.append(linalg.cho_solve(factor, right, check_finite=False))
    return solutions
