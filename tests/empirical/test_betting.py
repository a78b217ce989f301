"""Bounds by betting: right with every sequence of a few rows enumerated, and what they are made of."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from empirical.statistics import betting, capital
from empirical.statistics.betting import lower_bound, p_value, upper_bound

ALPHAS = (0.3, 0.1, 0.025)


def sequences(levels, n):
    """All sequences of n levels, and how often each level occurs in them."""
    rows = np.array(list(product(range(len(levels)), repeat=n)))
    counts = np.stack([(rows == k).sum(1) for k in range(len(levels))], axis=1)
    return np.array(levels)[rows], counts


def laws(levels):
    """Probabilities of the levels: a grid of all laws with steps of 1/10 and some near the corners."""
    steps = 10
    grid = [c for c in product(range(steps + 1), repeat=len(levels)) if sum(c) == steps]
    near = [
        np.array(c) / steps * 0.1 + 0.9 * np.eye(len(levels))[k]
        for c in grid
        for k in range(len(levels))
    ]
    return np.array([*(np.array(c) / steps for c in grid), *near])


@pytest.mark.parametrize(
    ("levels", "n"),
    [((0.0, 1.0), 11), ((0.0, 0.5, 1.0), 7), ((0.0, 0.1, 1.0), 7), ((0.3, 0.6, 1.0), 7)],
)
@pytest.mark.parametrize("alpha", ALPHAS)
def test_a_bound_is_wrong_at_most_with_alpha_over_all_sequences(levels, n, alpha):
    rows, counts = sequences(levels, n)
    low = lower_bound(rows, alpha, low=0, high=1)
    high = upper_bound(rows, alpha, low=0, high=1)
    wrong = 0.0
    for law in laws(levels):
        chance = np.prod(law**counts, axis=1)
        mean = law @ levels
        missed = chance[low > mean].sum(), chance[high < mean].sum()
        assert max(missed) <= alpha + 1e-12
        wrong = max(wrong, *missed)
    if alpha == 0.3:
        assert wrong > 0.02  # a bound that is never wrong would pass everything


@pytest.mark.parametrize("alpha", ALPHAS)
def test_a_p_value_is_one_at_every_level(alpha):
    levels = (0.0, 0.5, 1.0)
    rows, counts = sequences(levels, 7)
    p = p_value(rows, 0.5, alpha, low=0, high=1)
    for law in laws(levels):
        if law @ levels <= 0.5 + 1e-12:
            chance = np.prod(law**counts, axis=1)
            for level in (0.5, 0.3, 0.1, 0.03, 0.01):
                assert chance[p <= level].sum() <= level + 1e-12


@given(st.integers(0, 10_000), st.sampled_from([5, 40, 333, 2000]), st.floats(0.001, 0.6))
def test_the_capital_is_the_product_of_its_factors_and_reaches_its_aim(seed, n, spread):
    rng = np.random.default_rng(seed)
    x = np.clip(rng.normal(0.5, spread, (2, n)), 0, 1)
    aim = betting._aim(0.05, n)
    first = capital.first_bets(x, aim)
    g = np.array([[0.2, 0.4], [0.3, 0.45]])
    game = capital.play(x, g, first, aim)
    assert [bet.start for bet in game.bets[1:]] == [bet.stop for bet in game.bets[:-1]]
    assert game.bets[-1].stop == n
    grown, best = np.zeros(g.shape), np.zeros(g.shape)
    for bet in game.bets:
        for row in range(bet.start, bet.stop):
            grown += np.log(1 - bet.share + bet.share * x[:, row : row + 1] / g)
        best = np.maximum(best, grown)
    np.testing.assert_allclose(game.best, best, atol=1e-11 * n)


def test_bets_depend_on_earlier_rows_alone():
    rng = np.random.default_rng(0)
    one = rng.random((1, 500))
    other = one.copy()
    other[:, 300:] = rng.random(200)
    aim = betting._aim(0.05, 500)
    cells = betting._cells(one[:, :32], 500, None)
    games = [capital.play(x, cells, capital.first_bets(x, aim), aim) for x in (one, other)]
    for first, second in zip(games[0].bets, games[1].bets, strict=True):
        if first.start <= 300:
            np.testing.assert_array_equal(first.share, second.share)
    assert (games[0].bets[-1].share != games[1].bets[-1].share).any()


def test_cells_cover_everything_from_zero_up_in_order():
    x = np.random.default_rng(0).random((3, 20))
    for null in (None, 0.5):
        ends = betting._cells(x, 320, null)
        assert (np.diff(ends) >= 0).all()
        assert (ends > 0).all()
        assert (ends <= 1).all()
        if null:
            assert (ends == null).any(axis=1).all()


def test_constant_rows_by_hand():
    """All rows are 1/2 in [0, 1]: no bet can gain more than (1 + 0.9 (x/g − 1))^n."""
    n, alpha = 100, 0.05
    bound = float(lower_bound(np.full(n, 0.5), alpha, low=0, high=1))
    best = 0.5 / (1 + ((1 / alpha) ** (1 / n) - 1) / capital.CAP)
    assert best - 0.005 < bound <= best


def test_no_evidence_gives_the_end_of_the_range():
    assert lower_bound(np.zeros(1000), 0.05, low=0, high=1) == 0
    assert upper_bound(np.ones(1000), 0.05, low=0, high=1) == 1
    assert lower_bound([0.7], 0.001, low=0, high=1) < 0.7


def test_leading_axes_are_samples():
    x = np.random.default_rng(0).random((2, 300, 50))
    together = lower_bound(x, 0.05, low=0, high=1)
    assert together.shape == (2, 300)
    alone = [[float(lower_bound(row, 0.05, low=0, high=1)) for row in part[:5]] for part in x]
    np.testing.assert_allclose(together[:, :5], alone, rtol=1e-9)


def test_units_do_not_matter():
    x = np.random.default_rng(0).random(200)
    plain = lower_bound(x, 0.05, low=0, high=1)
    scaled = lower_bound(6 * x - 3, 0.05, low=-3, high=3)
    assert scaled == pytest.approx(6 * plain - 3, abs=1e-9)


def test_a_bound_beyond_the_null_goes_with_a_small_p_value():
    rng = np.random.default_rng(0)
    x = rng.random((300, 120)) * 0.5 + rng.random((300, 1)) * 0.4
    beyond = lower_bound(x, 0.05, low=0, high=1, null=0.5) >= 0.5 - 1e-12
    p = p_value(x, 0.5, 0.05, low=0, high=1)
    assert 50 < beyond.sum() < 250
    np.testing.assert_array_equal(beyond, p <= 0.05)


def test_strong_evidence_has_a_p_value_far_below_its_aim():
    x = np.random.default_rng(0).random(2000) * 0.5 + 0.4
    assert p_value(x, 0.5, 0.05, low=0, high=1) < 1e-8


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"values": [0.5, 2.0]}, r"values must lie in \[0, 1\], got 2.0"),
        ({"values": [0.5, math.nan]}, "values must be a finite number, got nan"),
        ({"values": []}, r"values must have shape \[..., n\] with n ≥ 1"),
        ({"alpha": 1.0}, r"alpha must lie in \(0, 1\), got 1"),
        ({"low": 1.0}, "low must be less than high, got low=1.0 and high=1"),
    ],
)
def test_bad_input(change, message):
    arguments = {"values": [0.5, 0.5], "alpha": 0.05, "low": 0, "high": 1} | change
    with pytest.raises(ValueError, match=message):
        lower_bound(**arguments)
    with pytest.raises(ValueError, match="null must lie in"):
        p_value([0.5], 0.0, 0.05, low=0, high=1)


@pytest.mark.parametrize("alpha", [0.05, 0.45, 0.9, 0.999])
def test_the_mean_of_the_sample_lies_between_both_bounds(alpha):
    """At a large alpha capital that was won and lost again refutes the sample's own mean."""
    x = (np.random.default_rng(0).random((400, 50)) < 0.5).astype(float)
    low, high = lower_bound(x, alpha, low=0, high=1), upper_bound(x, alpha, low=0, high=1)
    assert (low <= x.mean(1)).all()
    assert (x.mean(1) <= high).all()


@pytest.mark.parametrize("width", [1e-200, 1e200])
def test_ranges_that_float64_cannot_square_are_refused(width):
    with pytest.raises(ValueError, match=r"high - low must lie in \[1e-100, 1e100\]"):
        lower_bound(np.zeros(40), 0.05, low=0, high=width)
