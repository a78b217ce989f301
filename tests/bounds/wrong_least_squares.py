"""Wrong theorems on least-squares heads: slips in Bousquet, matrix Chernoff, and the Gaussian mixture."""

from __future__ import annotations

import dataclasses

import sympy
from slips import altered, times, with_term
from sympy import log, sqrt

from bounds.catalogue import find
from bounds.notation import (
    V,
    V_hat,
    delta,
    inflation,
    kappa,
    leverage,
    m,
    m_head,
    p,
    theta,
    v_frobenius,
    v_max,
)
from bounds.proofs import least_squares, lemmas
from bounds.statement.intermediate import (
    DISTANCE,
    SELF_NOISE,
)
from bounds.theorem import Theorem

FAST, IN_ADVANCE = find("risk_gap.fast_rate"), find("risk_gap.fast_rate_in_advance")
MIXTURE = find("risk_gap.fast_rate_mixture")


def rooted_fast(t: sympy.Expr) -> sympy.Expr:
    return FAST.terms[1].expression.subs(log(2 / delta), t)


LEAST_SQUARES: dict[str, tuple[Theorem, str]] = {
    "Bousquet at level delta": (
        with_term(
            altered(
                altered(
                    FAST,
                    least_squares.BOUSQUET,
                    lambda _: least_squares.BOUSQUET.step(
                        times=2 * DISTANCE / (1 - kappa), t=log(1 / delta), n=m_head
                    ),
                ),
                lemmas.SQUARE,
                lambda _: lemmas.SQUARE.step(x=sqrt(rooted_fast(log(1 / delta))), y=DISTANCE),
            ),
            "head_estimation",
            rooted_fast(log(1 / delta)),
        ),
        "fail with probability",
    ),
    "Bousquet without the 2 before b sqrt(V/n)": (
        altered(
            FAST,
            least_squares.BOUSQUET,
            lambda step: dataclasses.replace(
                step,
                right=step.right.subs(
                    2 * v_max * sqrt(V / m_head),
                    v_max * sqrt(V / m_head),
                ),
            ),
        ),
        "not an instance",
    ),
    "matrix Chernoff without the dimension p": (
        altered(
            IN_ADVANCE,
            least_squares.MATRIX_CHERNOFF,
            lambda step: dataclasses.replace(
                step,
                lemma=dataclasses.replace(step.lemma, failure=step.lemma.failure / p),
            ),
        ),
        "fail with probability",
    ),
    "kappa in advance with ln(p/delta)": (
        altered(
            IN_ADVANCE,
            least_squares.MATRIX_CHERNOFF,
            lambda step: dataclasses.replace(
                step,
                where=step.where
                | {least_squares.distortion: sqrt(2 * leverage * log(p / delta) / m_head)},
            ),
        ),
        "not an instance",
    ),
    "the population's optimality with a negative factor (kappa < 0)": (
        times(FAST, least_squares.POPULATION_OPTIMALITY, -1),
        "not proved non-negative",
    ),
    "the mixture at level delta": (
        with_term(
            altered(
                MIXTURE,
                least_squares.GAUSSIAN_MIXTURE,
                lambda step: least_squares.GAUSSIAN_MIXTURE.step(
                    times=step.times, t=log(1 / delta), n=m_head
                ),
            ),
            "head_estimation",
            MIXTURE.terms[1].expression.subs(log(2 / delta), log(1 / delta)),
        ),
        "fail with probability",
    ),
    "the mixture for all of S": (
        altered(
            MIXTURE,
            least_squares.GAUSSIAN_MIXTURE,
            lambda step: dataclasses.replace(step, where=step.where | {least_squares.n: m}),
        ),
        "not an instance",
    ),
    "the mixture with more of V_hat than of V": (
        with_term(
            MIXTURE,
            "head_estimation",
            MIXTURE.terms[1].expression - (V - V_hat) * inflation / (3 * m_head),
        ),
        "add up",
    ),
    "the mixture with the root of the inflation": (
        with_term(
            altered(
                MIXTURE,
                least_squares.OBSERVED_INFLATION,
                lambda step: dataclasses.replace(step, right=sqrt(inflation) * SELF_NOISE),
            ),
            "head_estimation",
            MIXTURE.terms[1].expression / sqrt(inflation),
        ),
        "not an instance",
    ),
    "the mixture's last determinant without 1 - 2 theta lambda": (
        altered(
            MIXTURE,
            least_squares.LOG_DET_POPULATION,
            lambda step: dataclasses.replace(step, right=theta * V + theta**2 * v_frobenius**2),
        ),
        "not an instance",
    ),
    "the mixture where 2 theta lambda may be 1": (
        dataclasses.replace(
            MIXTURE,
            terms=(
                MIXTURE.terms[0],
                *(dataclasses.replace(t, where=kappa < 1) for t in MIXTURE.terms[1:]),
            ),
        ),
        "not proved non-negative",
    ),
}
