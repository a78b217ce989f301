"""Ridge regression for many penalties at once, from products of columns or of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from scipy import linalg, sparse

Matrix: TypeAlias = np.ndarray | sparse.csr_matrix
Line: TypeAlias = tuple[np.ndarray, np.ndarray]

# Up to this side an eigendecomposition serves all penalties; beyond, one factorisation each is cheaper.
EIGEN_SIDE = 1500
# Entries of a piece of a matrix: sums are formed over such pieces.
CELLS = 2**21
# The side of the blocks in which a symmetric matrix is copied onto itself.
BLOCK = 128


class Source(Protocol):
    """A matrix (n, d), whole or in pieces of rows."""

    shape: tuple[int, int]

    @property
    def whole(self) -> Matrix:
        """All rows."""

    def pieces(self) -> Iterator[tuple[slice, Matrix]]:
        """The rows in order."""


class _Whole:
    """A matrix that exists already."""

    def __init__(self, X: Matrix) -> None:
        self.shape = X.shape
        self.whole = X

    def pieces(self) -> Iterator[tuple[slice, Matrix]]:
        step = rows_at_a_time(self.whole.size / max(self.shape[0], 1))
        for start in range(0, max(self.shape[0], 1), step):
            yield slice(start, start + step), self.whole[start : start + step]


def rows_at_a_time(stored: float) -> int:
    """The rows of a piece, of which each has so many entries stored.

    Examples
    --------
    >>> rows_at_a_time(4096.0)
    512
    """
    return max(1, int(CELLS / max(stored, 1.0)))


def ridge_path(
    X: Matrix | Source,
    Y: np.ndarray,
    penalties: Sequence[float],
    weights: np.ndarray | None = None,
    factors: Sequence[np.ndarray | None] = (None,),
) -> list[list[Line]]:
    """Coefficients (d, k) and intercepts (k,) of ridge regression, one pair per factor and penalty.

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
    factors
        Each (d,) positive: the regression on columns that were multiplied by them, with coefficients
        for the columns as they are. None: all 1. Products are formed once for all of them.

    Returns
    -------
    list of list of (coefficients, intercepts)
        Coefficients are NaN where rounding made a system unsolvable.

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0]])
    >>> [[(coefficients, intercept)]] = ridge_path(X, 3 * X + 1, [1e-9])
    >>> coefficients.round(6), intercept.round(6)
    (array([[3.]]), array([1.]))
    """
    source = _Whole(X) if isinstance(X, np.ndarray) or sparse.issparse(X) else X
    w = np.ones(source.shape[0]) if weights is None else np.asarray(weights, dtype=np.float64)
    y_mean = w @ Y / w.sum()
    centred = (Y - y_mean) * np.sqrt(w)[:, None]
    small = _by_columns if source.shape[1] <= source.shape[0] else _by_rows
    x_mean, found = small(source, w, centred, penalties, factors)
    return [[(each, y_mean - x_mean @ each) for each in path] for path in found]


Path: TypeAlias = list[np.ndarray]


def _by_columns(
    source: Source,
    w: np.ndarray,
    Y: np.ndarray,
    penalties: Sequence[float],
    factors: Sequence[np.ndarray | None],
) -> tuple[np.ndarray, list[Path]]:
    d = source.shape[1]
    root = np.sqrt(w)
    mean, right, gram = np.zeros(d), np.zeros((d, Y.shape[1])), None
    for part, piece in source.pieces():
        rooted = _scale_rows(piece, root[part].astype(piece.dtype))
        mean += _sums(piece, w[part])
        # Y is centred, so the mean of X drops out.
        right += np.asarray(rooted.T @ Y[part].astype(piece.dtype))
        gram = _add_product(gram, rooted)
    assert gram is not None
    mean /= w.sum()
    _symmetric(gram)
    slim = mean.astype(gram.dtype)
    total = w.sum().astype(gram.dtype)
    for start in range(0, d, BLOCK):
        gram[start : start + BLOCK] -= np.outer(slim[start : start + BLOCK], slim) * total
    found = []
    before = np.ones(d)
    for factor in factors:
        own = np.ones(d) if factor is None else factor
        _rescale(gram, own / before)
        before = own
        solved = _solve(gram, right * own[:, None], penalties, d)
        found.append([own[:, None] * each for each in solved])
    return mean, found


def _by_rows(
    source: Source,
    w: np.ndarray,
    Y: np.ndarray,
    penalties: Sequence[float],
    factors: Sequence[np.ndarray | None],
) -> tuple[np.ndarray, list[Path]]:
    X, d = source.whole, source.shape[1]
    root = np.sqrt(w).astype(X.dtype)
    mean = np.zeros(d)
    # In pieces: a product with float64 copies a float32 matrix.
    for part, piece in source.pieces():
        mean += np.asarray(piece.T @ w[part]).ravel()
    mean /= w.sum()
    X = _scale_rows(X, root)
    Y = Y.astype(X.dtype)
    found = []
    for factor in factors:
        own = np.ones(d, dtype=X.dtype) if factor is None else factor.astype(X.dtype)
        slim = (mean * own).astype(X.dtype)
        scaled = X if factor is None else _scale_columns(X, own)
        gram = np.asfortranarray(_dense(scaled @ scaled.T))
        along = np.asarray(scaled @ slim).ravel()
        gram += np.outer(root * (slim @ slim) - along, root)
        gram -= np.outer(root, along)
        duals = _solve(gram, Y, penalties, d)
        found.append(
            [
                own[:, None] * (np.asarray(scaled.T @ dual) - np.outer(slim, root @ dual))
                for dual in duals
            ]
        )
    return mean, found


def _sums(piece: Matrix, w: np.ndarray) -> np.ndarray:
    """Weighted sums of columns, in float64: those of float32 would lose the mean of far columns."""
    if isinstance(piece, np.ndarray):
        return np.asarray(np.einsum("ij,i->j", piece, w))  # makes no copy in float64
    return np.asarray(piece.T @ w).ravel()


def _scale_rows(X: Matrix, root: np.ndarray) -> Matrix:
    if (root == 1).all():
        return X
    if sparse.issparse(X):
        return sparse.csr_matrix(sparse.diags(root) @ X)
    return X * root[:, None]


def _scale_columns(X: Matrix, factor: np.ndarray) -> Matrix:
    if sparse.issparse(X):
        return sparse.csr_matrix(X @ sparse.diags(factor))
    return X * factor


def _dense(product: Matrix) -> np.ndarray:
    return product if isinstance(product, np.ndarray) else np.asarray(product.toarray())


def _add_product(gram: np.ndarray | None, X: Matrix) -> np.ndarray:
    """The upper triangle of gram + X'X, in place, in the order of columns."""
    if sparse.issparse(X):
        product = _dense(X.T @ X)
        return np.asfortranarray(product) if gram is None else np.add(gram, product, out=gram)
    if gram is None:
        gram = np.zeros((X.shape[1], X.shape[1]), dtype=X.dtype, order="F")
    (syrk,) = linalg.get_blas_funcs(("syrk",), (gram,))
    added: np.ndarray = syrk(1.0, np.ascontiguousarray(X).T, beta=1.0, c=gram, overwrite_c=1)
    return added


