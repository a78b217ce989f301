"""Arguments of a bound that are refused, by message, and those at the ends of float64."""

import math

import pytest

from bounds import latent_quality, risk_gap
from bounds.catalogue import find

PAPER = risk_gap.paper("TVA", "TA")
POINT = dict(gamma=-0.1, R_M=0.02, L=1.0, C=1.0, m=100, delta=0.05)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(delta=1.5), r"delta must lie in \(0, 1\), got 1.5"),
        (dict(delta=0), r"delta must lie in \(0, 1\), got 0$"),
        (dict(delta=1), r"delta must lie in \(0, 1\), got 1$"),
        (dict(delta=[0.1, 1.5]), r"delta must lie in \(0, 1\), got 1.5"),
        (dict(m=0), "m must be a positive integer, got 0$"),
        (dict(m=-3), "m must be a positive integer, got -3"),
        (dict(m=2.5), "m must be a positive integer, got 2.5"),
        (dict(m=[10, 2.5]), "m must be a positive integer, got 2.5"),
        (dict(m=math.inf), "m must be a positive integer, got inf"),
        (dict(m="many"), "m must be a positive integer, got 'many'"),
        (dict(m=True), "m must be a positive integer, got True"),
        (dict(m=None), "m must be a positive integer, got None"),
        (dict(L=-1), "L must be non-negative, got -1"),
        (dict(C=-0.5), "C must be non-negative, got -0.5"),
        (dict(C=None), "C must be non-negative, got None"),
        (dict(R_M=-1e-9), "R_M must be non-negative, got -1e-09"),
        (dict(R_M=math.nan), "R_M must be non-negative, got nan"),
        (dict(gamma=math.nan), "gamma must be a finite number, got nan"),
        (dict(gamma=math.inf), "gamma must be a finite number, got inf"),
        (dict(L=[1.0, math.nan]), "L must be non-negative, got nan"),
        (dict(best_risk=-1), "best_risk must be non-negative, got -1"),
        (dict(gamma=1j), "gamma must be a finite number, got 1j"),
        (
            dict(m=[1, 2, 3], delta=[0.1, 0.2]),
            r"shapes must broadcast to one shape, got m \(3,\), delta \(2,\)",
        ),
        (dict(R_N=1), "arguments of risk_gap.paper must be among gamma, R_M, .*, got R_N"),
        (dict(R_abs_M=1), "got R_abs_M"),
    ],
)
def test_bad_input_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        PAPER.evaluate(**{**POINT, **change})


@pytest.mark.parametrize("name", POINT)
def test_a_missing_argument_is_named(name):
    rest = {key: value for key, value in POINT.items() if key != name}
    with pytest.raises(ValueError, match=f"missing argument of risk_gap.paper: {name} "):
        PAPER.evaluate(**rest)


def test_an_infinite_complexity_is_an_infinite_bound():
    assert PAPER.evaluate(**{**POINT, "R_M": math.inf}).total == math.inf
    # 0 * inf: a loss that does not move, over a class of infinite complexity; nothing is claimed.
    assert PAPER.evaluate(**{**POINT, "R_M": math.inf, "L": 0}).total == math.inf


def test_level():
    assert PAPER.level(0.05) == 0.025
    assert latent_quality.sharp("T").level([0.1, 0.05]).tolist() == [0.1, 0.05]
    with pytest.raises(ValueError, match="delta must lie in"):
        PAPER.level(2)


@pytest.mark.parametrize("delta", [1e-300, 1e-307, 1e-310, 5e-324])
def test_a_delta_whose_inverse_overflows(delta):
    """2C sqrt(2 ln(2/delta) / m), the logarithm taken apart; alone and among others."""
    known = dict(gamma=0, R_M=0.02, L=1, C=1, m=100)
    expected = 2 * math.sqrt(2 * (math.log(2) - math.log(delta)) / 100)
    found = find("risk_gap.paper").evaluate(**known, delta=[0.05, delta])
    assert found.terms["confidence"][1] == pytest.approx(expected, rel=1e-14)
    alone = find("risk_gap.paper").evaluate(**known, delta=delta)
    assert (alone.total, alone.vacuous) == (found.total[1], True)


def test_a_condition_with_a_tiny_delta_is_decided_all_the_same():
    known = dict(gamma=0, V=3.0, v_norm=0.5, v_max=9.0, leverage=40, p=33, delta=5e-324)
    fast = find("risk_gap.fast_rate")
    assert fast.evaluate(**known, m_head=10**6).total == pytest.approx(0.0018, abs=1e-4)
    assert fast.evaluate(**known, m_head=100).total == math.inf


def test_intermediate_numbers_may_overflow_where_the_term_does_not():
    known = dict(gamma=0, R_M=0.02, L=1, m=10**12, delta=0.05)
    found = find("risk_gap.paper").evaluate(**known, C=1e308).terms
    assert found["centring"] == pytest.approx(4e302)
    unit = find("risk_gap.paper").evaluate(**known, C=1).terms["confidence"]
    assert found["confidence"] == pytest.approx(unit * 1e308, rel=1e-12)
    # What is infinite stays so.
    assert find("risk_gap.paper").evaluate(**{**known, "R_M": math.inf}, C=1).total == math.inf
    assert find("risk_gap.paper").evaluate(**{**known, "m": 1}, C=1.7e308).total == math.inf
