"""The number of examples from which on more modalities are favoured.

With R_m(F) = sqrt(C(F)/m), Theorem 1 is gamma + O(1/sqrt(m)), and comparing Theorem 2's bounds for
M and for N gives the sample size m* of the crossover. That comparison is one of two *upper bounds*:
a heuristic about eta, not a theorem about it; `verify` measures how often it is right.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sympy import log, sqrt

from bounds import risk_gap
from bounds.decomposition import QUALITY_GAP
from bounds.domains import Number, common_shape, plain
from bounds.notation import (
    BOUND_M,
    BOUND_N,
    C_M,
    C_N,
    QUANTITIES,
    RISK_M,
    RISK_N,
    C,
    L,
    L_hat_M,
    L_hat_N,
    Modalities,
    delta,
    distinct_pair,
    m,
)
from bounds.proofs import lemmas
from bounds.proofs.assumptions import PAPER, assume
from bounds.statement.derivation import Derivation
from bounds.theorem import Term, Theorem

__all__ = ["bound_gap", "crossover", "rate"]


def __dir__() -> list[str]:
    return list(__all__)


def rate(M: Modalities, N: Modalities) -> Theorem:
    """Theorem 1 at the rate R_m(F_M) = sqrt(C(F_M)/m): the quality gap plus O(1/sqrt(m)).

    Examples
    --------
    >>> round(rate("TVA", "TA").evaluate(
    ...     gamma=-0.1, C_M=4, L=1, C=1, m=1_000_000, delta=0.05).total, 4)
    -0.0746
    """
    return Theorem(
        key="modality_gain.rate",
        title="Theorem 1 at the rate sqrt(C(F_M)/m)",
        subsets=distinct_pair(M, N),
        lhs=RISK_M - RISK_N,
        terms=(
            QUALITY_GAP,
            Term("complexity", 8 * L * sqrt(C_M / m)),
            Term("centring", 4 * C / sqrt(m)),
            Term("confidence", 2 * C * sqrt(2 * log(2 / delta) / m)),
        ),
        assumptions=assume(
            "iid", "bounded_loss", "lipschitz_loss", "erm", "fixed_class", "complexity_rate"
        ),
        failure_probability=delta / 2,
        reference=f"{PAPER}, remark after Theorem 1",
        directions={"gamma": 1, "C_M": 1, "L": 1, "C": 1, "m": -1, "delta": -1},
        derivation=Derivation(
            (
                *risk_gap.PAPER_STEPS,
                lemmas.COMPLEXITY_RATE.step(times=8 * L),
            )
        ),
    )


def bound_gap(M: Modalities, N: Modalities) -> Theorem:
    """Theorem 2's bound for M minus that for N: M is favoured if this is at most 0.

    An identity between two bounds: it never fails, and says nothing about eta itself.

    Examples
    --------
    >>> bound_gap("TVA", "TA").evaluate(
    ...     L_hat_M=0.1, L_hat_N=0.2, C_M=9, C_N=4, L=1, m=1600).total
    0.0
    """
    return Theorem(
        key="modality_gain.bound_gap",
        title="Theorem 2's bounds of two subsets compared",
        subsets=distinct_pair(M, N),
        lhs=BOUND_M - BOUND_N,
        terms=(
            Term("empirical_loss", L_hat_M - L_hat_N, measured=True),
            Term("complexity", 4 * L * (sqrt(C_M) - sqrt(C_N)) / sqrt(m)),
        ),
        assumptions=assume("complexity_rate"),
        failure_probability=0 * delta,
        reference=f"{PAPER}, discussion after Theorem 2",
        directions={"L_hat_M": 1, "L_hat_N": -1, "C_M": 1, "C_N": -1},
        derivation=Derivation((lemmas.COMPARED_BOUND.step(), lemmas.COMPARED_BOUND.step(form=1))),
    )


def crossover(*, C_M: Any, C_N: Any, L_hat_M: Any, L_hat_N: Any, L: Any = None) -> Number:
    """m*, the sample size from which on Theorem 2's bound favours M over N; broadcasts.

    m* = (4 L (sqrt(C(F_M)) - sqrt(C(F_N))) / (L_hat_N - L_hat_M))^2 is Theorem 2's own form; with
    L=None the factor 4L is dropped, as popular accounts do. If C(F_M) < C(F_N), M is favoured for
    *small* m, and for every m if also L_hat_M <= L_hat_N.

    Parameters
    ----------
    C_M, C_N
        C(F_M) and C(F_N), with R_m(F) = sqrt(C(F)/m).
    L_hat_M, L_hat_N
        The centred empirical losses.
    L
        Lipschitz constant of the loss, or None.

    Returns
    -------
    Number
        Not rounded: 0 if M is favoured at every m, infinity if it is not favoured for all large m.

    Examples
    --------
    >>> crossover(C_M=9, C_N=4, L_hat_M=0.1, L_hat_N=0.2, L=1), crossover(
    ...     C_M=9, C_N=4, L_hat_M=0.1, L_hat_N=0.2)
    (1600.0, 100.0)
    """
    given = {"C_M": C_M, "C_N": C_N, "L_hat_M": L_hat_M, "L_hat_N": L_hat_N}
    if L is not None:
        given["L"] = L
    values = {name: QUANTITIES[name].domain.check(name, value) for name, value in given.items()}
    shape = common_shape(values)
    gain = values["L_hat_N"] - values["L_hat_M"]
    cost = np.sqrt(values["C_M"]) - np.sqrt(values["C_N"])
    if L is not None:
        cost = 4 * values["L"] * cost
    gain, cost = np.broadcast_to(gain, shape), np.broadcast_to(cost, shape)
    with np.errstate(all="ignore"):
        root = np.where(gain > 0, cost / gain, np.inf)
    always = (cost <= 0) & (gain >= 0)
    return plain(np.where(always, 0.0, np.where(gain > 0, root**2, np.inf)))
