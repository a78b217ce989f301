"""Theorem 1: how much worse the risk learned from the modalities M can be than that from N.

    r(h_M o g_M) - r(h_N o g_N) <= gamma_S(M, N) + complexity + confidence (+ slack)

M and N are distinct, not "independent" as popular accounts have it; neither need contain the
other, and only the complexity of M's class enters. Complexities have 1/m and no absolute value
unless the symbol says otherwise. Failure probability: delta/2 in every form but `held_out`, delta.
"""

from __future__ import annotations

import sympy
from sympy import log, sqrt

from bounds.decomposition import DECOMPOSITION, QUALITY_GAP
from bounds.fast_rate import fast_rate
from bounds.fast_rate_mixture import fast_rate_mixture
from bounds.held_out import held_out
from bounds.notation import (
    R_M,
    RISK_M,
    RISK_N,
    C,
    L,
    Modalities,
    R_abs_M,
    R_hat_loss,
    R_loss,
    R_loss_head,
    R_vector_M,
    delta,
    distinct_pair,
    m,
    m_head,
    slack,
)
from bounds.proofs import lemmas
from bounds.proofs.assumptions import PAPER, assume
from bounds.statement.derivation import Derivation, Step
from bounds.statement.intermediate import (
    DEVIATION_BEST,
    DOWN,
    MEAN_DOWN,
    MEAN_UP,
    MEAN_UP_HEAD,
    UP,
    UP_HEAD,
)
from bounds.theorem import Term, Theorem

__all__ = [
    "data_dependent",
    "fast_rate",
    "fast_rate_mixture",
    "held_out",
    "paper",
    "paper_absolute",
    "paper_vector",
    "sharp",
    "split_sample",
]


def __dir__() -> list[str]:
    return list(__all__)


SLACK = Term("slack", slack)

TWO_SIDED: tuple[Step, ...] = (
    *DECOMPOSITION,
    lemmas.SUPREMUM.step(),
    lemmas.SUPREMUM.step(form=1),
    lemmas.SYMMETRISATION.step(),
    lemmas.SYMMETRISATION.step(form=1),
)
# One example moves each of the two suprema by C/m.
TWO_SIDED_DEVIATION = lemmas.MCDIARMID.step(
    Z=UP + DOWN, mean=MEAN_UP + MEAN_DOWN, change=2 * C / m, n=m, level=delta / 2
)

PAPER_STEPS: tuple[Step, ...] = (
    *TWO_SIDED,
    TWO_SIDED_DEVIATION,
    lemmas.ERM.step(),
    lemmas.CONTRACTION.step(times=4),
    lemmas.NON_NEGATIVITY.step(x=4 * L * R_M + 4 * C / sqrt(m) + C * sqrt(2 * log(2 / delta) / m)),
)


def paper(M: Modalities, N: Modalities) -> Theorem:
    """Theorem 1 as the paper states it, for one real output and R_m without absolute value.

    Examples
    --------
    >>> t = paper("TVA", "TA")
    >>> round(t.evaluate(gamma=0, R_M=0.02, L=1, C=1, m=10_000, delta=0.05).total, 4)
    0.2543
    """
    return _as_in_the_paper(
        M,
        N,
        "risk_gap.paper",
        "Theorem 1, as in the paper",
        R_M,
        f"{PAPER}, Theorem 1",
        PAPER_STEPS,
    )


def paper_absolute(M: Modalities, N: Modalities) -> Theorem:
    """Theorem 1 with |.| inside the complexity: here the constants 8L and 4C/sqrt(m) are needed.

    With the absolute value, contraction costs a factor 2 and centring the loss C/sqrt(m), per
    unit of complexity (Bartlett and Mendelson 2002, Theorem 12.4).

    Examples
    --------
    >>> round(paper_absolute("TVA", "TA").evaluate(
    ...     gamma=0, R_abs_M=0.02, L=1, C=1, m=10_000, delta=0.05).terms["complexity"], 4)
    0.16
    """
    return _as_in_the_paper(
        M,
        N,
        "risk_gap.paper_absolute",
        "Theorem 1, complexity with absolute value",
        R_abs_M,
        f"{PAPER}, Theorem 1; Bartlett and Mendelson (2002), Theorems 8 and 12",
        (
            *TWO_SIDED,
            TWO_SIDED_DEVIATION,
            lemmas.ERM.step(),
            lemmas.ABSOLUTE_VALUE.step(times=4),
            lemmas.CONTRACTION_ABSOLUTE.step(times=4),
            lemmas.NON_NEGATIVITY.step(x=C * sqrt(2 * log(2 / delta) / m)),
        ),
    )


def paper_vector(M: Modalities, N: Modalities) -> Theorem:
    """Theorem 1 for c outputs, with the vector complexity R^c in the place of R.

    Vector contraction costs sqrt(2) (Maurer 2016, Corollary 4), and 4 sqrt(2) <= 8.

    Examples
    --------
    >>> paper_vector("TVA", "TA").evaluate(
    ...     gamma=0, R_vector_M=0.02, L=1, C=1, m=100, delta=0.05).vacuous
    True
    """
    given_away = (
        (8 - 4 * sqrt(2)) * L * R_vector_M + 4 * C / sqrt(m) + C * sqrt(2 * log(2 / delta) / m)
    )
    return _as_in_the_paper(
        M,
        N,
        "risk_gap.paper_vector",
        "Theorem 1, several outputs",
        R_vector_M,
        f"{PAPER}, Theorem 1; Maurer (ALT 2016), Corollary 4",
        (
            *TWO_SIDED,
            TWO_SIDED_DEVIATION,
            lemmas.ERM.step(),
            lemmas.CONTRACTION_VECTOR.step(times=4),
            lemmas.NON_NEGATIVITY.step(x=given_away),
        ),
    )


