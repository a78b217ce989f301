"""Norms of second moments of v = w xi^T, from above: exact for small ones, bounded for large ones.

The second moment of v as one vector is a matrix of p c rows. Up to `LARGEST` rows it is formed, and its
eigenvalues are computed. Beyond, an eigenvalue would cost seconds a trial. Two orders of matrices bound
it, for weights a_i >= 0 on the rows (x x^T <= ||x||^2 I, times a matrix that is positive semidefinite):

    sum_i a_i (w_i w_i^T) (x) (xi_i xi_i^T)  <=  I (x) sum_i a_i ||w_i||^2 xi_i xi_i^T
    sum_i a_i (w_i w_i^T) (x) (xi_i xi_i^T)  <=  (sum_i a_i ||xi_i||^2 w_i w_i^T) (x) I

The largest eigenvalue of the left-hand side is at most that of the [c, c] matrix, and that of the [p, p]
matrix. Rows of negative weight are left out, which makes the sum no smaller. The Frobenius norm is that of
the rows' Gram matrix, whose entries are (w_i . w_j)(xi_i . xi_j); of too many rows it is bounded by
tr M^2 <= lambda tr M. On data of 100 classes the eigenvalue comes out 1.1 to 2.5 times as large.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from empirical.memory import numbers_at_once

BLOCK = 256
"""Rows that are summed in float32 at a time; the allowance for rounding is proportional to it."""

LARGEST = 700
"""Rows of the largest second moment whose eigenvalues are computed; 20 classes of 33 features fit."""

MOST_ROWS = 8192
"""Of the largest Gram matrix that is formed, in blocks of `GRAM_BLOCK` rows."""
GRAM_BLOCK = 1024


@dataclass(frozen=True)
class Norm:
    """A norm of Cov(v), between two certified ends, one entry for each problem."""

    low: Tensor
    high: Tensor


def covariance_norms(w: Tensor, xi: Tensor) -> tuple[Norm, Norm]:
    """The operator norm and the Frobenius norm of E v v^T = Cov(v), v = w xi^T.

    What rounding can add to a norm is added to the upper end, and twice taken from the lower one.

    Parameters
    ----------
    w, xi
        [..., p, rows] and [..., c, rows], float64.

    Examples
    --------
    >>> w, xi = torch.ones(1, 2, dtype=torch.float64), torch.tensor([[-1.0, 1.0]]).double()
    >>> operator, frobenius = covariance_norms(w, xi)
    >>> bool(operator.low <= 1.0 <= operator.high), bool(frobenius.low <= 1.0 <= frobenius.high)
    (True, True)
    """
    trace = (w.square().sum(-2) * xi.square().sum(-2)).mean(-1)
    (p, rows), c = w.shape[-2:], xi.shape[-2]
    if p * c <= LARGEST:
        covariance, error = second_moment(w, xi) / rows, rounding(trace)
        operator, frobenius = operator_norm(covariance), torch.linalg.matrix_norm(covariance)
        return _between(operator, operator, error), _between(frobenius, frobenius, error)
    largest = largest_eigenvalue(w, xi, torch.full_like(w[..., 0, :], 1.0 / rows))
    if rows <= MOST_ROWS:
        found = gram_norm(w, xi) / rows
        frobenius = _between(found, found, gram_rounding(p, c) * trace)
    else:
        # Of n eigenvalues with a given sum those that are equal have the least squares.
        least = trace / min(rows, p * c) ** 0.5
        frobenius = _between(least, (largest * trace).sqrt(), 1e-12 * trace)
    high = torch.minimum(largest, frobenius.high)
    # tr M^2 <= lambda tr M
    low = frobenius.low.square() / trace.clamp_min(1e-300) * (1.0 - 1e-12)
    return Norm(torch.minimum(low, high), high), frobenius


def largest_eigenvalue(w: Tensor, xi: Tensor, weights: Tensor) -> Tensor:
    """The largest eigenvalue of the sum of weight v v^T is at most this, for weights >= 0 [..., rows].

    Examples
    --------
    >>> w, xi = torch.ones(1, 2, dtype=torch.float64), torch.tensor([[2.0, 0.0], [0.0, 1.0]]).double()
    >>> round(float(largest_eigenvalue(w, xi, torch.ones(2).double())), 6)       # diag(4, 1)
    4.0
    """
    sums = []
    for one, other in ((w, xi), (xi, w)):
        share = weights * one.square().sum(-2)
        matrix = (other * share[..., None, :]) @ other.mT
        # Sums of float64 over rows, each of products of a few factors: relative to the trace.
        unit = (w.shape[-1] + one.shape[-2] + 16) * 2.0**-52
        error = unit * matrix.diagonal(dim1=-2, dim2=-1).sum(-1)
        sums.append(operator_norm(matrix) + error)
    return torch.minimum(*sums)


def gram_norm(w: Tensor, xi: Tensor) -> Tensor:
    """The Frobenius norm of the sum of v v^T over rows, from their Gram matrix.

    Entries are formed in float32, and their squares summed in float64.
    """
    (one, other), unit = _in_float32(w, xi)
    total = w.new_zeros(w.shape[:-2])
    for first in range(0, w.shape[-1], GRAM_BLOCK):
        rows = slice(first, first + GRAM_BLOCK)
        # The matrix is symmetric: each block right of the diagonal stands for two.
        for later in range(first, w.shape[-1], GRAM_BLOCK):
            columns = slice(later, later + GRAM_BLOCK)
            entries = one[..., rows].mT @ one[..., columns]
            entries = entries * (other[..., rows].mT @ other[..., columns])
            squares = torch.linalg.vector_norm(entries, dim=(-2, -1), dtype=torch.float64).square()
            total += squares if later == first else 2.0 * squares
    return total.sqrt() * unit * unit


def gram_rounding(p: int, c: int) -> float:
    """What float32 can add to `gram_norm`, as a share of the sum of ||v||^2.

    An entry errs by at most gamma_(p+c+8) ||w_i|| ||w_j|| ||xi_i|| ||xi_j|| (Higham 2002, section 3.1, with
    Cauchy-Schwarz), so the matrix by gamma times the sum of ||w_i||^2 ||xi_i||^2 in Frobenius norm.
    """
    return _gamma(p + c + 8)


def second_moment(w: Tensor, xi: Tensor, weights: Tensor | None = None) -> Tensor:
    """The sum over rows of v v^T, v = w xi^T as one vector, each row times its weight: [..., pc, pc].

    The matrix is summed in float32 over blocks of rows and in float64 over the blocks. Rounding w, xi
    and the weights, multiplying them (twice three factors, and a weight), multiplying two entries and
    summing a block make a relative error of at most gamma = n u / (1 - n u), n = `BLOCK` + 8,
    u = 2^-24, in every product (Higham 2002, sections 3.1 and 4.2, any order of summation; the rest of
    n covers the sums in float64). So entry (i, j) errs by at most gamma times the sum of
    |weight v_i v_j|, and the matrix by `rounding` in Frobenius norm. Underflow is left out: it needs
    entries of v below 1e-19 times the largest entries of w and xi.

    Parameters
    ----------
    w, xi
        [..., p, rows] and [..., c, rows], float64.
    weights
        [..., rows], of any sign; None: one each.
    """
    rows = w.shape[-1]
    size = w.shape[-2] * xi.shape[-2]
    total = w.new_zeros(*w.shape[:-2], size, size)
    (one, other), unit = _in_float32(w, xi)
    for first in range(0, rows, BLOCK):
        block = slice(first, first + BLOCK)
        v = one[..., :, None, block] * other[..., None, :, block]
        v = v.reshape(*w.shape[:-2], size, -1)
        weighted = v if weights is None else v * weights[..., None, block].float()
        total += (weighted @ v.mT).double()
    return total * unit[..., None, None] * unit[..., None, None]


def trials_at_once(w: Tensor, xi: Tensor) -> int:
    """Of how many trials norms are computed at once: one on the CPU, more if a GPU's memory holds them.

    Examples
    --------
    >>> trials_at_once(torch.zeros(8, 2, 9), torch.zeros(8, 1, 9))
    1
    """
    size = w.shape[-2] * xi.shape[-2]
    matrix = size if size <= LARGEST else GRAM_BLOCK
    return max(1, numbers_at_once(w, on_cpu=1) // max(matrix * matrix, w[0].numel()))


def _in_float32(w: Tensor, xi: Tensor) -> tuple[list[Tensor], Tensor]:
    """Matrices in float32, each in the power of two in which its entries are at most 1; both units' product.

    That changes no digit. Products of four entries would leave the range of float32 otherwise.
    """
    scaled, units = [], []
    for each in (w, xi):
        top = each.abs().amax((-2, -1))
        mantissa, _ = torch.frexp(top)
        unit = torch.where(top > 0, top / mantissa, 1.0).clamp_min(2.0**-1000)
        scaled.append((each / unit[..., None, None]).float())
        units.append(unit)
    return scaled, units[0] * units[1]


def rounding(trace: Tensor) -> Tensor:
    """What float32 can add to the norm of `second_moment`, `trace` the sum of |weight| ||v||^2."""
    return _gamma(BLOCK + 8) * trace


def operator_norm(matrix: Tensor) -> Tensor:
    """The largest eigenvalue of a symmetric positive semidefinite matrix, from above.

    The result is never below the eigenvalue and exceeds it by a factor of at most 1 + 2e-9, rounding
    included. LAPACK's symmetric eigenvalues err by at most p(n) u ||matrix||, p a modest polynomial
    (LAPACK Users' Guide, section 4.7): even p = 40 n^(3/2) makes that about 1e-10 at n = 1,000, and 1e-9
    is added. (Power iteration, proved from above by a Cholesky factorisation, was no faster at n = 170
    and saved 4 ms at n = 330.)

    Parameters
    ----------
    matrix
        [..., n, n] float64; the lower triangle counts.

    Examples
    --------
    >>> norm = operator_norm(torch.diag(torch.tensor([1.0, 3.0], dtype=torch.float64)))
    >>> bool(3.0 <= norm <= 3.0 * (1 + 2e-9))
    True
    """
    largest: Tensor = torch.linalg.eigvalsh(matrix)[..., -1].clamp_min(0.0)
    return largest * (1.0 + 1e-9)


def _gamma(n: int) -> float:
    """The relative error of n steps of float32 is at most this (Higham 2002, section 3.1)."""
    return n * 2.0**-24 / (1.0 - n * 2.0**-24)


def _between(low: Tensor, high: Tensor, error: Tensor) -> Norm:
    """Ends that were found up to `error`: rounding may have raised what was found."""
    return Norm(((low - error) / (1.0 + 2e-9)).clamp_min(0.0), high + error)
