"""Theorem 2: a bound on the latent quality of a representation from its empirical loss.

    eta(g_M) <= L_hat(h_M o g_M, S) + complexity + confidence

eta is a loss: lower is better. It holds for any fixed reference h* o g*, not only the true one, and
for any learned pair, not only for minimisers. Failure probability: delta in both forms.
"""

from __future__ import annotations

from sympy import Expr, Symbol, log, sqrt

from bounds.notation import (
    ETA_M,
    R_M,
    C,
    L,
    L_hat,
    Modalities,
    ModalitySet,
    R,
    R_loss,
    R_vector,
    R_vector_M,
    delta,
    m,
)
from bounds.proofs import lemmas
from bounds.proofs.assumptions import PAPER, assume
from bounds.statement.derivation import Derivation, Step
from bounds.statement.intermediate import DEVIATION_STAR, MEAN_UP, UP
from bounds.theorem import Summands, Term, Theorem

__all__ = ["paper", "paper_vector", "sharp"]


def __dir__() -> list[str]:
    return list(__all__)


EMPIRICAL_LOSS = Term("empirical_loss", L_hat, measured=True)
# One example of the sample adds a loss less that of the reference.
CENTRED = Summands("L_hat", -C, C)

# eta <= r(f_M) - r* = L_hat + [r - r_hat of f_M] + [r_hat - r of the reference]; one example moves
# the supremum over the class and the deviation of the one fixed reference by C/m each.
SHARP_STEPS: tuple[Step, ...] = (
    lemmas.LATENT_QUALITY.step(),
    lemmas.INFIMUM.step(),
    lemmas.SUPREMUM.step(),
    lemmas.EMPIRICAL_LOSS.step(),
    lemmas.REFERENCE_DEVIATION.step(),
    lemmas.MCDIARMID.step(Z=UP + DEVIATION_STAR, mean=MEAN_UP, change=2 * C / m, n=m, level=delta),
    lemmas.SYMMETRISATION.step(),
)


def paper(M: Modalities) -> Theorem:
    """Theorem 2 as the paper states it, for one real output and R_m without absolute value.

    Examples
    --------
    >>> v = paper("TVA").evaluate(L_hat=-0.1, R_M=0.01, R=0.02, L=1, C=1, m=10_000, delta=0.05)
    >>> round(v.total, 4), v.dominant
    (0.183, 'confidence')
    """
    return _as_in_the_paper(
        M,
        "latent_quality.paper",
        "Theorem 2, as in the paper",
        R_M,
        R,
        lemmas.CONTRACTION.step(times=2),
        2 * L * R_M,
    )


def paper_vector(M: Modalities) -> Theorem:
    """Theorem 2 for c outputs, with vector complexities R^c (Maurer 2016; 2 sqrt(2) <= 4).

    Examples
    --------
    >>> paper_vector("TVA").failure_probability
    delta
    """
    return _as_in_the_paper(
        M,
        "latent_quality.paper_vector",
        "Theorem 2, several outputs",
        R_vector_M,
        R_vector,
        lemmas.CONTRACTION_VECTOR.step(times=2),
        (4 - 2 * sqrt(2)) * L * R_vector_M,
    )


def _as_in_the_paper(
    M: Modalities,
    key: str,
    title: str,
    complexity: Symbol,
    reference_complexity: Symbol,
    contraction: Step,
    unused_complexity: Expr,
) -> Theorem:
    deviation = 2 * log(1 / delta) / m, 2 * log(2 / delta) / m
    given_away = (
        unused_complexity + 4 * L * reference_complexity + 5 * C * sqrt(2 * log(2 / delta) / m)
    )
    return Theorem(
        key=key,
        title=title,
        subsets=(ModalitySet.of(M),),
        lhs=ETA_M,
        terms=(
            EMPIRICAL_LOSS,
            Term("complexity", 4 * L * complexity),
            Term("reference_complexity", 4 * L * reference_complexity),
            Term("confidence", 6 * C * sqrt(2 * log(2 / delta) / m)),
        ),
        assumptions=assume("iid", "bounded_loss", "lipschitz_loss", "fixed_class"),
        failure_probability=delta,
        reference=f"{PAPER}, Theorem 2",
        directions={
            **dict.fromkeys(("L_hat", str(complexity), str(reference_complexity), "L", "C"), 1),
            "m": -1,
            "delta": -1,
        },
        derivation=Derivation(
            (
                *SHARP_STEPS,
                contraction,
                lemmas.ROOT.step(times=C, a=deviation[0], b=deviation[1]),
                lemmas.NON_NEGATIVITY.step(x=given_away),
            )
        ),
        summands=CENTRED,
    )


def sharp(M: Modalities) -> Theorem:
    """Theorem 2 without the complexity of the whole class: h* o g* is one fixed function.

    Examples
    --------
    >>> round(sharp("TVA").evaluate(L_hat=-0.1, R_loss=0.01, C=1, m=10_000, delta=0.05).total, 4)
    -0.0555
    """
    return Theorem(
        key="latent_quality.sharp",
        title="Theorem 2, sharp",
        subsets=(ModalitySet.of(M),),
        lhs=ETA_M,
        terms=(
            EMPIRICAL_LOSS,
            Term("complexity", 2 * R_loss),
            Term("confidence", C * sqrt(2 * log(1 / delta) / m)),
        ),
        assumptions=assume("iid", "bounded_loss", "fixed_class"),
        failure_probability=delta,
        reference=f"this library, after {PAPER}, Theorem 2",
        directions={"L_hat": 1, "R_loss": 1, "C": 1, "m": -1, "delta": -1},
        derivation=Derivation(SHARP_STEPS),
        summands=CENTRED,
    )
