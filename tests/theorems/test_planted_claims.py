"""False theorems must be refuted, in worlds where the slack permits it (theory, section 7).

Each planted claim is the true one with one thing changed; the true one must be supported on the same
samples. A check that lets the false claim pass, or refutes the true one, fails here.
"""

import numpy as np
import pytest

from bounds import risk_gap
from empirical.estimate import Interval
from empirical.worlds.exact import xor
from empirical.worlds.linear import junk_world
from verify.compare import bound_interval, compare
from verify.coverage import Coverage, coverage

SAMPLES = 300


def decide(lhs: np.ndarray, rhs: Interval | np.ndarray) -> Coverage:
    right = rhs if isinstance(rhs, Interval) else Interval.exact(rhs)
    return coverage(compare(Interval.exact(lhs), right), level=0.025)


@pytest.mark.parametrize("m", [400, 1600, 6400])
def test_flipping_the_sign_of_gamma_is_refuted(m: int) -> None:
    """XOR, M one modality, N both: r(M) - r(N) is about 1/2 = gamma, against -1/2 + terms < 1/2."""
    world = xor(2)
    one, both = (world.names[0],), world.names
    sample = world.draw(np.random.default_rng(m), m, SAMPLES)
    trials = world.measure(sample, [one, both])
    lhs = trials[one].population_risk - trials[both].population_risk
    gamma = trials[one].latent_quality - trials[both].latent_quality
    assert np.allclose(gamma, 0.5)
    known = {
        "R_M": world.rademacher_complexity(one, m),
        "L": world.constants.L,
        "C": world.constants.C,
        "m": m,
        "delta": 0.05,
    }
    theorem = risk_gap.paper(one, both)
    assert (
        decide(lhs, bound_interval(theorem, {**known, "gamma": gamma}).interval).verdict
        == "supported"
    )
    planted = bound_interval(theorem, {**known, "gamma": -gamma}).interval
    refuted = decide(lhs, planted)
    assert refuted.verdict == "refuted"
    assert refuted.violations == SAMPLES


@pytest.mark.parametrize("form", [risk_gap.paper, risk_gap.sharp])
@pytest.mark.parametrize("m", [64, 256])
def test_leaving_out_complexity_and_confidence_is_refuted(form, m: int) -> None:
    """A junk modality: gamma = 0, yet fitting a weight on noise costs risk in most samples."""
    world = junk_world()
    M, N = ("signal", "junk"), ("signal",)
    trials = world.measure(world.draw(np.random.default_rng(m), m, SAMPLES), [M, N])
    lhs = trials[M].population_risk - trials[N].population_risk
    gamma = trials[M].latent_quality - trials[N].latent_quality
    slack = trials[M].slack
    assert np.abs(gamma).max() < 1e-12
    assert slack.max() < 1e-9

    R_M = world.rademacher_complexity(M, m)
    C, L = world.constants.C, world.constants.L
    arguments = {"gamma": gamma, "C": C, "m": m, "delta": 0.05}
    arguments |= (
        {"R_M": R_M, "L": L}
        if form is risk_gap.paper
        else {"R_loss": Interval(0.0, L * R_M.high), "slack": slack}
    )
    assert decide(lhs, bound_interval(form(M, N), arguments).interval).verdict == "supported"

    planted = decide(lhs, gamma + slack)
    assert planted.verdict == "refuted"
    assert 0.5 <= planted.rate <= 0.97
