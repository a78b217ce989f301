"""Relations between the bounds, their limits and their scaling: proved, then tried on numbers."""

import doctest

import numpy as np
import pytest
import relations
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from relations import RELATIONS, Relation, large_sample_limit, leading_order
from sympy import log, sqrt

from bounds import latent_quality, risk_gap
from bounds.catalogue import THEOREMS, find
from bounds.contract import random_arguments
from bounds.notation import symbol
from bounds.proofs.inequalities import direction, is_non_negative, same

gamma, L, C, R_M, C_M, R_loss, m, m_head, delta, kappa, V, v_norm = map(
    symbol,
    ("gamma", "L", "C", "R_M", "C_M", "R_loss", "m", "m_head", "delta", "kappa", "V", "v_norm"),
)


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda r: f"{r.smaller.key}<={r.larger.key}")
def test_relations_are_proved(relation):
    assert relation.proved()


def test_a_false_relation_is_not_proved():
    # Twice the contraction: 4 * 2LR = 8LR leaves nothing for... the confidence, so this one holds;
    # three times does not.
    double, triple = (
        Relation(
            risk_gap.sharp("M", "N"),
            risk_gap.paper("M", "N"),
            {R_loss: factor * L * R_M, symbol("slack"): sympy.Integer(0)},
            "a careless contraction",
        )
        for factor in (2, 3)
    )
    assert double.proved()
    assert not triple.proved()


POSITIVE = st.floats(1e-6, 1e3)
SIZES = st.integers(1, 10**9)
LEVELS = st.floats(1e-12, 1 - 1e-9)


@settings(max_examples=200, deadline=None)
@given(g=st.floats(-5, 5), r=POSITIVE, lipschitz=POSITIVE, c=POSITIVE, n=SIZES, d=LEVELS)
def test_sharp_is_at_most_the_paper(g, r, lipschitz, c, n, d):
    common = dict(C=c, m=n, delta=d)
    sharp = risk_gap.sharp("M", "N").evaluate(gamma=g, R_loss=lipschitz * r, **common).total
    paper = risk_gap.paper("M", "N").evaluate(gamma=g, R_M=r, L=lipschitz, **common).total
    assert sharp <= paper * (1 + 1e-12) + 1e-12 * abs(g)
    sharp = latent_quality.sharp("M").evaluate(L_hat=g, R_loss=lipschitz * r, **common).total
    paper = latent_quality.paper("M").evaluate(L_hat=g, R_M=r, R=0, L=lipschitz, **common).total
    assert sharp <= paper * (1 + 1e-12) + 1e-9


@settings(max_examples=100, deadline=None)
@given(
    v=POSITIVE, norm=POSITIVE, b=POSITIVE, rho=POSITIVE, p=st.integers(1, 500), n=SIZES, d=LEVELS
)
def test_observing_kappa_never_costs(v, norm, b, rho, p, n, d):
    t = risk_gap.fast_rate("M", "N")
    point = dict(gamma=0, V=v, v_norm=norm, v_max=b, m_head=n, delta=d)
    known = np.sqrt(2 * rho * np.log(4 * p / d) / n)
    in_advance = t.evaluate(**point, leverage=rho, p=p).total
    assert t.evaluate(**point, kappa=known).total <= in_advance * (1 + 1e-9) or known >= 1 - 1e-9


# ---------------------------------------------------------------- scaling of the loss


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda t: t.key)
@pytest.mark.parametrize("scale", [0.01, 7.0])
def test_twice_the_loss_is_twice_the_bound(theorem, scale):
    """Multiply every argument by scale^(its power of loss): the total is multiplied as the left-hand side."""
    points = random_arguments(theorem, np.random.default_rng(3), 200)
    scaled = {
        name: value * scale ** float(theorem.quantities[name].units[0])
        for name, value in points.items()
    }
    np.testing.assert_allclose(
        theorem.evaluate(**scaled).total,
        scale ** float(theorem.units[0]) * np.asarray(theorem.evaluate(**points).total),
        rtol=1e-9,
        atol=1e-12,
    )


# ---------------------------------------------------------------- many examples


def test_limits():
    assert same(large_sample_limit(find("risk_gap.paper")), gamma + 8 * L * R_M)
    assert large_sample_limit(find("risk_gap.paper"), {R_M: sqrt(C_M / m)}) == gamma
    assert large_sample_limit(find("modality_gain.rate")) == gamma
    assert same(
        large_sample_limit(find("risk_gap.fast_rate")),
        gamma + symbol("first_order_slack") / (1 - kappa),
    )


