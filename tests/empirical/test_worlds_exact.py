"""Exact worlds against brute force over all samples, signs and maps, and against hand values."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from empirical.worlds.boolean.exact import boolean_world, noisy_and, xor
from empirical.worlds.boolean.sample_types import count_types, iterate_types

BOTH, ONE = ("x1", "x2"), ("x1",)
# A lopsided world: no two cells are alike, so that a mixed-up axis shows.
SKEWED = boolean_world(["a", "b"], [[0.1, 0.7], [0.45, 1.0]], [[0.4, 0.1], [0.2, 0.3]])


def all_samples(world, m):
    """Every sequence of m letters: rows (a, b, y) [m, 3], and its probability."""
    letters = list(itertools.product((0, 1), repeat=len(world.names) + 1))
    for rows in itertools.product(letters, repeat=m):
        yield np.array(rows), math.prod(world.joint[row] for row in rows)


def counts_of(rows):
    counts = np.zeros((1, 2, 2, 2), dtype=np.int64)
    np.add.at(counts, (0, *rows.T), 1)
    return counts


def maps_of(cells):
    """All maps of so many cells to {0, 1}: [2^cells, cells]."""
    return np.array(list(itertools.product((0, 1), repeat=cells)))


def cell_indices(rows, columns):
    return sum(rows[:, c] * 2 ** (len(columns) - 1 - i) for i, c in enumerate(columns))


def theorem_1_terms(world, subset, m, delta=0.05):
    R = float(world.rademacher_complexity(subset, m).high)
    return 8 * R + 4 / math.sqrt(m) + 2 * math.sqrt(2 * math.log(2 / delta) / m)


def gap_and_gamma(world, counts, M, N, ties="zero"):
    trials = world.measure(counts, [M, N], ties)
    gap = trials[M].population_risk - trials[N].population_risk
    return gap, trials[M].latent_quality - trials[N].latent_quality


# ---- closed forms


def test_risks_of_xor_and_and_by_hand():
    # XOR: one bit says nothing, risk ½; all bits leave the noise. AND of two: x1 = 0 settles y up
    # to the noise, x1 = 1 leaves a fair coin; and every cell of two bits has the noise as its risk.
    for noise in (0.0, 0.125, 0.3):
        assert xor(3, noise).best_risk(["x1", "x3"]) == pytest.approx(0.5, abs=1e-14)
        assert xor(3, noise).latent_quality(["x2"]) == pytest.approx(0.5 - noise, abs=1e-14)
        assert xor(3, noise).reference_risk == pytest.approx(noise, abs=1e-14)
        expected = 0.5 * noise + 0.5 * 0.5
        assert noisy_and(2, noise).best_risk(["x2"]) == pytest.approx(expected, abs=1e-14)
        assert noisy_and(2, noise).reference_risk == pytest.approx(noise, abs=1e-14)


def test_skewed_world_by_hand():
    # Cell a = 0: P(y = 1) mass 0.4·0.1 + 0.1·0.7 = 0.11 of 0.5; a = 1: 0.09 + 0.3 = 0.39 of 0.5.
    assert SKEWED.best_risk(["a"]) == pytest.approx(0.11 + 0.11, abs=1e-14)
    # b = 0: 0.04 + 0.09 = 0.13 of 0.6; b = 1: 0.07 + 0.3 = 0.37 of 0.4.
    assert SKEWED.best_risk(["b"]) == pytest.approx(0.13 + 0.03, abs=1e-14)
    assert SKEWED.reference_risk == pytest.approx(0.04 + 0.03 + 0.09 + 0.0, abs=1e-14)


def test_risks_are_exact_rationals_so_that_equality_can_be_decided():
    generator = np.random.default_rng(0)
    for _ in range(50):
        inputs = generator.dirichlet(np.ones(8)).reshape(2, 2, 2)
        world = boolean_world(["a", "b", "c"], generator.random((2, 2, 2)), inputs)
        joint = np.vectorize(Fraction)(world.joint)
        assert joint.sum() == 1

        best = {
            ("a",): joint.sum(axis=(1, 2)).min(axis=-1).sum(),
            ("b", "c"): joint.sum(axis=0).min(axis=-1).sum(),
            ("a", "b", "c"): joint.min(axis=-1).sum(),
        }
        for subset, risk in best.items():
            assert Fraction(world.best_risk(subset)) == risk
        gamma = world.latent_quality(["a"]) - world.latent_quality(["b", "c"])
        assert Fraction(gamma) == best["a",] - best["b", "c"]


@pytest.mark.parametrize(("m", "expected"), [(400, 0.79), (1600, 0.40), (6400, 0.20)])
def test_theorem_1_terms_for_two_xor_bits(m, expected):
    # 8R + 4/√m + 2√(2 ln 40/m), with R ≈ 4 cells · √(m/4 / 2π)/m.
    assert theorem_1_terms(xor(), BOTH, m) == pytest.approx(expected, abs=0.005)


# ---- brute force


@pytest.mark.parametrize(
    ("subset", "columns"), [(("a",), [0]), (("b",), [1]), (("a", "b"), [0, 1])]
)
def test_rademacher_complexity_of_class_and_loss_class_is_the_enumerated_one(subset, columns):
    m = 3
    maps = maps_of(2 ** len(columns))
    signs = np.array(list(itertools.product((-1, 1), repeat=m)))
    of_class = of_loss = 0.0
    for rows, probability in all_samples(SKEWED, m):
        values = maps[:, cell_indices(rows, columns)]
        losses = np.abs(values - rows[:, -1])
        of_class += probability * (signs @ values.T).max(axis=1).mean() / m
        of_loss += probability * (signs @ losses.T).max(axis=1).mean() / m
    interval = SKEWED.rademacher_complexity(subset, m)
    assert float(interval.low) == float(interval.high) == pytest.approx(of_class, rel=1e-12)
    assert of_loss == pytest.approx(of_class, rel=1e-12)


@pytest.mark.parametrize(("subset", "columns"), [(("b",), [1]), (("a", "b"), [0, 1])])
def test_erm_and_its_risks_against_all_maps_on_all_samples(subset, columns):
    m = 3
    maps = maps_of(2 ** len(columns))
    letters = np.array(list(itertools.product((0, 1), repeat=3)))
    population = np.abs(maps[:, cell_indices(letters, columns)] - letters[:, -1])
    population = population @ SKEWED.joint.ravel()
    reference = (SKEWED.joint[..., 1] > SKEWED.joint[..., 0]).astype(int)
    for rows, _ in all_samples(SKEWED, m):
        empirical = np.abs(maps[:, cell_indices(rows, columns)] - rows[:, -1]).mean(axis=1)
        minimisers = np.flatnonzero(empirical == empirical.min())
        reference_risk = np.abs(reference[rows[:, 0], rows[:, 1]] - rows[:, -1]).mean()
        for ties, choose in (("best", min), ("worst", max)):
            trials = SKEWED.measure(counts_of(rows), [subset], ties)[subset]
            assert trials.population_risk[0] == pytest.approx(
                choose(population[minimisers]), abs=1e-12
            )
            assert trials.empirical_risk[0] == pytest.approx(empirical.min(), abs=1e-15)
            assert trials.centred_loss[0] == pytest.approx(empirical.min() - reference_risk)
            assert trials.slack[0] == 0
        # The rule "zero" is the minimiser with the fewest ones, the first in lexicographic order.
        head = SKEWED.fit(counts_of(rows), subset)
        assert np.array_equal(head[0], maps[minimisers[0]].astype(bool))


@pytest.mark.parametrize("m", [1, 2, 4])
def test_probability_is_the_sum_over_all_samples(m):
    def wrong_somewhere(counts):
        return SKEWED.measure(counts, [("a",)])["a",].population_risk > 0.3

    expected = sum(p for rows, p in all_samples(SKEWED, m) if wrong_somewhere(counts_of(rows))[0])
    assert 0.05 < expected < 0.95
    assert SKEWED.probability(m, wrong_somewhere) == pytest.approx(expected, abs=1e-12)


def test_a_certain_event_has_probability_one():
    for world, m in ((xor(), 60), (xor(noise=0.1), 8), (xor(3), 8)):
        everything = world.probability(m, lambda counts: np.ones(len(counts), dtype=bool))
        assert everything == pytest.approx(1, abs=1e-10)


def test_types_are_all_there_once():
    types = np.concatenate(list(iterate_types(4, 9, chunk=50)))
    assert len(types) == len(np.unique(types, axis=0)) == count_types(4, 9) == 220
    assert (types.sum(axis=1) == 9).all()
    assert types.min() == 0


def test_draws_agree_with_the_exact_probability():
    # 4,000 draws: standard error below 0.008; the band of five of them fails once in 1.7 million.
    world, m, n = noisy_and(2, 0.25), 6, 4_000

    def mistaken(counts):
        gap, gamma = gap_and_gamma(world, counts, BOTH, ONE)
        return gap > gamma

    exact = world.probability(m, mistaken)
    assert 0.1 < exact < 0.9
    found = mistaken(world.draw(np.random.default_rng(7), m, n)).mean()
    assert abs(found - exact) < 5 * math.sqrt(exact * (1 - exact) / n)


# ---- claims, true and planted (level δ/2 = 0.025)


def flipped_sign_violated(world, m):
    terms = theorem_1_terms(world, ONE, m)

    def event(counts):
        gap, gamma = gap_and_gamma(world, counts, ONE, BOTH)
        return gap > -gamma + terms

    return event


def test_flipped_sign_of_gamma_is_always_violated_from_400_on():
    # gap ½ against −½ + 0.70 / 0.35 / 0.17; the gap is less only if a cell of N was never seen.
    for m in (400, 1600, 6400):
        counts = xor().draw(np.random.default_rng(m), m, 2_000)
        assert flipped_sign_violated(xor(), m)(counts).all()


def test_flipped_sign_violation_probability_exactly():
    # At m = 100 the terms still exceed 1; at m = 200 (1.4 million types) only unseen cells save it:
    # P(some cell unseen) ≤ 4 (3/4)²⁰⁰ = 4e-25.
    assert xor().probability(100, flipped_sign_violated(xor(), 100)) == 0
    assert xor().probability(200, flipped_sign_violated(xor(), 200)) == pytest.approx(1, abs=1e-9)


@pytest.mark.slow
def test_flipped_sign_violation_probability_exactly_at_400():
    assert xor().probability(400, flipped_sign_violated(xor(), 400)) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(("M", "N"), [(ONE, BOTH), (BOTH, ONE), (ONE, ("x2",))])
def test_without_its_terms_theorem_1_shows_no_violation_on_noisy_xor(M, N):
    # The world where this planted claim can not be told from a true one. Both sides are equal on
    # every sample, so that the last bit decides: a violation here would be rounding.
    world = xor(noise=0.1)
    gap, gamma = gap_and_gamma(world, world.draw(np.random.default_rng(2), 400, 1_000), M, N)
    assert np.array_equal(gap, gamma)


@pytest.mark.parametrize(("M", "N"), [(ONE, BOTH), (BOTH, ONE)])
@pytest.mark.parametrize("m", [4, 64, 1024])
def test_theorem_1_holds_on_every_sample_seen_even_for_the_worst_minimiser(M, N, m):
    for world in (xor(noise=0.3), noisy_and(2, 0.1)):
        counts = world.draw(np.random.default_rng(m), m, 1_000)
        worst, best = world.measure(counts, [M], "worst")[M], world.measure(counts, [N], "best")[N]
        gap = worst.population_risk - best.population_risk
        gamma = worst.latent_quality - best.latent_quality
        assert (gap <= gamma + theorem_1_terms(world, M, m)).all()


def test_theorem_2_without_the_centred_loss_is_always_violated_for_one_xor_bit():
    world, m, delta = xor(), 6400, 0.05
    R_M, R = (float(world.rademacher_complexity(s, m).high) for s in (ONE, BOTH))
    terms = 4 * R_M + 4 * R + 6 * math.sqrt(2 * math.log(2 / delta) / m)
    trials = world.measure(world.draw(np.random.default_rng(1), m, 500), [ONE])[ONE]
    assert (trials.latent_quality > terms).all()
    assert (trials.latent_quality <= terms + trials.centred_loss).all()


def test_an_untrained_head_breaks_theorem_1_and_its_slack_says_why():
    # A random map of the four cells errs on 0…4 of them: P(3 or 4 wrong) = 5/16, risk ≥ ¾ > 0.40;
    # P(2 or more wrong) = 11/16, risk ≥ ½ > 0.40.
    world, m, n = xor(), 1600, 2_000
    generator = np.random.default_rng(5)
    counts = world.draw(generator, m, n)
    heads = generator.integers(0, 2, (n, 4)).astype(bool)
    trials = world.risks(counts, BOTH, heads)
    excess = trials.population_risk  # inf over heads is 0
    violated = excess > theorem_1_terms(world, BOTH, m)
    assert abs(violated.mean() - 11 / 16) < 5 * math.sqrt(11 / 16 * 5 / 16 / n)
    assert (excess <= theorem_1_terms(world, BOTH, m) + trials.slack).all()


# ---- bad input


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: xor(1), "at least two modalities"),
        (lambda: xor(noise=0.6), r"noise must lie in \[0, 0.5\], got 0.6"),
        (lambda: xor(noise=math.nan), "noise must lie in"),
        (lambda: boolean_world(["a", "b"], [0.1, 0.2]), r"label_probability must have shape"),
        (lambda: boolean_world(["a", "b"], [[0, 1], [0, 2]]), r"must lie in \[0, 1\]"),
        (lambda: boolean_world(["a", "b"], [[0, 1], [0, math.nan]]), r"must lie in \[0, 1\]"),
        (
            lambda: boolean_world(["a", "b"], [[0, 1], [0, 1]], [[0.5, 0.5], [0.5, 0]]),
            "input_probability must sum to 1, got 1.5",
        ),
        (lambda: xor().draw(np.random.default_rng(0), 0, 5), "m must be a positive integer"),
        (
            lambda: xor().draw(np.random.default_rng(0), 5.5, 5),
            "m must be a positive integer, got 5.5",
        ),
        (lambda: xor().draw(np.random.default_rng(0), 5, 0), "trials must be a positive integer"),
        (lambda: xor().best_risk(["x3"]), "names out of"),
        (lambda: xor().best_risk("x1"), "iterable of full modality names"),
        (lambda: xor().measure(np.ones((1, 2, 2, 2), int), [BOTH], "first"), "ties must be one of"),
        (lambda: xor(noise=0.1).probability(100, lambda c: c), "sample types to enumerate"),
    ],
)
def test_bad_input_is_one_clear_line(call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
