"""A catalogue of wrong theorems: each is a slip that someone has made, or could.

Most change the statement *and* the steps that lead to it, so that the steps still add up: then only
a lemma, a side condition, a probability or an assumption can give them away.
"""

from __future__ import annotations

import dataclasses

import sympy
from slips import altered, times, with_term, without
from sympy import log, sqrt
from wrong_least_squares import LEAST_SQUARES
from wrong_posteriors import POSTERIORS

from bounds.catalogue import find
from bounds.notation import (
    R_M,
    RISK_M,
    RISK_N,
    C,
    L,
    R_abs_M,
    R_loss,
    Z_square,
    bet,
    delta,
    gamma,
    kappa,
    m,
    m_test,
)
from bounds.proofs import lemmas
from bounds.statement.derivation import Step
from bounds.statement.intermediate import (
    BEST_M,
    BEST_N,
    MEAN_DOWN,
    MEAN_UP,
    UP,
)
from bounds.theorem import Theorem

PAPER, ABSOLUTE = find("risk_gap.paper"), find("risk_gap.paper_absolute")
SHARP, DATA = find("risk_gap.sharp"), find("risk_gap.data_dependent")
SPLIT, FAST = find("risk_gap.split_sample"), find("risk_gap.fast_rate")
HELD_OUT = find("risk_gap.held_out")
QUALITY, QUALITY_PAPER = find("latent_quality.sharp"), find("latent_quality.paper")


def two_sided(level: sympy.Expr, change: sympy.Expr, mean: sympy.Expr = MEAN_UP + MEAN_DOWN):
    return lemmas.MCDIARMID.step(
        Z=lemmas.UP + lemmas.DOWN, mean=mean, change=change, n=m, level=level
    )


def mcdiarmid(theorem: Theorem, step: Step, confidence: sympy.Expr) -> Theorem:
    return with_term(altered(theorem, lemmas.MCDIARMID, lambda _: step), "confidence", confidence)


def swapped(theorem: Theorem) -> Theorem:
    return dataclasses.replace(theorem, lhs=RISK_N - RISK_M)


