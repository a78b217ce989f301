"""Other bounds on means of bounded rows: closed forms by hand, the exact one over all counts."""

import math

import numpy as np
import pytest
from scipy import special, stats

from empirical.statistics import trinomial
from empirical.statistics.bounded_means import METHODS, least_level, upper_bound

CERTIFIED = [m.name for m in METHODS if m.certified]


def test_the_list():
    assert METHODS.names == (
        "betting",
        "hoeffding",
        "maurer-pontil",
        "fixed bet",
        "trinomial",
        "normal",
    )
    assert len(CERTIFIED) == 5


def counts_of(n):
    """All (n₊, n₋)."""
    return np.array([(a, b) for a in range(n + 1) for b in range(n + 1 - a)])


def chances(counts, n, plus, minus):
    """The trinomial law of the counts."""
    a, b = counts.T
    log = (
        special.gammaln(n + 1)
        - special.gammaln(a + 1)
        - special.gammaln(b + 1)
        - special.gammaln(n - a - b + 1)
    )
    return np.exp(
        log
        + special.xlogy(a, plus)
        + special.xlogy(b, minus)
        + special.xlogy(n - a - b, 1 - plus - minus)
    )


def worst_miss(n, alpha):
    """The largest probability, over a grid of laws, that the exact bound lies below the mean."""
    counts = counts_of(n)
    bounds = np.array([trinomial.bound_from_counts(int(a), int(b), n, alpha) for a, b in counts])
    worst = 0.0
    for rate in np.linspace(0, 1, 41):
        for share in np.linspace(0, 1, 41):
            plus, minus = rate * share, rate * (1 - share)
            missed = chances(counts, n, plus, minus)[bounds < plus - minus - 1e-12].sum()
            worst = max(worst, missed)
    return worst


def test_the_exact_bound_over_all_counts():
    worst = worst_miss(16, 0.1)
    assert 0.02 < worst <= 0.1


@pytest.mark.slow
@pytest.mark.parametrize("alpha", [0.05, 0.025])
def test_the_exact_bound_over_all_counts_of_sixty_rows(alpha):
    worst = worst_miss(60, alpha)
    assert alpha / 5 < worst <= alpha


def test_the_tail_is_a_sum_over_all_counts():
    for n, plus, minus in ((7, 0.2, 0.3), (12, 0.0, 0.4), (9, 0.6, 0.4), (5, 1.0, 0.0)):
        counts = counts_of(n)
        law = chances(counts, n, plus, minus)
        for most in range(-n, n + 1):
            expected = law[counts[:, 0] - counts[:, 1] <= most].sum()
            assert trinomial.tail(most, n, plus, minus) == pytest.approx(
                min(1, expected), abs=1e-11
            )


def test_the_largest_tail_is_one_over_the_interval():
    n, mean, beta = 40, 0.1, 0.002
    low, high = stats.beta.ppf([beta / 2, 1 - beta / 2], [12, 13], [29, 28])
    rates = np.linspace(max(low, mean), high, 4001)
    plain = trinomial.tail(-2, n, (rates + mean) / 2, (rates - mean) / 2).max()
    found = trinomial.largest_tail(-2, 12, n, mean, beta)
    assert plain <= found < plain * 1.1


@pytest.mark.parametrize("name", CERTIFIED)
def test_no_certified_method_is_wrong_more_often_than_alpha(name):
    """Fewer misses than come with chance 1 in 100,000 at the rate alpha."""
    rng = np.random.default_rng(1)
    trials, n, alpha = 300, 40, 0.1
    law = [0.02, 0.9, 0.08]
    rows = rng.choice([-1.0, 0.0, 1.0], p=law, size=(trials, n))
    missed = sum(upper_bound(x, alpha, 1.0, name) < 0.06 for x in rows)
    assert missed <= stats.binom.isf(1e-5, trials, alpha)


def test_the_normal_interval_is_wrong_too_often():
    rng = np.random.default_rng(1)
    rows = rng.choice([-1.0, 1.0], p=[0.98, 0.02], size=(2000, 40))
    missed = sum(upper_bound(x, 0.05, 1.0, "normal") < -0.96 for x in rows[:, :])
    assert missed > 0.3 * 2000  # no +1 at all has the chance 0.98⁴⁰ = 0.45


