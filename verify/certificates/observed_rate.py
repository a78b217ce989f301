"""The constants of the fast rate without a known population: from rows held out, or under stated noise.

Heads are matrices B in the ball ||B|| <= R with squared loss, ||z|| <= X and ||y|| <= Y are known in advance,
so that residuals have at most the norm E = Y + R X. For v = Sigma^(-1/2) (z xi^T - E z xi^T), xi = y - B' z:

    rho^2 <= X^2/l,  V <= min(rho^2 r, p E^2),  ||Cov v|| <= min(V, E^2),  ||v|| <= 2 rho E,

with l at most the least eigenvalue of Sigma and r at least the risk of some head in the ball. Only l and r
need data. The least eigenvalue of a sample's second moments is at most their value in the one direction in
which the population's is least: Chernoff for one bounded variable gives l, whatever the dimension. r is an
upper bound on the risk of one head that was fixed before (theory, section 3).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bounds.domains import FINITE, FINITE_NON_NEGATIVE, FINITE_POSITIVE, PROBABILITY, at_least
from bounds.pac_bayes import kl_inverse
from empirical.statistics import betting

ROUNDED = 1e-9
"""A norm that is this much of itself above its limit was rounded."""


@dataclass(frozen=True)
class FastRateConstants:
    """Upper bounds on what `risk_gap.fast_rate` takes from a population; all hold at once.

    Attributes
    ----------
    V, v_norm, v_frobenius : float
        Trace, largest eigenvalue and Frobenius norm of Cov(v), in units of the loss.
    v_max : float
        sup ||v||; infinite where nothing bounds it.
    leverage : float
        rho^2 = sup z^T Sigma^(-1) z; infinite where nothing bounds it.
    p : int
        The number of features.
    delta : float
        One of the bounds is wrong with at most this probability, over the rows; 0 if none is from data.
    """

    V: float
    v_norm: float
    v_frobenius: float
    v_max: float
    leverage: float
    p: int
    delta: float

    def kappa(self, m_head: int, delta: float) -> float:
        """The distortion that samples of m_head rows exceed with probability at most delta/4.

        `risk_gap.fast_rate` claims nothing where it is 1 or more.

        Examples
        --------
        >>> round(FastRateConstants(3, 0.5, 0.8, 9, 40.0, 33, 0.0).kappa(8000, 0.05), 3)
        0.281
        """
        rows = at_least(1).number("m_head", m_head)
        log = math.log(4 * self.p / PROBABILITY.number("delta", delta))
        return math.sqrt(2 * self.leverage * log / rows)

    def rows_needed(self, delta: float) -> float:
        """The least m_head at which kappa is below 1, so that the fast rate claims anything.

        Examples
        --------
        >>> FastRateConstants(3, 0.5, 0.8, 9, 40.0, 33, 0.0).rows_needed(0.05)
        631
        """
        least = self.kappa(1, delta) ** 2
        return math.floor(least) + 1 if math.isfinite(least) else math.inf


def from_rows(
    features: ArrayLike,
    targets: ArrayLike,
    head: ArrayLike,
    *,
    norm: float,
    target_norm: float,
    radius: float,
    delta: float = 0.05,
) -> FastRateConstants:
    """The constants with confidence, from rows that neither the encoder nor the head has seen.

    Parameters
    ----------
    features
        [n, p], of one fixed encoder.
    targets
        [n] or [n, c].
    head
        [c, p]: any head of the ball that was fixed before these rows were seen; the better it is, the
        smaller V.
    norm, target_norm
        X and Y: features and targets have at most these norms, known in advance.
    radius
        R: heads have Frobenius norm at most this.
    delta
        Half of it is for the least eigenvalue, half for the risk of the head.

    Raises
    ------
    ValueError
        For shapes that do not match, norms above their limits, and numbers outside their domains.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> z = rng.choice([-1.0, 1.0], size=(2000, 3))
    >>> found = from_rows(z, z[:, 0], [[1.0, 0, 0]], norm=3**0.5, target_norm=1.0, radius=1.0)
    >>> round(found.leverage, 2), round(found.V, 2), found.kappa(2000, 0.05) < 1
    (3.34, 0.07, True)
    """
    X, Y = (
        FINITE_POSITIVE.number("norm", norm),
        FINITE_NON_NEGATIVE.number("target_norm", target_norm),
    )
    R, level = FINITE_POSITIVE.number("radius", radius), PROBABILITY.number("delta", delta)
    z, y, B = (
        FINITE.check(n, v)
        for n, v in (("features", features), ("targets", targets), ("head", head))
    )
    y = y[:, None] if y.ndim == 1 else y
    if (
        z.ndim != 2
        or y.ndim != 2
        or not len(z) == len(y) > 0
        or B.shape != (y.shape[1], z.shape[1])
    ):
        raise ValueError(
            "features must be [n, p], targets [n] or [n, c] and head [c, p], got"
            f" {z.shape}, {y.shape} and {B.shape}"
        )
    for name, largest, limit in (
        ("features", np.linalg.norm(z, axis=1).max(), X),
        ("targets", np.linalg.norm(y, axis=1).max(), Y),
        ("head", np.linalg.norm(B), R),
    ):
        if largest > limit * (1 + ROUNDED):
            raise ValueError(f"{name} must have norms of at most {limit:g}, got {largest:g}")
    residual = Y + R * X
    least = least_eigenvalue(z, X, level / 2)
    losses = np.minimum(np.square(y - z @ B.T).sum(1), residual**2)
    risk = float(betting.upper_bound(losses[None], level / 2, low=0.0, high=residual**2)[0])
    leverage = X**2 / least if least > 0 else math.inf
    return _constants(leverage, risk, residual, z.shape[1], level)


def _constants(
    leverage: float, risk: float, residual: float, p: int, delta: float
) -> FastRateConstants:
    V = min(leverage * risk, p * residual**2)
    norm = min(V, residual**2)
    largest = 2 * math.sqrt(leverage) * residual
    return FastRateConstants(V, norm, math.sqrt(norm * V), largest, leverage, p, delta)


def least_eigenvalue(features: ArrayLike, norm: float, delta: float) -> float:
    """A lower bound on the least eigenvalue of E z z^T, wrong with probability at most delta.

    In the direction e of the population's least eigenvalue <z, e>^2 lies in [0, norm^2], and its mean over n
    rows is at least the sample's least eigenvalue. If the mean over n rows of such a variable with
    expectation l exceeds a > l with probability at most exp(-n kl(a/norm^2, l/norm^2)) (Hoeffding 1963), all
    l with a larger exponent than ln(1/delta) are excluded.

    Parameters
    ----------
    features
        [n, p], with norms of at most `norm`.

    Examples
    --------
    >>> z = np.tile(np.eye(2), (500, 1))
    >>> round(least_eigenvalue(z, 1.0, 0.05), 3)
    0.461
    """
    z = FINITE.check("features", features)
    n, square = len(z), FINITE_POSITIVE.number("norm", norm) ** 2
    enough = math.log(1 / PROBABILITY.number("delta", delta)) / n
    seen = float(np.linalg.eigvalsh(z.T @ z / n)[0])
    # Rounding of the product and of the eigenvalue, both of them at most about (n + p) u of the trace.
    seen -= 8 * (n + z.shape[1]) * np.finfo(np.float64).eps * square
    share = min(seen / square, 1.0)
    if share <= 0:
        return 0.0
    # kl(a || l) = kl(1 - a || 1 - l): the least l is one minus the largest 1 - l, which is rounded up.
    rest = min(math.nextafter(1 - share, 2.0), 1.0)
    return square * (1 - float(kl_inverse(rest, enough)))


def independent_noise(p: int, covariance: ArrayLike) -> FastRateConstants:
    """The constants if y = B' z + xi with noise xi that is independent of z: exact, whatever the law of z.

    Then Cov(v) is the Kronecker product of the identity on the p features and the covariance of xi. That the
    noise does not depend on z is an assumption, and no data can establish it.

    Parameters
    ----------
    p
        The number of features.
    covariance
        [c, c], or one number for one output: that of the noise.

    Examples
    --------
    >>> found = independent_noise(4, 0.25)
    >>> found.V, found.v_norm, found.v_frobenius
    (1.0, 0.25, 0.5)
    """
    size = at_least(1).whole("p", p)
    noise = np.atleast_2d(FINITE.check("covariance", covariance))
    if noise.ndim != 2 or noise.shape[0] != noise.shape[1] or (noise != noise.T).any():
        raise ValueError(f"covariance must be a number or symmetric [c, c], got {covariance!r}")
    values = np.linalg.eigvalsh(noise)
    if values[0] < -1e-12 * abs(values[-1]):
        raise ValueError(f"covariance must have no negative eigenvalue, got {values[0]:g}")
    frobenius = math.sqrt(size) * float(np.linalg.norm(noise))
    trace, largest = size * float(np.trace(noise)), float(max(values[-1], 0.0))
    return FastRateConstants(trace, largest, frobenius, math.inf, math.inf, size, 0.0)
