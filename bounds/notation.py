"""Every symbol once: its domain, its meaning, its convention and how it is typeset.

A theorem may only use the symbols of this table (`Theorem` rejects others), so that a letter means
one thing in every formula, table and report. Conventions, for the whole library:

* losses take values in [0, C]; a latent representation quality is a loss: lower is better;
* Rademacher complexities are E sup (1/m) sum_i sigma_i f(x_i): 1/m and no absolute value, unless
  the symbol says otherwise (`R_abs_M`: with |.|; `R_vector_M`: c independent signs per example);
* delta is the number that the theorem states; what a theorem fails with is its own
  `failure_probability` (delta/2 or delta).
"""

from __future__ import annotations

import sympy

from bounds.domains import (
    FINITE_POSITIVE,
    NON_NEGATIVE,
    POSITIVE_INTEGER,
    POSITIVE_PART,
    PROBABILITY,
    REAL,
    one_of,
)
from bounds.frozen import FrozenMapping
from bounds.modality_set import Modalities as Modalities
from bounds.modality_set import ModalitySet as ModalitySet
from bounds.modality_set import distinct_pair as distinct_pair
from bounds.quantity import (
    LOSS,
    LOSS_PER_OUTPUT,
    LOSS_SQUARED,
    OUTPUT,
    OUTPUT_SQUARED,
    PER_LOSS,
    ROOT_LOSS,
    Quantity,
)

