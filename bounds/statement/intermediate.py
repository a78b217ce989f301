"""Quantities that occur in derivations and cancel before the statement is reached."""

from __future__ import annotations

import sympy

from bounds.domains import NON_NEGATIVE, REAL, Domain
from bounds.frozen import FrozenMapping
from bounds.quantity import LOSS, NO_UNITS, ROOT_LOSS, Quantity

_TABLE: tuple[tuple[str, Domain, str, str], ...] = (
    ("best_M", REAL, r"\inf_h r(h \circ \hat g_{<M>})", "best risk on the encoder of M"),
    ("best_N", REAL, r"\inf_h r(h \circ \hat g_{<N>})", "best risk on the encoder of N"),
    ("risk_star", REAL, r"r(h^\star \circ g^\star)", "risk of the reference"),
    ("empirical_M", REAL, r"\hat r(\hat f_{<M>})", "empirical risk of the pair learned on M"),
    ("empirical_best_M", REAL, r"\hat r(f'_{<M>})", "empirical risk of the population's best head"),
    (
        "empirical_head",
        REAL,
        r"\hat r_2(\hat f_{<M>})",
        "empirical risk of the learned pair on S_2",
    ),
    (
        "empirical_best_head",
        REAL,
        r"\hat r_2(f'_{<M>})",
        "empirical risk of the population's best head on S_2",
    ),
    ("empirical_star", REAL, r"\hat r(h^\star \circ g^\star)", "empirical risk of the reference"),
    ("up", REAL, r"\Phi^{+}", "sup over F_M of r - r_hat"),
    ("down", REAL, r"\Phi^{-}", "sup over F_M of r_hat - r"),
    ("up_head", REAL, r"\Phi^{+}_{2}", "sup over H o g_M of r - r_hat on S_2"),
    ("mean_up", REAL, r"\mathbb{E}\Phi^{+}", "mean of up"),
    ("mean_down", REAL, r"\mathbb{E}\Phi^{-}", "mean of down"),
    ("mean_up_head", REAL, r"\mathbb{E}\Phi^{+}_{2}", "mean of up_head, given S_1"),
    ("deviation_star", REAL, r"\Delta^\star", "r_hat - r of the reference"),
    ("deviation_best", REAL, r"\Delta'", "r_hat - r of the best head on S_2, given S_1"),
    (
        "R_abs_loss",
        NON_NEGATIVE,
        r"\mathfrak{R}^{|\cdot|}_m(\ell \circ \mathcal{F}_{<M>})",
        "complexity of the loss class with absolute value, 1/m",
    ),
    ("common", REAL, "D", "what Theorem 2's bounds of all subsets share"),
    ("tilt", REAL, r"a", "-<E z xi^T, B - B'>"),
    ("energy", REAL, r"\|\Delta\|^2_{\hat\Sigma}", "squared distance of the heads on S_2"),
    ("alignment", REAL, r"\langle u, \Delta \rangle", "u = (P_n - P) z xi^T"),
    (
        "distance",
        NON_NEGATIVE,
        r"\|\Delta\|_{\Sigma}",
        "distance of the heads in the metric Sigma",
    ),
    ("noise", NON_NEGATIVE, r"\|u\|_{\Sigma^{-1}}", "norm of u in the metric of Sigma^-1"),
    (
        "self_noise",
        NON_NEGATIVE,
        r"\|u\|^2_{H^{-1}}",
        "squared norm of Sigma^(-1/2) u in the metric of H^-1",
    ),
    ("log_sample", REAL, r"\tfrac12 \ln \det H", "half of ln det H, observed on S_2"),
    (
        "log_population",
        NON_NEGATIVE,
        r"-\tfrac12 \ln \det(I - 2\theta\operatorname{Cov}(v))",
        "minus half of ln det(I - 2 theta Cov(v))",
    ),
    ("difference", REAL, r"\mathbb{E} Z", "mean of Z for the two learned pairs"),
    ("gibbs_gap", REAL, r"\Delta_\rho", "(r(rho) - r_hat(rho))/C"),
    (
        "mean_kl",
        REAL,
        r"\mathbb{E}_\rho \operatorname{kl}",
        "mean over h of the posterior of kl(r_hat(h)/C || r(h)/C)",
    ),
    (
        "log_prior_kl",
        REAL,
        r"\ln \mathbb{E}_\pi e^{m \operatorname{kl}}",
        "ln of the mean over h of the prior of exp(m kl(r_hat(h)/C || r(h)/C))",
    ),
    (
        "log_mean_kl",
        REAL,
        r"\ln \mathbb{E}_S \mathbb{E}_\pi e^{m \operatorname{kl}}",
        "ln of the mean of that over S",
    ),
    (
        "log_prior_tilt",
        REAL,
        r"\ln \mathbb{E}_\pi e^{\lambda (r - \hat r)}",
        "ln of the mean over h of the prior of exp(lambda (r(h) - r_hat(h)))",
    ),
    (
        "log_mean_tilt",
        REAL,
        r"\ln \mathbb{E}_S \mathbb{E}_\pi e^{\lambda (r - \hat r)}",
        "ln of the mean of that over S",
    ),
)
_UNITS = {
    "distance": ROOT_LOSS,
    "noise": ROOT_LOSS,
    "log_sample": NO_UNITS,
    "log_population": NO_UNITS,
    **dict.fromkeys(
        ("gibbs_gap", "mean_kl", "log_prior_kl", "log_mean_kl", "log_prior_tilt", "log_mean_tilt"),
        NO_UNITS,
    ),
}

INTERMEDIATE: FrozenMapping[str, Quantity] = FrozenMapping(
    {
        name: Quantity(name, domain, meaning, latex, _UNITS.get(name, LOSS), internal=True)
        for name, domain, latex, meaning in _TABLE
    }
)


def _symbol(name: str) -> sympy.Symbol:
    return INTERMEDIATE[name].symbol


BEST_M, BEST_N, RISK_STAR = map(_symbol, ("best_M", "best_N", "risk_star"))
EMPIRICAL_M, EMPIRICAL_BEST_M, EMPIRICAL_STAR = map(
    _symbol, ("empirical_M", "empirical_best_M", "empirical_star")
)
EMPIRICAL_HEAD, EMPIRICAL_BEST_HEAD = map(_symbol, ("empirical_head", "empirical_best_head"))
UP, DOWN, UP_HEAD = map(_symbol, ("up", "down", "up_head"))
MEAN_UP, MEAN_DOWN, MEAN_UP_HEAD = map(_symbol, ("mean_up", "mean_down", "mean_up_head"))
DEVIATION_STAR, DEVIATION_BEST = map(_symbol, ("deviation_star", "deviation_best"))
R_abs_loss, COMMON = map(_symbol, ("R_abs_loss", "common"))
TILT, ENERGY, ALIGNMENT = map(_symbol, ("tilt", "energy", "alignment"))
DISTANCE, NOISE, SELF_NOISE = map(_symbol, ("distance", "noise", "self_noise"))
LOG_SAMPLE, LOG_POPULATION = map(_symbol, ("log_sample", "log_population"))
DIFFERENCE = _symbol("difference")
GIBBS_GAP, MEAN_KL = map(_symbol, ("gibbs_gap", "mean_kl"))
LOG_PRIOR_KL, LOG_MEAN_KL = map(_symbol, ("log_prior_kl", "log_mean_kl"))
LOG_PRIOR_TILT, LOG_MEAN_TILT = map(_symbol, ("log_prior_tilt", "log_mean_tilt"))
