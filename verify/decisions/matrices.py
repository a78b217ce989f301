"""The columns of a subset as one matrix, standardised on the training rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from empirical import mapped
from empirical.observations.observations import Observations
from verify.decisions.linear import Matrix

# Entries that are worked on at a time.
CELLS = 2**20


@dataclass(frozen=True, eq=False)
class Standard:
    """Centres and scales of the columns of a subset, from the training rows alone.

    Dense columns get mean 0 and variance 1. A sparse modality keeps its zeros: it is divided by one
    number, so that its columns have variance 1 on average.
    """

    subset: tuple[str, ...]
    means: dict[str, np.ndarray]
    scales: dict[str, np.ndarray]
    sizes: dict[str, int]

    @classmethod
    def of(cls, data: Observations, subset: Sequence[str], rows: np.ndarray) -> Standard:
        """Means and scales over the given rows, all of which have the modalities."""
        means, scales, sizes = {}, {}, {}
        for name in subset:
            X = data.features[name]
            d = X.shape[1]
            if sparse.issparse(X):
                part = X[rows]
                unit = -int(np.frexp(abs(part).max())[1])
                part = sparse.csr_matrix(
                    (np.ldexp(part.data.astype(np.float64), unit), part.indices, part.indptr),
                    shape=part.shape,
                )
                square = np.asarray(part.multiply(part).mean(axis=0)).ravel()
                mean = np.asarray(part.mean(axis=0)).ravel()
                typical = float(np.ldexp(np.sqrt(max(np.mean(square - mean**2), 0.0)), -unit))
                means[name] = np.zeros(0)
                scales[name] = np.full(1, 1.0 / typical if typical > 0 else 0.0)
            else:
                mean, spread = _moments(X, rows)
                means[name] = mean.astype(X.dtype)
                scales[name] = np.divide(
                    1.0, spread, out=np.zeros_like(spread), where=spread > 0
                ).astype(X.dtype)
            sizes[name] = d
        return cls(tuple(subset), means, scales, sizes)

    def matrix(self, data: Observations, rows: np.ndarray) -> Matrix:
        """The standardised columns side by side, shape (rows, d); sparse if one modality is."""
        some_sparse = any(sparse.issparse(data.features[name]) for name in self.subset)
        if some_sparse:
            parts = [self._block(data, name, rows) for name in self.subset]
            return sparse.csr_matrix(sparse.hstack(parts, format="csr"))
        dtype = np.result_type(*(data.features[name].dtype for name in self.subset))
        whole = np.empty((len(rows), sum(self.sizes.values())), dtype=dtype)
        start = 0
        for name in self.subset:
            stop = start + self.sizes[name]
            for part in pieces(len(rows), stop - start):  # no second copy of the whole
                block = data.features[name][rows[part]]
                block -= self.means[name]
                np.multiply(block, self.scales[name], out=whole[part, start:stop])
                mapped.release(data.features[name])
            start = stop
        return whole

    def _block(self, data: Observations, name: str, rows: np.ndarray) -> Matrix:
        X = data.features[name]
        if sparse.issparse(X):
            return X[rows] * float(self.scales[name][0])
        return (X[rows] - self.means[name]) * self.scales[name]


def raw_matrix(data: Observations, subset: Sequence[str], rows: np.ndarray) -> Matrix:
    """The columns as they are, side by side, for an estimator of the user."""
    parts = [data.features[name][rows] for name in subset]
    if any(sparse.issparse(part) for part in parts):
        return sparse.csr_matrix(sparse.hstack(parts, format="csr"))
    return np.hstack(parts)


def pieces(rows: int, columns: int) -> Iterator[slice]:
    """The rows in pieces of a moderate size, at least one piece.

    Examples
    --------
    >>> list(pieces(4500, 500))
    [slice(0, 2097, None), slice(2097, 4194, None), slice(4194, 6291, None)]
    """
    step = max(1, CELLS // max(columns, 1))
    for start in range(0, max(rows, 1), step):
        yield slice(start, start + step)


def _moments(X: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and standard deviations of the columns, in float64, without a copy of the whole.

    Each column is measured in a power of two, which changes no digit: the squares of huge or of tiny
    values would leave the range of floats, and the column would count as constant.
    """
    peak = np.zeros(X.shape[1])
    for part in pieces(len(rows), X.shape[1]):
        np.maximum(peak, np.abs(X[rows[part]]).max(axis=0, initial=0.0), out=peak)
        mapped.release(X)
    unit = -np.frexp(peak)[1]
    mean = np.zeros(X.shape[1])
    for part in pieces(len(rows), X.shape[1]):
        mean += np.ldexp(X[rows[part]].astype(np.float64), unit).sum(axis=0)
        mapped.release(X)
    mean /= len(rows)
    square = np.zeros(X.shape[1])
    for part in pieces(len(rows), X.shape[1]):
        block = np.ldexp(X[rows[part]].astype(np.float64), unit)
        block -= mean
        square += np.einsum("ij,ij->j", block, block)
        mapped.release(X)
    spread = np.sqrt(square / len(rows))
    # The rounding of a mean gives a constant column a tiny spread.
    spread[spread <= 10 * np.finfo(X.dtype).eps * np.abs(mean)] = 0.0
    return np.ldexp(mean, -unit), np.ldexp(spread, -unit)
