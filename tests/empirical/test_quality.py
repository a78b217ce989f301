"""Risks are averages, certified infima hold the truth, and gamma is their difference."""

import numpy as np
import pytest
import torch

from empirical import heads
from empirical.losses import OBJECTIVES, weighted_risk
from empirical.quality.frozen_encoder import (
    Features,
    centred_loss,
    empirical_risk,
    latent_quality,
    optimality_gap,
    population_risk,
    quality_gap,
    uniform_mass,
)

T, P, C, ROWS = 4, 5, 3, 40


def population(loss, radius=1.5, seed=0):
    """Features (z, 1) of four encoders on forty rows, and targets that they explain in part."""
    generator = np.random.default_rng(seed)
    z = generator.standard_normal((T, P, ROWS))
    z[:, -1] = 1.0
    targets = np.eye(C)[generator.integers(0, C, ROWS)].T
    mass = generator.multinomial(20, np.full(ROWS, 1 / ROWS), T) / 20
    features = Features(torch.from_numpy(z), torch.from_numpy(targets), radius, loss)
    return features, torch.from_numpy(mass)


def test_losses_of_a_row_by_hand():
    f = torch.tensor([[1.0], [2.0], [0.0]], dtype=torch.float64)
    y = torch.tensor([[0.0], [1.0], [0.0]], dtype=torch.float64)
    assert OBJECTIVES.find("least-squares").row_losses(f, y).tolist() == [2.0]
    # ln(e + e^2 + 1) - 2
    expected = np.log(np.e + np.e**2 + 1) - 2
    assert OBJECTIVES.find("softmax").row_losses(f, y).item() == pytest.approx(expected, abs=1e-15)
    # Logits too large for exp are no trouble: the loss of the wrong class is their difference.
    assert OBJECTIVES.find("softmax").row_losses(1e4 * f, y.roll(-1, 0)).item() == pytest.approx(
        1e4
    )


def test_an_unknown_loss_is_refused():
    with pytest.raises(ValueError, match="^objective must be one of .*, got 'hinge'"):
        OBJECTIVES.find("hinge").row_losses(torch.zeros(1, 1), torch.zeros(1, 1))


def test_risk_under_a_mass_is_the_mean_over_the_drawn_rows():
    losses = torch.tensor([1.0, 10.0, 100.0], dtype=torch.float64)
    drawn = [0, 2, 2, 1]
    mass = torch.tensor([1.0, 1.0, 2.0], dtype=torch.float64) / 4
    assert weighted_risk(losses, mass).item() == float(np.mean([losses[i].item() for i in drawn]))


def test_the_risk_of_squares_is_the_mean_of_the_rows_losses():
    features, mass = population("least-squares")
    V = torch.from_numpy(np.random.default_rng(1).standard_normal((T, C, P)))
    found = features.risk(V, mass)
    for t in range(T):  # row by row, in plain Python
        z, y = features.z[t].numpy(), features.targets.numpy()
        total = sum(
            float(mass[t, i]) * float(((V[t].numpy() @ z[:, i] - y[:, i]) ** 2).sum())
            for i in range(ROWS)
        )
        assert found[t].item() == pytest.approx(total, rel=1e-12)


def test_the_uniform_mass_is_the_populations():
    features, _ = population("least-squares")
    mass = uniform_mass(ROWS, features.z)
    V = torch.zeros(T, C, P, dtype=torch.float64)
    # The zero head errs by ||y||^2 = 1 on one-hot targets.
    assert features.risk(V, mass).numpy() == pytest.approx(1.0, abs=1e-14)
    assert mass.sum().item() == pytest.approx(1.0, abs=1e-14)


