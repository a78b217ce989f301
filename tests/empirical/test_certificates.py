"""Certified intervals hold the truth, which is computed with 60 digits from the same floats."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import torch

from empirical import heads
from empirical.losses import LOSSES
from empirical.quality import certificates, fast_rate
from empirical.quality.frozen_encoder import (
    Features,
    latent_quality,
    optimality_gap,
    quality_gap,
    uniform_mass,
)

ROWS = 12
mp = mpmath.mp


@pytest.fixture(autouse=True)
def digits():
    with mp.workdps(60):
        yield


def columns(matrix):
    return [[mpmath.mpf(float(v)) for v in row] for row in matrix]


def risk_of(V, z, y):
    """E||V z - y||^2 over the rows; V is [c][p] in mpmath."""
    rows = range(len(z[0]))
    errors = (
        mpmath.fdot(V[k], [feature[i] for feature in z]) - y[k][i]
        for k in range(len(y))
        for i in rows
    )
    return mpmath.fsum(e * e for e in errors) / len(z[0])


def least_risk(z, y, radius):
    """inf over ||V||_F <= radius of E||V z - y||^2: Lagrange's condition, bisected on the multiplier."""
    z, y, radius = columns(z), columns(y), mpmath.mpf(float(radius))
    p, rows = len(z), len(z[0])
    gram = mpmath.matrix(p, p)
    for i in range(p):
        for j in range(p):
            gram[i, j] = mpmath.fdot(z[i], z[j]) / rows
    moment = mpmath.matrix([[mpmath.fdot(z[i], each) / rows for each in y] for i in range(p)])

    def head(mu):
        solved = mpmath.inverse(gram + mu * mpmath.eye(p)) * moment
        return [[solved[i, k] for i in range(p)] for k in range(len(y))]

    def norm(V):
        return mpmath.sqrt(mpmath.fsum(v * v for row in V for v in row))

    # Near zero the multiplier changes the risk by less than mu radius^2.
    low = max(gram[i, i] for i in range(p)) * mpmath.mpf(10) ** -40
    if norm(head(low)) <= radius:
        return risk_of(head(low), z, y)
    ends = [mpmath.log(low), mpmath.log(norm(moment.T.tolist()) / radius)]
    for _ in range(130):
        middle = sum(ends) / 2
        ends[norm(head(mpmath.exp(middle))) <= radius] = middle
    return risk_of(head(mpmath.exp(ends[1])), z, y)


def features(z, y, radius, loss="least-squares"):
    return Features(
        torch.from_numpy(np.array(z))[None], torch.from_numpy(np.array(y)), radius, loss
    )


def eta(z, y, radius):
    return latent_quality(features(z, y, radius), 0.0)


def holds(interval, truth):
    return bool(interval.low[0] <= truth <= interval.high[0])


def width(estimate):
    return float(estimate.interval.high[0] - estimate.interval.low[0])


def test_targets_far_from_zero_in_two_hundred_worlds():
    """y = 1e5 +- 2e-3. Risks from second moments had the wrong sign of gamma in many of these worlds."""
    for seed in range(200):
        rng = np.random.default_rng(seed)
        x, one = rng.standard_normal((2, ROWS)), np.ones(ROWS)
        y = (1e5 + 2e-3 * (0.7 * x[0] + 0.7 * rng.standard_normal(ROWS)))[None]
        M, N = np.vstack([x, one]), np.vstack([x[1:], one])
        found = quality_gap(eta(M, y, 2e5), eta(N, y, 2e5))
        truth = least_risk(M, y, 2e5) - least_risk(N, y, 2e5)
        assert holds(found.interval, truth)
        assert eta(M, y, 2e5).interval.low[0] >= 0
        # And it says something: the sign, unless gamma is next to nothing.
        assert found.interval.high[0] < 0 or truth > -1e-10


def collinear(rng, apart):
    a = rng.standard_normal(ROWS)
    z = np.vstack([a, a + apart * rng.standard_normal(ROWS), np.ones(ROWS)])
    return z, rng.standard_normal((1, ROWS))


@pytest.mark.parametrize("radius", [1.0, 1e3, 1e6, 1e12])
@pytest.mark.parametrize("apart", [1e-4, 1e-6, 1e-8, 1e-10])
def test_nearly_equal_features_and_large_radii(apart, radius):
    """Two hundred worlds and more in all; the gap of Frank and Wolfe alone grows with the radius."""
    for seed in range(14):
        z, y = collinear(np.random.default_rng(seed), apart)
        found, truth = eta(z, y, radius), least_risk(z, y, radius)
        assert holds(found.interval, truth)
        assert found.interval.low[0] >= 0
        if apart >= 1e-6:
            assert width(found) <= 1e-3 * truth


