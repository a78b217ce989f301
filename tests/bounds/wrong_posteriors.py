"""Wrong PAC-Bayesian theorems."""

from __future__ import annotations

import dataclasses

from slips import altered, with_term
from sympy import log, sqrt

from bounds.catalogue import find
from bounds.notation import (
    KL,
    C,
    delta,
    lam,
    m,
)
from bounds.proofs import posteriors
from bounds.statement.intermediate import (
    GIBBS_GAP,
    LOG_PRIOR_TILT,
)
from bounds.theorem import Theorem

MCALLESTER, CATONI = find("pac_bayes.mcallester"), find("pac_bayes.catoni")

POSTERIORS: dict[str, tuple[Theorem, str]] = {
    "PAC-Bayes: log(2 sqrt(m))/delta for log(2 sqrt(m)/delta)": (
        with_term(MCALLESTER, "deviation", C * sqrt((KL + log(2 * sqrt(m)) / delta) / (2 * m))),
        "add up",
    ),
    "PAC-Bayes-kl with Maurer's constant, from Seeger's lemma": (
        with_term(find("pac_bayes.kl"), "confidence", log(2 * sqrt(m) / delta) / m),
        "add up",
    ),
    "Maurer's lemma without its factor 2": (
        with_term(
            altered(find("pac_bayes.maurer"), posteriors.MAURER, right=log(sqrt(m))),
            "confidence",
            log(sqrt(m) / delta) / m,
        ),
        "not an instance",
    ),
    "Pinsker with 4 for 2": (
        altered(MCALLESTER, posteriors.PINSKER, left=4 * GIBBS_GAP**2),
        "not an instance",
    ),
    "Markov's inequality at level 2 delta": (
        with_term(
            altered(
                CATONI,
                posteriors.MARKOV,
                lambda step: posteriors.MARKOV.step(form=1, times=step.times, level=2 * delta),
            ),
            "confidence",
            log(1 / (2 * delta)) / lam,
        ),
        "fail with probability",
    ),
    "a posterior that costs half": (
        with_term(
            altered(CATONI, posteriors.CHANGE_OF_MEASURE, right=KL / 2 + LOG_PRIOR_TILT),
            "divergence",
            KL / (2 * lam),
        ),
        "not an instance",
    ),
    "Hoeffding's lemma with 2 for 8": (
        with_term(CATONI, "variance", lam * C**2 / (2 * m)),
        "add up",
    ),
    "a prior that may depend on S": (
        dataclasses.replace(
            CATONI, assumptions=tuple(a for a in CATONI.assumptions if a.key != "prior")
        ),
        "need assumptions that are not listed: prior",
    ),
}