@pytest.mark.parametrize("loss", ["least-squares", "softmax"])
def test_the_infimum_is_a_certified_interval_that_no_head_undercuts(loss):
    features, mass = population(loss)
    best = features.fit(mass)
    infimum = best.infimum
    assert np.all(infimum.high >= best.risk.numpy())
    assert np.all(infimum.high <= best.risk.numpy() + 1e-12)
    assert np.all(infimum.high - infimum.low <= (1e-10 if loss == "least-squares" else 1e-4))
    assert np.all(torch.linalg.vector_norm(best.weights, dim=(1, 2)).numpy() <= 1.5 + 1e-12)
    assert best.risk.numpy() == pytest.approx(features.risk(best.weights, mass).numpy(), rel=1e-12)
    generator = np.random.default_rng(2)
    for _ in range(300):  # random heads on the ball, and near the optimum
        V = generator.standard_normal((T, C, P))
        V = best.weights.numpy() + V * 10.0 ** generator.uniform(-4, 1)
        V /= np.maximum(1.0, np.linalg.norm(V, axis=(1, 2), keepdims=True) / 1.5)
        risk = features.risk(torch.from_numpy(V), mass).numpy()
        assert np.all(infimum.low <= risk + 1e-14)


def test_a_wide_ball_holds_the_normal_equations_solution():
    features, mass = population("least-squares", radius=1e3)
    best = features.fit(mass)
    for t in range(T):
        root = np.sqrt(mass[t].numpy())
        z, y = features.z[t].numpy() * root, features.targets.numpy() * root
        V, *_ = np.linalg.lstsq(z.T, y.T, rcond=None)
        truth = ((V.T @ z - y) ** 2).sum()
        low, high = best.infimum.low[t], best.infimum.high[t]
        assert low - 1e-12 <= truth <= high + 1e-12
        assert high == pytest.approx(truth, abs=1e-10)


def test_one_mass_for_all_trials_is_that_mass_for_each():
    features, _ = population("least-squares")
    shared = uniform_mass(ROWS, features.z)
    each = features.fit(shared.expand(T, -1))
    assert torch.equal(features.fit(shared).weights, each.weights)


def test_a_softmax_start_at_the_optimum_stays_there():
    features, mass = population("softmax")
    best = features.fit(mass)
    again = features.fit(mass, start=best.weights)
    assert torch.equal(again.weights, best.weights)


def test_latent_quality_and_the_quality_gap_by_hand():
    # One weight v on (1) in [-1.5, 1.5]: (v - 1)^2 and (v - 3)^2 average to 1 at v = 2, outside, and
    # to (0.25 + 2.25) / 2 = 1.25 at v = 1.5. Without features only v = 0 is left: (1 + 9) / 2 = 5.
    targets = torch.tensor([[1.0, 3.0]]).double()
    eta_M, eta_N = (
        latent_quality(
            Features(z * torch.ones(1, 1, 2).double(), targets, 1.5, "least-squares"), 0.2
        )
        for z in (1.0, 0.0)
    )
    assert eta_M.value == pytest.approx([1.05])
    assert eta_N.value == pytest.approx([4.8])
    gamma = quality_gap(eta_M, eta_N)
    assert gamma.value == pytest.approx([-3.75])
    assert gamma.level == 1.0
    # Certificates hold up to the rounding of the risks.
    assert gamma.interval.low[0] <= -3.75 + 1e-15
    assert gamma.interval.high[0] >= -3.75 - 1e-15
    assert gamma.interval.high[0] - gamma.interval.low[0] < 1e-10


def test_more_features_never_make_the_infimum_worse():
    # N sees z without its first feature: heads on N are heads on M with a zero column.
    features, _ = population("least-squares")
    smaller = Features(features.z[:, 1:], features.targets, features.radius, features.loss)
    gamma = quality_gap(latent_quality(features, 0.3), latent_quality(smaller, 0.3))
    assert np.all(gamma.interval.low <= 1e-14)
    assert np.any(gamma.interval.high < -1e-3)


