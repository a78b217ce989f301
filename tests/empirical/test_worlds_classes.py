"""Finite encoder classes against brute force, and R_m of finite classes against enumeration."""

import itertools
import math

import numpy as np
import pytest

from bounds import rademacher
from empirical.statistics.laws import Law
from empirical.worlds.boolean.classes import class_world, latent_bit
from empirical.worlds.boolean.exact import boolean_world, noisy_and, xor
from empirical.worlds.boolean.signed_walk import finite_class_complexity

BOTH, ONE = ("x1", "x2"), ("x1",)
SKEWED = boolean_world(["a", "b"], [[0.1, 0.7], [0.45, 1.0]], [[0.4, 0.1], [0.2, 0.3]])
# Three symbols, heads that tell them apart only in part, encoders with and without use.
RICH = class_world(
    SKEWED,
    [[0, 0, 1], [0, 1, 0], [1, 0, 0]],
    {("a", "b"): [[0, 1, 2, 2], [1, 1, 0, 2], [2, 0, 1, 0]], ("b",): [[0, 2], [1, 1]]},
)
WALSH = [
    f
    for a in ([0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1], [0, 1, 0, 1])
    for f in (a, [1 - v for v in a])
]


def all_samples(world, m):
    letters = list(itertools.product((0, 1), repeat=len(world.names) + 1))
    for rows in itertools.product(letters, repeat=m):
        chance = math.prod(float(world.population.joint[row]) for row in rows)
        if chance > 0:
            yield np.array(rows), chance


def counts_of(rows, K):
    counts = np.zeros((1, *(2,) * (K + 1)), dtype=np.int64)
    np.add.at(counts, (0, *rows.T), 1)
    return counts


def cell_of(world, subset, rows):
    columns = [world.names.index(name) for name in subset]
    return sum(rows[:, c] * 2 ** (len(columns) - 1 - i) for i, c in enumerate(columns))


# ---- the learner against brute force over all samples


@pytest.mark.parametrize(
    ("world", "subset"),
    [(RICH, ("a", "b")), (RICH, ("b",)), (latent_bit(SKEWED, "parities"), ("a", "b"))],
)
def test_search_and_all_its_quantities_on_every_sample(world, subset):
    m, heads = 2, np.array(world.heads).astype(int)
    letters = np.array(list(itertools.product((0, 1), repeat=3)))
    law = world.population.joint.ravel()
    encoders = world.encoders[subset]
    whole, everything = world.names, world.encoders[world.names]

    def loss(h, g, names, rows):
        return np.abs(h[g[cell_of(world, names, rows)]] - rows[:, -1])

    risk = {
        (i, j): loss(h, g, subset, letters) @ law
        for i, g in enumerate(encoders)
        for j, h in enumerate(heads)
    }
    best = {i: min(risk[i, j] for j in range(len(heads))) for i in range(len(encoders))}
    top = min(
        (
            (loss(h, g, whole, letters) @ law, i, j)
            for i, g in enumerate(everything)
            for j, h in enumerate(heads)
        ),
    )
    assert world.reference_risk == pytest.approx(top[0], abs=1e-15)
    total = 0.0
    for rows, chance in all_samples(world, m):
        total += chance
        empirical = {
            key: loss(heads[key[1]], encoders[key[0]], subset, rows).mean() for key in risk
        }
        least = min(empirical.values())
        minimisers = [key for key in risk if empirical[key] == least]
        counts = counts_of(rows, 2)
        for ties, choose in (("first", None), ("worst", max), ("best", min)):
            model = world.fit(counts, subset, ties)
            trials = world.risks(counts, subset, model)
            key = divmod(int(model[0]), len(heads))
            assert key in minimisers
            if choose is None:
                assert key == minimisers[0]
            else:
                excesses = [risk[k] - best[k[0]] for k in minimisers]
                assert risk[key] - best[key[0]] == pytest.approx(choose(excesses), abs=1e-15)
            assert trials.population_risk[0] == pytest.approx(risk[key], abs=1e-15)
            assert trials.latent_quality[0] == pytest.approx(best[key[0]] - top[0], abs=1e-15)
            assert trials.empirical_risk[0] == least
            reference = loss(heads[top[2]], everything[top[1]], whole, rows).mean()
            assert trials.centred_loss[0] == pytest.approx(least - reference, abs=1e-15)
            assert trials.slack[0] == 0
    assert total == pytest.approx(1, abs=1e-12)


