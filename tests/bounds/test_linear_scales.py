"""The linear case at any scale: what homogeneity says, or one line that refuses."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bounds import linear_case

S = np.array([[1.0, 0.5, 0.25], [0.5, 1.0, 0.125], [0.25, 0.125, 2.0]])
W = np.array([1.0, 2.0, -0.5])
BLOCKS = {"text": 1, "audio": 1, "video": 1}
PAIR = (BLOCKS, {"text", "audio"}, {"text"})


@settings(max_examples=150, deadline=None)
@given(st.integers(-1000, 1000), st.integers(-1000, 1000), st.sampled_from([None, 0.5, 2.0**-40]))
@example(321, 347, 0.5)
@example(1000, 1000, None)
def test_qualities_scale_with_the_covariance_and_the_square_of_the_weights(first, second, radius):
    plain = linear_case.latent_quality(S, W, BLOCKS, {"text"}, radius)
    gap = linear_case.quality_gap(S, W, *PAIR, radius)
    ball = None if radius is None else math.ldexp(radius, second)
    arguments = np.ldexp(S, first), np.ldexp(W, second)
    exponent = first + 2 * second
    if exponent > 1030:
        with pytest.raises(ValueError, match="^Sigma and w must give a quality within float64"):
            linear_case.latent_quality(*arguments, BLOCKS, {"text"}, ball)
    if exponent > 1016:  # up to 1030 the quality fits or does not, as its other factor is
        return
    found = linear_case.latent_quality(*arguments, BLOCKS, {"text"}, ball)
    assert found == pytest.approx(math.ldexp(plain, exponent), rel=1e-12, abs=1e-320)
    assert linear_case.quality_gap(*arguments, *PAIR, ball) == pytest.approx(
        math.ldexp(gap, exponent), rel=1e-9, abs=1e-320
    )
    np.testing.assert_allclose(
        linear_case.best_predictor(*arguments, BLOCKS, {"text"}),
        np.ldexp(linear_case.best_predictor(S, W, BLOCKS, {"text"}), second),
        rtol=1e-12,
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(-1074, -100))
def test_a_tiny_radius_leaves_all_variance(exponent):
    radius = math.ldexp(1.0, exponent)
    found = linear_case.latent_quality(S, W, BLOCKS, {"text"}, radius)
    assert found == pytest.approx(float(W @ S @ W), rel=1e-12)
    assert linear_case.quality_gap(S, W, *PAIR, radius) == pytest.approx(0.0, abs=1e-12)


def test_the_ends_of_float64():
    with pytest.raises(ValueError, match="within float64, got one of about"):
        linear_case.latent_quality(5e307 * S, 4 * W, BLOCKS, {"text"})
    assert linear_case.best_predictor(5e307 * S, W, BLOCKS, {"text"})[0] == pytest.approx(
        linear_case.best_predictor(S, W, BLOCKS, {"text"})[0]
    )
    assert linear_case.latent_quality(np.eye(2) * 5e-324, [1, 2], {"a": 1, "b": 1}, {"a"}) == 2e-323
