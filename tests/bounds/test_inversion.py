"""Bounds read backwards: closed forms by hand, round trips, least integers, and no answer."""

import math

import numpy as np
import pytest
import sympy
from sympy import exp, log, sqrt

from bounds import latent_quality, linear_case, modality_gain, risk_gap
from bounds.catalogue import THEOREMS, find
from bounds.contract import random_arguments

m = sympy.Symbol("m")
PAPER = risk_gap.paper("TVA", "TA")
QUALITY = latent_quality.sharp("TVA")
FAST = risk_gap.fast_rate("TVA", "TA")


def test_the_sample_size_in_closed_form():
    # (8*2 + 4 + 2 sqrt(2 ln 40))/sqrt(m) = 1/10: m = 100 (20 + 2 sqrt(2 ln 40))^2.
    s = PAPER.solve("m", total=0.1, gamma=0, R_M=2 / sqrt(m), L=1, C=1, delta=0.05)
    assert sympy.simplify(s.exact - 100 * (20 + 2 * sqrt(2 * log(40))) ** 2) == 0
    assert s.value == float(s) == pytest.approx(64680.728, abs=1e-3)
    assert s.least_integer == math.ceil(s.value)


def test_delta_in_closed_form():
    # 0.2 + sqrt(2 ln(1/delta)/100) = 0.5: ln(1/delta) = 4.5.
    s = QUALITY.solve("delta", total=0.5, L_hat=0, R_loss=0.1, C=1, m=100)
    assert s.exact == exp(-sympy.Rational(9, 2))
    assert s.least_integer is None


def test_delta_of_a_theorem_that_fails_with_half_of_it():
    # 4/sqrt(m) + 2 sqrt(2 ln(2/delta)/m) = 0.8 at m = 100: ln(2/delta) = 2.
    s = PAPER.solve("delta", total=0.8, gamma=0, R_M=0, L=1, C=1, m=100)
    assert s.value == pytest.approx(2 / math.e**2, rel=1e-14)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("gamma", -0.06), ("R_M", 0.0125), ("L", 0.625), ("C", 0.925)],
)
def test_linear_arguments(name, expected):
    # At m = 100 and ln(2/delta) = 2 the terms are gamma + 8 L R_M + 0.8 C; one is moved to 0.9.
    point = dict(gamma=0.0, R_M=0.02, L=1, C=1, m=100, delta=2 / math.e**2)
    del point[name]
    assert PAPER.solve(name, total=0.9, **point).value == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda t: t.key)
def test_round_trip(theorem):
    """Solve for every argument in turn at random points: the argument comes back, or its bound."""
    points = random_arguments(theorem, np.random.default_rng(11), 2)
    points |= {"kappa": np.array([0.2, 0.6])} if "kappa" in points else {}
    if "leverage" in points:
        points |= {"m_head": np.array([1e5, 3e6]), "leverage": np.array([2.0, 30.0])}
    for index in range(2):
        point = {name: float(values[index]) for name, values in points.items()}
        total = theorem.evaluate(**point).total
        for name in theorem.inputs:
            rest = {key: value for key, value in point.items() if key != name}
            found = theorem.solve(name, total=total, **rest)
            if theorem.directions.get(name) and "fast_rate" not in theorem.key:
                assert found.value == pytest.approx(point[name], rel=1e-6)
            if not theorem.quantities[name].domain.integer:
                again = theorem.evaluate(**rest, **{name: found.value}).total
                assert again == pytest.approx(total, rel=1e-9)