@pytest.mark.parametrize("target", [1e-8, 1.0, 1e8])
@pytest.mark.parametrize("feature", [1e-8, 1.0, 1e8])
def test_every_scale(feature, target):
    """Twenty-four worlds for each of nine scales; the width is relative to the risk at each."""
    for seed in range(24):
        rng = np.random.default_rng(seed)
        z = feature * np.vstack([rng.standard_normal((2, ROWS)), np.ones(ROWS)])
        y = target * rng.standard_normal((2, ROWS))
        radius = 10.0 ** rng.uniform(-2, 1) * target / feature
        found, truth = eta(z, y, radius), least_risk(z, y, radius)
        assert holds(found.interval, truth)
        assert width(found) <= 1e-10 * truth


def edge_cases(rng):
    x, one = rng.standard_normal(ROWS), np.ones(ROWS)
    integers = np.round(4 * np.vstack([x, rng.standard_normal(ROWS), one]))
    y = 5 + rng.standard_normal((1, ROWS))
    yield np.vstack([x, one, one]), y, 100.0  # a constant column twice
    yield np.vstack([x, 0 * one, one]), y, 100.0  # a column that is always zero
    yield np.vstack([one, 1e5 + 1e-3 * x]), y, 50.0  # a column next to constant
    yield integers, np.round(rng.standard_normal((1, 3))) @ integers, 100.0  # y is linear in z
    yield 1e5 + 2e-3 * rng.standard_normal((2, ROWS)), y, 1e6
    yield 1e-200 * integers, 1e-200 * y, 1.0  # squares underflow
    yield np.vstack([1e-170 * x, one]), y, 1e200
    yield integers, y, 1e308  # the radius squared overflows


def test_constant_and_zero_columns_exact_fits_and_underflow():
    for seed in range(30):
        for z, y, radius in edge_cases(np.random.default_rng(seed)):
            found = eta(z, y, radius)
            assert holds(found.interval, least_risk(z, y, radius))
            assert found.interval.low[0] >= 0


@pytest.mark.parametrize(
    ("feature", "target", "radius"),
    [(1e200, 1.0, 1.0), (1.0, 1e200, 1.0), (1e160, 1e160, 1e160)],
)
def test_what_overflows_is_refused(feature, target, radius):
    rng = np.random.default_rng(0)
    z, y = feature * rng.standard_normal((2, ROWS)), target * rng.standard_normal((1, ROWS))
    with pytest.raises(ValueError, match="must be"):
        eta(z, y, radius)


def test_the_gap_of_any_head_and_its_slack():
    """Heads that nobody optimised, on masses of samples: features.gap and optimality_gap hold the truth."""
    for seed in range(60):
        rng = np.random.default_rng(seed)
        z, y = collinear(rng, 10.0 ** rng.uniform(-6, 0))
        y = y + 10.0 ** rng.uniform(-2, 5)
        counts = rng.multinomial(2 * ROWS, np.full(ROWS, 1 / ROWS))
        chosen = np.repeat(np.arange(ROWS), counts)
        V = rng.standard_normal((1, 1, 3))
        one, mass = features(z, y, 10.0), torch.from_numpy(counts / (2 * ROWS))[None]
        exact_V = columns(V[0])
        truth = risk_of(exact_V, columns(z[:, chosen]), columns(y[:, chosen])) - least_risk(
            z[:, chosen], y[:, chosen], 10.0
        )
        assert float(one.gap(torch.from_numpy(V), mass)) >= truth
        assert holds(optimality_gap(one, torch.from_numpy(V), mass).interval, truth)


def exact_entropy(V, z, y):
    """The mean cross-entropy of softmax(V z), or of one logit, with 60 digits."""
    z, y = columns(z), columns(y)
    total = mpmath.mpf(0)
    for i in range(len(z[0])):
        scores = [mpmath.fdot(row, [feature[i] for feature in z]) for row in V]
        partition = mpmath.fsum(mpmath.exp(s) for s in scores) + (len(scores) == 1)
        total += mpmath.log(partition) - mpmath.fdot([each[i] for each in y], scores)
    return total / len(z[0])


@pytest.mark.parametrize("loss", ["softmax", "logistic"])
@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e4, 1e8])
def test_cross_entropy_heads_at_every_scale(loss, scale):
    """The exact risk of the head lies within its rounding, and no head found lies below the lower end."""
    for seed in range(25):
        rng = np.random.default_rng(seed)
        z = scale * np.vstack([rng.standard_normal((2, ROWS)), np.ones(ROWS)])
        labels = rng.integers(0, 3, ROWS) if loss == "softmax" else rng.integers(0, 2, ROWS)
        y = np.eye(3)[labels].T if loss == "softmax" else labels[None].astype(float)
        one = features(z, y, 15.0, loss)
        best = one.fit(uniform_mass(ROWS, one.z))
        truth = exact_entropy(columns(best.weights[0].numpy()), z, y)
        assert abs(float(best.risk) - truth) <= float(best.rounding)
        # Rounding costs little beside the scores: at a scale of 1e8 they are in the billions.
        assert float(best.rounding) <= 1e-13 * (1 + 15 * scale) * 10
        low = best.infimum.low[0]
        for _ in range(5):
            V = best.weights[0].numpy() + 10.0 ** rng.uniform(-6, 0) * rng.standard_normal(
                best.weights[0].shape
            )
            V *= min(1.0, 15.0 / np.linalg.norm(V)) * (1 - 1e-15)
            assert low <= exact_entropy(columns(V), z, y)


