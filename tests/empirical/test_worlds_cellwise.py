"""Laws of exact worlds cell by cell, by enumeration, over all samples, and from draws."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from empirical.statistics.laws import (
    Law,
    clopper_pearson,
    estimate_probability,
    estimate_quantile,
)
from empirical.worlds.boolean.cellwise import centred_loss_law, excess_law
from empirical.worlds.boolean.counts import chance_of, law_of, probability_of, seen_letters
from empirical.worlds.boolean.exact import boolean_world, near_fair_coin, noisy_and, xor

SKEWED = boolean_world(["a", "b"], [[0.1, 0.7], [0.45, 1.0]], [[0.4, 0.1], [0.2, 0.3]])
LOPSIDED = boolean_world(
    ["a", "b", "c"],
    [[[0.1, 0.9], [0.5, 0.25]], [[0.0, 1.0], [0.6, 0.4]]],
    [[[0.3, 0.1], [0.05, 0.05]], [[0.1, 0.1], [0.2, 0.1]]],
)


def excess(world, counts, subset, ties):
    trials = world.risks(counts, subset, world.fit(counts, subset, ties))
    return trials.population_risk - world.best_risk(subset)


def assert_same_law(first, second):
    """Every value that either has with more than 1e-13 has the same probability in both."""
    laws = [dict(zip(law.values, law.probabilities, strict=True)) for law in (first, second)]
    values = {v for law in laws for v, p in law.items() if p > 1e-13}
    assert all(abs(laws[0].get(v, 0) - laws[1].get(v, 0)) < 1e-11 for v in values)


# ---- cell by cell equals enumeration


@pytest.mark.parametrize("m", [1, 2, 7])
@pytest.mark.parametrize("ties", [("zero", "zero"), ("worst", "best"), ("best", "worst")])
@pytest.mark.parametrize(
    ("world", "M", "N"),
    [
        (SKEWED, ["a", "b"], ["a"]),
        (SKEWED, ["b"], ["a", "b"]),
        (SKEWED, ["a"], None),
        (xor(noise=0.25), ["x1", "x2"], ["x2"]),
        (noisy_and(2, 0.125), ["x1"], ["x1", "x2"]),
    ],
)
def test_law_of_the_excess_is_the_enumerated_one(world, M, N, ties, m):
    def statistic(counts):
        value = excess(world, counts, M, ties[0])
        return value if N is None else value - excess(world, counts, N, ties[1])

    enumerated = law_of(world.joint, m, statistic)
    assert_same_law(excess_law(world, M, N, m, ties), enumerated)


@pytest.mark.parametrize(
    ("M", "N"), [(("a", "b", "c"), ("b",)), (("a", "b", "c"), ("a", "c")), (("c",), ("b", "c"))]
)
def test_law_of_the_excess_of_three_modalities_is_the_enumerated_one(M, N):
    def statistic(counts):
        return excess(LOPSIDED, counts, M, "worst") - excess(LOPSIDED, counts, N, "best")

    enumerated = law_of(LOPSIDED.joint, 4, statistic)
    assert_same_law(excess_law(LOPSIDED, M, N, 4, ("worst", "best")), enumerated)


@pytest.mark.parametrize("m", [1, 2, 6])
@pytest.mark.parametrize(
    ("world", "M"),
    [
        (SKEWED, ("a",)),
        (SKEWED, ("b",)),
        (SKEWED, ("a", "b")),
        (xor(), ("x1",)),
        (xor(2, 0.3), ("x2",)),
    ],
)
def test_law_of_the_centred_loss_is_the_enumerated_one(world, M, m):
    enumerated = law_of(world.joint, m, lambda counts: world.measure(counts, [M])[M].centred_loss)
    assert_same_law(centred_loss_law(world, M, m), enumerated)


def test_law_of_the_centred_loss_against_another_reference():
    reference = np.array([[True, False], [False, False]])

    def statistic(counts):
        errors = np.where(reference, counts[..., 0], counts[..., 1]).sum(axis=(1, 2))
        mine = SKEWED.measure(counts, [["a"]])["a",].empirical_risk * 5
        return (np.rint(mine) - errors) / 5

    law = centred_loss_law(SKEWED, ["a"], 5, reference)
    assert_same_law(law, law_of(SKEWED.joint, 5, statistic))


def test_probabilities_over_all_samples_one_by_one():
    # m = 3: all 512 sequences of letters, one at a time.
    m, M, N = 3, ("a", "b"), ("a",)
    letters = list(itertools.product((0, 1), repeat=3))
    found = {}
    for rows in itertools.product(letters, repeat=m):
        counts = np.zeros((1, 2, 2, 2), dtype=np.int64)
        np.add.at(counts, (0, *np.array(rows).T), 1)
        value = float((excess(SKEWED, counts, M, "zero") - excess(SKEWED, counts, N, "zero"))[0])
        found[value] = found.get(value, 0.0) + math.prod(SKEWED.joint[row] for row in rows)
    assert_same_law(excess_law(SKEWED, M, N, m), Law.of(found.items()))


# ---- by hand, and far beyond enumeration


def test_one_cell_of_a_fair_coin_by_hand():
    # A certain cell with P(y = 1) = ¾: wrong where ones ≤ zeros; m = 2: not both ones, 1 − 9/16.
    world = boolean_world(["a", "b"], [[0.75, 0.75], [0.75, 0.75]], [[1, 0], [0, 0]])
    law = excess_law(world, ["a"], None, 2)
    assert law.values.tolist() == [0.0, 0.5]
    assert law.probabilities == pytest.approx([9 / 16, 7 / 16], abs=1e-12)
    # L̂ = min(errors of 0, errors of 1)/2 − zeros/2: −1, 0, 0 for two, one, no zeros.
    loss = centred_loss_law(world, ["a"], 2)
    assert loss.values.tolist() == [-1.0, 0.0]
    assert loss.probabilities == pytest.approx([1 / 16, 15 / 16], abs=1e-12)


def test_near_fair_coin_costs_what_the_normal_law_says():
    # Bias b/√m, one bit: two cells of m/2, each wrong with probability about Φ(−2b/√2).
    b, m = 0.5, 10_000
    law = excess_law(near_fair_coin(m, bias=b), ["x1"], None, m, ("best", "best"))
    wrong = 0.5 * math.erfc(2 * b / math.sqrt(2) / math.sqrt(2))
    assert law.values == pytest.approx([0.0, b / math.sqrt(m), 2 * b / math.sqrt(m)], rel=1e-9)
    expected = [(1 - wrong) ** 2, 2 * wrong * (1 - wrong), wrong**2]
    assert law.probabilities == pytest.approx(expected, abs=0.01)
    assert law.error < 1e-9


def test_mean_of_the_centred_loss_of_everything_by_hand():
    # M = all, fair coins: L̂ = −Σ_cells (majority − 0s)₊/m; for one fair cell and m = 2 it is
    # −1 with probability ¼ (both ones; the reference says 0), else 0.
    world = boolean_world(["a", "b"], [[0.5, 0.5], [0.5, 0.5]], [[1, 0], [0, 0]])
    law = centred_loss_law(world, ["a", "b"], 2)
    assert law.values.tolist() == [-1.0, 0.0]
    assert law.probabilities == pytest.approx([0.25, 0.75], abs=1e-12)


@pytest.mark.slow
def test_law_at_four_hundred_is_the_enumerated_one():
    world = xor()
    law = excess_law(world, ["x1", "x2"], ["x1"], 60, ("worst", "best"))

    def statistic(counts):
        return excess(world, counts, ("x1", "x2"), "worst") - excess(world, counts, ("x1",), "best")

    assert_same_law(law, law_of(world.joint, 60, statistic))
    unseen = 1 - probability_of(world.joint, 400, lambda c: (c.reshape(len(c), 8) > 0).sum(1) == 4)
    exact = excess_law(world, ["x1", "x2"], None, 400, ("worst", "worst")).above(0.0)
    assert float(exact.low) - 1e-9 <= unseen <= float(exact.high) + 1e-9


# ---- what was seen


def test_sets_of_letters_seen_by_hand_and_by_enumeration():
    joint = np.array([0.5, 0.0, 0.3, 0.2])
    for m in (1, 2, 5):
        tables, chances = seen_letters(joint, m)
        assert chances.sum() == pytest.approx(1, abs=1e-12)
        for table, chance in zip(tables, chances, strict=True):
            exact = probability_of(joint, m, lambda c, t=table: ((c > 0) == t).all(axis=1))
            assert chance == pytest.approx(exact, abs=1e-12)
    # Two of two faces of a coin within 3 throws: 1 − 2/8.
    assert seen_letters(np.array([0.5, 0.5]), 3)[1].tolist() == [0.125, 0.125, 0.75]


# ---- draws agree with exact laws, at their stated rate


def test_a_chance_is_exact_where_it_can_be_and_drawn_beyond():
    def mistaken(counts):
        return excess(SKEWED, counts, ("a", "b"), "zero") > 0

    for m in (3, 12):
        exact = float(excess_law(SKEWED, ["a", "b"], None, m).above(0.0).low)
        known = chance_of(SKEWED.joint, m, mistaken, np.random.default_rng(0))
        assert (known.level, known.n) == (1.0, None)
        assert known.value == pytest.approx(exact, abs=1e-10)
        drawn = chance_of(SKEWED.joint, m, mistaken, np.random.default_rng(0), most_types=1)
        assert (drawn.level, drawn.n) == (0.99, 20_000)
        # Twenty thousand draws: a half-width of about 2.6 · ½/√20,000 = 0.009.
        assert float(drawn.interval.high - drawn.interval.low) < 0.02
        assert float(drawn.interval.low) <= exact <= float(drawn.interval.high)


def test_clopper_pearson_covers_the_exact_probability_at_its_rate():
    # 200 independent studies at level 0.9: Clopper–Pearson covers at least that often. More than
    # 33 misses (mean at most 20, sd 4.2) have probability below 0.002.
    world, m = SKEWED, 8
    exact = float(excess_law(world, ["a", "b"], ["a"], m).above(0.0).low)
    assert 0.1 < exact < 0.9
    misses = 0
    for seed in range(200):
        counts = world.draw(np.random.default_rng(seed), m, 100)
        gap = excess(world, counts, ("a", "b"), "zero") - excess(world, counts, ("a",), "zero")
        interval = estimate_probability(gap > 0, level=0.9).interval
        misses += not interval.low <= exact <= interval.high
    assert misses <= 33
    # The rate is not zero either, or the interval would be wider than it says.
    assert misses >= 1


def test_order_statistics_cover_the_exact_quantile_at_their_rate():
    world, m = SKEWED, 8
    exact = float(centred_loss_law(world, ["a"], m).quantile(0.6).low)
    misses = 0
    for seed in range(200):
        counts = world.draw(np.random.default_rng(1_000 + seed), m, 100)
        losses = world.measure(counts, [["a"]])["a",].centred_loss
        interval = estimate_quantile(losses, 0.6, level=0.9).interval
        misses += not interval.low <= exact <= interval.high
    assert misses <= 33


def test_order_statistics_cover_a_continuous_quantile_neither_less_nor_much_more():
    # Uniform draws, median ½, n = 50, level 0.9: misses are binomial with a rate of 0.05 to 0.1.
    generator = np.random.default_rng(0)
    missed = 0
    for _ in range(1_000):
        interval = estimate_quantile(generator.random(50), 0.5, level=0.9).interval
        missed += not interval.low <= 0.5 <= interval.high
    assert 20 < missed < 140


# ---- values and bad input


def test_clopper_pearson_at_its_ends_by_hand():
    # No hit in ten: (1 − p)¹⁰ = 0.025 at the upper end. One in one: p = 0.025 at the lower end.
    none = estimate_probability([False] * 10, level=0.95).interval
    assert (float(none.low), float(none.high)) == (0.0, pytest.approx(1 - 0.025**0.1))
    always = estimate_probability([True], level=0.95).interval
    assert (float(always.low), float(always.high)) == (pytest.approx(0.025), 1.0)
    # Five of ten is symmetric.
    half = estimate_probability([True, False] * 5, level=0.95).interval
    assert float(half.low + half.high) == pytest.approx(1)


def test_quantiles_and_tails_of_a_law_by_hand():
    law = Law.of([([0.0, 1.0, 3.0], [0.5, 0.3, 0.2])])
    assert [float(law.quantile(p).low) for p in (0.2, 0.5, 0.6, 0.8, 0.81, 1.0)] == [
        0,
        0,
        1,
        1,
        3,
        3,
    ]
    assert float(law.above(1.0).low) == pytest.approx(0.2)
    assert float(law.below(1.0).low) == pytest.approx(0.5)
    loose = Law.of([([0.0, 1.0], [0.5, 0.5 - 1e-8])])
    assert loose.error == pytest.approx(1e-8)
    assert float(loose.above(0.0).high) == pytest.approx(0.5)
    assert (float(loose.quantile(0.5).low), float(loose.quantile(0.5).high)) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: excess_law(xor(), ["x1"], ["x2"], 5), "one of M and N must contain the other"),
        (lambda: excess_law(xor(), ["x1"], ["x1"], 5), "one of M and N must contain the other"),
        (lambda: excess_law(xor(), ["x1"], None, 0), "m must be a positive integer, got 0"),
        (lambda: excess_law(xor(), ["x3"], None, 5), "M must hold names out of"),
        (lambda: excess_law(xor(), ["x1"], None, 5, ("odd", "zero")), "ties must be one of"),
        (lambda: centred_loss_law(xor(), ["x1"], 2.5), "m must be a positive integer"),
        (
            lambda: centred_loss_law(xor(), ["x1"], 5, np.zeros(4, bool)),
            "reference must have shape",
        ),
        (lambda: near_fair_coin(4, bias=1.5), r"bias must lie in \(0, √m/2 = 1\], got 1.5"),
        (lambda: near_fair_coin(4, bias=math.nan), "bias must lie in"),
        (lambda: near_fair_coin(0), "m must be a positive integer"),
        (lambda: near_fair_coin(4, modalities=1), "at least two modalities"),
        (lambda: seen_letters(np.full(16, 1 / 16), 5), "at most 12 letters"),
        (lambda: Law.of([(0.0, 0.9)]), "probabilities must sum to 1, got 0.9"),
        (lambda: Law.of([(0.0, 1.0)]).quantile(0.0), r"probability must lie in \(0, 1\], got 0.0"),
        (lambda: estimate_probability([]), "at least one draw is needed"),
        (lambda: estimate_probability([True], level=1.0), r"level must lie in \(0, 1\), got 1.0"),
        (lambda: estimate_quantile([1.0, math.nan], 0.5), "must hold no NaN"),
        (lambda: estimate_quantile([1.0], 1.5), r"probability must lie in \(0, 1\], got 1.5"),
    ],
)
def test_bad_input_is_one_clear_line(call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_clopper_pearson_of_many_counts_is_that_of_each():
    """Its ends solve P(X >= k | low) = P(X <= k | high) = tail."""
    hits, n, tail = np.arange(11), 10, 0.01
    found = clopper_pearson(hits, n, tail)
    each = [clopper_pearson(int(k), n, tail) for k in hits]
    assert found.low.tolist() == [float(e.low) for e in each]
    assert found.high.tolist() == [float(e.high) for e in each]
    assert (found.low[0], found.high[-1]) == (0.0, 1.0)
    np.testing.assert_allclose(stats.binom.sf(hits[1:] - 1, n, found.low[1:]), tail, rtol=1e-9)
    np.testing.assert_allclose(stats.binom.cdf(hits[:-1], n, found.high[:-1]), tail, rtol=1e-9)


@pytest.mark.parametrize("tail", [7e-17, 1e-18, 1e-30])
def test_clopper_pearson_at_a_tail_that_one_minus_it_rounds_away(tail):
    """No hits among n draws: (1 - high)^n = tail."""
    found = clopper_pearson(0, 100, tail)
    assert float(found.high) == pytest.approx(1 - tail ** (1 / 100), rel=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: clopper_pearson(11, 10, 0.1), "hits must be .* at most 10, got 11"),
        (lambda: clopper_pearson([1j], 10, 0.1), "hits must be .*, got complex128"),
        (lambda: clopper_pearson(np.ma.masked_array([1, 2], [1, 0]), 10, 0.1), "got masked entr"),
        (lambda: clopper_pearson(1, 10, 0.0), r"tail must lie in \(0, 1\), got 0"),
        (lambda: Law.of([([0.0, 1.0], [-1, 2])]), "probabilities must be .*non-negative, got -1"),
        (lambda: Law.of([(np.ma.masked_array([0.0, 1.0], [1, 0]), [0.5, 0.5])]), "masked entries"),
        (lambda: Law.of([(["0", "1"], [0.5, 0.5])]), "values must hold real numbers"),
    ],
)
def test_counts_and_laws_of_no_numbers_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