def test_closed_forms_by_hand():
    rows = np.array([0.5, -0.5] * 50)
    t = math.log(1 / 0.05)
    assert upper_bound(rows, 0.05, 1.0, "hoeffding") == pytest.approx(math.sqrt(2 * t / 100))
    s = math.sqrt(100 / (2 * t)) / 4
    assert upper_bound(rows, 0.05, 1.0, "fixed bet") == pytest.approx(
        0.25 / (2 * s) + (1 + s) * t / 100
    )
    t = math.log(2 / 0.05)
    variance = 25 / 99
    assert upper_bound(rows, 0.05, 1.0, "maurer-pontil") == pytest.approx(
        math.sqrt(2 * variance * t / 100) + 14 * t / (3 * 99)
    )


def test_p_values_are_the_least_level_that_refutes():
    rows = np.array([-1.0] * 20 + [0.0] * 30)
    p = least_level(METHODS.find("hoeffding").upper)(rows, 0.05, 1.0)
    assert p == pytest.approx(math.exp(-50 * 0.4**2 / 2), rel=1e-6)
    assert least_level(METHODS.find("hoeffding").upper)(-rows, 0.05, 1.0) == 1.0


def test_the_exact_p_value_goes_with_the_bound_and_is_one_over_all_counts():
    n, alpha = 16, 0.1
    counts = counts_of(n)
    rows = [np.repeat([1.0, -1.0, 0.0], [a, b, n - a - b]) for a, b in counts]
    p = np.array([trinomial.p_value(x, alpha, 1.0) for x in rows])
    high = np.array([trinomial.upper_bound(x, alpha, 1.0) for x in rows])
    np.testing.assert_array_equal(p <= alpha, high <= 1e-6)
    for rate in np.linspace(0, 1, 21):
        law = chances(counts, n, rate / 2, rate / 2)
        for level in (0.5, 0.1, 0.01):
            assert law[p <= level].sum() <= level


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"values": np.zeros(1)}, "values must have shape"),
        ({"values": np.zeros((2, 2))}, "values must have shape"),
        ({"values": np.array([2.0, 0.0])}, r"values must lie in \[-1, 1\], got 2.0"),
        ({"alpha": 0.0}, "alpha must lie in"),
        ({"C": 0.0}, "C must be positive and finite"),
        ({"method": "guess"}, "method must be one of betting"),
        (
            {"method": "trinomial", "values": np.array([0.5, 0.0])},
            "values must be -C, 0 or C for this method, got 0.5",
        ),
    ],
)
def test_bad_input(change, message):
    arguments = {"values": np.zeros(5), "alpha": 0.05, "C": 1.0, "method": "betting"} | change
    with pytest.raises(ValueError, match=message):
        upper_bound(**arguments)


@pytest.mark.parametrize("name", [each.name for each in METHODS])
@pytest.mark.parametrize("C", [1e-90, 1e-9, 1e12, 1e90])
def test_units_do_not_matter(name, C):
    signs = np.repeat([1.0, -1.0, 0.0], [10, 15, 15])
    expected = upper_bound(signs, 0.05, 1.0, name)
    assert upper_bound(C * signs, 0.05, C, name) == pytest.approx(C * expected, rel=1e-6)


@pytest.mark.parametrize("name", [each.name for each in METHODS])
@pytest.mark.parametrize("C", [5e-324, 1e-300, 1e-154, 1e154, 1.7e308])
def test_no_bound_on_a_range_whose_square_is_no_number(name, C):
    """Squares that vanish made bounds too small: by a half of C for the bet fixed in advance."""
    with pytest.raises(ValueError, match=r"C must lie in \[1e-100, 1e100\], got"):
        upper_bound(np.repeat([C, -C], 20), 0.05, C, name)


def test_the_exact_method_refuses_masked_rows():
    rows = np.ma.masked_array(np.repeat([1.0, -1.0], 20), mask=[1] + [0] * 39)
    with pytest.raises(ValueError, match="values must .* got masked entries"):
        trinomial.upper_bound(rows, 0.05, 1.0)
