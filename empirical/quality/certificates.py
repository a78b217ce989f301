r"""Risks of heads and their distance from the least one, with a proved bound on the rounding.

Every number below is a float64 sum of products; u = 2^-53 and gamma(n) = n u / (1 - n u). An inner product
of length n is off by at most gamma(n) times that of the moduli, in any order of summation, with or
without fused operations (Higham 2002, section 3.1). The mass of a row may be a rounded quotient (1/N,
counts/m): that is one more factor 1 + u.

**Predictions.** Residuals are formed directly, never from second moments. f_i = V z_i less y_i is off by
at most e_i = gamma(p + 2) (||V|| ||z_i|| + ||y_i||) in Euclidean norm, since ||(|V| |z|)|| <= ||V||_F ||z||.
So y = 1e5 +- 2e-3 costs 1e-10 in a residual; E||y||^2 - 2 <V, E y z^T> + ... would cost 1e-6 in the risk.

**Risk.** Let s_i be the gradient of the loss in the prediction and k a Lipschitz constant of it (2 for
squares). A prediction that is off by e_i moves the loss by at most (||s_i|| + k e_i) e_i and the gradient by
k e_i. A loss adds the rounding of its own formula (`Loss.rounding`). Sums over N rows are taken in
blocks of b rows: gamma(b + N/b) takes the place of gamma(N).

**Gradient.** G = sum_i w_i s_i z_i^T is off by at most (Frobenius norm)

    d = sum_i w_i k e_i ||z_i|| + gamma(b + N/b + 6) sum_i w_i ||s_i|| ||z_i||

so that Frank and Wolfe's gap <G, V> + B ||G|| is off by at most (||V|| + B) d and its own sums.

**Strong convexity.** For squares on a large ball that is far more than the truth. With Gamma = E z z^T and
any mu >= 0, phi(U) + mu (||U||^2 - B^2) <= phi(U), expanded at V, gives for every U in the ball

    phi(V) - phi(U) <= mu (B^2 - ||V||^2) + ||G + 2 mu V||^2 / (4 (lambda + mu)),  lambda <= lambda_min(Gamma)

lambda is proved by a Cholesky factorisation of Gamma - s I that runs to its end: then lambda_min(Gamma)
is at least s, less gamma(2 p + 8) tr Gamma for the factorisation (Rump 2006, Theorem 2.3) and
gamma(N + 4) tr Gamma for forming Gamma. The smaller of the two gaps counts.

**The ball.** V may lie outside by the rounding of its scaling, ||V|| = (1 + t) B. V / (1 + t) lies inside,
and its risk is at most t ||V|| ||G|| + t^2 k E||V z||^2 above that of V.

Norms and bounds are computed too; they are inflated by `SAFE`, and `TINY` stands for what underflows:
squares of numbers below 1e-154.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from empirical.heads.certificates import frank_wolfe_gap
from empirical.losses import UNIT, Loss, weighted_risk

SAFE = 1.0 + 1e-6
"""More than the relative rounding of a bound, a sum of terms >= 0 of fewer than 2^30 operations each."""
TINY = 1e-150


@dataclass(frozen=True)
class Certificate:
    """What is proved of heads V under a distribution, each [T].

    Parameters
    ----------
    risk
        As computed.
    rounding
        The risk is off by at most this, and the least risk over the ball lies at most this above it.
    gap
        The risk of V, free of rounding, is at most this above the least risk over the ball.
    """

    risk: Tensor
    rounding: Tensor
    gap: Tensor


@dataclass(frozen=True)
class RowSums:
    """Sums over the rows of a distribution, with bounds on their rounding (see above).

    Parameters
    ----------
    risk, rounding
        [T]: the risk, and by how much it may be off.
    gradient, off
        [T, c, p] and [T]: the gradient of the risk, and by how much in Frobenius norm.
    norm, spread
        [T], upper bounds on ||V|| and on ||V||^2 E||z||^2.
    """

    risk: Tensor
    rounding: Tensor
    gradient: Tensor
    off: Tensor
    norm: Tensor
    spread: Tensor


def gamma(count: float) -> float:
    """n u / (1 - n u), the relative error of n operations.

    Examples
    --------
    >>> 10 * UNIT < gamma(10) < 10.0001 * UNIT
    True
    """
    return count * UNIT / (1.0 - count * UNIT)


def row_norms(z: Tensor) -> Tensor:
    """An upper bound on ||z_i|| of features [T, p, rows]: [T, rows]."""
    return z.square().sum(1).sqrt() * SAFE + TINY


def certify(
    loss: Loss,
    z: Tensor,
    targets: Tensor,
    mass: Tensor,
    weights: Tensor,
    radius: float,
    norms: Tensor,
) -> Certificate:
    """The risk of heads V and their gap, with what rounding may have done to both.

    Parameters
    ----------
    z, targets, mass
        [T, p, rows], [T or 1, c, rows] and [T, rows].
    weights
        V, [T, c, p], in the ball up to rounding.
    radius
        B.
    norms
        `row_norms` of z.

    Raises
    ------
    ValueError
        If a number overflows: nothing can be certified then.

    Examples
    --------
    >>> from empirical.losses import SQUARES
    >>> z, y = torch.ones(1, 1, 2).double(), torch.tensor([[[-1.0, 1.0]]]).double() + 1e8
    >>> mass = torch.full((1, 2), 0.5).double()
    >>> found = certify(SQUARES, z, y, mass, torch.full((1, 1, 1), 1e8).double(), 1e9, row_norms(z))
    >>> float(found.risk), bool(found.rounding < 1e-6), bool(found.gap < 1e-6)
    (1.0, True, True)
    """
    sums = row_sums(loss, z, targets, mass, weights, norms)
    own = torch.linalg.vector_norm(sums.gradient, dim=(1, 2))
    inside = (sums.norm + radius) * SAFE
    size = weights.shape[1] * weights.shape[2]
    gap = frank_wolfe_gap(sums.gradient, weights, radius)
    gap = gap + inside * (sums.off + gamma(size + 8) * own + TINY)
    open_ = gap > 1e-9 * sums.risk
    if loss.quadratic and bool(open_.any()):
        better = _by_strong_convexity(z[open_], mass[open_], weights[open_], radius, sums, open_)
        gap[open_] = torch.minimum(gap[open_], better)
    beyond = (sums.norm / radius - 1.0).clamp_min(0.0)
    moved = beyond * sums.norm * (own * SAFE + sums.off)
    rounding = sums.rounding + moved + beyond.square() * loss.curvature * sums.spread
    # A loss is never negative, so that nothing lies further below.
    gap = torch.minimum(gap, (sums.risk + rounding) * SAFE)
    check_certified(z, targets, sums.risk, rounding, gap)
    return Certificate(sums.risk, rounding, gap)


def check_certified(z: Tensor, targets: Tensor, *numbers: Tensor) -> None:
    """Raise ValueError if a number of a certificate is infinite or NaN: it overflowed."""
    if not all(bool(x.isfinite().all()) for x in numbers):
        raise ValueError(
            "z and targets must be small enough for float64 to certify the risk, got features up to"
            f" {float(z.abs().max()):g} and targets up to {float(targets.abs().max()):g}"
        )


def row_sums(
    loss: Loss,
    z: Tensor,
    targets: Tensor,
    mass: Tensor,
    weights: Tensor,
    norms: Tensor,
    *,
    gradient: bool = True,
) -> RowSums:
    """The risk of heads V and its gradient, with what rounding may have done to both.

    Parameters
    ----------
    loss, z, targets, mass, weights, norms
        As for `certify`, but V may be any head.
    gradient
        Whether the gradient is wanted; otherwise it is empty.

    Examples
    --------
    >>> from empirical.losses import SQUARES
    >>> z, y = torch.ones(1, 1, 2).double(), torch.tensor([[[1.0, 3.0]]]).double()
    >>> mass = torch.full((1, 2), 0.5).double()
    >>> found = row_sums(SQUARES, z, y, mass, torch.ones(1, 1, 1).double(), row_norms(z))
    >>> float(found.risk), float(found.gradient)                   # (0^2 + 2^2) / 2 and 2 (1 - 2)
    (2.0, -2.0)
    """
    trials, p, rows = z.shape
    outputs = targets.shape[1]
    block = block_size(rows)
    summed = gamma(block + -(-rows // block) + 6)
    norm = torch.linalg.vector_norm(weights, dim=(1, 2)) * (1.0 + gamma(outputs * p + 4)) + TINY
    predictions = weights @ z
    losses = loss.row_losses(predictions, targets)
    slopes = predictions
    if gradient or not loss.quadratic:
        slopes = loss.residual(predictions, targets.expand(trials, -1, -1))
    if loss.quadratic:
        # ||s||^2 = 2 k loss for k/2 ||f - y||^2: no further pass over the outputs.
        steep = (2.0 * loss.curvature * losses).sqrt() * SAFE + TINY
    else:
        steep = slopes.square().sum(1).sqrt() * SAFE + TINY
    reach = norm[:, None] * norms
    length = row_norms(targets)
    apart = gamma(p + 2) * SAFE * (reach + length)
    value, slope = loss.rounding(reach, losses, steep, outputs)
    off = (steep + loss.curvature * apart) * apart + value
    turned = loss.curvature * apart + slope
    risk, total = weighted_risk(losses, mass), _total(losses * mass)
    return RowSums(
        risk=risk,
        rounding=SAFE * (_total(mass * off) + summed * total.abs() + (risk - total).abs())
        + TINY**2,
        gradient=_carried(slopes.mul_(mass[:, None, :]), z) if gradient else z.new_empty(0),
        off=SAFE * (_total(mass * turned * norms) + summed * _total(mass * steep * norms)),
        norm=norm,
        spread=SAFE * _total(mass * reach.square()),
    )


def block_size(rows: int) -> int:
    """The power of two at about the root of the number of rows, and at least 64.

    Examples
    --------
    >>> block_size(1797), block_size(100_000)
    (64, 512)
    """
    return max(64, 1 << (rows.bit_length() + 1) // 2)


def _total(values: Tensor) -> Tensor:
    """Sums [T] over rows, [T, rows], block by block and then over the blocks."""
    if values.device.type != "cpu":
        return _in_blocks(values).sum(2).sum(1)
    parts = torch.split(values, block_size(values.shape[1]), dim=1)
    return torch.stack([part.sum(1) for part in parts], dim=1).sum(1)


def _carried(slopes: Tensor, z: Tensor) -> Tensor:
    """sum over rows of slopes [T, c, rows] times z^T, block by block: [T, c, p]."""
    if z.device.type != "cpu":
        blocks = _in_blocks(slopes).transpose(1, 2) @ _in_blocks(z).permute(0, 2, 3, 1)
        return blocks.sum(1)
    block = block_size(z.shape[2])
    parts = zip(torch.split(slopes, block, dim=2), torch.split(z, block, dim=2), strict=True)
    return sum((s @ x.mT for s, x in parts), slopes.new_zeros(1))


def _in_blocks(values: Tensor) -> Tensor:
    """Values [..., rows] as [..., blocks, rows of a block], filled up with zeros: few launches on a GPU."""
    block = block_size(values.shape[-1])
    padded = torch.nn.functional.pad(values, (0, -values.shape[-1] % block))
    return padded.reshape(*values.shape[:-1], -1, block)


def _by_strong_convexity(
    z: Tensor, mass: Tensor, weights: Tensor, radius: float, sums: RowSums, which: Tensor
) -> Tensor:
    """The gap of squares from the least eigenvalue of E z z^T, for the problems that `which` marks."""
    gradient, off, norm = sums.gradient[which], sums.off[which], sums.norm[which]
    size = weights.shape[1] * weights.shape[2]
    square = weights.square().sum((1, 2))
    ball = radius * radius
    shell = (ball - square).clamp_min(0.0) + gamma(size + 8) * (ball + square)
    least = least_eigenvalue(z, mass, weights)
    own = torch.linalg.vector_norm(gradient, dim=(1, 2))
    # The multiplier of a head on the boundary makes the gradient radial; inside there is none.
    inner = (gradient * weights).sum((1, 2))
    radial = (-inner / (2.0 * square.clamp_min(TINY**2))).clamp(0.0, 1e300)
    gaps = []
    for mu in (torch.zeros_like(radial), radial):
        turned = gradient + 2.0 * mu[:, None, None] * weights
        rounding = off + 4.0 * UNIT * (own + 2.0 * mu * norm)
        steep = SAFE * (torch.linalg.vector_norm(turned, dim=(1, 2)) + rounding) + TINY
        # Without a multiplier the shell costs nothing, even if its radius squared overflows.
        idle = torch.where(mu > 0, mu * shell, 0.0)
        gap = SAFE * (idle + steep.square() / (4.0 * (least + mu)))
        gaps.append(torch.where(least + mu > 0, gap, float("inf")))
    return torch.minimum(*gaps)


def least_eigenvalue(z: Tensor, mass: Tensor, weights: Tensor) -> Tensor:
    """A proved lower bound [T] on the least eigenvalue of E z z^T; 0 where none is proved.

    Features that are zero on every row count as if they were not there, if `weights` [T, c, p] has
    nothing in them: the risk and its gradient know nothing of them.

    Examples
    --------
    >>> z, mass = torch.tensor([[[1.0, -1.0], [2.0, 2.0]]]).double(), torch.full((1, 2), 0.5).double()
    >>> found = least_eigenvalue(z, mass, torch.zeros(1, 1, 2).double())    # 1 and 4
    >>> 0.9 < float(found) <= 1.0
    True
    """
    rows, p = z.shape[2], z.shape[1]
    gram = (z * mass[:, None, :]) @ z.mT
    diagonal = gram.diagonal(dim1=-2, dim2=-1)
    trace = diagonal.sum(1)
    absent = (z == 0).all(2) & (weights == 0).all(1)
    diagonal += torch.where(absent, diagonal.amax(1, keepdim=True), 0.0)
    bound = torch.zeros_like(trace)
    sound = (gram.isfinite().all(2).all(1) & (trace > 0)).nonzero()[:, 0]
    if len(sound) == 0:
        return bound
    # Where to look for the bound; only the factorisation proves it.
    least = torch.linalg.eigvalsh(gram[sound])[:, 0]
    shift = 0.96875 * least.clamp_min(0.0)
    shifted = gram[sound]
    shifted.diagonal(dim1=-2, dim2=-1).sub_(shift[:, None])
    _, info = torch.linalg.cholesky_ex(shifted)
    # The trace of what was factorised is at most twice as large as with the features that were there.
    lost = (
        SAFE * (gamma(rows + 4) + gamma(2 * p + 8)) * gram[sound].diagonal(dim1=-2, dim2=-1).sum(1)
    )
    bound[sound] = torch.where(info == 0, shift - lost - TINY, 0.0).clamp_min(0.0)
    return bound