def _symmetric(gram: np.ndarray) -> None:
    """Copy the upper triangle onto the lower one, without a second matrix."""
    for start in range(0, len(gram), BLOCK):
        stop = start + BLOCK
        gram[stop:, start:stop] = gram[start:stop, stop:].T
        square = gram[start:stop, start:stop]
        square[...] = np.triu(square) + np.triu(square, 1).T


def _rescale(gram: np.ndarray, factor: np.ndarray) -> None:
    """D gram D with the diagonal D, in place."""
    if (factor == 1).all():
        return
    slim = factor.astype(gram.dtype)
    gram *= slim[:, None]
    gram *= slim


def _solve(gram: np.ndarray, right: np.ndarray, penalties: Sequence[float], d: int) -> Path:
    """(gram + a I)^-1 right for each penalty; `d` is the number of columns.

    A large matrix is factorised in place, in its lower triangle, and restored from the upper one.
    """
    diagonal = gram.diagonal().copy()
    unit = max(float(diagonal.sum(dtype=np.float64)) / d, np.finfo(gram.dtype).tiny)
    if len(gram) <= EIGEN_SIDE:
        values, vectors = np.linalg.eigh(gram.astype(np.float64))
        turned = vectors.T @ right
        return [
            vectors @ (turned / (np.maximum(values, 0) + penalty * unit)[:, None])
            for penalty in penalties
        ]
    potrf, potrs = linalg.get_lapack_funcs(("potrf", "potrs"), (gram,))
    solutions = []
    for penalty in penalties:
        np.fill_diagonal(gram, diagonal + gram.dtype.type(penalty * unit))
        factor, failed = potrf(gram, lower=1, overwrite_a=1, clean=0)
        solutions.append(_solved(potrs, factor, right, failed))
        np.fill_diagonal(gram, diagonal)
        _symmetric(gram)
    return solutions


def _solved(potrs: Any, factor: np.ndarray, right: np.ndarray, failed: int) -> np.ndarray:
    if failed:
        return np.full(right.shape, np.nan)
    solution: np.ndarray = potrs(factor, right.astype(factor.dtype), lower=1)[0]
    return solution
