"""Theorems 1 and 2 in exact worlds: violation probabilities computed, not sampled.

A true claim must be violated with probability at most its level (theory, section 7); planted ones are
in test_ledger. The only uncertainty is `Law.error`, below 1e-9.
"""

import itertools
import math

import numpy as np
import pytest

from bounds import latent_quality, risk_gap
from empirical.worlds.boolean.cellwise import centred_loss_law, excess_law
from empirical.worlds.boolean.classes import latent_bit
from empirical.worlds.boolean.counts import iterate_samples
from empirical.worlds.boolean.exact import boolean_world, near_fair_coin, noisy_and, xor

BOTH, ONE = ("x1", "x2"), ("x1",)
DELTA = 0.05
SKEWED = boolean_world(BOTH, [[0.1, 0.7], [0.45, 1.0]], [[0.4, 0.1], [0.2, 0.3]])
WORLDS = {
    "xor": lambda m: xor(),
    "xor with noise": lambda m: xor(noise=0.3),
    "noisy and": lambda m: noisy_and(2, 0.1),
    "skewed": lambda m: SKEWED,
    "near-fair coin": lambda m: near_fair_coin(m),
}


def risk_gap_terms(world, M, m, delta=DELTA, form="paper"):
    """Theorem 1's right-hand side at gamma = 0."""
    R = float(world.rademacher_complexity(M, m).high)
    C, L = world.constants.C, world.constants.L
    # The form asks for a pair; its terms depend on M alone.
    N = BOTH if tuple(M) != BOTH else ONE
    if form == "paper":
        value = risk_gap.paper(M, N).evaluate(gamma=0, R_M=R, L=L, C=C, m=m, delta=delta)
    else:
        value = risk_gap.sharp(M, N).evaluate(gamma=0, R_loss=L * R, C=C, m=m, delta=delta)
    return float(value.total)


def latent_quality_terms(world, M, m, delta=DELTA, form="paper"):
    """Theorem 2's right-hand side at L_hat = 0."""
    R_M = float(world.rademacher_complexity(M, m).high)
    R = float(world.rademacher_complexity(world.names, m).high)
    C, L = world.constants.C, world.constants.L
    if form == "paper":
        theorem = latent_quality.paper(M)
        value = theorem.evaluate(L_hat=0, R_M=R_M, R=R, L=L, C=C, m=m, delta=delta)
    else:
        value = latent_quality.sharp(M).evaluate(L_hat=0, R_loss=L * R_M, C=C, m=m, delta=delta)
    return float(value.total)


# ---- true claims


@pytest.mark.parametrize("m", [16, 256, 2048])
@pytest.mark.parametrize("kind", WORLDS)
def test_theorem_1_fails_no_more_often_than_it_may(kind, m):
    world = WORLDS[kind](m)
    for M, N in ((BOTH, ONE), (ONE, BOTH)):
        law = excess_law(world, M, N, m, ties=("worst", "best"))
        for form, delta in itertools.product(("paper", "sharp"), (0.05, 0.9)):
            terms = risk_gap_terms(world, M, m, delta, form)
            assert float(law.above(terms).high) <= delta / 2


@pytest.mark.parametrize("m", [16, 256, 2048])
@pytest.mark.parametrize("kind", WORLDS)
def test_theorem_2_fails_no_more_often_than_it_may(kind, m):
    world = WORLDS[kind](m)
    for M in (ONE, BOTH):
        law, eta = centred_loss_law(world, M, m), world.latent_quality(M)
        for form, delta in itertools.product(("paper", "sharp"), (0.05, 0.9)):
            terms = latent_quality_terms(world, M, m, delta, form)
            # eta <= L_hat + terms fails where L_hat < eta - terms.
            assert float(law.below(eta - terms).high) <= delta


def test_both_theorems_hold_on_three_bits():
    world, m = xor(3, 0.2), 64
    for M, N in ((world.names, ONE), (BOTH, world.names)):
        law = excess_law(world, M, N, m, ties=("worst", "best"))
        assert float(law.above(risk_gap_terms(world, M, m, form="sharp")).high) <= DELTA / 2
        losses, eta = centred_loss_law(world, M, m), world.latent_quality(M)
        terms = latent_quality_terms(world, M, m, form="sharp")
        assert float(losses.below(eta - terms).high) <= DELTA


