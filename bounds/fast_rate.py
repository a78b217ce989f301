"""Theorem 1 for least-squares heads on a frozen encoder: rate 1/m instead of 1/sqrt(m).

The encoder is learned on S_1, the head on m_head independent examples S_2. Over a convex set of
heads B with population minimiser B', distance D = ||B - B'||_Sigma and a = -<E z xi^T, B - B'>:

    excess = D^2 + 2a,   (1 - kappa) D^2 <= U D - a,   a >= 0.

Twice the second over (1 - kappa), added to the first, leaves 2UD/(1 - kappa) - D^2, at most
U^2/(1 - kappa)^2, and -2 kappa a/(1 - kappa), which is at most 0 for kappa >= 0. The same
multiplier turns a Frank-Wolfe gap eps of the fitted head into eps/(1 - kappa), for every kappa < 1.
"""

from __future__ import annotations

import sympy
from sympy import log, sqrt

from bounds.decomposition import DECOMPOSITION, QUALITY_GAP
from bounds.notation import (
    RISK_M,
    RISK_N,
    Modalities,
    V,
    delta,
    distinct_pair,
    first_order_slack,
    kappa,
    leverage,
    m_head,
    p,
    v_max,
    v_norm,
)
from bounds.proofs import least_squares, lemmas
from bounds.proofs.assumptions import assume
from bounds.statement.derivation import Derivation, Step
from bounds.statement.intermediate import DISTANCE
from bounds.theorem import Term, Theorem


def fast_rate(M: Modalities, N: Modalities) -> Theorem:
    """Theorem 1 for least-squares heads on a frozen encoder: rate 1/m instead of 1/sqrt(m).

    With v = Sigma^(-1/2) (z xi^T - E z xi^T), z the features, xi the residual of the best head:
    V = tr Cov(v), v_norm = ||Cov(v)||, v_max = sup ||v||. Give either the observed `kappa`, or
    `leverage` = sup z^T Sigma^(-1) z with the rank `p`, from which kappa is bounded in advance.
    kappa >= 1 gives infinity; kappa < 0 counts as 0, as the derivation needs 0 <= kappa. A head
    that is only nearly optimal needs `first_order_slack`; a gap in value does not suffice.

    Examples
    --------
    >>> t = fast_rate("TVA", "TA")
    >>> known = dict(gamma=0, V=3.0, v_norm=0.5, v_max=9.0, m_head=8000, delta=0.05)
    >>> round(t.evaluate(**known, kappa=0.15).total, 5)
    0.00329
    >>> round(t.evaluate(**known, leverage=40.0, p=33).total, 5)
    0.00513
    """
    return _least_squares(
        M,
        N,
        "risk_gap.fast_rate",
        "Theorem 1, fast rate",
        kappa,
        log(2 / delta),
        {"kappa": 1},
        least_squares.OBSERVED_SPECTRUM.step(times=2 / (1 - kappa)),
        (_fast_rate_in_advance(M, N),),
    )


def _fast_rate_in_advance(M: Modalities, N: Modalities) -> Theorem:
    distortion = sqrt(2 * leverage * log(4 * p / delta) / m_head)
    return _least_squares(
        M,
        N,
        "risk_gap.fast_rate_in_advance",
        "Theorem 1, fast rate with kappa bounded in advance",
        distortion,
        log(4 / delta),
        {"leverage": 1, "p": 1},
        least_squares.MATRIX_CHERNOFF.step(
            times=2 / (1 - distortion), distortion=distortion, n=m_head
        ),
        (),
    )


def _least_squares(
    M: Modalities,
    N: Modalities,
    key: str,
    title: str,
    distortion: sympy.Expr,
    t: sympy.Expr,
    more_directions: dict[str, int],
    spectrum: Step,
    alternatives: tuple[Theorem, ...],
) -> Theorem:
    width = (
        sqrt(V / m_head)
        + sqrt(2 * t * (v_norm + 2 * v_max * sqrt(V / m_head)) / m_head)
        + v_max * t / (3 * m_head)
    )
    # The multiplier that makes the distance of the heads enter as a complete square.
    weight = 2 / (1 - distortion)
    return Theorem(
        key=key,
        title=title,
        subsets=distinct_pair(M, N),
        lhs=RISK_M - RISK_N,
        terms=(
            QUALITY_GAP,
            Term("head_estimation", width**2 / (1 - distortion) ** 2, where=distortion < 1),
            Term("slack", first_order_slack / (1 - distortion), where=distortion < 1),
        ),
        assumptions=assume(
            "iid",
            "erm",
            "fixed_class",
            "independent_split",
            "least_squares_head",
            "bounded_features",
        ),
        failure_probability=delta / 2,
        reference="this library; Bousquet (2002); Tropp (2012), Corollary 5.2",
        directions={
            **dict.fromkeys(("gamma", "V", "v_norm", "v_max", "first_order_slack"), 1),
            **more_directions,
            "m_head": -1,
            "delta": -1,
        },
        defaults={"first_order_slack": 0.0},
        derivation=Derivation(
            (
                *DECOMPOSITION,
                least_squares.QUADRATIC_EXPANSION.step(),
                least_squares.SAMPLE_OPTIMALITY.step(times=weight),
                least_squares.CAUCHY_SCHWARZ.step(times=weight),
                least_squares.BOUSQUET.step(times=weight * DISTANCE, t=t, n=m_head),
                spectrum,
                least_squares.POPULATION_OPTIMALITY.step(times=2 * distortion / (1 - distortion)),
                lemmas.SQUARE.step(x=width / (1 - distortion), y=DISTANCE),
            )
        ),
        alternatives=alternatives,
    )
