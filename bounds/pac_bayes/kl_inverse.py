"""The binary relative entropy kl(q || p), and the largest p that a bound on it leaves.

The inverse has no closed form, so that it is no expression of the notation: `pac_bayes.kl` and
`pac_bayes.maurer` are statements about kl itself, and a risk is read off them here, by Newton's method.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bounds.domains import NON_NEGATIVE, RANGE, SHARE, FloatArray, Number, broadcast, plain
from bounds.notation import KL_GIBBS
from bounds.theorem import Theorem

_STEPS = 60
"""More than are ever needed: the steps of Newton's method on a convex function, from the right."""
_ROUNDING = 8 * np.finfo(np.float64).eps
"""More than rounding changes in either summand of kl, as a share of it."""


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
    return np.where(p == q, 0.0, np.maximum(_parts(q, p).sum(axis=0), 0.0))


def _parts(q: FloatArray, p: FloatArray) -> FloatArray:
    """Both summands of kl(q || p), each within a few units in its last place."""
    return np.stack([_part(q, p, p - q), _part(1 - q, 1 - p, q - p)])


def _part(a: FloatArray, b: FloatArray, step: FloatArray) -> FloatArray:
    """a ln(a/b) with b = a + step, and 0 for a = 0."""
    with np.errstate(all="ignore"):
        # log1p keeps the digits where b is near a.
        near = -a * np.log1p(step / a)
        quotient = a / b
        far = a * np.where(np.isinf(quotient), np.log(a) - np.log(b), np.log(quotient))
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
    rest = 1 - share
    with np.errstate(all="ignore"):
        # Three bounds from above: kl >= 2 (p - q)^2, (p - q)^2/(2p), and -(1 - q) ln(1 - p) - entropy of q.
        entropy = _entropy(share) + _entropy(rest)
        least = np.minimum(share + np.sqrt(most / 2), share + np.sqrt(2 * share * most) + 2 * most)
        least = np.minimum(least, -np.expm1(-(most + entropy) / rest))
        found = np.clip(np.where(rest == 0, 1.0, least), share, 1.0)
        for _ in range(_STEPS):
            slope = (found - share) / (found * (1 - found))
            step = np.where((found > share) & (found < 1), (_kl(share, found) - most) / slope, 0.0)
            further = np.clip(found - np.maximum(np.nan_to_num(step), 0.0), share, 1.0)
            if (further == found).all():
                break
            found = further
        # Newton stops within rounding of the root, on either side: the summands nearly cancel where p is
        # near q, and what rounding changes in them moves the root by so much over the slope.
        error = _ROUNDING * np.abs(_parts(share, found)).sum(axis=0)
        moved = error * (found * (1 - found)) / (found - share)
        up = found + np.where((found > share) & (found < 1), moved, 0.0)
    up = np.nextafter(np.nextafter(up, 2.0), 2.0)
    return plain(np.where(most == 0, share, np.where(np.isinf(most), 1.0, np.minimum(up, 1.0))))


def _entropy(a: FloatArray) -> FloatArray:
    """-a ln a, and 0 for a = 0."""
    return np.where(a == 0, 0.0, -a * np.log(a))


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
