"""The columns of a subset as one matrix, standardised on the training rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from empirical.observations.observations import Observations
from verify.decisions.linear import Matrix

# Rows that are scaled at a time when a model predicts: the whole hold-out is never copied.
CHUNK = 2000


@dataclass(frozen=True, eq=False)
class Standard:
    """Centres and scales of the columns of a subset, from the training rows alone.

    Dense columns get mean 0 and variance 1. A sparse modality keeps its zeros: it is divided by one
    number, so that its columns have variance 1 on average. `parity` divides each modality by the
    root of its number of columns, so that one of many columns does not drown one of few.
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

    def matrix(self, data: Observations, rows: np.ndarray, parity: bool = False) -> Matrix:
        """The standardised columns side by side, shape (rows, d); sparse if one modality is."""
        some_sparse = any(sparse.issparse(data.features[name]) for name in self.subset)
        if some_sparse:
            parts = [self._block(data, name, rows, parity) for name in self.subset]
            return sparse.csr_matrix(sparse.hstack(parts, format="csr"))
        dtype = np.result_type(*(data.features[name].dtype for name in self.subset))
        whole = np.empty((len(rows), sum(self.sizes.values())), dtype=dtype)
        start = 0
        for name in self.subset:
            stop = start + self.sizes[name]
            scales = self.scales[name] * self._factor(name, parity)
            for first in range(0, len(rows), CHUNK):  # no second copy of the whole
                part = slice(first, first + CHUNK)
                block = data.features[name][rows[part]]
                whole[part, start:stop] = (block - self.means[name]) * scales
            start = stop
        return whole

    def _block(self, data: Observations, name: str, rows: np.ndarray, parity: bool) -> Matrix:
        X = data.features[name]
        factor = self._factor(name, parity)
        if sparse.issparse(X):
            return X[rows] * (float(self.scales[name][0]) * factor)
        return (X[rows] - self.means[name]) * (self.scales[name] * factor)

    def _factor(self, name: str, parity: bool) -> float:
        return 1 / np.sqrt(self.sizes[name]) if parity else 1.0


def raw_matrix(data: Observations, subset: Sequence[str], rows: np.ndarray) -> Matrix:
    """The columns as they are, side by side, for an estimator of the user."""
    parts = [data.features[name][rows] for name in subset]
    if any(sparse.issparse(part) for part in parts):
        return sparse.csr_matrix(sparse.hstack(parts, format="csr"))
    return np.hstack(parts)


def chunks(rows: np.ndarray) -> Iterator[np.ndarray]:
    """The rows in pieces of a moderate size, at least one piece.

    Examples
    --------
    >>> [len(piece) for piece in chunks(np.arange(4500))]
    [2000, 2000, 500]
    """
    for start in range(0, max(len(rows), 1), CHUNK):
        yield rows[start : start + CHUNK]


def _moments(X: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and standard deviations of the columns, in float64, without a copy of the whole.

    Each column is measured in a power of two, which changes no digit: the squares of huge or of tiny
    values would leave the range of floats, and the column would count as constant.
    """
    peak = np.zeros(X.shape[1])
    for piece in chunks(rows):
        np.maximum(peak, np.abs(X[piece]).max(axis=0, initial=0.0), out=peak)
    unit = -np.frexp(peak)[1]
    mean = np.zeros(X.shape[1])
    for piece in chunks(rows):
        mean += np.ldexp(X[piece].astype(np.float64), unit).sum(axis=0)
    mean /= len(rows)
    square = np.zeros(X.shape[1])
    for piece in chunks(rows):
        square += ((np.ldexp(X[piece].astype(np.float64), unit) - mean) ** 2).sum(axis=0)
    spread = np.sqrt(square / len(rows))
    # The rounding of a mean gives a constant column a tiny spread.
    spread[spread <= 10 * np.finfo(X.dtype).eps * np.abs(mean)] = 0.0
    return np.ldexp(mean, -unit), np.ldexp(spread, -unit)
