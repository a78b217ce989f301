"""Lemmas of PAC-Bayesian bounds: a prior, a posterior, one sample; `bounds.proofs.lemmas` has the others."""

from __future__ import annotations

import sympy
from sympy import log, sqrt

from bounds.notation import GIBBS, KL, KL_GIBBS, C, gibbs_hat, lam, m
from bounds.statement.derivation import Lemma
from bounds.statement.intermediate import (
    GIBBS_GAP,
    LOG_MEAN_KL,
    LOG_MEAN_TILT,
    LOG_PRIOR_KL,
    LOG_PRIOR_TILT,
    MEAN_KL,
)

level = sympy.Symbol("level", positive=True)

POSTERIOR_GAP = Lemma(
    "gap of the posterior",
    "the gap of the two risks of the posterior, as a multiple of the range of the loss",
    "definition",
    ((GIBBS - gibbs_hat, C * GIBBS_GAP),),
)
JOINT_CONVEXITY = Lemma(
    "convexity of relative entropy",
    "kl(q || p) is convex in the pair (q, p): at the posterior's means it is at most its mean",
    "Cover and Thomas (2006), Theorem 2.7.2; Jensen",
    ((KL_GIBBS, MEAN_KL),),
)
PINSKER = Lemma(
    "Pinsker",
    "2 (p - q)^2 is at most kl(q || p)",
    "Pinsker (1964); Cover and Thomas (2006), Lemma 11.6.1",
    ((2 * GIBBS_GAP**2, KL_GIBBS),),
)
CHANGE_OF_MEASURE = Lemma(
    "change of measure",
    "E_rho f is at most KL(rho || pi) + ln E_pi exp(f), for every posterior rho and every f: here for "
    "f = m kl(r_hat(h)/C || r(h)/C) (form 0) and f = lambda (r(h) - r_hat(h)) (form 1)",
    "Donsker and Varadhan (1975); Csiszar (1975)",
    (
        (m * MEAN_KL, KL + LOG_PRIOR_KL),
        (lam * (GIBBS - gibbs_hat), KL + LOG_PRIOR_TILT),
    ),
)
MARKOV = Lemma(
    "Markov under the prior",
    "a positive variable exceeds its mean over S, divided by the level, with at most that probability; "
    "the prior is fixed, so that means over S and over the prior may be exchanged",
    "Markov's inequality; Fubini",
    (
        (LOG_PRIOR_KL, LOG_MEAN_KL + log(1 / level)),
        (LOG_PRIOR_TILT, LOG_MEAN_TILT + log(1 / level)),
    ),
    needs=("prior",),
    parameters=(level,),
    conditions=(log(1 / level),),
    failure=level,
)
MAURER = Lemma(
    "Maurer",
    "E exp(m kl(mean || E mean)) <= 2 sqrt(m) for the mean of m independent numbers in [0, 1]",
    "Maurer (2004), Theorem 1; for m below 8: Germain, Lacasse, Laviolette, Marchand, Roy (2015), "
    "Lemma 19",
    ((LOG_MEAN_KL, log(2 * sqrt(m))),),
    needs=("iid", "bounded_loss"),
)
SEEGER = Lemma(
    "Seeger",
    "E exp(m kl(mean || E mean)) <= m + 1: of the m + 1 summands of the binomial sum none exceeds 1",
    "Seeger (2002), proof of Theorem 1; Maurer (2004), Lemma 3, for numbers in [0, 1]",
    ((LOG_MEAN_KL, log(m + 1)),),
    needs=("iid", "bounded_loss"),
)
HOEFFDING = Lemma(
    "Hoeffding",
    "E exp(lambda (E mean - mean)) <= exp(lambda^2 C^2/(8 m)) for the mean of m independent numbers in "
    "[0, C]",
    "Hoeffding (1963), equation (4.16)",
    ((LOG_MEAN_TILT, lam**2 * C**2 / (8 * m)),),
    needs=("iid", "bounded_loss"),
)