def test_slack_of_another_head_is_its_distance_to_the_best_on_the_same_encoder():
    # XOR seen once per letter; encoder x1 (number 2): every head errs on half; encoder XOR: 1 − z
    # errs everywhere, 0 and 1 on half, z nowhere.
    world = latent_bit(xor(), "parities")
    counts = np.ones((1, 2, 2, 2), dtype=np.int64) * (xor().joint > 0)
    for encoder, expected in ((2, [0, 0, 0, 0]), (3, [0.5, 0, 1, 0.5])):
        for head in range(4):
            trials = world.risks(counts, BOTH, np.array([4 * encoder + head]))
            assert trials.slack.tolist() == [expected[head]]


def test_all_maps_of_one_bit_are_the_exact_world():
    # F_M is every map of the cells in both worlds, so the population risks agree where no tie
    # decides: compare the best and the worst minimiser.
    world, plain = latent_bit(SKEWED), SKEWED
    counts = plain.draw(np.random.default_rng(0), 9, 300)
    for subset in (("a",), ("b",), ("a", "b")):
        exact = plain.measure(counts, [subset])[subset]
        searched = world.measure(counts, [subset])[subset]
        assert np.array_equal(searched.empirical_risk, exact.empirical_risk)
        assert searched.centred_loss == pytest.approx(exact.centred_loss, abs=1e-15)
        assert world.best_risks(subset).min() == plain.best_risk(subset)
        interval = world.rademacher_complexity(subset, 50)
        known = float(plain.rademacher_complexity(subset, 50).high)
        assert float(interval.low) <= known <= float(interval.high) < known + 1e-8


def test_gamma_depends_on_the_sample():
    # XOR, parities: two rows (0,0), (1,0) with labels 0, 1 fit encoder x1 as well as XOR, and x1
    # comes later than nothing: encoders 0, x2, x1, x1⊕x2 in this order. η = ½ for x1.
    world = latent_bit(xor(), "parities")
    counts = np.zeros((2, 2, 2, 2), dtype=np.int64)
    counts[0, 0, 0, 0] = counts[0, 1, 0, 1] = 1
    counts[1] = xor().joint > 0
    trials = world.measure(counts, [BOTH])[BOTH]
    assert trials.latent_quality.tolist() == [0.5, 0.0]


def test_parities_of_three_bits():
    world = latent_bit(xor(3, 0.25), "parities")
    assert world.encoders["x1", "x2", "x3"].shape == (8, 8)
    assert world.best_risks(["x1", "x2", "x3"]).tolist() == [0.5] * 7 + [0.25]
    assert world.best_risks(["x1", "x3"]).tolist() == [0.5] * 4
    # No parity is an AND: the best of them errs on one input of four.
    assert latent_bit(noisy_and(), "parities").reference_risk == 0.25


def test_monte_carlo_agrees_with_the_law_over_all_samples():
    # P(the encoder found is useless): 4,000 draws, five standard errors.
    world, m, n = latent_bit(xor(noise=0.125), "parities"), 3, 4_000
    found = Law.of(
        (world.measure(counts_of(rows, 2), [BOTH])[BOTH].latent_quality, chance)
        for rows, chance in all_samples(world, m)
    )
    exact = float(found.above(0.0).low)
    assert 0.1 < exact < 0.9
    counts = world.draw(np.random.default_rng(3), m, n)
    rate = (world.measure(counts, [BOTH])[BOTH].latent_quality > 0).mean()
    assert abs(rate - exact) < 5 * math.sqrt(exact * (1 - exact) / n)


# ---- R_m


def enumerated(table, p, m):
    table = np.asarray(table, dtype=float)
    return sum(
        float(np.prod(np.asarray(p)[list(cells)])) * rademacher.finite_exact(table[:, list(cells)])
        for cells in itertools.product(range(len(p)), repeat=m)
    )


def test_complexity_of_random_classes_is_the_enumerated_one():
    generator = np.random.default_rng(0)
    for _ in range(25):
        functions, cells, m = (int(generator.integers(1, k)) for k in (7, 5, 6))
        table = generator.integers(0, 2, (functions, cells))
        p = generator.dirichlet(np.ones(cells))
        interval = finite_class_complexity(table, p, m)
        expected = enumerated(table, p, m)
        assert float(interval.low) <= expected <= float(interval.high)
        assert float(interval.high - interval.low) < 1e-10


@pytest.mark.parametrize("m", [1, 4])
def test_complexity_of_parities_is_the_enumerated_one(m):
    interval = finite_class_complexity(WALSH, [0.25] * 4, m)
    assert float(interval.low) <= enumerated(WALSH, [0.25] * 4, m) <= float(interval.high)


