"""M's trained model against the best head on N's encoder, from rows held out.

    gamma_bar = E loss(f_M) - inf over ||B|| <= radius of E loss(B z),    z = g_N(x)

For one head h and a stake lambda fixed in advance, the capital, the product over the rows of
1 + lambda (u - loss_i(f_M) + loss_i(h)), has a mean of at most 1 if r(f_M) - r(h) >= u. The best head is
fixed but unknown, so u is refuted, at level delta, if the capital of the *worst* head exceeds 1/delta.
There is no union bound and no complexity: the minimum over heads is a matter of computing.

The logarithm of a factor is ln(a + lambda loss), a function of the row's size (`head_losses`) that is first
convex and then concave. Its largest convex minorant is the curve up to a point of tangency and a chord from
there. The sum of these is convex in the head. Its minimum over the ball is found by heads that are best under
new weights (a minorant is concave in the loss), and certified by the gradient:
F(B) - min F <= <grad F(B), B> + radius ||grad F(B)||.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from bounds.domains import (
    FINITE,
    FINITE_NON_NEGATIVE,
    FINITE_POSITIVE,
    PROBABILITY,
    range_of_losses,
)
from bounds.names import known_options
from verify.certificates.head_losses import HEAD_LOSSES, SQUARES, HeadLoss

ROUNDS = 100
"""The most problems with new weights for one value of u."""
HALVINGS = 20
"""Of the interval in which the smallest refuted u lies."""
ROUNDING = 1e-9
"""What float64 may add to the sum of logarithms, per row."""


@dataclass(frozen=True)
class BestHead:
    """An upper bound on E loss(f_M) - inf_h E loss(h o g_N), wrong with probability at most `delta`.

    Parameters
    ----------
    high
        The bound; C if nothing is refuted. Below zero, M's model is better than every head in the
        ball on N's encoder.
    gap
        The same on the rows held out, with the head that is best on these rows. It favours N.
    delta, n, C, radius, stake, loss
        As they were given; n rows.
    """

    high: float
    gap: float
    delta: float
    n: int
    C: float
    radius: float
    stake: float
    loss: str = SQUARES.name


@known_options
def best_head(
    loss_M: ArrayLike,
    features_N: ArrayLike,
    targets: ArrayLike,
    *,
    C: float,
    radius: float,
    stake: float,
    delta: float = 0.05,
    loss: str | HeadLoss = SQUARES,
) -> BestHead:
    """Bound how much worse M's trained model is than the best head on N's encoder, on new rows.

    Parameters
    ----------
    loss_M
        [n] losses of M's model on the rows held out, in [0, C]: squared errors, or cross-entropies.
    features_N
        [n, p] features of N's encoder on the same rows; append a column of ones for a bias.
    targets
        [n] or [n, c]; for cross-entropy labels 0, 1, … or one-hot rows.
    C
        The largest loss of M's model, by its class or by clipping its predictions.
    radius
        Heads have Frobenius norm at most this. Their losses need no bound.
    stake
        Below 1/(2C), fixed before the rows are seen: `stake_for` on other rows gives one.
    delta
        The bound is wrong with at most this probability, over the rows held out.
    loss : {"least-squares", "softmax"} or HeadLoss
        That of the heads: squared error, or the cross-entropy of one logit per class, in nats.

    Raises
    ------
    ValueError
        For numbers outside their domains, rows that do not match, losses above C.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, noise = rng.normal(size=400), rng.normal(size=400)
    >>> z = np.column_stack([noise, np.ones(400)])              # N sees noise alone
    >>> loss = (np.clip(x, -2, 2) - np.clip(x, -2, 2)) ** 2     # M predicts the target
    >>> found = best_head(loss, z, np.clip(x, -2, 2), C=1.0, radius=3.0, stake=0.3)
    >>> -0.9 < found.gap < found.high < -0.5
    True
    """
    bound = range_of_losses("C", C)
    inside = FINITE_POSITIVE.number("radius", radius)
    bet = FINITE_POSITIVE.number("stake", stake)
    level = PROBABILITY.number("delta", delta)
    kind = HEAD_LOSSES.find(loss)
    losses = FINITE_NON_NEGATIVE.check("loss_M", loss_M)
    z, y = FINITE.check("features_N", features_N), kind.targets(targets)
    if losses.ndim != 1 or z.ndim != 2 or y.ndim != 2 or not len(losses) == len(z) == len(y) > 0:
        raise ValueError(
            "loss_M must be [n], features_N [n, p] and targets [n] or [n, c], got"
            f" {losses.shape}, {z.shape} and {y.shape}"
        )
    if losses.max() > bound:
        raise ValueError(f"loss_M must be at most C = {bound:g}, got {losses.max():g}")
    if not 2 * bet * bound < 1:
        raise ValueError(f"stake must be below 1/(2C) = {1 / (2 * bound):g}, got {bet:g}")
    rows = [torch.from_numpy(np.ascontiguousarray(a))[None] for a in (losses, z.T, y.T)]
    high = upper_ends(*rows, C=bound, radius=inside, stake=bet, delta=level, kind=kind)
    _, features, labels = rows
    nothing = features.new_zeros(1, labels.shape[1], features.shape[1])
    fitted = kind.solve(features, labels, torch.ones_like(features[:, 0]), inside, nothing)
    least = float(kind.loss(kind.size(fitted @ features, labels)).mean())
    gap = float(losses.mean()) - least
    return BestHead(float(high), gap, level, len(losses), bound, inside, bet, kind.name)


def stake_for(
    differences: ArrayLike,
    C: float,
    n: int,
    delta: float = 0.05,
    loss: str | HeadLoss = SQUARES,
) -> float:
    """A stake from differences of losses on *other* rows, for n rows held out.

    Parameters
    ----------
    differences
        Loss of M's model minus that of a good head on N's encoder, on rows of the training half.
    C, n, delta, loss
        As they will be for `best_head`, on n rows.

    Examples
    --------
    >>> round(stake_for([-0.5, 0.5], C=1.0, n=1000), 3)
    0.155
    """
    square = float(np.mean(np.square(FINITE.check("differences", differences))))
    level = PROBABILITY.number("delta", delta)
    most = 0.45 / range_of_losses("C", C)
    if square > 0:
        most = min(most, math.sqrt(2 * math.log(1 / level) / (n * square)))
    return HEAD_LOSSES.find(loss).caution * most


def upper_ends(
    loss: Tensor,
    z: Tensor,
    y: Tensor,
    *,
    C: float,
    radius: float,
    stake: float,
    delta: float,
    kind: HeadLoss = SQUARES,
) -> Tensor:
    """The bounds of T hold-outs: loss [T, n], z [T, p, n], y [T, c, n] float64; returns [T]."""
    T = loss.shape[0]
    needed = math.log(1 / delta)
    # Capital grows with u, so that the refuted values are all those above one number.
    low, high = loss.new_full((T,), C - 1.0 / stake), loss.new_full((T,), C)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        refuted = _refuted(loss, z, y, middle, radius, stake, needed, kind)
        low, high = torch.where(refuted, low, middle), torch.where(refuted, middle, high)
    return high


def _refuted(
    loss: Tensor,
    z: Tensor,
    y: Tensor,
    u: Tensor,
    radius: float,
    stake: float,
    needed: float,
    kind: HeadLoss,
) -> Tensor:
    """Whether the capital of every head in the ball is certified to exceed exp(needed), [T]."""
    a = 1.0 + stake * (u[:, None] - loss)
    near, far = kind.ends(y, z, radius)
    turn, chord = _tangency(kind, a, stake, near, far)
    edge = kind.curve(a, stake, turn)
    head = loss.new_zeros(len(loss), y.shape[1], z.shape[1])
    certain = torch.zeros(len(loss), dtype=torch.bool)
    weights = stake / a
    for _ in range(ROUNDS):
        head = kind.solve(z, y, weights, radius, head)
        predictions = head @ z
        size = kind.size(predictions, y)
        on_curve = size <= turn
        value = torch.where(on_curve, kind.curve(a, stake, size), edge + chord * (size - turn))
        # The derivative of the minorant in the loss.
        weights = torch.where(
            on_curve,
            stake / (a + stake * kind.loss(size)),
            chord / kind.slope(size).clamp_min(1e-300),
        )
        gradient = (kind.residual(predictions, y) * weights[:, None, :]) @ z.mT
        gap = (gradient * head).sum((1, 2))
        gap = gap + radius * torch.linalg.vector_norm(gradient, dim=(1, 2))
        total = value.sum(1)
        certain = total - gap - ROUNDING * loss.shape[1] >= needed
        if bool((certain | (total < needed)).all()):
            break
    return certain


def _tangency(
    kind: HeadLoss, a: Tensor, stake: float, near: Tensor, far: Tensor
) -> tuple[Tensor, Tensor]:
    """Where the chord of ln(a + stake loss) to the size `far` leaves the curve, and the chord's slope.

    The point found is never beyond the point of tangency, so that curve and chord are a convex minorant.
    """
    # The largest size up to which the curve is convex, from below.
    low, high = near, far
    for _ in range(50):
        middle = (low + high) / 2
        convex = kind.convex(a, stake, middle)
        low, high = torch.where(convex, middle, low), torch.where(convex, high, middle)
    whole = kind.convex(a, stake, far)
    top = kind.curve(a, stake, far)
    low, high = near, low
    for _ in range(50):
        middle = (low + high) / 2
        steep = kind.steepness(a, stake, middle)
        before = kind.curve(a, stake, middle) + steep * (far - middle) <= top
        low, high = torch.where(before, middle, low), torch.where(before, high, middle)
    # Where the curve is convex up to the end there is no chord.
    turn = torch.where(whole, far, low)
    rest = far - turn
    rise = top - kind.curve(a, stake, turn)
    return turn, torch.where(rest > 0, rise / rest.clamp_min(1e-300), 0.0)
