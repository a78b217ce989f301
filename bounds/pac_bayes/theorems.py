"""Four PAC-Bayesian bounds, in the order in which they were sharpened or applied.

    kl(r_hat(rho)/C || r(rho)/C) <= (KL(rho, pi) + ln(.../delta))/m
    r(rho) <= r_hat(rho) + deviation

rho is any posterior, also one chosen on S; r(rho) is the mean over rho of the risks. Failure probability:
delta in every form.
"""

from __future__ import annotations

import dataclasses

import sympy
from sympy import log, sqrt

from bounds.notation import (
    GIBBS,
    KL,
    KL_GIBBS,
    C,
    Modalities,
    ModalitySet,
    delta,
    gibbs_hat,
    lam,
    m,
)
from bounds.proofs import lemmas, posteriors
from bounds.proofs.assumptions import assume
from bounds.statement.derivation import Derivation, Lemma, Step
from bounds.statement.intermediate import GIBBS_GAP
from bounds.theorem import Summands, Term, Theorem

EMPIRICAL_RISK = Term("empirical_risk", gibbs_hat, measured=True)
# In the world of one predictor the average is of its own losses, and the posterior is the prior.
LOSSES = Summands("gibbs_hat", sympy.Integer(0), C)


def _of_kl(moment: Lemma, times: sympy.Expr) -> tuple[Step, ...]:
    """The steps to `times` kl(r_hat(rho)/C || r(rho)/C) <= `times` (KL + ln(moment/delta))/m."""
    return (
        posteriors.JOINT_CONVEXITY.step(times=times),
        posteriors.CHANGE_OF_MEASURE.step(times=times / m),
        posteriors.MARKOV.step(times=times / m, level=delta),
        moment.step(times=times / m),
    )


def _relative_entropy(
    M: Modalities, key: str, title: str, reference: str, confidence: sympy.Expr, moment: Lemma
) -> Theorem:
    return Theorem(
        key=key,
        title=title,
        subsets=(ModalitySet.of(M),),
        lhs=KL_GIBBS,
        terms=(Term("divergence", KL / m), Term("confidence", confidence)),
        assumptions=assume("iid", "bounded_loss", "prior"),
        failure_probability=delta,
        reference=reference,
        directions={"KL": 1, "m": -1, "delta": -1},
        derivation=Derivation(_of_kl(moment, sympy.Integer(1))),
    )


def kl(M: Modalities) -> Theorem:
    """PAC-Bayes-kl as it was found: a bound on the relative entropy of the two risks.

    `largest_risk` turns it into a bound on the risk. It is two-sided: the risk is not much smaller either.

    Examples
    --------
    >>> round(kl("TA").evaluate(KL=5, m=1000, delta=0.05).total, 5)
    0.0149
    """
    return _relative_entropy(
        M,
        "pac_bayes.kl",
        "PAC-Bayes-kl",
        "Langford and Seeger (2001); Seeger (2002), Theorem 1",
        log((m + 1) / delta) / m,
        posteriors.SEEGER,
    )


def maurer(M: Modalities) -> Theorem:
    """PAC-Bayes-kl with 2 sqrt(m) in the place of m + 1.

    Examples
    --------
    >>> round(maurer("TA").evaluate(KL=5, m=1000, delta=0.05).total, 5)
    0.01214
    """
    return _relative_entropy(
        M,
        "pac_bayes.maurer",
        "PAC-Bayes-kl, Maurer's constant",
        "Maurer (2004), Theorem 5",
        log(2 * sqrt(m) / delta) / m,
        posteriors.MAURER,
    )


def mcallester(M: Modalities) -> Theorem:
    """McAllester's bound, with Maurer's constant: Maurer's form and Pinsker's inequality.

    Examples
    --------
    >>> v = mcallester("TA").evaluate(gibbs_hat=0.02, KL=50, C=1, m=10_000, delta=0.05)
    >>> round(v.total, 4)
    0.074
    """
    # 2xy - y^2 <= x^2 at x = the gap and y = its bound turns x^2 <= y^2 into x <= y.
    most = sqrt((KL + log(2 * sqrt(m) / delta)) / (2 * m))
    return Theorem(
        key="pac_bayes.mcallester",
        title="McAllester's bound",
        subsets=(ModalitySet.of(M),),
        lhs=GIBBS,
        terms=(EMPIRICAL_RISK, Term("deviation", C * most)),
        assumptions=assume("iid", "bounded_loss", "prior"),
        failure_probability=delta,
        reference="McAllester (1999, 2003), with Maurer (2004), Theorem 5",
        directions={"gibbs_hat": 1, "KL": 1, "C": 1, "m": -1, "delta": -1},
        summands=LOSSES,
        derivation=Derivation(
            (
                posteriors.POSTERIOR_GAP.step(),
                lemmas.SQUARE.step(times=C / (2 * most), x=GIBBS_GAP, y=most),
                posteriors.PINSKER.step(times=C / (4 * most)),
                *_of_kl(posteriors.MAURER, C / (4 * most)),
            )
        ),
    )


def catoni(M: Modalities) -> Theorem:
    """Catoni's bound, linear in the empirical risk, for one inverse temperature fixed in advance.

    Its form with exponentials (Catoni 2007, Theorem 1.2.6) is sharper, and no sum of terms.

    Examples
    --------
    >>> v = catoni("TA").evaluate(gibbs_hat=0.02, KL=50, C=1, m=10_000, lam=2000, delta=0.05)
    >>> round(v.total, 4)
    0.0715
    """
    return Theorem(
        key="pac_bayes.catoni",
        title="Catoni's bound",
        subsets=(ModalitySet.of(M),),
        lhs=GIBBS,
        terms=(
            EMPIRICAL_RISK,
            Term("variance", lam * C**2 / (8 * m)),
            Term("divergence", KL / lam),
            Term("confidence", log(1 / delta) / lam),
        ),
        assumptions=assume("iid", "bounded_loss", "prior"),
        failure_probability=delta,
        reference="Catoni (2003); Alquier (2024), Theorem 2.1",
        directions={"gibbs_hat": 1, "KL": 1, "C": 1, "m": -1, "delta": -1},
        summands=dataclasses.replace(LOSSES, known={"lam": 1 / C}),
        derivation=Derivation(
            (
                posteriors.CHANGE_OF_MEASURE.step(form=1, times=1 / lam),
                posteriors.MARKOV.step(form=1, times=1 / lam, level=delta),
                posteriors.HOEFFDING.step(times=1 / lam),
            )
        ),
    )