def test_free_heads_far_from_zero():
    """The fast rate's least risk and the risks of heads on fresh samples, y = 1e5 +- 2e-3."""
    for seed in range(40):
        rng = np.random.default_rng(seed)
        x = np.vstack([rng.standard_normal((2, 40)), np.ones(40)])
        y = (1e5 + 2e-3 * rng.standard_normal(40))[None]
        white = fast_rate.whiten(features(x, y, 1.0))
        w = white.w[0].numpy()
        truth = least_risk(w, y, 1e9)
        low, high = float(white.best_low), float(white.best_high)
        assert low <= truth <= high
        assert high - low < 1e-3 * truth
        counts = rng.multinomial(60, np.full(40, 1 / 40))
        fresh = fast_rate.fresh_heads(white, torch.from_numpy(counts / 60)[None])
        drawn = w[:, np.repeat(np.arange(40), counts)], y[:, np.repeat(np.arange(40), counts)]
        exact = least_head(*drawn)
        risk = risk_of(exact, columns(w), columns(y))
        low, high = float(fresh.risk_low), float(fresh.risk_high)
        assert low <= risk <= high
        assert high - low < 1e-2 * risk
        own = risk_of(exact, columns(drawn[0]), columns(drawn[1]))
        assert float(fresh.empirical_risk[0]) == pytest.approx(float(own), rel=1e-3)


def least_head(z, y):
    """The least-squares head, with 60 digits: [c][p]."""
    z, y = columns(z), columns(y)
    gram = mpmath.matrix([[mpmath.fdot(a, b) for b in z] for a in z])
    return [list(mpmath.lu_solve(gram, [mpmath.fdot(a, row) for a in z])) for row in y]


def test_the_least_eigenvalue_is_never_above_the_truth():
    for seed in range(200):
        rng = np.random.default_rng(seed)
        z, _ = collinear(rng, 10.0 ** rng.uniform(-9, 0))
        z *= 10.0 ** rng.uniform(-8, 8)
        mass = torch.full((1, ROWS), 1 / ROWS, dtype=torch.float64)
        found = certificates.least_eigenvalue(
            torch.from_numpy(z)[None], mass, torch.ones(1, 1, 3).double()
        )
        exact = columns(z)
        gram = mpmath.matrix([[mpmath.fdot(a, b) / ROWS for b in exact] for a in exact])
        truth = min(mpmath.eigsy(gram, eigvals_only=True))
        assert 0 <= float(found) <= truth
        # A tenth is lost at most where the condition number is below 1e10.
        if truth > 1e-10 * sum(gram[i, i] for i in range(3)):
            assert float(found) > 0.9 * truth


def test_the_gap_from_moments_holds_with_its_rounding():
    """Moments are taken as they are: the gap of V beside the exact least value of the quadratic."""
    for seed in range(100):
        rng = np.random.default_rng(seed)
        a = rng.standard_normal((2, 2))
        gram, moment = a @ a.T, 10.0 ** rng.uniform(-3, 6) * rng.standard_normal((2, 1))
        radius = 10.0 ** rng.uniform(-1, 7)
        V = heads.least_squares(torch.from_numpy(gram), torch.from_numpy(moment), radius)
        G, b = mpmath.matrix(gram.tolist()), mpmath.matrix(moment.tolist())
        at = mpmath.matrix(V.weights.T.tolist())
        best = mpmath.lu_solve(G, b)
        if mpmath.norm(best) > radius:
            continue
        excess = ((at - best).T * G * (at - best))[0]
        assert excess <= float(V.gap)


@pytest.mark.parametrize("name", LOSSES.names)
def test_every_loss_says_how_it_rounds(name):
    loss = LOSSES.find(name)
    ones = torch.ones(1, 4, dtype=torch.float64)
    value, slope = loss.rounding(ones, ones, ones, 3)
    assert 0 < float(value.max()) < 1e-13
    assert 0 < float(slope.max()) < 1e-13
    # The gradient at two predictions, and the constant that it may not exceed.
    rng = np.random.default_rng(0)
    f, g = (
        torch.from_numpy(rng.standard_normal((200, 1 + 2 * (not loss.binary), 4))) for _ in "fg"
    )
    y = torch.nn.functional.one_hot(torch.arange(4) % f.shape[1], f.shape[1]).T.double()
    y = y.expand(200, -1, -1)
    turned = loss.residual(f, y) - loss.residual(g, y)
    steepest = torch.linalg.vector_norm(turned, dim=1) / torch.linalg.vector_norm(f - g, dim=1)
    assert float(steepest.max()) <= loss.curvature * (1 + 1e-12)
