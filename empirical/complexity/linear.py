"""Rademacher complexity of linear classes by drawn signs: exact suprema, certified averages.

Given the signs the supremum is a dual norm: (B/m) ||sum_i s_i x_i^T||_F on the Frobenius ball
(c outputs, one row of signs each; the Euclidean ball for c = 1), and (B/m) max_j |sum_i s_ij x_ij| on
the L1 ball. Sums are float64 products with the signs' bits.

Signs are drawn in groups of eight that share their bits: the rows are split into eight blocks, and
draw h multiplies the signs of the blocks by row h of a Hadamard matrix. Each draw is uniform, eight
cost as much as one, and the average g over a group is nearly as good as over eight independent draws.
Only the groups are independent, so that the intervals count groups. By orthogonality of the Hadamard
matrix g is Lipschitz with (B/m) max over blocks of ||X_block||_op, while a single draw has
(B/m) ||X||_op: the gradient of g is (1/8) sum_h D_h X W_h with ||W_h|| <= B, and on block b

    ||X_b sum_h h_b W_h||^2 <= ||X_b||^2 ||sum_h h_b W_h||^2,   sum_b ||sum_h h_b W_h||^2 = 8 sum_h ||W_h||^2.

For at most 20 signs `bounds.rademacher.linear_exact` takes all of them, and for the L1 ball
`finite_exact` of its 2 d corners.
"""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from bounds import rademacher
from bounds.domains import FINITE_POSITIVE, at_least, one_of
from empirical.complexity.sign_averages import (
    DrawnComplexity,
    check_draws,
    checked_rows,
    near_one,
    near_one_radius,
    rescaled,
    two_sided,
)

Ball = Literal["frobenius", "l1"]

GROUP = 8
# Numbers held at once; fixed, so that a result depends only on its arguments.
_AT_ONCE = 2**18


