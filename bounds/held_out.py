"""The gap of two trained models from rows held out: no quantity of the population enters but C.

Z = loss of M's pair - loss of N's pair, in [-C, C], on the m_test rows of S_3, which trained and chose
nothing. For x >= -1 and 0 <= b < 1, ln(1 + b x) >= b x - b^2 x^2/(2 (1 - b)). With b = bet C and
x = -Z/C the mean of exp(-bet Z - bet^2 Z^2/(2 (1 - bet C))) is at most 1 - bet E Z <= exp(-bet E Z), and
Markov's inequality for the product over the rows gives the bound.
"""

from __future__ import annotations

from sympy import log

from bounds.notation import (
    RISK_M,
    RISK_N,
    C,
    Modalities,
    Z_mean,
    Z_square,
    bet,
    delta,
    distinct_pair,
    m_test,
)
from bounds.proofs import lemmas
from bounds.proofs.assumptions import assume
from bounds.statement.derivation import Derivation
from bounds.theorem import Summands, Term, Theorem


def held_out(M: Modalities, N: Modalities) -> Theorem:
    """The gap of two trained models from rows held out, with one stake fixed in advance.

    No quantity of the population enters but the range C: it bounds r(M) - r(N) on new data. `bet` is in
    units of one over a loss; bet C >= 1 gives infinity. The lower bound is the same statement with M and
    N exchanged.

    Examples
    --------
    >>> t = held_out("TVA", "TA")
    >>> rows = dict(Z_mean=-0.05, Z_square=0.04, C=1, m_test=1000, delta=0.025)
    >>> round(t.evaluate(**rows, bet=0.4).total, 4)
    -0.0274
    """
    return Theorem(
        key="risk_gap.held_out",
        title="Gap of two models, rows held out",
        subsets=distinct_pair(M, N),
        lhs=RISK_M - RISK_N,
        terms=(
            Term("held_out_gap", Z_mean, measured=True),
            Term("variance", bet * Z_square / (1 - bet * C) / 2, where=bet * C < 1),
            Term("confidence", log(1 / delta) / (bet * m_test), where=bet * C < 1),
        ),
        assumptions=assume("iid", "bounded_loss", "held_out"),
        failure_probability=delta,
        reference="this library, after Fan, Grama, Liu (2015); Howard, Ramdas, McAuliffe, Sekhon (2021)",
        directions={"Z_mean": 1, "Z_square": 1, "C": 1, "m_test": -1, "delta": -1},
        summands=Summands("Z_mean", -C, C, {"Z_square": C**2, "bet": 1 / (2 * C)}),
        derivation=Derivation(
            (
                lemmas.HELD_OUT_MEAN.step(),
                lemmas.ONE_STAKE.step(times=1 / bet, stake=bet, level=delta, n=m_test),
            )
        ),
    )
