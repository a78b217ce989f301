"""Theorem checks as a user would write them, with the plugin's fixture; truths beside falsehoods.

XOR of two bits, where every term is exact, and least squares with a junk modality; networks on digits
are in test_finite_population. 300 samples support a level of 0.025.
"""

import numpy as np
import pytest

from bounds import latent_quality, risk_gap
from empirical.statistics.intervals import Interval
from empirical.worlds.boolean.exact import xor
from empirical.worlds.linear.world import junk_world

pytestmark = pytest.mark.theorem

SAMPLES = 300


def measured(world, M, N, m):
    """Both subsets on the same samples: the risk gap, gamma, and everything known about M."""
    trials = world.measure(world.draw(np.random.default_rng(m), m, SAMPLES), [M, N])
    gap = trials[M].population_risk - trials[N].population_risk
    gamma = trials[M].latent_quality - trials[N].latent_quality
    known = {"R_M": world.rademacher_complexity(M, m), "m": m, "delta": 0.05}
    known |= {"L": world.constants.L, "C": world.constants.C}
    return gap, gamma, known, trials[M]


@pytest.mark.parametrize("m", [400, 6400])
def test_theorem_1_on_xor_and_its_sign(check_theorem, m):
    """M one bit, N both: r(M) - r(N) is 1/2 = gamma, against -1/2 + terms with the sign flipped."""
    world = xor(2)
    one, both = (world.names[0],), world.names
    gap, gamma, known, _ = measured(world, one, both, m)
    paper = risk_gap.paper(one, both)
    check_theorem(paper, gap, {**known, "gamma": gamma}, decided=True)
    check_theorem(
        paper,
        gap,
        {**known, "gamma": -gamma},
        expected="refuted",
        name=f"Theorem 1 with gamma's sign flipped, XOR, m = {m}",
    )


def test_theorem_2_on_xor_and_without_the_empirical_loss(check_theorem):
    """M one bit: eta = 1/2 on every sample, of which the terms alone are 0.27 at m = 6,400."""
    world, m = xor(2), 6400
    one = (world.names[0],)
    _, _, known, trial = measured(world, one, world.names, m)
    sharp = latent_quality.sharp(one)
    known = {k: known[k] for k in ("C", "m", "delta")} | {"R_loss": known["R_M"]}
    eta, L_hat = trial.latent_quality, trial.centred_loss
    check_theorem(sharp, eta, {**known, "L_hat": L_hat}, decided=True)
    check_theorem(
        sharp,
        eta,
        {**known, "L_hat": 0.0},
        expected="refuted",
        name="Theorem 2 without the empirical loss, XOR",
    )


@pytest.mark.parametrize("form", [risk_gap.paper, risk_gap.sharp])
@pytest.mark.parametrize("m", [64, 256])
def test_theorem_1_with_a_junk_modality_and_without_its_terms(check_theorem, form, m):
    """gamma = 0, yet fitting a weight on noise costs risk in most samples."""
    world, M, N = junk_world(), ("signal", "junk"), ("signal",)
    gap, gamma, known, trial = measured(world, M, N, m)
    assert np.abs(gamma).max() < 1e-12
    if form is risk_gap.sharp:
        R_loss = Interval(0.0, known.pop("L") * known.pop("R_M").high)
        known |= {"R_loss": R_loss, "slack": trial.slack}
    check = check_theorem(form(M, N), gap, {**known, "gamma": gamma}, decided=True)
    assert check.factor.value < 1
    # Nothing is left of the terms at C = 0, L = 0.
    bare = {"C": 0.0} | ({"L": 0.0} if form is risk_gap.paper else {"R_loss": 0.0})
    refuted = check_theorem(
        form(M, N),
        gap,
        {**known, "gamma": gamma, **bare},
        expected="refuted",
        name=f"{form(M, N).key} without its terms, junk modality, m = {m}",
    )
    assert 0.5 <= refuted.coverage.rate <= 0.97