def linear_empirical(
    features: ArrayLike,
    *,
    radius: float,
    draws: int,
    generator: np.random.Generator,
    ball: Ball = "frobenius",
    outputs: int = 1,
    level: float = 0.99,
) -> DrawnComplexity:
    """R-hat_S of the linear maps on a ball, on one sample of rows x_i, [m, d].

    Convention 1/m, no absolute value; R^c for several outputs.

    Parameters
    ----------
    features
        The rows.
    radius
        B > 0.
    draws
        Sign vectors (matrices for several outputs), rounded up to a multiple of 8.
    generator
        Draws the signs.
    ball
        "frobenius" (the Euclidean ball for one output) or "l1" (one output).
    outputs
        c.
    level
        Of both intervals; the certified one lies within the analytic bounds.

    Returns
    -------
    DrawnComplexity
        The certified interval, and Student's t interval of the same average.

    Raises
    ------
    ValueError
        For rows that are not finite or not [m, d], a radius that is not positive and finite, draws
        or outputs that are not positive integers, an unknown ball, outputs on the L1 ball, or a
        level outside (0, 1).

    Examples
    --------
    Two rows x = 1: the complexity is E|s1 + s2|/2 = 1/2.

    >>> rng = np.random.default_rng(0)
    >>> pair = linear_empirical(np.ones((2, 1)), radius=1.0, draws=8000, generator=rng)
    >>> bool(pair.certified.interval.low <= 0.5 <= pair.certified.interval.high)
    True
    """
    x = checked_rows(features)
    _check(radius, ball, outputs)
    x, of_rows = near_one(x)
    radius, of_radius = near_one_radius(radius)
    m = len(x)
    check_draws(draws, level, m)
    groups = -(-draws // GROUP)
    blocks = [torch.from_numpy(np.ascontiguousarray(x[b::GROUP])) for b in range(GROUP)]
    width = -(-m // GROUP)
    values = np.empty(groups)
    at_once = max(1, _AT_ONCE // (outputs * max(width, GROUP * x.shape[1])))
    for start in range(0, groups, at_once):
        number = min(at_once, groups - start)
        bits = _bits(generator, (number * outputs, width))
        sums = torch.stack([_signed_sums(bits, b, block) for b, block in enumerate(blocks)])
        values[start : start + number] = _group_means(sums.reshape(GROUP, number, -1), ball)
    norms = _row_norms(x, ball)
    steepest = max(float(torch.linalg.matrix_norm(block, 2)) for block in blocks if len(block))
    if ball == "l1":
        longest = math.sqrt((x**2).sum(0).max())
        # A single draw is Lipschitz with the longest column, and so is an average.
        steepest = min(steepest, longest)
        known = (
            radius / m * longest / math.sqrt(2.0),  # Khintchine, for the longest column alone
            float(rademacher.linear_l1_empirical(radius=radius, features=x)),
        )
    else:
        high = rademacher.linear_empirical(radius=radius, squared_norms=norms**2, outputs=outputs)
        known = float(high) / math.sqrt(2.0), float(high)  # Khintchine, Jensen
    found = two_sided(
        radius / m * values,
        proxy=(radius / m) ** 2 * min(outputs * float((norms**2).sum()), 4.0 * steepest**2),
        known=known,
        rounding=_rounding(radius, outputs, float(np.linalg.norm(x, axis=1).sum())),
        level=level,
    )
    return rescaled(found, of_rows + of_radius)


def linear_complexity(
    features: ArrayLike,
    m: int,
    *,
    radius: float,
    draws: int,
    generator: np.random.Generator,
    ball: Ball = "frobenius",
    outputs: int = 1,
    level: float = 0.99,
) -> DrawnComplexity:
    """R_m = E R-hat_S of the linear maps on a ball, S of m rows drawn with replacement from [N, d].

    Changing one row and its signs moves a group's average by at most 2 (B/m) sqrt(c) max ||x||: the
    certified interval follows by McDiarmid's inequality.

    Parameters
    ----------
    features
        The population's rows, [N, d].
    m
        The sample size, a positive integer.
    draws
        Sign vectors, eight for each sample S.
    radius, generator, ball, outputs, level
        As for `linear_empirical`, as are the result and the errors.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = linear_complexity([[1.0], [-1.0]], 2, radius=1.0, draws=80_000, generator=rng)
    >>> bool(found.certified.interval.low <= 0.5 <= found.certified.interval.high)
    True
    """
    x = checked_rows(features)
    _check(radius, ball, outputs)
    x, of_rows = near_one(x)
    radius, of_radius = near_one_radius(radius)
    check_draws(draws, level, m)
    table = torch.from_numpy(x)
    groups, width, d = -(-draws // GROUP), -(-m // GROUP), x.shape[1]
    values = np.empty(groups)
    # Samples at once, and of a very large one so many rows of each block at once.
    at_once = max(1, _AT_ONCE // (m * d))
    piece = min(width, max(1, _AT_ONCE // (GROUP * d)))
    for start in range(0, groups, at_once):
        number = min(at_once, groups - start)
        sums = torch.zeros(GROUP, number, outputs, d, dtype=torch.float64)
        for first in range(0, width, piece):
            size = min(piece, width - first)
            rows = torch.from_numpy(generator.integers(0, len(x), (number, GROUP, size)))
            bits = _bits(generator, (number, outputs, size))
            for b in range(GROUP):
                # Block b holds the rows b, b + 8, ... below m.
                held = min(size, len(range(b, m, GROUP)) - first)
                if held > 0:
                    drawn = table[rows[:, b, :held]]
                    sums[b] += _signed_sums(bits[..., :held], b, drawn)
        values[start : start + number] = _group_means(sums.reshape(GROUP, number, -1), ball)
    norms = _row_norms(x, ball)
    if ball == "l1":
        high = rademacher.linear_l1(
            radius=radius, coordinate_radius=float(norms.max()), dimension=d, m=m
        )
    else:
        square = float((norms**2).mean())
        high = rademacher.linear(radius=radius, mean_square_norm=square, m=m, outputs=outputs)
    found = two_sided(
        radius / m * values,
        proxy=outputs * (radius * float(norms.max())) ** 2 / m,
        known=(0.0, float(high)),
        rounding=_rounding(radius, outputs, m * float(np.linalg.norm(x, axis=1).max())),
        level=level,
    )
    return rescaled(found, of_rows + of_radius)


def _bits(generator: np.random.Generator, shape: tuple[int, ...]) -> Tensor:
    """Bytes [...], bit b of each for one row of block b."""
    return torch.from_numpy(generator.integers(0, 256, shape, dtype=np.uint8))


def _signed_sums(bits: Tensor, b: int, block: Tensor) -> Tensor:
    """sum_i (+-1) x_i over the rows of block b, [..., d]: from the sum of those whose bit is set."""
    chosen = (bits[..., : block.shape[-2]] >> b & 1).double()
    return 2.0 * (chosen @ block) - block.sum(-2, keepdim=block.ndim > 2)


def _group_means(sums: Tensor, ball: Ball) -> NDArray[np.float64]:
    """The dual norms of the eight combinations of block sums [8, groups, n], averaged: [groups]."""
    two = sums.new_tensor([[1.0, 1.0], [1.0, -1.0]])
    hadamard = torch.kron(torch.kron(two, two), two)
    mixed = (hadamard @ sums.reshape(GROUP, -1)).reshape(sums.shape)
    norms = mixed.abs().amax(2) if ball == "l1" else torch.linalg.vector_norm(mixed, dim=2)
    means: NDArray[np.float64] = norms.mean(0).numpy()
    return means


def _row_norms(x: NDArray[np.float64], ball: Ball) -> NDArray[np.float64]:
    """The norm of each row dual to the ball's, [rows]: the largest value on it for B = 1."""
    dual: NDArray[np.float64] = np.abs(x).max(1) if ball == "l1" else np.linalg.norm(x, axis=1)
    return dual


def _rounding(radius: float, outputs: int, total_norm: float) -> float:
    """Bound on the rounding of one supremum, total_norm = sum_i ||x_i||, in units of f.

    A float64 sum of m numbers is off by at most m 1.2e-16 times the sum of their moduli; two such
    sums, one of them doubled, make a signed one, and the supremum has B/m before it.
    """
    return 5e-16 * radius * math.sqrt(outputs) * total_norm


def _check(radius: float, ball: Ball, outputs: int) -> None:
    FINITE_POSITIVE.number("radius", radius)
    one_of("ball", ball, get_args(Ball))
    at_least(1).whole("outputs", outputs)
    if ball == "l1" and outputs != 1:
        raise ValueError(f"outputs must be 1 on the L1 ball, got {outputs}")