def test_leading_orders():
    exponent, coefficient = leading_order(find("modality_gain.rate"))
    assert exponent == -sympy.Rational(1, 2)
    assert same(coefficient, 8 * L * sqrt(C_M) + 4 * C + 2 * C * sqrt(2 * log(2 / delta)))
    exponent, coefficient = leading_order(find("risk_gap.data_dependent"))
    assert exponent == -sympy.Rational(1, 2)
    assert same(coefficient, 2 * C * sqrt(2 * log(2 / delta)))
    exponent, coefficient = leading_order(find("risk_gap.fast_rate"))
    assert exponent == -1
    assert same(coefficient, (sqrt(V) + sqrt(2 * v_norm * log(2 / delta))) ** 2 / (1 - kappa) ** 2)
    # Known in advance, kappa itself vanishes like 1/sqrt(m): the leading order loses it.
    no_slack = {symbol("first_order_slack"): 0}
    exponent, coefficient = leading_order(find("risk_gap.fast_rate_in_advance"), no_slack)
    assert exponent == -1
    assert same(coefficient, (sqrt(V) + sqrt(2 * v_norm * log(4 / delta))) ** 2)


@pytest.mark.parametrize("key", ["risk_gap.sharp", "latent_quality.paper", "risk_gap.fast_rate"])
def test_leading_orders_in_numbers(key):
    theorem = find(key)
    exponent, coefficient = leading_order(theorem)
    points = {
        name: float(values[0])
        for name, values in random_arguments(theorem, np.random.default_rng(5), 1).items()
    }
    points["kappa"] = 0.3
    points = {name: points[name] for name in theorem.inputs}
    size = theorem.sample_size
    at = {theorem.quantities[name].symbol: value for name, value in points.items()}
    limit = float(large_sample_limit(theorem).subs(at))
    for n in (10**10, 10**12):
        rest = theorem.evaluate(**{**points, size: n}).total - limit
        assert rest == pytest.approx(float(coefficient.subs(at)) * n ** float(exponent), rel=1e-3)


def test_a_theorem_without_a_sample_has_no_limit():
    with pytest.raises(ValueError, match="must have a sample size"):
        large_sample_limit(find("nested_quality.full_latent"))


# ---------------------------------------------------------------- the prover itself


@pytest.mark.parametrize(
    "expression",
    [
        -C,
        C - L,
        log(1 / delta) - log(2 / delta),
        log(delta),
        sqrt(log(1 / delta)) - sqrt(log(2 / delta)),
        2 * sqrt(log(1 / delta)) - sqrt(log(2 / delta)),
        (4 * sqrt(2) - 8) * L * C,
        gamma,
        1 - kappa,
        C**2 - 2 * C * L,
    ],
)
def test_the_prover_proves_nothing_false(expression):
    assert not is_non_negative(expression)


@pytest.mark.parametrize(
    "expression",
    [
        sympy.Integer(0),
        C**2 + L,
        gamma**2,
        log(2 / delta),
        log(4 * symbol("p") / delta),
        sqrt(log(2 / delta)) - sqrt(log(1 / delta)),
        (8 - 4 * sqrt(2)) * L * C,
        C**2 - 2 * C * L + L**2,
        m - m / 2,
    ],
)
def test_the_prover_proves(expression):
    assert is_non_negative(expression)


def test_conditions_are_used_only_where_they_are_given():
    assert is_non_negative(C / (1 - kappa), (1 - kappa,))
    assert not is_non_negative(C / (1 - kappa))
    assert direction(C / (1 - kappa), kappa, (1 - kappa,)) == 1
    assert direction(C / (1 - kappa), kappa) is None


@pytest.mark.parametrize(
    ("expression", "name", "expected"),
    [
        (C * sqrt(log(2 / delta) / m), "delta", -1),
        (C * sqrt(log(2 / delta) / m), "m", -1),
        (delta / 2, "delta", 1),
        (1 - delta, "delta", -1),
        (-3 * C, "C", -1),
        (C - L, "m", 0),
        (L * (C - V), "C", 1),
        (L * (C - V), "V", -1),
        (L * (C - V), "L", None),
        (C**2 - C, "C", None),
        (gamma**2, "gamma", None),
    ],
)
def test_directions(expression, name, expected):
    assert direction(expression, symbol(name)) == expected


def test_same_sees_identities_and_differences():
    assert same(log(4 / delta), 2 * log(2) + log(1 / delta))
    assert same(sqrt(2 * C**2 / m), C * sqrt(2) / sqrt(m))
    assert not same(log(2 * sqrt(m)) / delta, log(2 * sqrt(m) / delta))
    assert not same(C, C + sympy.Rational(1, 10**9))


def test_examples():
    assert doctest.testmod(relations).failed == 0
