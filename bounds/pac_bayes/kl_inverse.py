"""The binary relative entropy kl(q || p), and the largest p that a bound on it leaves.

The inverse has no closed form, so that it is no expression of the notation: `pac_bayes.kl` and
`pac_bayes.maurer` are statements about kl itself, and a risk is read off them here, by bisection.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bounds.domains import NON_NEGATIVE, RANGE, SHARE, FloatArray, Number, broadcast, plain
from bounds.notation import KL_GIBBS
from bounds.theorem import Theorem

_HALVINGS = 80
"""The ends of an interval of length 1 are then neighbours in float64, or nearer to 0 than 1e-24."""


def binary_kl(q: Any, p: Any) -> Number:
    """kl(q || p) = q ln(q/p) + (1 - q) ln((1 - q)/(1 - p)), in nats; infinite where p excludes q.

    Examples
    --------
    >>> round(binary_kl(0.1, 0.2), 6), binary_kl(0.5, 0.5), binary_kl(0.5, 1)
    (0.03669, 0.0, inf)
    """
    first, second = broadcast(q=(SHARE, q), p=(SHARE, p))
    return plain(_kl(*np.broadcast_arrays(first, second)))


def _kl(q: FloatArray, p: FloatArray) -> FloatArray:
    both = _part(q, p, p - q) + _part(1 - q, 1 - p, q - p)
    return np.where(p == q, 0.0, np.maximum(both, 0.0))


def _part(a: FloatArray, b: FloatArray, step: FloatArray) -> FloatArray:
    """a ln(a/b) with b = a + step, and 0 for a = 0."""
    with np.errstate(all="ignore"):
        # log1p keeps the digits where b is near a.
        near = -a * np.log1p(step / a)
        far = a * (np.log(a) - np.log(b))
    return np.where(a == 0, 0.0, np.where(np.abs(step) < a / 2, near, far))


def kl_inverse(q: Any, budget: Any) -> Number:
    """The largest p in [q, 1] with kl(q || p) <= budget, rounded up.

    Examples
    --------
    >>> round(kl_inverse(0.0, 0.5), 6)  # 1 - exp(-0.5)
    0.393469
    >>> kl_inverse([0.0, 0.2], 0.0).tolist(), kl_inverse(0.5, float("inf"))
    ([0.0, 0.2], 1.0)
    """
    share, most = np.broadcast_arrays(*broadcast(q=(SHARE, q), budget=(NON_NEGATIVE, budget)))
    low, high = share.astype(np.float64), np.ones(share.shape)
    high = np.where(_kl(share, high) <= most, 1.0, high)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        inside = _kl(share, middle) <= most
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return plain(np.where(most == 0, share, high))


def largest_risk(theorem: Theorem, /, *, gibbs_hat: Any, C: Any = 1.0, **arguments: Any) -> Number:
    """The upper bound on the posterior's risk that a bound on kl leaves.

    Parameters
    ----------
    theorem
        `kl` or `maurer`, or a theorem of one's own about the same left-hand side.
    gibbs_hat, C
        The mean over the posterior of the empirical risks, and the range of the loss.
    arguments
        Those of the theorem.

    Raises
    ------
    ValueError
        For bad input, or a theorem about something else.

    Examples
    --------
    >>> from bounds import pac_bayes
    >>> theorem = pac_bayes.maurer("M")
    >>> round(pac_bayes.largest_risk(theorem, gibbs_hat=0.02, KL=50, m=10_000, delta=0.05), 4)
    0.039
    """
    if theorem.lhs != KL_GIBBS:
        raise ValueError(f"theorem must bound {KL_GIBBS}, got {theorem.key} on {theorem.lhs}")
    budget = theorem.evaluate(**arguments).total
    risk, most = broadcast(gibbs_hat=(NON_NEGATIVE, gibbs_hat), C=(RANGE, C))
    if np.any(risk > most):
        raise ValueError(f"gibbs_hat must lie in [0, C], got {gibbs_hat!r} with C = {C!r}")
    return plain(np.asarray(most * kl_inverse(risk / most, budget)))
