"""The constants of a loss on a bounded range: its bound C and its Lipschitz constant L.

Theorems 1 and 2 need a loss with values in [0, C] that is L-Lipschitz in the prediction, in the
Euclidean norm. Neither squared loss nor cross-entropy is bounded or (squared loss) Lipschitz on
the whole space; both are on a ball, which norm-bounded encoders and heads guarantee. C and L are
in the units of the loss (and of the loss per unit of prediction).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from bounds import domains

__all__ = ["LossConstants", "logistic", "softmax", "squared"]


def __dir__() -> list[str]:
    return list(__all__)


@dataclass(frozen=True)
class LossConstants:
    """Bound and Lipschitz constant of one loss on one range of predictions.

    A mapping too, so that ``theorem.evaluate(**losses.squared(1, 1), ...)`` passes both.

    Parameters
    ----------
    C
        Upper bound of the loss; its lower bound is 0.
    L
        Lipschitz constant in the prediction (absolute value or Euclidean norm).
    """

    C: float
    L: float

    def keys(self) -> tuple[str, str]:
        """The names of both constants.

        Examples
        --------
        >>> dict(LossConstants(C=4.0, L=2.0))
        {'C': 4.0, 'L': 2.0}
        """
        return ("C", "L")

    def __getitem__(self, name: str) -> float:
        one_of = {"C": self.C, "L": self.L}
        if name not in one_of:
            raise KeyError(name)
        return one_of[name]


def squared(prediction_radius: float, target_radius: float) -> LossConstants:
    """Squared loss ‖f − y‖² with ‖f‖ ≤ F and ‖y‖ ≤ Y: C = (Y + F)² and L = 2 (Y + F).

    Holds for one output (absolute values) and for several (Euclidean norms, errors *summed* over
    outputs). Both constants are attained at f = −F u, y = Y u for a unit vector u.

    Parameters
    ----------
    prediction_radius
        F ≥ 0, in units of the target.
    target_radius
        Y ≥ 0, in units of the target.

    Raises
    ------
    ValueError
        If a radius is negative, infinite or NaN, or C would overflow.

    References
    ----------
    |∂(f − y)²/∂f| = 2 |f − y| ≤ 2 (F + Y).

    Examples
    --------
    >>> squared(prediction_radius=1.0, target_radius=2.0)
    LossConstants(C=9.0, L=6.0)
    """
    reach = domains.FINITE_NON_NEGATIVE.number(
        "prediction_radius", prediction_radius
    ) + domains.FINITE_NON_NEGATIVE.number("target_radius", target_radius)
    if reach > 1e154:
        raise ValueError(f"prediction_radius + target_radius must be at most 1e154, got {reach:g}")
    return LossConstants(C=reach**2, L=2.0 * reach)


def softmax(logit_radius: float, classes: int) -> LossConstants:
    """Softmax cross-entropy −ln p_y(s) with c classes and logits ‖s‖₂ ≤ R.

    C = ln(1 + (c − 1) e^{√2 R}) since every s_j − s_y ≤ √2 R, and L = √2 (1 − e^{−C}) ≤ √2: the
    gradient is p − e_y, of squared norm (1 − p_y)² + Σ_{j≠y} p_j² ≤ 2 (1 − p_y)², and
    p_y ≥ e^{−C}. Both are attained for two classes; for more, the bound on C is not, since the
    differences cannot all reach √2 R at once. Natural logarithms (nats).

    Parameters
    ----------
    logit_radius
        R ≥ 0, the Euclidean radius of the logits.
    classes
        c ≥ 2.

    Raises
    ------
    ValueError
        If R is negative, infinite or NaN, or c is not an integer of at least 2.

    Examples
    --------
    >>> constants = softmax(logit_radius=0.0, classes=2)
    >>> round(constants.C, 6), round(constants.L, 6)      # ln 2 and √2 / 2
    (0.693147, 0.707107)
    """
    radius = domains.FINITE_NON_NEGATIVE.number("logit_radius", logit_radius)
    count = int(domains.at_least(2).number("classes", classes))
    # ln(1 + e^a) with a = ln(c − 1) + √2 R, written so that a large radius does not overflow.
    exponent = math.log(count - 1) + math.sqrt(2.0) * radius
    bound = exponent + math.log1p(math.exp(-exponent))
    return LossConstants(C=bound, L=-math.sqrt(2.0) * math.expm1(-bound))


def logistic(logit_radius: float) -> LossConstants:
    """Logistic loss ln(1 + e^{−y s}) with y = ±1 and one logit |s| ≤ R.

    C = ln(1 + e^R) and L = 1/(1 + e^{−R}) = 1 − e^{−C} ≤ 1, both attained at y s = −R. For labels
    t ∈ {0, 1} it is ln(1 + e^s) − t s (y = 2t − 1), with derivative |sigmoid(s) − t| ≤ L; for soft
    labels t ∈ [0, 1], a mixture of the two, C and L are the same.

    Parameters
    ----------
    logit_radius
        R ≥ 0.

    Raises
    ------
    ValueError
        If R is negative, infinite or NaN.

    References
    ----------
    The derivative in s is −y/(1 + e^{y s}), of modulus at most 1/(1 + e^{−R}).

    Examples
    --------
    >>> constants = logistic(logit_radius=0.0)
    >>> round(constants.C, 6), constants.L
    (0.693147, 0.5)
    """
    radius = domains.FINITE_NON_NEGATIVE.number("logit_radius", logit_radius)
    return LossConstants(
        C=radius + math.log1p(math.exp(-radius)), L=1.0 / (1.0 + math.exp(-radius))
    )