# The order is that of the arguments of `Theorem.evaluate`: what is measured, then what is
# known, then the sample size, the confidence and what has a default.
_ARGUMENTS = (
    Quantity("gamma", REAL, "quality gap eta(g_M) - eta(g_N)", r"\gamma_S(<M>, <N>)", LOSS),
    Quantity(
        "L_hat",
        REAL,
        "empirical risk of the learned pair minus that of the reference h* o g*",
        r"\hat L(\hat h_{<M>} \circ \hat g_{<M>}, S)",
        LOSS,
    ),
    Quantity("L_hat_M", REAL, "L_hat of the subset M", r"\hat L_{<M>}", LOSS),
    Quantity("L_hat_N", REAL, "L_hat of the subset N", r"\hat L_{<N>}", LOSS),
    Quantity(
        "Z_mean",
        REAL,
        "mean over S_3 of Z, a row's loss with the pair learned on M minus that with the pair of N",
        r"\bar Z",
        LOSS,
    ),
    Quantity(
        "gibbs_hat",
        NON_NEGATIVE,
        "mean over the posterior rho of the empirical risks on S",
        r"\hat r(\rho)",
        LOSS,
    ),
    Quantity("Z_square", NON_NEGATIVE, "mean over S_3 of Z^2", r"\overline{Z^2}", LOSS_SQUARED),
    Quantity(
        "R_M",
        NON_NEGATIVE,
        "Rademacher complexity R_m(F_M) of F_M = H o G_M; 1/m, no absolute value",
        r"\mathfrak{R}_m(\mathcal{F}_{<M>})",
        OUTPUT,
    ),
    Quantity(
        "R_abs_M",
        NON_NEGATIVE,
        "E sup |(1/m) sum sigma_i f(x_i)| over F_M: 1/m, with the absolute value",
        r"\mathfrak{R}^{|\cdot|}_m(\mathcal{F}_{<M>})",
        OUTPUT,
    ),
    Quantity(
        "R_vector_M",
        NON_NEGATIVE,
        "E sup (1/m) sum_i sum_k sigma_ik f_k(x_i) over F_M with c outputs; 1/m",
        r"\mathfrak{R}^{c}_m(\mathcal{F}_{<M>})",
        OUTPUT,
    ),
    Quantity(
        "R",
        NON_NEGATIVE,
        "Rademacher complexity R_m(H o G) of the whole class; 1/m, no absolute value",
        r"\mathfrak{R}_m(\mathcal{H} \circ \mathcal{G})",
        OUTPUT,
    ),
    Quantity(
        "R_vector",
        NON_NEGATIVE,
        "vector form of R_m(H o G), c signs per example; 1/m",
        r"\mathfrak{R}^{c}_m(\mathcal{H} \circ \mathcal{G})",
        OUTPUT,
    ),
    Quantity(
        "R_loss",
        NON_NEGATIVE,
        "Rademacher complexity R_m(l o F_M) of the loss class; 1/m, no absolute value",
        r"\mathfrak{R}_m(\ell \circ \mathcal{F}_{<M>})",
        LOSS,
    ),
    Quantity(
        "R_hat_loss",
        NON_NEGATIVE,
        "empirical complexity of the loss class on the sample itself; 1/m, no absolute value",
        r"\hat{\mathfrak{R}}_S(\ell \circ \mathcal{F}_{<M>})",
        LOSS,
    ),
    Quantity(
        "R_loss_head",
        NON_NEGATIVE,
        "complexity R_m(l o H o g_M) of the heads over the encoder learned on S_1; 1/m",
        r"\mathfrak{R}_{m_2}(\ell \circ \mathcal{H} \circ \hat g_{<M>})",
        LOSS,
    ),
    Quantity(
        "KL",
        NON_NEGATIVE,
        "relative entropy of the posterior rho to the prior pi, in nats",
        r"\operatorname{KL}(\rho, \pi)",
    ),
    Quantity(
        "C_M",
        NON_NEGATIVE,
        "C(F_M), with R_m(F_M) = sqrt(C(F_M)/m)",
        r"C(\mathcal{F}_{<M>})",
        OUTPUT_SQUARED,
    ),
    Quantity(
        "C_N",
        NON_NEGATIVE,
        "C(F_N), with R_m(F_N) = sqrt(C(F_N)/m)",
        r"C(\mathcal{F}_{<N>})",
        OUTPUT_SQUARED,
    ),
    Quantity(
        "V",
        NON_NEGATIVE,
        "trace of Cov(v), v = Sigma^(-1/2) (z xi^T - E z xi^T)",
        r"\operatorname{tr} \operatorname{Cov}(v)",
        LOSS,
    ),
    Quantity("v_norm", NON_NEGATIVE, "largest eigenvalue of Cov(v)", r"\lambda", LOSS),
    Quantity("v_max", NON_NEGATIVE, "sup of the Frobenius norm of v", "b", ROOT_LOSS),
    Quantity("v_frobenius", NON_NEGATIVE, "Frobenius norm of Cov(v)", "F", LOSS),
    Quantity("V_hat", NON_NEGATIVE, "mean over S_2 of |v|^2", r"\hat V", LOSS),
    Quantity(
        "inflation",
        NON_NEGATIVE,
        "how far the second moments on S_2 are from the population's, observed: the largest "
        "eigenvalue of H^(1/2) Sigma_hat^(-2) H^(1/2) in the metric of Sigma, with H = I + "
        "(2 theta/3) (second moment of v on S_2 - Cov(v)); over a convex set of heads that of "
        "H^(1/2) (2 (1 - kappa) Sigma_hat - (1 - kappa)^2 Sigma)^(-1) H^(1/2). 1 if nothing differs",
        "g",
    ),
    Quantity(
        "theta",
        FINITE_POSITIVE,
        "scale of the mixture, fixed before S_2 is drawn; with t = ln(2/delta) the best is "
        "sqrt(t)/(F + 2 lambda sqrt(t))",
        r"\theta",
        PER_LOSS,
    ),
    Quantity(
        "L",
        NON_NEGATIVE,
        "Lipschitz constant of the loss in its first argument",
        "L",
        LOSS_PER_OUTPUT,
    ),
    Quantity("C", NON_NEGATIVE, "the loss takes values in [0, C]", "C", LOSS),
    Quantity("m", POSITIVE_INTEGER, "size of the sample S", "m"),
    Quantity("m_head", POSITIVE_INTEGER, "size of S_2, on which the head is fitted", "m_2"),
    Quantity("m_test", POSITIVE_INTEGER, "size of S_3, the rows held out", "m_3"),
    Quantity(
        "bet",
        FINITE_POSITIVE,
        "stake on every row, fixed before S_3 is drawn; the best is about sqrt(2 ln(1/delta)/(m_3 E Z^2))",
        r"\beta",
        PER_LOSS,
    ),
    Quantity(
        "lam",
        FINITE_POSITIVE,
        "inverse temperature, fixed before S is drawn; the best is sqrt(8 m (KL + ln(1/delta)))/C",
        r"\lambda",
        PER_LOSS,
    ),
    Quantity("delta", PROBABILITY, "confidence parameter", r"\delta"),
    Quantity(
        "kappa",
        POSITIVE_PART,
        "1 - lambda_min(Sigma^(-1/2) Sigma_hat Sigma^(-1/2)), observed on S_2; any larger number "
        "serves as well, so a negative one counts as 0",
        r"\kappa",
    ),
    Quantity("leverage", NON_NEGATIVE, "rho^2 = sup of z^T Sigma^(-1) z", r"\rho^2"),
    Quantity("p", POSITIVE_INTEGER, "rank of Sigma = E z z^T", "p"),
    Quantity(
        "slack", NON_NEGATIVE, "certified r_hat(h o g) - inf_h r_hat(h o g)", r"\varepsilon", LOSS
    ),
    Quantity(
        "first_order_slack",
        NON_NEGATIVE,
        "certified largest <gradient of r_hat at B, B - B'> over the heads B' (Frank-Wolfe gap)",
        r"\varepsilon_1",
        LOSS,
    ),
    Quantity(
        "best_risk",
        NON_NEGATIVE,
        "inf_h r(h o g_M) (risk gap) or r(h* o g*) (latent quality); used by `vacuous` alone",
        r"r^\star",
        LOSS,
    ),
)