def test_the_fast_rate_is_inverted_numerically_and_in_either_form():
    known = dict(gamma=0, V=3.0, v_norm=0.5, v_max=9.0, delta=0.05)
    s = FAST.solve("m_head", total=0.01, kappa=0.1, **known)
    assert s.exact is None
    n = s.least_integer
    assert FAST.evaluate(m_head=n, kappa=0.1, **known).total <= 0.01
    assert FAST.evaluate(m_head=n - 1, kappa=0.1, **known).total > 0.01
    # In advance: infinite up to kappa = 1, so the search starts behind a pole.
    s = FAST.solve("m_head", total=0.01, leverage=40, p=33, **known)
    n = s.least_integer
    assert FAST.evaluate(m_head=n, leverage=40, p=33, **known).total <= 0.01
    assert FAST.evaluate(m_head=n - 1, leverage=40, p=33, **known).total > 0.01


def test_the_least_integer_is_the_least():
    rng = np.random.default_rng(2)
    for _ in range(20):
        point = dict(L_hat=0.0, R_loss=0.0, C=1.0, delta=float(rng.uniform(0.01, 0.5)))
        total = float(rng.uniform(0.01, 0.9))
        n = QUALITY.solve("m", total=total, **point).least_integer
        assert QUALITY.evaluate(m=n, **point).total <= total
        assert n == 1 or QUALITY.evaluate(m=n - 1, **point).total > total


def test_a_bound_that_is_small_from_the_start():
    s = QUALITY.solve("m", total=100, L_hat=0, R_loss=0.1, C=1, delta=0.05)
    assert s.least_integer == 1
    assert s.value < 1


def test_any_argument_may_be_an_expression_in_the_others():
    # R_M = L/sqrt(m) and C = 2L: terms (8 L^2 + 8 L + 4 L sqrt(2 ln(2/delta)))/sqrt(m).
    lip = sympy.Symbol("L")
    s = PAPER.solve("m", total=0.5, gamma=0, R_M=lip / sqrt(m), L=2, C=2 * lip, delta=2 / math.e**2)
    assert s.value == pytest.approx(((32 + 16 + 16) / 0.5) ** 2, rel=1e-12)
    # Symbols are recognised by name, whatever their assumptions.
    positive = sympy.Symbol("m", positive=True)
    t = PAPER.solve(
        "m", total=0.5, gamma=0, R_M=lip / sqrt(positive), L=2, C=4, delta=2 / math.e**2
    )
    assert t.value == pytest.approx(s.value)


def test_sympy_numbers_stay_exact():
    s = QUALITY.solve(
        "m", total=sympy.Rational(1, 2), L_hat=0, R_loss=0, C=sympy.sqrt(2), delta=sympy.exp(-1)
    )
    assert s.exact == 16


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("m", dict(total=0.1, L_hat=0.2), r"total must be one that .* some m, between 0.4 and"),
        (
            "R_loss",
            dict(total=0.1, m=100),
            "total must be one that the bound takes for some R_loss",
        ),
        ("delta", dict(total=0.1, m=100), "total must be one that the bound takes for some delta"),
        ("C", dict(total=0.1, m=100, R_loss=1), "for some C"),
        ("best_risk", dict(total=0.1, m=100), "the argument to solve for must be among"),
        ("R_M", dict(total=0.1, m=100), "got R_M"),
        ("m", dict(total=math.nan), "total must be a finite number, got nan"),
        ("m", dict(total="low"), "total must be a finite number, got 'low'"),
        ("m", dict(total=0.1, m=100), "m must be left out where it is solved for, got 100"),
        ("m", dict(total=0.1, delta=1.5), r"delta must lie in \(0, 1\), got 1.5"),
        ("m", dict(total=0.1, delta=math.nan), r"delta must lie in \(0, 1\), got nan"),
        ("m", dict(total=0.1, C=[1, 2]), r"C must be one number here, got shape \(2,\)"),
        ("m", dict(total=0.1, R_loss=math.inf), "R_loss must be finite here, got inf"),
        ("m", dict(total=0.1, R_loss=sympy.Symbol("q")), "R_loss must be .* with q undetermined"),
        ("m", dict(total=0.1, R_loss=-sympy.Symbol("C")), "R_loss must be non-negative, got -1"),
    ],
)
def test_no_solution_or_bad_input_is_said(name, arguments, message):
    point = dict(L_hat=0.0, R_loss=0.1, C=1, delta=0.05)
    point.pop(name, None)
    with pytest.raises(ValueError, match=message):
        QUALITY.solve(name, **{**point, **arguments})


