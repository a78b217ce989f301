"""The lemmas that derivations may use, between quantities of the notation and intermediate ones.

Each is an inequality between sympy expressions. Its assumptions, the probability with which it
fails and its reference are fields. Forms are one-sided uses: an equality may appear both ways round.
"""

from __future__ import annotations

import sympy
from sympy import log, sqrt

from bounds.frozen import FrozenMapping
from bounds.notation import (
    BOUND_M,
    BOUND_N,
    C_M,
    C_N,
    ETA_M,
    R_M,
    RISK_M,
    RISK_N,
    C,
    L,
    L_hat,
    L_hat_M,
    L_hat_N,
    R_abs_M,
    R_hat_loss,
    R_loss,
    R_loss_head,
    R_vector_M,
    Z_mean,
    Z_square,
    gamma,
    m,
    m_head,
    slack,
)
from bounds.proofs import least_squares, posteriors
from bounds.proofs.inequalities import same
from bounds.statement.derivation import Lemma, Substitution
from bounds.statement.intermediate import (
    BEST_M,
    BEST_N,
    COMMON,
    DEVIATION_BEST,
    DEVIATION_STAR,
    DIFFERENCE,
    DOWN,
    EMPIRICAL_BEST_HEAD,
    EMPIRICAL_BEST_M,
    EMPIRICAL_HEAD,
    EMPIRICAL_M,
    EMPIRICAL_STAR,
    MEAN_DOWN,
    MEAN_UP,
    MEAN_UP_HEAD,
    RISK_STAR,
    UP,
    UP_HEAD,
    R_abs_loss,
)

Z, mean, x, y = sympy.symbols("Z mean x y", real=True)
change, level, n, a, b, stake = sympy.symbols("change level n a b stake", positive=True)

# What McDiarmid's inequality may be applied to: its mean, the n that it is computed from, and the
# multiple of C/n by which it moves at most when one of its n examples changes. A complexity moves by
# half of that: given the other signs, example i adds the mean of sup (A + f_i) and sup (A - f_i),
# which lies between sup A and sup A + C/2 for a loss class centred at C/2.
BOUNDED_DIFFERENCES: dict[sympy.Symbol, tuple[sympy.Expr, sympy.Symbol, sympy.Rational]] = {
    UP: (MEAN_UP, m, sympy.Integer(1)),
    DOWN: (MEAN_DOWN, m, sympy.Integer(1)),
    R_hat_loss: (R_loss, m, sympy.Rational(1, 2)),
    DEVIATION_STAR: (sympy.Integer(0), m, sympy.Integer(1)),
    UP_HEAD: (MEAN_UP_HEAD, m_head, sympy.Integer(1)),
    DEVIATION_BEST: (sympy.Integer(0), m_head, sympy.Integer(1)),
}


def _bounded_differences(where: Substitution) -> str | None:
    variable, examples = where[Z], where[n]
    total_mean, moves = sympy.Integer(0), sympy.Integer(0)
    for symbol, weight in variable.as_coefficients_dict().items():
        if symbol not in BOUNDED_DIFFERENCES:
            return f"nothing is known about how {symbol} moves with one example"
        its_mean, its_examples, multiple = BOUNDED_DIFFERENCES[symbol]
        if examples != its_examples:
            return f"{symbol} depends on {its_examples} examples, not on {examples}"
        total_mean += weight * its_mean
        moves += abs(weight) * multiple * C / examples
    if not same(where[mean], total_mean):
        return f"the mean of {variable} is {total_mean}, not {where[mean]}"
    if not same(where[change], moves):
        return f"one example moves {variable} by up to {moves}, not {where[change]}"
    return None


