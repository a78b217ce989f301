"""The certificate against N's best head: the minimum over heads, coverage, and wrong input."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from verify.certificates.best_head import _tangency, best_head, stake_for, upper_ends
from verify.certificates.head_losses import SQUARES

# N sees nothing: z = 1. y = 1 with probability 0.7, else -1, and M's loss is 1 with probability 0.3.
# The best head is 0.4, its risk 1 - 0.16, so that gamma_bar = 0.3 - 0.84.
TRUTH = 0.3 - 0.84
STAKE, RADIUS = 0.2, 1.0


def hold_outs(T, n, seed=0):
    rng = np.random.default_rng(seed)
    loss = (rng.random((T, n)) < 0.3).astype(float)
    y = np.where(rng.random((T, 1, n)) < 0.7, 1.0, -1.0)
    return torch.from_numpy(loss), torch.ones(T, 1, n, dtype=torch.float64), torch.from_numpy(y)


def test_coverage_over_two_thousand_hold_outs():
    """At most the number of violations that 2,000 draws at level 0.05 exceed once in 1e6 runs."""
    ends = upper_ends(*hold_outs(2000, 60), C=1.0, radius=RADIUS, stake=STAKE, delta=0.05)
    assert int((ends < TRUTH).sum()) <= stats.binom.isf(1e-6, 2000, 0.05)
    assert (ends <= 1.0).all()
    assert float(ends.median()) < 0


def test_a_bound_at_no_level_is_violated():
    """The point at which the capital just exceeds 1 lies below the truth far more often."""
    ends = upper_ends(*hold_outs(400, 60), C=1.0, radius=RADIUS, stake=STAKE, delta=1 - 1e-12)
    assert float((ends < TRUTH).double().mean()) > 0.2


@pytest.mark.parametrize("seed", range(4))
def test_the_capital_of_every_head_is_large_enough_and_no_smaller_u_is_refuted(seed):
    """Heads on a grid of 4,001, with the capital itself instead of its minorant."""
    rng = np.random.default_rng(seed)
    n = 150
    loss, y = rng.random(n), rng.uniform(-1, 1, n) + 0.2
    found = best_head(loss, np.ones((n, 1)), y, C=1.0, radius=2.0, stake=0.3, delta=0.05)
    grid = np.linspace(-2, 2, 4001)[:, None]

    def least(u):
        return np.log1p(0.3 * (u - loss + (y - grid) ** 2)).sum(axis=1).min()

    assert least(found.high) >= math.log(20) - 1e-6
    assert least(found.high - 0.05) < math.log(20)
    best = ((y - grid) ** 2).mean(axis=1).min()
    assert found.gap == pytest.approx(loss.mean() - best, abs=1e-3)


def test_the_minorant_is_convex_and_below_the_curve():
    a = torch.tensor([[0.2, 1.0, 1.7]], dtype=torch.float64)
    far = torch.tensor([[6.0, 9.0, 0.5]], dtype=torch.float64)
    bend, slope = _tangency(SQUARES, a, 0.4, torch.zeros_like(far), far)
    s = torch.linspace(0, 1, 2001, dtype=torch.float64)[:, None] * far
    curve = (a + 0.4 * s**2).log()
    chord = (a + 0.4 * bend**2).log() + slope * (s - bend)
    minorant = torch.where(s <= bend, curve, chord)
    assert (minorant <= curve + 1e-12).all()
    assert (minorant.diff(n=2, dim=0) >= -1e-12).all()
    # Convex to the end: no chord. Elsewhere the chord ends on the curve.
    assert float(bend[0, 2]) == 0.5
    assert torch.allclose(minorant[-1], curve[-1])


def test_more_rows_and_a_better_model_give_a_smaller_bound():
    ends = [
        float(upper_ends(*hold_outs(50, n), C=1.0, radius=1.0, stake=0.2, delta=0.05).median())
        for n in (40, 400)
    ]
    assert ends[1] < ends[0]
    loss, z, y = hold_outs(20, 200)
    worse = upper_ends(loss, z, y, C=1.0, radius=1.0, stake=0.2, delta=0.05)
    assert (upper_ends(0 * loss, z, y, C=1.0, radius=1.0, stake=0.2, delta=0.05) < worse).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"loss_M": [0.5, 2.0]}, "loss_M must be at most C = 1, got 2"),
        ({"stake": 0.5}, r"stake must be below 1/\(2C\) = 0.5, got 0.5"),
        ({"targets": [1.0]}, r"loss_M must be \[n\]"),
        ({"delta": 1.5}, r"delta must lie in \(0, 1\), got 1.5"),
        ({"radius": 0.0}, "radius must be positive and finite, got 0"),
        ({"features_N": [[np.nan], [1.0]]}, "features_N must be finite"),
    ],
)
def test_bad_input_is_named(changes, message):
    good = dict(loss_M=[0.5, 0.2], features_N=[[1.0], [1.0]], targets=[1.0, 0.0])
    with pytest.raises(ValueError, match=message):
        best_head(**{**good, "C": 1.0, "radius": 1.0, "stake": 0.2, **changes})


def test_a_stake_from_other_rows():
    assert stake_for(np.zeros(5), C=2.0, n=10) == 0.225
    assert stake_for(np.zeros(5), C=2.0, n=10, loss="softmax") == pytest.approx(0.3 * 0.225)
    assert stake_for(np.ones(5), C=1.0, n=600) == pytest.approx((2 * math.log(20) / 600) ** 0.5)