def test_arguments_that_do_not_matter_have_no_solution():
    with pytest.raises(ValueError, match="does not depend on L for these arguments"):
        PAPER.solve("L", total=1, gamma=0, R_M=0, C=1, m=100, delta=0.05)


# ---------------------------------------------------------------- from when on it says something


def test_nonvacuous_from():
    # sqrt(m) > 20 + 2 sqrt(2 ln 40) = 25.43: from m = 647 on.
    assert PAPER.nonvacuous_from(R_M=2 / sqrt(m), L=1, C=1, delta=0.05) == 647
    at = dict(gamma=0, L=1, C=1, delta=0.05)
    assert PAPER.evaluate(m=646, R_M=2 / 646**0.5, **at).vacuous is True
    assert PAPER.evaluate(m=647, R_M=2 / 647**0.5, **at).vacuous is False


def test_nonvacuous_does_not_depend_on_gamma_but_on_the_best_risk():
    common = dict(R_M=2 / sqrt(m), L=1, C=1, delta=0.05)
    assert PAPER.nonvacuous_from(gamma=-5, **common) == PAPER.nonvacuous_from(**common)
    # C - best_risk = 1/2: four times as many examples.
    assert PAPER.nonvacuous_from(best_risk=0.5, **common) == 2588
    assert pytest.approx(2587.2, abs=0.1) == 4 * 646.807


def test_never():
    assert PAPER.nonvacuous_from(R_M=0.5, L=1, C=1, delta=0.05) == math.inf
    # A latent quality counts its empirical loss against the range.
    assert QUALITY.nonvacuous_from(L_hat=1, R_loss=0, C=1, delta=0.05) == math.inf
    assert QUALITY.nonvacuous_from(L_hat=0, R_loss=0, C=1, delta=0.05) == 6  # 2 ln 20 = 5.99


def test_the_fast_rate_needs_a_range_for_this():
    known = dict(V=3.0, v_norm=0.5, v_max=9.0, delta=0.05)
    with pytest.raises(ValueError, match="C must be non-negative, got nothing"):
        FAST.nonvacuous_from(**known, kappa=0.1)
    observed = FAST.nonvacuous_from(**known, kappa=0.1, C=4.0)
    in_advance = FAST.nonvacuous_from(**known, leverage=40.0, p=33, C=4.0)
    assert 1 < observed < in_advance < math.inf


def test_no_sample_size_no_least_one():
    with pytest.raises(ValueError, match="must have a sample size"):
        linear_case.full_latent("TA", "T").nonvacuous_from()


def test_the_difference_of_bounds_may_cross_from_either_side():
    t = modality_gain.bound_gap("TVA", "TA")
    # 4 (3 - 2)/sqrt(m) = 0.1: m* = 1600, and from there on the difference is at most 0.
    s = t.solve("m", total=0, L_hat_M=0.1, L_hat_N=0.2, C_M=9, C_N=4, L=1)
    assert (s.value, s.least_integer) == (1600.0, 1600)


@pytest.mark.parametrize("delta", [1e-300, 1e-30, 0.05])
@pytest.mark.parametrize("key", ["risk_gap.fast_rate", "risk_gap.paper", "latent_quality.sharp"])
def test_a_tiny_delta_inverts_like_any_other(key, delta):
    """ln(2/delta) is 691 at delta = 1e-300: a large number, and nothing more."""
    known = {
        "risk_gap.fast_rate": dict(V=3, v_norm=0.5, v_max=9, leverage=40, p=33),
        "risk_gap.paper": dict(R_M=0.0, L=1.0),
        "latent_quality.sharp": dict(L_hat=0.0, R_loss=0.0),
    }[key]
    theorem = find(key)
    least = theorem.nonvacuous_from(**known, C=1, delta=delta)
    size = {theorem.sample_size: [least - 1, least]}
    gamma = {} if key.startswith("latent") else {"gamma": 0}
    vacuous = theorem.evaluate(**known, **gamma, **size, C=1, delta=delta).vacuous
    assert vacuous.tolist() == [True, False]


