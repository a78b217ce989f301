"""The exact world of one predictor: which bounds on an average fail there, and which ranges are refused."""

import math

import pytest
import sympy
from sympy import log, sqrt

from bounds.catalogue import find
from bounds.contract import check_contract
from bounds.domains import NON_NEGATIVE, REAL
from bounds.notation import ETA_M, RISK_M, C, L_hat, ModalitySet, delta, m
from bounds.one_predictor import worst_violation
from bounds.quantity import LOSS, Quantity
from bounds.statement.summands import CHANCE
from bounds.theorem import Assumption, Summands, Term, Theorem

IID = Assumption("iid", "the rows of S are drawn independently")
B = NON_NEGATIVE.symbol("B")  # no symbol of the theorem


def hoeffding(factor, **changes):
    """The README's theorem, one fixed predictor, with a factor in front of Hoeffding's term for C."""
    fields = dict(
        key="mine.hoeffding",
        title="One fixed predictor",
        subsets=(ModalitySet.of("T"),),
        lhs=ETA_M,
        terms=(
            Term("empirical_loss", L_hat, measured=True),
            Term("confidence", factor * C * sqrt(log(1 / delta) / (2 * m))),
        ),
        assumptions=(IID,),
        failure_probability=delta,
        reference="Hoeffding (1963), Theorem 1",
        directions={"L_hat": 1, "C": 1, "m": -1, "delta": -1},
        summands=Summands("L_hat", -C, C),
    )
    return Theorem(**{**fields, **changes})


def test_half_of_the_range_is_violated_in_an_exact_world():
    """Hoeffding's term for [0, C] on a loss minus another one, in [-C, C]."""
    check_contract(hoeffding(2))
    with pytest.raises(ValueError, match="it is violated with probability .* where it allows"):
        check_contract(hoeffding(1))
    worst = worst_violation(hoeffding(1), Summands("L_hat", -C, C))
    # The same sum by hand: the mean 2q - 1 lies above the average by more than the term.
    size, level, q = 100, 0.05, 0.5
    term = math.sqrt(math.log(1 / level) / (2 * size))
    by_hand = sum(
        math.comb(size, k) * q**k * (1 - q) ** (size - k)
        for k in range(size + 1)
        if 2 * q - 1 > 2 * k / size - 1 + term
    )
    assert by_hand > 0.09
    assert worst.probability - worst.allowed >= by_hand - level - 1e-12
    # How much less the world notices.
    with pytest.raises(ValueError, match="must hold for one predictor"):
        check_contract(hoeffding(sympy.Rational(17, 10)))


def test_the_range_must_be_said_and_that_of_a_centred_loss_is_known():
    with pytest.raises(ValueError, match="summands must say in which interval"):
        check_contract(hoeffding(2, summands=None))
    for low, high in ((0, C), (-C / 2, C / 2), (0, 2 * C)):
        with pytest.raises(ValueError, match=r"summands of L_hat must lie in \[-C, C\]"):
            check_contract(hoeffding(1, summands=Summands("L_hat", low, high)))
    for wrong in (Summands("L_hat", C, -C), Summands("L_hat", -B, B), Summands("R_M", -C, C)):
        with pytest.raises(ValueError, match="summands"):
            check_contract(hoeffding(2, summands=wrong))


def test_an_average_of_ones_own_and_a_variance_that_the_world_knows():
    """Bernstein's inequality for one loss in [0, C]: its variance is C^2 q (1 - q) in the exact world."""
    r_hat = Quantity("r_hat", REAL, "empirical risk", "\\hat r", LOSS)
    variance = Quantity("sigma", NON_NEGATIVE, "standard deviation of the loss", "s", LOSS)
    w = log(1 / delta)

    def bernstein(factor, known):
        return hoeffding(
            1,
            lhs=RISK_M,
            terms=(
                Term("empirical", r_hat.symbol, measured=True),
                Term("spread", factor * variance.symbol * sqrt(2 * w / m)),
                Term("range", factor * C * w / (3 * m)),
            ),
            directions={"r_hat": 1, "sigma": 1, "C": 1, "m": -1, "delta": -1},
            symbols=(r_hat, variance),
            summands=Summands("r_hat", 0, C, known),
        )

    spread = {"sigma": C * sqrt(CHANCE * (1 - CHANCE))}
    check_contract(bernstein(1, spread))
    with pytest.raises(ValueError, match="must hold for one predictor"):
        check_contract(bernstein(sympy.Rational(1, 2), spread))


@pytest.mark.parametrize("key", ["latent_quality.paper", "latent_quality.paper_vector"])
def test_theorem_2_says_what_its_average_is_of(key):
    assert find(key).summands == Summands("L_hat", -C, C)
    assert find("latent_quality.sharp").summands == Summands("L_hat", -C, C)
