"""Loss constants against numerical maxima over the range they are stated for (theory, section 1).

Every constant must be an upper bound on what is found; where the docstring says that it is
attained, the maximum found must also come close, so a constant that is too large fails as well.
"""

import math

import numpy as np
import pytest

from bounds import losses


def ball(rng, count, dimension, radius):
    """Points of the ball, half of them on its sphere, where the maxima are."""
    points = rng.standard_normal((count, dimension))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    shrink = rng.uniform(size=(count, 1))
    shrink[: count // 2] = 1.0
    return radius * shrink * points


def cross_entropy(logits):
    """−ln p_0: by symmetry the true class may be the first."""
    return np.log(np.exp(logits - logits[:, :1]).sum(axis=1))


@pytest.mark.parametrize(("F", "Y"), [(1.0, 2.0), (0.3, 0.0), (0.0, 1.5)])
def test_squared_constants_are_the_maxima_on_a_grid(F, Y):
    f, y = np.meshgrid(np.linspace(-F, F, 401), np.linspace(-Y, Y, 401))
    constants = losses.squared(F, Y)
    assert ((f - y) ** 2).max() == pytest.approx(constants.C, rel=1e-12)
    assert (2 * abs(f - y)).max() == pytest.approx(constants.L, rel=1e-12)


def test_squared_constants_hold_for_several_outputs_with_errors_summed():
    rng = np.random.default_rng(0)
    F, Y = 1.3, 0.7
    first, second = ball(rng, 20_000, 2, F), ball(rng, 20_000, 2, F)
    y = ball(rng, 20_000, 2, Y)
    constants = losses.squared(F, Y)

    def loss(f):
        return ((f - y) ** 2).sum(axis=1)

    slope = abs(loss(first) - loss(second)) / np.linalg.norm(first - second, axis=1)
    assert 0.95 * constants.C < loss(first).max() <= constants.C * (1 + 1e-12)
    assert slope.max() <= constants.L * (1 + 1e-12)
    direction = y / np.linalg.norm(y, axis=1, keepdims=True)
    # The steepest descent path: f = −F u towards −(F − h) u where y = Y u.
    step = 1e-6
    ends = [((-(F - h) * direction - Y * direction) ** 2).sum(axis=1) for h in (0.0, step)]
    assert ((ends[0] - ends[1]) / step).max() == pytest.approx(constants.L, rel=1e-5)


@pytest.mark.parametrize("R", [0.0, 0.5, 3.0])
def test_softmax_constants_for_two_classes_are_attained(R):
    """Two classes: s = (−R, R)/√2 has s_1 − s_0 = √2 R, so both constants are equalities."""
    s = np.array([[-R, R]]) / math.sqrt(2)
    constants = losses.softmax(R, 2)
    assert cross_entropy(s)[0] == pytest.approx(constants.C, rel=1e-12)
    p = np.exp(s[0]) / np.exp(s[0]).sum()
    assert np.linalg.norm(p - [1, 0]) == pytest.approx(constants.L, rel=1e-12)


@pytest.mark.parametrize("R", [0.2, 1.0, 4.0])
@pytest.mark.parametrize("classes", [2, 3, 10])
def test_softmax_constants_bound_the_loss_and_its_slope_on_the_ball(R, classes):
    rng = np.random.default_rng(classes)
    points, others = ball(rng, 20_000, classes, R), ball(rng, 20_000, classes, R)
    # The two candidates for the maximum: all other logits raised together, or one alone.
    together = np.full(classes, 1 / math.sqrt(classes * (classes - 1)))
    together[0] = -math.sqrt((classes - 1) / classes)
    points[0] = R * together
    points[1] = 0.0
    points[1, :2] = -R / math.sqrt(2), R / math.sqrt(2)
    constants = losses.softmax(R, classes)
    loss = cross_entropy(points)
    slope = abs(loss - cross_entropy(others)) / np.linalg.norm(points - others, axis=1)
    p = np.exp(points) / np.exp(points).sum(axis=1, keepdims=True)
    p[:, 0] -= 1
    gradient = np.linalg.norm(p, axis=1)
    assert loss.max() <= constants.C * (1 + 1e-12)
    assert max(slope.max(), gradient.max()) <= constants.L * (1 + 1e-12)
    # Neither constant is wasteful: within a factor 2 of what is attained.
    assert loss.max() > constants.C / 2
    assert gradient.max() > constants.L / 2


@pytest.mark.parametrize("R", [0.0, 1.0, 5.0])
def test_logistic_constants_are_the_maxima_on_a_grid(R):
    margin = np.linspace(-R, R, 2001)
    constants = losses.logistic(R)
    assert np.log1p(np.exp(-margin)).max() == pytest.approx(constants.C, rel=1e-12)
    assert (1 / (1 + np.exp(margin))).max() == pytest.approx(constants.L, rel=1e-12)


def test_softmax_survives_a_radius_beyond_the_range_of_exp():
    """C → √2 R + ln(c − 1) and L → √2 for large R; e^{√2·1000} would overflow."""
    constants = losses.softmax(1000.0, 10)
    expected = [math.sqrt(2) * 1000 + math.log(9), math.sqrt(2)]
    np.testing.assert_allclose([constants.C, constants.L], expected, rtol=1e-15)


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
def test_radii_must_be_finite_and_non_negative(value):
    calls = {
        "prediction_radius": lambda: losses.squared(value, 1.0),
        "target_radius": lambda: losses.squared(1.0, value),
        "logit_radius": lambda: losses.softmax(value, 3),
    }
    for name, call in calls.items():
        with pytest.raises(ValueError, match=f"{name} must be finite and non-negative, got"):
            call()
    with pytest.raises(ValueError, match="logit_radius must be finite and non-negative, got"):
        losses.logistic(value)


@pytest.mark.parametrize("classes", [1, 2.5, math.nan])
def test_softmax_needs_two_classes(classes):
    with pytest.raises(ValueError, match="classes must be an integer of at least 2, got"):
        losses.softmax(1.0, classes)