def test_a_closed_form_can_be_printed():
    """Gathering powers inside a logarithm would make an integer of thousands of digits."""
    m = sympy.Symbol("m")
    found = find("risk_gap.paper").solve(
        "m", total=0, gamma=-0.1, R_M=120 / sympy.sqrt(m), L=62.0, C=961.0, delta=0.05
    )
    assert len(str(found)) < 1000
    assert float(found) == pytest.approx(float(found.exact))


def test_a_total_that_is_no_single_number():
    with pytest.raises(ValueError, match="total must be one number here"):
        find("latent_quality.sharp").solve(
            "m", total=[0.1, 0.2], L_hat=0, R_loss=0.0, C=1, delta=0.05
        )


def test_an_expression_that_leaves_its_domain_does_not_count():
    theorem, known = latent_quality.sharp("TA"), {"L_hat": 0, "R_loss": 0.1, "C": 1}
    # delta = 1/m is 1 at m = 1, and at m = 2, 3, 5 the bound still exceeds 1.
    found = theorem.nonvacuous_from(**known, delta=1 / m)
    totals = [theorem.evaluate(**known, m=n, delta=1 / n).total for n in range(2, found + 1)]
    assert found > 5
    assert [total < 1 for total in totals] == [False] * (found - 2) + [True]


@pytest.mark.parametrize(
    "arguments", [{"R_loss": 0, "delta": m}, {"R_loss": -1 / m, "delta": 0.05}]
)
def test_an_expression_outside_its_domain_at_every_size_has_no_least_size(arguments):
    theorem = latent_quality.sharp("TA")
    assert theorem.nonvacuous_from(L_hat=0, C=1, **arguments) == math.inf
    assert theorem.least_sample_size(below=0.3, L_hat=0, C=1, **arguments) == math.inf


@pytest.mark.parametrize("k", [3, 10**4, 10**8, 10**9 + 7, 10**12, 10**40])
def test_exact_ties_of_any_size(k):
    """2 R_loss = 2/sqrt(m) is 2/k exactly at m = k^2: at most there, below one later."""
    known = dict(L_hat=0, C=0, R_loss=1 / sqrt(m), delta=0.05)
    limit = sympy.Rational(2, k)
    assert QUALITY.solve("m", total=limit, **known).least_integer == k**2
    assert QUALITY.least_sample_size(below=limit, **known) == k**2 + 1


@pytest.mark.parametrize("limit", ["1e-3", "1e-8", "3.3e-8", "1e-12", "1e-50"])
def test_least_sizes_with_four_hundred_digits(limit):
    """sqrt(2 ln 20 / m) < t from m = 2 ln 20 / t^2 on; 8e15 and 1e18 were borders of floating point."""
    number = sympy.Rational(limit)
    expected = int(sympy.ceiling((2 * sympy.log(20) / number**2).evalf(400)))
    known = dict(L_hat=0, R_loss=0, C=1, delta=0.05)
    assert QUALITY.least_sample_size(below=float(limit), **known) == expected
    assert QUALITY.solve("m", total=float(limit), **known).least_integer == expected


def test_a_limit_that_is_only_approached_is_never_passed():
    known = dict(L_hat=0, C=0, delta=0.05)
    assert QUALITY.least_sample_size(below=0.5, R_loss=0.25 + 1 / m, **known) == math.inf
    # exp(-m) is below the last digit of a double from m = 36 on.
    assert QUALITY.least_sample_size(below=0.5, R_loss=0.25 + sympy.exp(-m), **known) == math.inf