QUALITY_GAP = Lemma(
    "quality gap",
    "gamma is the difference of the latent qualities; r(h* o g*) cancels in it",
    "definition",
    ((BEST_M - BEST_N, gamma), (gamma, BEST_M - BEST_N)),
)
LATENT_QUALITY = Lemma(
    "latent quality",
    "eta is the best risk on top of the encoder minus that of the reference",
    "definition",
    ((ETA_M, BEST_M - RISK_STAR),),
)
EMPIRICAL_LOSS = Lemma(
    "centred empirical loss",
    "L_hat is the empirical risk of the learned pair minus that of the reference",
    "definition",
    ((EMPIRICAL_M - EMPIRICAL_STAR, L_hat),),
)
REFERENCE_DEVIATION = Lemma(
    "deviation of the reference",
    "the reference is one fixed function: its empirical risk has the mean r(h* o g*)",
    "definition",
    ((EMPIRICAL_STAR - RISK_STAR, DEVIATION_STAR),),
)
INFIMUM = Lemma(
    "infimum",
    "no head does better than the best one",
    "definition of inf_h r(h o g)",
    ((BEST_M, RISK_M), (BEST_N, RISK_N)),
    needs=("fixed_class",),
)
SUPREMUM = Lemma(
    "supremum",
    "a member of the class deviates by no more than the supremum over the class",
    "definition of the supremum; f' = h' o g_M with h' optimal for the population",
    ((RISK_M - EMPIRICAL_M, UP), (EMPIRICAL_BEST_M - BEST_M, DOWN)),
    needs=("fixed_class",),
)
SUPREMUM_OVER_HEADS = Lemma(
    "supremum over heads",
    "given S_1 the learned pair is a member of the class H o g_M, fixed before S_2 is drawn",
    "definition of the supremum",
    ((RISK_M - EMPIRICAL_HEAD, UP_HEAD),),
    needs=("fixed_class", "independent_split"),
)
FIXED_FUNCTION = Lemma(
    "fixed function",
    "given S_1 the best head is one fixed function: on S_2 its empirical risk has the mean r(f')",
    "definition",
    ((EMPIRICAL_BEST_HEAD - BEST_M, DEVIATION_BEST),),
    needs=("independent_split",),
)
ERM = Lemma(
    "ERM optimality",
    "the learned head is at least as good on S as the population's best one (form 0), or within "
    "the slack (form 1)",
    "definition of empirical risk minimisation over heads",
    ((EMPIRICAL_M, EMPIRICAL_BEST_M), (EMPIRICAL_M, EMPIRICAL_BEST_M + slack)),
    needs=("erm",),
)
ERM_ON_HEAD_SAMPLE = Lemma(
    "ERM optimality on S_2",
    "the learned head is at least as good on S_2 as the population's best one, within the slack",
    "definition of empirical risk minimisation over heads",
    ((EMPIRICAL_HEAD, EMPIRICAL_BEST_HEAD + slack),),
    needs=("erm",),
)
MCDIARMID = Lemma(
    "McDiarmid",
    "P(Z > E Z + t) <= exp(-2 t^2 / (n change^2))",
    "McDiarmid (1989), Lemma 1.2",
    ((Z, mean + change * sqrt(n * log(1 / level) / 2)),),
    needs=("iid", "bounded_loss"),
    parameters=(Z, mean, change, n, level),
    conditions=(log(1 / level),),
    failure=level,
    objection=_bounded_differences,
)
SYMMETRISATION = Lemma(
    "symmetrisation",
    "E sup (r - r_hat) and E sup (r_hat - r) are at most 2 R_n of the loss class",
    "Koltchinskii (2001); Bartlett and Mendelson (2002), proof of Theorem 8",
    ((MEAN_UP, 2 * R_loss), (MEAN_DOWN, 2 * R_loss), (MEAN_UP_HEAD, 2 * R_loss_head)),
    needs=("iid",),
)
ABSOLUTE_VALUE = Lemma(
    "absolute value",
    "a supremum is at most the supremum of absolute values",
    "x <= |x|",
    ((R_loss, R_abs_loss), (R_M, R_abs_M)),
)
CONTRACTION = Lemma(
    "contraction",
    "a loss that is L-Lipschitz in a real output multiplies the complexity by at most L",
    "Ledoux and Talagrand (1991), Theorem 4.12; without absolute value: Meir and Zhang (2003)",
    ((R_loss, L * R_M),),
    needs=("lipschitz_loss",),
)
CONTRACTION_ABSOLUTE = Lemma(
    "contraction with absolute value",
    "with |.| contraction needs l(., 0) = 0 and costs 2L; centring costs E|sum sigma_i l_i(0)|/m",
    "Bartlett and Mendelson (2002), Theorem 12.4 and 12.5",
    ((R_abs_loss, 2 * L * R_abs_M + C / sqrt(m)),),
    needs=("lipschitz_loss", "bounded_loss"),
)
CONTRACTION_VECTOR = Lemma(
    "vector contraction",
    "for c outputs and a loss that is L-Lipschitz in the Euclidean norm the factor is sqrt(2) L",
    "Maurer (ALT 2016), Corollary 4",
    ((R_loss, sqrt(2) * L * R_vector_M),),
    needs=("lipschitz_loss",),
)
COMPLEXITY_RATE = Lemma(
    "complexity at its rate",
    "R_m(F_M) = sqrt(C(F_M)/m)",
    "assumption of the rate",
    ((R_M, sqrt(C_M / m)),),
    needs=("complexity_rate",),
)
NON_NEGATIVITY = Lemma(
    "slack given away",
    "adding a non-negative number to a bound leaves it true",
    "x >= 0",
    ((sympy.Integer(0), x),),
    parameters=(x,),
    conditions=(x,),
)
ROOT = Lemma(
    "monotone root",
    "the square root is monotone",
    "0 <= a <= b",
    ((sqrt(a), sqrt(b)),),
    parameters=(a, b),
    conditions=(a, b - a),
)
SQUARE = Lemma(
    "quadratic maximisation",
    "2xy - y^2 is at most x^2",
    "(x - y)^2 >= 0",
    ((2 * x * y - y**2, x**2),),
    parameters=(x, y),
)
COMPARED_BOUND = Lemma(
    "Theorem 2 at the rate",
    "Theorem 2's bound: its own L_hat and complexity, and what it shares with other subsets",
    "definition",
    (
        (BOUND_M, L_hat_M + 4 * L * sqrt(C_M / m) + COMMON),
        (-BOUND_N, -(L_hat_N + 4 * L * sqrt(C_N / m) + COMMON)),
    ),
    needs=("complexity_rate",),
)
REACHABILITY = Lemma(
    "reachable predictors",
    "heads on a learned encoder of M of full rank reach every linear predictor on N within the radius",
    "the ball of linear predictors on N is the ball on M intersected with a subspace",
    ((BEST_M, BEST_N),),
    needs=("linear_class", "full_latent", "nested"),
)
HELD_OUT_MEAN = Lemma(
    "mean on held-out rows",
    "both pairs are fixed before S_3 is drawn: the mean of Z is the difference of their risks",
    "definition",
    ((RISK_M - RISK_N, DIFFERENCE),),
    needs=("held_out",),
)
ONE_STAKE = Lemma(
    "capital of one stake",
    "E exp(b (E Z - Z) - b^2 Z^2 / (2 (1 - b C))) <= 1 for |Z| <= C and b C < 1, and Markov",
    "Fan, Grama, Liu (2015), Proposition 4.1; Howard, Ramdas, McAuliffe, Sekhon (2021)",
    (
        (
            stake * (DIFFERENCE - Z_mean),
            stake**2 * Z_square / (2 * (1 - stake * C)) + log(1 / level) / n,
        ),
    ),
    needs=("iid", "bounded_loss", "held_out"),
    parameters=(stake, level, n),
    conditions=(stake, 1 - stake * C, log(1 / level)),
    failure=level,
)

LEMMAS: FrozenMapping[str, Lemma] = FrozenMapping(
    {
        each.key: each
        for module in (globals(), vars(least_squares), vars(posteriors))
        for each in module.values()
        if isinstance(each, Lemma)
    }
)
"""Every lemma by its key; a proof may use no other, unless it is named as the author's own."""
