"""Theorem 1: how much worse the risk learned from the modalities M can be than that from N.

    r(h_M o g_M) - r(h_N o g_N) <= gamma_S(M, N) + complexity + confidence (+ slack)

M and N are distinct, not "independent" as popular accounts have it; neither need contain the
other, and only M's class is paid for. Complexities have 1/m and no absolute value unless the symbol
says otherwise. Failure probability: delta/2 in every form.
"""

from __future__ import annotations

from collections.abc import Iterable

import sympy
from sympy import log, sqrt

from bounds.assumptions import PAPER, assume
from bounds.notation import (
    R_M,
    RISK_M,
    RISK_N,
    C,
    L,
    ModalitySet,
    R_abs_M,
    R_hat_loss,
    R_loss,
    R_loss_head,
    R_vector_M,
    V,
    delta,
    distinct_pair,
    first_order_slack,
    gamma,
    kappa,
    leverage,
    m,
    m_head,
    p,
    slack,
    v_max,
    v_norm,
)
from bounds.theorem import Term, Theorem

Modalities = str | Iterable[str] | ModalitySet

QUALITY_GAP = Term("quality_gap", gamma, measured=True, against_range=False)
SLACK = Term("slack", slack)


def paper(M: Modalities, N: Modalities) -> Theorem:
    """Theorem 1 as the paper states it, for one real output and R_m without absolute value.

    >>> t = paper("TVA", "TA")
    >>> round(t.evaluate(gamma=0, R_M=0.02, L=1, C=1, m=10_000, delta=0.05).total, 4)
    0.2543
    """
    return _as_in_the_paper(
        M, N, "risk_gap.paper", "Theorem 1, as in the paper", R_M, f"{PAPER}, Theorem 1"
    )


def paper_absolute(M: Modalities, N: Modalities) -> Theorem:
    """Theorem 1 with |.| inside the complexity: here all of 8L and 4C/sqrt(m) is used.

    With the absolute value, contraction costs a factor 2 and centring the loss C/sqrt(m), per
    unit of complexity (Bartlett and Mendelson 2002, Theorem 12.4).

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
    )


def paper_vector(M: Modalities, N: Modalities) -> Theorem:
    """Theorem 1 for c outputs, with the vector complexity R^c in the place of R.

    Vector contraction costs sqrt(2) (Maurer 2016, Corollary 4), and 4 sqrt(2) <= 8.

    >>> paper_vector("TVA", "TA").evaluate(
    ...     gamma=0, R_vector_M=0.02, L=1, C=1, m=100, delta=0.05).vacuous
    True
    """
    return _as_in_the_paper(
        M,
        N,
        "risk_gap.paper_vector",
        "Theorem 1, several outputs",
        R_vector_M,
        f"{PAPER}, Theorem 1; Maurer (ALT 2016), Corollary 4",
    )


def _as_in_the_paper(
    M: Modalities, N: Modalities, key: str, title: str, complexity: sympy.Symbol, reference: str
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
    )


def sharp(M: Modalities, N: Modalities) -> Theorem:
    """Theorem 1 in terms of the loss class: half of the paper's complexity and confidence terms.

    Only the head must be optimal on S, within a certified slack.

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
    )


def data_dependent(M: Modalities, N: Modalities) -> Theorem:
    """Theorem 1 with the complexity of the sample at hand, R_hat_S(l o F_M), in place of its mean.

    Not always below the paper's form: its confidence term is 1.5 times larger.

    >>> round(data_dependent("TVA", "TA").evaluate(
    ...     gamma=0, R_hat_loss=0.02, C=1, m=10_000, delta=0.05).total, 4)
    0.1615
    """
    return Theorem(
        key="risk_gap.data_dependent",
        title="Theorem 1, data-dependent",
        subsets=distinct_pair(M, N),
        lhs=RISK_M - RISK_N,
        terms=(
            QUALITY_GAP,
            Term("complexity", 4 * R_hat_loss),
            Term("confidence", 3 * C * sqrt(2 * log(2 / delta) / m)),
            SLACK,
        ),
        assumptions=assume("iid", "bounded_loss", "erm", "fixed_class"),
        failure_probability=delta / 2,
        reference=f"this library, after {PAPER}, Theorem 1",
        directions={"gamma": 1, "R_hat_loss": 1, "C": 1, "m": -1, "delta": -1, "slack": 1},
        defaults={"slack": 0.0},
    )


def split_sample(M: Modalities, N: Modalities) -> Theorem:
    """Theorem 1 with the encoder learned on S_1, the head on S_2: the head's complexity alone.

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
    )


def fast_rate(M: Modalities, N: Modalities) -> Theorem:
    """Theorem 1 for least-squares heads on a frozen encoder: rate 1/m instead of 1/sqrt(m).

    With v = Sigma^(-1/2) (z xi^T - E z xi^T), z the features, xi the residual of the best head:
    V = tr Cov(v), v_norm = ||Cov(v)||, v_max = sup ||v||. Give either the observed `kappa`, or
    `leverage` = sup z^T Sigma^(-1) z with the rank `p`, from which kappa is bounded in advance.
    kappa >= 1 gives infinity; kappa < 0 counts as 0, as the derivation needs 0 <= kappa. A head
    that is only nearly optimal needs `first_order_slack`; a gap in value would not do.

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
        (_fast_rate_in_advance(M, N),),
    )


def _fast_rate_in_advance(M: Modalities, N: Modalities) -> Theorem:
    return _least_squares(
        M,
        N,
        "risk_gap.fast_rate_in_advance",
        "Theorem 1, fast rate with kappa bounded in advance",
        sqrt(2 * leverage * log(4 * p / delta) / m_head),
        log(4 / delta),
        {"leverage": 1, "p": 1},
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
    alternatives: tuple[Theorem, ...],
) -> Theorem:
    width = (
        sqrt(V / m_head)
        + sqrt(2 * t * (v_norm + 2 * v_max * sqrt(V / m_head)) / m_head)
        + v_max * t / (3 * m_head)
    )
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
            "iid", "erm", "independent_split", "least_squares_head", "bounded_features"
        ),
        failure_probability=delta / 2,
        reference="this library; Bousquet (2002); Tropp (2012), Theorem 5.1.1",
        directions={
            **dict.fromkeys(("gamma", "V", "v_norm", "v_max", "first_order_slack"), 1),
            **more_directions,
            "m_head": -1,
            "delta": -1,
        },
        defaults={"first_order_slack": 0.0},
        alternatives=alternatives,
    )