@pytest.mark.parametrize("loss", ["least-squares", "softmax"])
def test_risks_and_centred_loss_are_exact_averages(loss):
    features, mass = population(loss)
    V = torch.from_numpy(np.random.default_rng(3).standard_normal((T, C, P)))
    losses = OBJECTIVES.find(loss).row_losses(V @ features.z, features.targets).numpy()
    reference = np.linspace(0.0, 1.0, ROWS)
    weights = mass.numpy()
    for estimate, expected in (
        (population_risk(features, V), losses.mean(1)),
        (empirical_risk(features, V, mass), (losses * weights).sum(1)),
        (
            centred_loss(features, V, mass, torch.from_numpy(reference)),
            (losses * weights).sum(1) - weights @ reference,
        ),
    ):
        assert estimate.value == pytest.approx(expected, rel=1e-12)
        assert (estimate.direction, estimate.level, estimate.n) == ("exact", 1.0, None)


@pytest.mark.parametrize("loss", ["least-squares", "softmax"])
def test_the_optimality_gap_holds_the_distance_to_the_best_head(loss):
    features, mass = population(loss)
    best = features.fit(mass)
    V = 0.3 * best.weights
    gap = optimality_gap(features, V, mass)
    # Twice bounded: between the distance to the best head found, and that plus its own gap.
    near = (features.risk(V, mass) - best.risk).numpy()
    far = near + best.gap.numpy()
    assert np.all(near > 1e-2)
    assert np.all(gap.interval.low <= far + 1e-12)
    assert np.all(near <= gap.interval.high + 1e-12)
    assert np.all(gap.interval.high - gap.interval.low <= 1e-4)
    at_best = optimality_gap(features, best.weights, mass)
    assert np.all(at_best.interval.high <= 1e-4)
    # The certificate alone, without solving anything, is above the truth as well.
    assert np.all(features.gap(V, mass).numpy() >= near)


def test_nothing_is_certified_about_a_head_outside_the_ball():
    features, mass = population("least-squares", radius=1.5)
    with pytest.raises(ValueError, match=r"^weights must lie in the ball of radius 1\.5, got norm"):
        optimality_gap(features, torch.ones(T, C, P, dtype=torch.float64), mass)


def test_rows_without_mass_do_not_change_a_softmax_head():
    """Heads fitted on the rows that a sample sees are as good, under its mass, as on all rows."""
    features, _ = population("softmax")
    trials, _, rows = features.z.shape
    mass = torch.zeros(trials, rows, dtype=torch.float64)
    mass[0, :3], mass[1:, 2:8] = 1 / 3, 1 / 6
    fitted = features.fit(mass)
    whole = heads.softmax(features.z, features.targets[None], mass, features.radius)
    risk = features.risk(whole.weights, mass)
    assert torch.all(fitted.gap <= 1e-4)
    assert torch.all((fitted.risk - risk).abs() <= torch.maximum(fitted.gap, whole.gap))
    assert torch.all(fitted.risk - fitted.gap <= risk)


def test_what_would_broadcast_or_is_no_distribution_is_refused():
    features, mass = population("least-squares")
    z, y = features.z, features.targets
    V = torch.zeros(T, C, P, dtype=torch.float64)
    for targets in (y[0], y.T, y[:, :1]):
        with pytest.raises(ValueError, match="^z must be"):
            Features(z, targets, 1.0, "least-squares")
    with pytest.raises(ValueError, match="^z must hold real numbers"):
        Features(z * 1j, y, 1.0, "least-squares")
    with pytest.raises(ValueError, match="^targets must be finite"):
        Features(z, y * torch.nan, 1.0, "least-squares")
    with pytest.raises(ValueError, match="^radius must be positive"):
        Features(z, y, -1.0, "least-squares")
    with pytest.raises(ValueError, match="^weights must have shape"):
        population_risk(features, V[:, :1])
    for wrong in (mass * 20, mass * 0, mass - 2 * mass[0]):
        with pytest.raises(ValueError, match="^mass must"):
            features.fit(wrong)
        with pytest.raises(ValueError, match="^mass must"):
            empirical_risk(features, V, wrong)