_STATED = (
    ("risk_M", r"r(\hat h_{<M>} \circ \hat g_{<M>})", "population risk of the pair learned on M"),
    ("risk_N", r"r(\hat h_{<N>} \circ \hat g_{<N>})", "population risk of the pair learned on N"),
    ("eta_M", r"\eta(\hat g_{<M>})", "latent quality inf_h r(h o g_M) - r(h* o g*)"),
    ("gibbs", r"r(\rho)", "mean over the posterior rho of the population risks"),
    ("bound_M", r"B_{<M>}", "Theorem 2's bound on eta(g_M), at the rate sqrt(C(F_M)/m)"),
    ("bound_N", r"B_{<N>}", "Theorem 2's bound on eta(g_N), at the rate sqrt(C(F_N)/m)"),
)

QUANTITIES: FrozenMapping[str, Quantity] = FrozenMapping(
    {each.name: each for each in _ARGUMENTS}
    | {
        name: Quantity(name, REAL, meaning, latex, LOSS, internal=True)
        for name, latex, meaning in _STATED
    }
    | {
        "kl_gibbs": Quantity(
            "kl_gibbs",
            REAL,
            "binary relative entropy kl(q || p) at q = gibbs_hat/C and p = gibbs/C",
            r"\operatorname{kl}(\hat r(\rho)/C, r(\rho)/C)",
            internal=True,
        )
    }
)


_SYMBOLS = [each.name.upper() if each.internal else each.name for each in QUANTITIES.values()]


def symbol(name: str) -> sympy.Symbol:
    """The symbol of that name, with the sympy assumptions of its domain.

    Examples
    --------
    >>> symbol("m").is_integer, symbol("gamma").is_real
    (True, True)
    """
    return QUANTITIES[one_of("name", name, QUANTITIES)].symbol


gamma, L_hat, L_hat_M, L_hat_N = map(symbol, ("gamma", "L_hat", "L_hat_M", "L_hat_N"))
R_M, R_abs_M, R_vector_M = map(symbol, ("R_M", "R_abs_M", "R_vector_M"))
R, R_vector, R_loss = map(symbol, ("R", "R_vector", "R_loss"))
R_hat_loss, R_loss_head = map(symbol, ("R_hat_loss", "R_loss_head"))
C_M, C_N, V, v_norm, v_max = map(symbol, ("C_M", "C_N", "V", "v_norm", "v_max"))
Z_mean, Z_square, bet, m_test = map(symbol, ("Z_mean", "Z_square", "bet", "m_test"))
v_frobenius, V_hat, inflation, theta = map(symbol, ("v_frobenius", "V_hat", "inflation", "theta"))
L, C, m, m_head, delta = map(symbol, ("L", "C", "m", "m_head", "delta"))
kappa, leverage, p = map(symbol, ("kappa", "leverage", "p"))
slack, first_order_slack, best_risk = map(symbol, ("slack", "first_order_slack", "best_risk"))
gibbs_hat, KL, lam = map(symbol, ("gibbs_hat", "KL", "lam"))
GIBBS, KL_GIBBS = map(symbol, ("gibbs", "kl_gibbs"))
RISK_M, RISK_N, ETA_M = map(symbol, ("risk_M", "risk_N", "eta_M"))
BOUND_M, BOUND_N = map(symbol, ("bound_M", "bound_N"))


def __dir__() -> list[str]:
    return ["Modalities", "ModalitySet", "QUANTITIES", "distinct_pair", "symbol", *_SYMBOLS]
