"""Bounds on the mean of m independent numbers in [0, C], from books: what an audit compares with.

They are no entries of the catalogue: they say nothing of modalities, and have no derivation here.
"""

from __future__ import annotations

import sympy
from sympy import log, sqrt

from bounds.domains import NON_NEGATIVE, REAL
from bounds.notation import C, ModalitySet, R_loss, delta, m
from bounds.quantity import LOSS, LOSS_SQUARED, Quantity
from bounds.statement.summands import CHANCE
from bounds.theorem import Assumption, Summands, Term, Theorem

MEAN = Quantity("mean", REAL, "mean of the distribution of each number", r"\mu", LOSS, True)
DISTANCE = Quantity(
    "distance",
    REAL,
    "largest difference of the empirical distribution function and the true one",
    r"\sup|\hat F - F|",
    internal=True,
)
MEAN_HAT = Quantity("mean_hat", NON_NEGATIVE, "mean of the m numbers", r"\hat\mu", LOSS)
VARIANCE = Quantity("variance", NON_NEGATIVE, "variance of each number", r"\sigma^2", LOSS_SQUARED)
VARIANCE_HAT = Quantity(
    "variance_hat",
    NON_NEGATIVE,
    "variance of the m numbers themselves, with the divisor m - 1",
    r"\hat\sigma^2",
    LOSS_SQUARED,
)
IID = Assumption("iid", "the numbers are independent, with one distribution on [0, C]")
EMPIRICAL = Term("empirical", MEAN_HAT.symbol, measured=True)
CONFIDENCE = log(1 / delta)


def _mean(
    name: str,
    reference: str,
    terms: tuple[Term, ...],
    symbols: tuple[Quantity, ...] = (),
    directions: dict[str, int] | None = None,
    known: dict[str, sympy.Expr] | None = None,
) -> Theorem:
    return Theorem(
        key=f"mean.{name}",
        title=reference,
        subsets=(ModalitySet.of("M"),),
        lhs=MEAN.symbol,
        terms=(EMPIRICAL, *terms),
        assumptions=(IID,),
        failure_probability=delta,
        reference=reference,
        directions={"mean_hat": 1, "C": 1, "m": -1, "delta": -1, **(directions or {})},
        symbols=(MEAN, MEAN_HAT, *symbols),
        summands=Summands("mean_hat", sympy.Integer(0), C, known or {}),
    )


HOEFFDING = _mean(
    "hoeffding",
    "Hoeffding (1963), Theorem 1",
    (Term("confidence", C * sqrt(CONFIDENCE / (2 * m))),),
)
BERNSTEIN = _mean(
    "bernstein",
    "Bernstein's inequality; Boucheron, Lugosi, Massart (2013), Corollary 2.11",
    (
        Term("spread", sqrt(2 * VARIANCE.symbol * CONFIDENCE / m)),
        Term("range", C * CONFIDENCE / (3 * m)),
    ),
    (VARIANCE,),
    {"variance": 1},
    {"variance": C**2 * CHANCE * (1 - CHANCE)},
)
EMPIRICAL_BERNSTEIN = _mean(
    "empirical_bernstein",
    "Maurer, Pontil (2009), Theorem 4",
    (
        Term("spread", sqrt(2 * VARIANCE_HAT.symbol * log(2 / delta) / m)),
        Term("range", 7 * C * log(2 / delta) / (3 * (m - 1)), where=m > 1),
    ),
    (VARIANCE_HAT,),
    {"variance_hat": 1},
)
RADEMACHER = _mean(
    "rademacher",
    "Bartlett, Mendelson (2002), Theorem 8; Mohri, Rostamizadeh, Talwalkar (2018), Theorem 3.3",
    (
        Term("complexity", 2 * R_loss),
        Term("confidence", C * sqrt(CONFIDENCE / (2 * m))),
    ),
    (),
    {"R_loss": 1},
)
DKW = Theorem(
    key="distribution.dkw",
    title="Dvoretzky, Kiefer, Wolfowitz, with Massart's constant",
    subsets=(ModalitySet.of("M"),),
    lhs=DISTANCE.symbol,
    terms=(Term("confidence", sqrt(log(2 / delta) / (2 * m))),),
    assumptions=(IID,),
    failure_probability=delta,
    reference="Massart (1990), Corollary 1",
    directions={"m": -1, "delta": -1},
    symbols=(DISTANCE,),
)
THEOREMS = (HOEFFDING, BERNSTEIN, EMPIRICAL_BERNSTEIN, RADEMACHER, DKW)