WRONG: dict[str, tuple[Theorem, str]] = {
    # --- statements alone
    "8 becomes 4, statement alone": (with_term(PAPER, "complexity", 4 * L * R_M), "add up"),
    "2/m for 1/m: R doubled": (with_term(SHARP, "complexity", 8 * R_loss), "add up"),
    "1/m in place of 1/sqrt(m)": (
        with_term(SHARP, "confidence", C * sqrt(2 * log(2 / delta)) / m),
        "add up",
    ),
    "ln(2/delta) becomes ln(1/delta), statement alone": (
        with_term(SHARP, "confidence", C * sqrt(2 * log(1 / delta) / m)),
        "add up",
    ),
    "the logarithm is dropped": (with_term(SHARP, "confidence", C * sqrt(2 / m)), "add up"),
    "log(2)/delta for log(2/delta)": (
        with_term(SHARP, "confidence", C * sqrt(2 * log(2) / delta / m)),
        "add up",
    ),
    "M and N swapped on the left": (swapped(PAPER), "add up"),
    "the sign of gamma flipped": (with_term(PAPER, "quality_gap", -gamma), "add up"),
    "the centring forgotten": (with_term(ABSOLUTE, "centring", sympy.Integer(0)), "add up"),
    "delta where delta/2 is due": (
        dataclasses.replace(SHARP, failure_probability=delta / 4),
        "fail with probability",
    ),
    "(1 - kappa) not squared": (
        with_term(FAST, "head_estimation", FAST.terms[1].expression * (1 - kappa)),
        "add up",
    ),
    "a value gap where a first-order gap is due": (
        with_term(FAST, "slack", FAST.terms[2].expression * (1 - kappa)),
        "add up",
    ),
    # --- statement and steps together: the lemma gives it away
    "8 becomes 4 without dropping |.|": (
        with_term(
            altered(
                ABSOLUTE,
                lemmas.CONTRACTION_ABSOLUTE,
                right=L * R_abs_M + C / sqrt(m),
            ),
            "complexity",
            4 * L * R_abs_M,
        ),
        "not an instance",
    ),
    "contraction with |.| used without it, at L": (
        with_term(
            altered(ABSOLUTE, lemmas.CONTRACTION_ABSOLUTE, right=L * R_abs_M),
            "complexity",
            4 * L * R_abs_M,
        ),
        "not an instance",
    ),
    "ln(1/delta): McDiarmid at level delta": (
        mcdiarmid(SHARP, two_sided(delta, 2 * C / m), C * sqrt(2 * log(1 / delta) / m)),
        "fail with probability",
    ),
    "McDiarmid with one example moving both suprema by C/m in all": (
        mcdiarmid(SHARP, two_sided(delta / 2, C / m), C * sqrt(log(2 / delta) / (2 * m))),
        "one example moves",
    ),
    "McDiarmid without the square": (
        mcdiarmid(
            SHARP,
            dataclasses.replace(
                two_sided(delta / 2, 2 * C / m),
                right=MEAN_UP + MEAN_DOWN + C * sqrt(log(2 / delta) / m),
            ),
            C * sqrt(log(2 / delta) / m),
        ),
        "not an instance",
    ),
    "McDiarmid about another mean": (
        with_term(
            mcdiarmid(
                without(SHARP, MEAN_DOWN),
                two_sided(delta / 2, 2 * C / m, MEAN_UP),
                SHARP.terms[2].expression,
            ),
            "complexity",
            2 * R_loss,
        ),
        "the mean of",
    ),
    "McDiarmid on the head's sample counted as all of S": (
        altered(
            SPLIT,
            lemmas.MCDIARMID,
            lambda step: dataclasses.replace(step, where=step.where | {lemmas.n: m}),
        ),
        "not an instance",
    ),
    "the data-dependent form with McDiarmid's constant of the sharp one": (
        mcdiarmid(
            DATA,
            lemmas.MCDIARMID.step(
                Z=UP + lemmas.DOWN - 4 * lemmas.R_hat_loss,
                mean=MEAN_UP + MEAN_DOWN - 4 * R_loss,
                change=2 * C / m,
                n=m,
                level=delta / 2,
            ),
            C * sqrt(2 * log(2 / delta) / m),
        ),
        "one example moves",
    ),
    "symmetrisation without its factor 2": (
        with_term(
            altered(SHARP, lemmas.SYMMETRISATION, right=R_loss),
            "complexity",
            2 * R_loss,
        ),
        "not an instance",
    ),
    "one side of the deviation forgotten": (
        with_term(
            without(SHARP, MEAN_DOWN),
            "complexity",
            2 * R_loss,
        ),
        "add up",
    ),
    "vector contraction without sqrt(2)": (
        altered(
            find("risk_gap.paper_vector"), lemmas.CONTRACTION_VECTOR, right=L * lemmas.R_vector_M
        ),
        "not an instance",
    ),
    "the infimum taken the wrong way round": (
        altered(QUALITY, lemmas.INFIMUM, left=RISK_M, right=BEST_M),
        "not an instance",
    ),
    "M and N swapped in the quality gap": (
        altered(swapped(SHARP), lemmas.QUALITY_GAP, left=BEST_N - BEST_M, right=gamma),
        "not an instance",
    ),
    "the infimum of M used for N": (
        altered(SHARP, lemmas.INFIMUM, left=BEST_M, right=RISK_M),
        "add up",
    ),
    "nobody minimised: the ERM step skipped": (
        altered(SHARP, lemmas.ERM, lambda _: None),
        "listed that no lemma needs",
    ),
    "a slack that is negative given away": (
        with_term(
            altered(
                PAPER,
                lemmas.NON_NEGATIVITY,
                lambda step: lemmas.NON_NEGATIVITY.step(x=step.right - 5 * L * R_M),
            ),
            "complexity",
            3 * L * R_M,
        ),
        "not proved non-negative",
    ),
    "an inequality multiplied by a negative number": (
        times(SHARP, lemmas.SYMMETRISATION, -1),
        "the factor -1 is not proved non-negative",
    ),
    "Theorem 2 with the root taken the wrong way round": (
        with_term(
            altered(
                QUALITY_PAPER,
                lemmas.ROOT,
                lambda _: lemmas.ROOT.step(
                    times=C, a=2 * log(1 / delta) / m, b=2 * log(1 / (2 * delta)) / m
                ),
            ),
            "confidence",
            5 * C * sqrt(2 * log(2 / delta) / m) + C * sqrt(2 * log(1 / (2 * delta)) / m),
        ),
        "not proved non-negative",
    ),
    "one stake, two-sided at the one-sided level": (
        dataclasses.replace(HELD_OUT, failure_probability=delta / 2),
        "fail with probability",
    ),
    "one stake without 1 - b C": (
        with_term(
            altered(
                HELD_OUT,
                lemmas.ONE_STAKE,
                lambda step: dataclasses.replace(
                    step, right=bet**2 * Z_square / 2 + log(1 / delta) / m_test
                ),
            ),
            "variance",
            bet * Z_square / 2,
        ),
        "not an instance",
    ),
    "one stake on the rows that trained": (
        altered(
            HELD_OUT,
            lemmas.ONE_STAKE,
            lambda step: dataclasses.replace(step, where=step.where | {lemmas.n: m}),
        ),
        "not an instance",
    ),
    "one stake on the other pair": (swapped(HELD_OUT), "add up"),
    "rows held out, not listed": (
        dataclasses.replace(
            HELD_OUT, assumptions=tuple(a for a in HELD_OUT.assumptions if a.key != "held_out")
        ),
        "need assumptions that are not listed: held_out",
    ),
    **LEAST_SQUARES,
    **POSTERIORS,
    # --- assumptions
    "ERM not listed": (
        dataclasses.replace(
            SHARP, assumptions=tuple(a for a in SHARP.assumptions if a.key != "erm")
        ),
        "need assumptions that are not listed: erm",
    ),
    "Lipschitz loss listed where nothing needs it": (
        dataclasses.replace(SHARP, assumptions=PAPER.assumptions),
        "listed that no lemma needs: lipschitz_loss",
    ),
    "no derivation at all": (
        dataclasses.replace(SHARP, derivation=None),
        "has no derivation",
    ),
}