@pytest.mark.parametrize("m", [1, 50, 6_400])
def test_two_functions_that_differ_on_one_cell_by_hand(m):
    # max(0, S_c) with S_c a walk that moves with probability q: E(S_c)₊/m, by the cells formula
    # for q and 1 − q together less that for 1 − q; q = ½ makes them equal.
    interval = finite_class_complexity([[0, 1], [1, 1]], [0.5, 0.5], m)
    expected = rademacher.cells(probabilities=[0.5, 0.5], m=m) / 2
    assert float(interval.high) == pytest.approx(expected, abs=1e-9)


def test_three_functions_of_a_certain_order_by_hand():
    # 00, 10, 11 over two cells, m = 1: max(0, S₁, S₁ + S₂) is 1 for a plus on either cell's turn:
    # cell 1 with + gives 1; cell 2 with + gives 1; else 0. Mean ½.
    assert float(finite_class_complexity([[0, 0], [1, 0], [1, 1]], [0.3, 0.7], 1).high) == (
        pytest.approx(0.5, abs=1e-9)
    )


def test_interval_beyond_the_exact_range_holds_the_limit_of_draws():
    # m = 400 for the eight parities: Monte Carlo over counts and signs, 40,000 draws of a maximum
    # whose standard deviation is below √m: five standard errors of 5 √400/√40,000 = 0.5.
    m, n = 400, 40_000
    interval = finite_class_complexity(WALSH, [0.25] * 4, m)
    signed = np.random.default_rng(0).multinomial(m, [1 / 8] * 8, size=n)
    sums = signed[:, :4] - signed[:, 4:]
    mean = (sums @ np.array(WALSH).T).max(axis=1).mean() / m
    assert float(interval.low) < mean - 0.5 / m < mean + 0.5 / m < float(interval.high)
    # And it shrinks to a point once the grid is affordable: the same scale, R_m √m, at m = 30.
    close = finite_class_complexity(WALSH, [0.25] * 4, 30)
    assert float(close.high - close.low) < 1e-9
    assert float(close.high) * math.sqrt(30) == pytest.approx(mean * math.sqrt(m), rel=0.02)


def test_a_single_function_has_no_complexity_and_more_functions_have_more():
    assert float(finite_class_complexity([[0, 1, 1]], [0.2, 0.3, 0.5], 9).high) < 1e-9
    few = finite_class_complexity(WALSH[:4], [0.25] * 4, 9)
    more = finite_class_complexity(WALSH, [0.25] * 4, 9)
    maps = finite_class_complexity(list(itertools.product((0, 1), repeat=4)), [0.25] * 4, 9)
    assert float(few.high) < float(more.low) < float(more.high) < float(maps.low)


# ---- bad input


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: class_world(xor(), [0, 1], {BOTH: [[0, 1, 1, 0]]}), "heads must be a matrix"),
        (lambda: class_world(xor(), [[0, 2]], {BOTH: [[0, 1, 1, 0]]}), "heads must be a matrix"),
        (lambda: class_world(xor(), [[0, 1]], {BOTH: [[0, 1]]}), r"must have shape \[maps, 4\]"),
        (lambda: class_world(xor(), [[0, 1]], {BOTH: [[0, 1, 2, 0]]}), "must map to 0 … 1"),
        (lambda: class_world(xor(), [[0, 1]], {ONE: [[0, 1]]}), "must have an entry for"),
        (lambda: RICH.pair_risks(["a"]), "subset must have encoders"),
        (lambda: RICH.fit(np.ones((1, 2, 2, 2), int), ["b"], "zero"), "ties must be one of"),
        (lambda: latent_bit(xor(), "some"), 'encoders must be "all" or "parities"'),
        (lambda: latent_bit(xor(4)), "at most three modalities, got 4"),
        (lambda: finite_class_complexity([[0, 2]], [0.5, 0.5], 3), "table must be a matrix of 0"),
        (
            lambda: finite_class_complexity([[0, 1]], [0.5, 0.4], 3),
            "must be 2 numbers ≥ 0 that sum",
        ),
        (lambda: finite_class_complexity([[0, 1]], [1.0], 3), "probabilities must be 2 numbers"),
        (lambda: finite_class_complexity([[0, 1]], [0.5, 0.5], 0), "m must be a positive integer"),
    ],
)
def test_bad_input_is_one_clear_line(call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