def _as_in_the_paper(
    M: Modalities,
    N: Modalities,
    key: str,
    title: str,
    complexity: sympy.Symbol,
    reference: str,
    steps: tuple[Step, ...],
) -> Theorem:
    return Theorem(
        key=key,
        title=title,
        subsets=distinct_pair(M, N),
        lhs=RISK_M - RISK_N,
        terms=(
            QUALITY_GAP,
            Term("complexity", 8 * L * complexity),
            Term("centring", 4 * C / sqrt(m)),
            Term("confidence", 2 * C * sqrt(2 * log(2 / delta) / m)),
        ),
        assumptions=assume("iid", "bounded_loss", "lipschitz_loss", "erm", "fixed_class"),
        failure_probability=delta / 2,
        reference=reference,
        directions={"gamma": 1, str(complexity): 1, "L": 1, "C": 1, "m": -1, "delta": -1},
        derivation=Derivation(steps),
    )


def sharp(M: Modalities, N: Modalities) -> Theorem:
    """Theorem 1 in terms of the loss class: half of the paper's complexity and confidence terms.

    Only the head must be optimal on S, within a certified slack.

    Examples
    --------
    >>> round(sharp("TVA", "TA").evaluate(gamma=0, R_loss=0.02, C=1, m=10_000, delta=0.05).total, 4)
    0.1072
    """
    return Theorem(
        key="risk_gap.sharp",
        title="Theorem 1, sharp",
        subsets=distinct_pair(M, N),
        lhs=RISK_M - RISK_N,
        terms=(
            QUALITY_GAP,
            Term("complexity", 4 * R_loss),
            Term("confidence", C * sqrt(2 * log(2 / delta) / m)),
            SLACK,
        ),
        assumptions=assume("iid", "bounded_loss", "erm", "fixed_class"),
        failure_probability=delta / 2,
        reference=f"this library, after {PAPER}, Theorem 1",
        directions={"gamma": 1, "R_loss": 1, "C": 1, "m": -1, "delta": -1, "slack": 1},
        defaults={"slack": 0.0},
        derivation=Derivation((*TWO_SIDED, lemmas.ERM.step(form=1), TWO_SIDED_DEVIATION)),
    )


def data_dependent(M: Modalities, N: Modalities) -> Theorem:
    """Theorem 1 with the complexity of the sample at hand, R_hat_S(l o F_M), in place of its mean.

    Its confidence term is the paper's, so that it lies below the paper's form for equal complexities.

    Examples
    --------
    >>> round(data_dependent("TVA", "TA").evaluate(
    ...     gamma=0, R_hat_loss=0.02, C=1, m=10_000, delta=0.05).total, 4)
    0.1343
    """
    # McDiarmid once, on the difference itself: its mean is at most 0, and one example moves the
    # suprema by 2C/m and 4 R_hat_S by 2C/m.
    once = lemmas.MCDIARMID.step(
        Z=UP + DOWN - 4 * R_hat_loss,
        mean=MEAN_UP + MEAN_DOWN - 4 * R_loss,
        change=4 * C / m,
        n=m,
        level=delta / 2,
    )
    return Theorem(
        key="risk_gap.data_dependent",
        title="Theorem 1, data-dependent",
        subsets=distinct_pair(M, N),
        lhs=RISK_M - RISK_N,
        terms=(
            QUALITY_GAP,
            Term("complexity", 4 * R_hat_loss),
            Term("confidence", 2 * C * sqrt(2 * log(2 / delta) / m)),
            SLACK,
        ),
        assumptions=assume("iid", "bounded_loss", "erm", "fixed_class"),
        failure_probability=delta / 2,
        reference=f"this library, after {PAPER}, Theorem 1",
        directions={"gamma": 1, "R_hat_loss": 1, "C": 1, "m": -1, "delta": -1, "slack": 1},
        defaults={"slack": 0.0},
        derivation=Derivation((*TWO_SIDED, lemmas.ERM.step(form=1), once)),
    )


def split_sample(M: Modalities, N: Modalities) -> Theorem:
    """Theorem 1 with the encoder learned on S_1, the head on S_2: the head's complexity alone.

    Examples
    --------
    >>> round(split_sample("TVA", "TA").evaluate(
    ...     gamma=0, R_loss_head=0.02, C=1, m_head=10_000, delta=0.05).total, 4)
    0.0672
    """
    return Theorem(
        key="risk_gap.split_sample",
        title="Theorem 1, split sample",
        subsets=distinct_pair(M, N),
        lhs=RISK_M - RISK_N,
        terms=(
            QUALITY_GAP,
            Term("complexity", 2 * R_loss_head),
            Term("confidence", C * sqrt(2 * log(2 / delta) / m_head)),
            SLACK,
        ),
        assumptions=assume("iid", "bounded_loss", "erm", "fixed_class", "independent_split"),
        failure_probability=delta / 2,
        reference=f"this library, after {PAPER}, Theorem 1",
        directions={"gamma": 1, "R_loss_head": 1, "C": 1, "m_head": -1, "delta": -1, "slack": 1},
        defaults={"slack": 0.0},
        derivation=Derivation(
            (
                *DECOMPOSITION,
                lemmas.SUPREMUM_OVER_HEADS.step(),
                lemmas.FIXED_FUNCTION.step(),
                lemmas.ERM_ON_HEAD_SAMPLE.step(),
                lemmas.SYMMETRISATION.step(form=2),
                lemmas.MCDIARMID.step(
                    Z=UP_HEAD + DEVIATION_BEST,
                    mean=MEAN_UP_HEAD,
                    change=2 * C / m_head,
                    n=m_head,
                    level=delta / 2,
                ),
            )
        ),
    )