@pytest.mark.parametrize("encoders", ["all", "parities"])
def test_theorems_with_a_searched_encoder_by_enumeration(encoders):
    """gamma and eta depend on the sample here; m = 11 from eight letters, 31,824 types."""
    world, m = latent_bit(xor(noise=0.125), encoders), 11
    gap_fails = quality_fails = total = 0.0
    wrong_encoder = 0.0
    terms = risk_gap_terms(world, BOTH, m, form="sharp")
    quality_terms = latent_quality_terms(world, BOTH, m, form="sharp")
    for counts, chance in iterate_samples(world.population.joint, m):
        M = world.measure(counts, [BOTH], "worst")[BOTH]
        N = world.measure(counts, [ONE], "best")[ONE]
        gap, gamma = M.population_risk - N.population_risk, M.latent_quality - N.latent_quality
        gap_fails += float(chance[gap > gamma + terms].sum())
        failed = M.latent_quality > M.centred_loss + quality_terms
        quality_fails += float(chance[failed].sum())
        wrong_encoder += float(chance[M.latent_quality > 0].sum())
        total += float(chance.sum())
    assert total == pytest.approx(1, abs=1e-9)
    assert wrong_encoder > 0.05
    assert gap_fails <= DELTA / 2
    assert quality_fails <= DELTA


def test_how_much_smaller_the_terms_could_be():
    """The exact critical factor, (1 - level)-quantile of LHS - gamma over the terms.

    Near a fair coin the excess is of order 1/sqrt(m), as the terms are: with bias 1/2, M both, the
    97.5 % quantile is all four cells wrong or three, 1/sqrt(m) or 0.75/sqrt(m), against terms of
    about 15.8/sqrt(m) (paper) and 5.9/sqrt(m) (sharp).
    """
    for m in (400, 6400):
        world = near_fair_coin(m)
        quantile = float(excess_law(world, BOTH, None, m, ("worst", "best")).quantile(0.975).high)
        assert quantile == pytest.approx(0.75 / math.sqrt(m), rel=1e-9)
        assert quantile / risk_gap_terms(world, BOTH, m) == pytest.approx(0.0474, abs=1e-3)
        sharp = risk_gap_terms(world, BOTH, m, form="sharp")
        assert quantile / sharp == pytest.approx(0.127, abs=2e-3)


# ---- planted claims


def test_leaving_the_terms_out_shows_near_a_fair_coin_but_not_on_noisy_xor():
    # XOR with 10 % noise, m = 400: a cell of about 100 examples with 10 % errors is never wrong.
    silent = excess_law(xor(noise=0.1), BOTH, ONE, 400, ("worst", "best"))
    assert float(silent.above(0.0).high) < 1e-9
    # Near a fair coin, m = 400: a cell of 100 examples is wrong with probability about
    # Phi(-1) = 0.16; ties cost a little more.
    loud = excess_law(near_fair_coin(400, bias=1.0), BOTH, None, 400, ("best", "best"))
    assert float(loud.above(0.0).low) == pytest.approx(1 - 0.84**4, abs=0.05)


def test_planted_rates_agree_with_draws():
    """2,000 samples of the near-fair coin; five standard errors are exceeded once in 1.7 million."""
    m, n = 1600, 2_000
    world = near_fair_coin(m)
    terms = risk_gap_terms(world, BOTH, m, 0.01) / math.sqrt(m)
    exact = float(excess_law(world, BOTH, ONE, m).above(terms).low)
    trials = world.measure(world.draw(np.random.default_rng(0), m, n), [BOTH, ONE])
    gap = trials[BOTH].population_risk - trials[ONE].population_risk
    gamma = trials[BOTH].latent_quality - trials[ONE].latent_quality
    found = float((gap - gamma > terms).mean())
    assert abs(found - exact) < 5 * math.sqrt(exact * (1 - exact) / n)
