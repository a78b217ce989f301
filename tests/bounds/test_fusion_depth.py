"""The fused classes beyond one concatenated layer: linear and deep encoders, sums and means."""

import itertools
import math

import numpy as np
import pytest

from bounds import rademacher


def signs(m):
    """All 2^m sign vectors, shape [2^m, m]."""
    return np.array(list(itertools.product((-1.0, 1.0), repeat=m)))


def test_layer_factors_by_hand():
    """min over q of (2^D (2q-1)!!)^(1/q): D = 2 at q = 2, (4*3)^(1/2); D = 4 at q = 3, (16*15)^(1/3)."""
    expected = [1.0, 2.0, math.sqrt(12), math.sqrt(24), 240 ** (1 / 3)]
    assert [rademacher.layer_factor(D) for D in range(5)] == pytest.approx(expected, rel=1e-14)
    for D in range(1, 30):
        odd, candidates = 1.0, []
        for q in range(1, 60):
            odd *= 2 * q - 1
            candidates.append((2**D * odd) ** (1 / q))
        assert rademacher.layer_factor(D) == pytest.approx(min(candidates), rel=1e-12)


def test_layer_factors_are_below_those_of_golowich_rakhlin_and_shamir():
    """Their moment generating function with D peeled layers: (sqrt(2 ln 2 D) + 1)^2."""
    for D in range(1, 300):
        assert rademacher.layer_factor(D) < (math.sqrt(2 * math.log(2) * D) + 1) ** 2
        assert rademacher.layer_factor(D) > rademacher.layer_factor(D - 1)
    with pytest.raises(ValueError, match="^depth must be an integer of at least 0, got -1"):
        rademacher.layer_factor(-1)


@pytest.mark.parametrize("q", [1, 2, 3, 4])
def test_even_moments_of_signed_sums_are_below_the_gaussian_ones(q):
    """E||sum s_i x_i||^2q <= (2q-1)!! (sum ||x_i||^2)^q, over all signs; near-attained on a line."""
    rng = np.random.default_rng(q)
    odd = math.prod(range(1, 2 * q, 2))
    for d in (1, 2, 5):
        for _ in range(20):
            x = rng.standard_normal((9, d)) * rng.exponential(size=(9, 1))
            left = (np.linalg.norm(signs(9) @ x, axis=1) ** (2 * q)).mean()
            assert left <= odd * (x**2).sum() ** q * (1 + 1e-12)
    line = (abs(signs(14).sum(axis=1)) ** (2 * q)).mean() / 14**q
    assert 0.6 * odd < line <= odd


def test_the_value_of_linear_and_deep_encoders_in_closed_form():
    """B sqrt(c (kappa A^2 E||x||^2 + 1)/m), A = 3, B = 2, c = 5, E||x||^2 = 4, m = 90: kappa 36 + 1."""
    shared = {"encoder_radius": 3, "head_radius": 2, "outputs": 5, "mean_square_norm": 4, "m": 90}
    assert rademacher.fusion(**shared, depth=0) == pytest.approx(2 * math.sqrt(5 * 37 / 90))
    deep = 2 * math.sqrt(5 * (36 * math.sqrt(12) + 1) / 90)
    assert rademacher.fusion(**shared, depth=2) == pytest.approx(deep, rel=1e-14)
    per_row = rademacher.fusion_empirical(
        encoder_radius=3, head_radius=2, outputs=5, squared_norms=[4.0] * 90, depth=2
    )
    assert per_row == pytest.approx(deep, rel=1e-14)


def linear_exact(x, sizes, A, B, c, fused):
    """R-hat of linear encoders over all signs: the best W has one singular direction.

    Concatenated, ||W S||_F <= A max_k ||S_k|| (spectral norms, S_k = sum of x_k s^T); summed, the
    blocks act as one matrix on all of x: A ||S||.
    """
    m = len(x)
    sigma = signs(m * c).reshape(-1, c, m)
    blocks = np.split(x, np.cumsum(sizes)[:-1], axis=1) if fused == "concatenation" else [x]
    T = np.max([np.linalg.norm(sigma @ b, ord=2, axis=(1, 2)) for b in blocks], axis=0)
    constant = np.linalg.norm(sigma.sum(axis=2), axis=1)
    return B * np.sqrt(A**2 * T**2 + constant**2).mean() / m


@pytest.mark.parametrize("fused", ["concatenation", "sum"])
@pytest.mark.parametrize(("m", "c"), [(1, 1), (8, 1), (4, 2), (3, 3)])
def test_the_bound_holds_the_exact_value_of_linear_encoders(m, c, fused):
    rng = np.random.default_rng(m + c)
    for A, B in [(1.0, 1.0), (3.0, 0.5)]:
        x = rng.standard_normal((m, 5))
        exact = linear_exact(x, [2, 3], A, B, c, fused)
        bound = rademacher.fusion_empirical(
            encoder_radius=A, head_radius=B, outputs=c, squared_norms=(x**2).sum(axis=1), depth=0
        )
        assert exact <= bound * (1 + 1e-12)
        assert bound <= 2.2 * exact
        if m == c == 1 and fused == "sum":  # one row, one sign: attained
            assert bound == pytest.approx(exact, rel=1e-12)


def summed_relu(x, A, B, directions=720):
    """R-hat of sums of one-layer ReLU encoders, two modalities in the plane, one output.

    Unit j has rows w_j1, w_j2: |sum s z_j| <= sum_k ||w_jk|| t_k with t_k the largest single unit, and
    Cauchy-Schwarz over j and k gives A sqrt(t_1^2 + t_2^2), attained by one unit where the signs of
    both suprema agree: sup over the two signs apart.
    """
    m = len(x)
    angle = np.linspace(0, 2 * np.pi, directions, endpoint=False)
    circle = np.stack([np.cos(angle), np.sin(angle)])
    sigma = signs(m)
    tops = [sigma @ np.maximum(block @ circle, 0) for block in np.split(x, 2, axis=1)]
    T = np.zeros(len(sigma))
    for side in (1.0, -1.0):
        t = np.stack([np.maximum((side * top).max(axis=1), 0) for top in tops])
        T = np.maximum(T, np.linalg.norm(t, axis=0))
    return B * np.sqrt(A**2 * T**2 + sigma.sum(axis=1) ** 2).mean() / m


@pytest.mark.parametrize("m", [1, 5, 9])
def test_the_sum_obeys_the_bound_of_the_concatenation_and_the_mean_that_of_a_smaller_ball(m):
    rng = np.random.default_rng(m)
    x = rng.standard_normal((m, 4))
    for A, B in [(1.0, 1.0), (3.0, 0.5)]:
        found = summed_relu(x, A, B)
        square = (x**2).sum(axis=1)
        shared = {"head_radius": B, "outputs": 1, "squared_norms": square}
        bound = rademacher.fusion_empirical(encoder_radius=A, **shared)
        assert found <= bound <= 2.5 * found
        # The mean is the sum of encoders scaled by 1/2: relu is positively homogeneous.
        halved = summed_relu(x, A / 2, B)
        assert halved <= rademacher.fusion_empirical(encoder_radius=A / 2, **shared) < bound


def test_a_sum_reaches_further_than_a_concatenation():
    """Two modalities that agree: T is sqrt(2) t for the sum and t for the concatenation."""
    x = np.random.default_rng(0).standard_normal((6, 2))
    twice = np.hstack([x, x])
    with_both, with_one = summed_relu(twice, 1e6, 1.0), summed_relu(np.hstack([x, 0 * x]), 1e6, 1.0)
    assert with_both / with_one == pytest.approx(math.sqrt(2), rel=1e-6)


def test_deep_networks_found_by_search_stay_below_the_bound():
    """Random two-layer encoders of norm 1 each, the best of 3,000 for every sign, c = 2 outputs."""
    rng = np.random.default_rng(0)
    m, h = 5, 2
    x = rng.standard_normal((m, 2))
    W = rng.standard_normal((3000, h, 2))
    U = rng.standard_normal((3000, h, h))
    U[:1000] = abs(U[:1000])  # many live units
    W, U = (w / np.linalg.norm(w, axis=(1, 2), keepdims=True) for w in (W, U))
    z = np.maximum(U @ np.maximum(W @ x.T, 0), 0)
    for c in (1, 2):
        sigma = signs(m * c).reshape(-1, c, m)
        moments = np.einsum("scm,nhm->snch", sigma, z, optimize=True)
        T = np.sqrt((moments**2).sum(axis=(2, 3)).max(axis=1))
        constant = np.linalg.norm(sigma.sum(axis=2), axis=1)
        found = np.sqrt(T**2 + constant**2).mean() / m
        bound = rademacher.fusion_empirical(
            encoder_radius=1, head_radius=1, outputs=c, squared_norms=(x**2).sum(axis=1), depth=2
        )
        assert found <= bound <= 4 * found
    norms = (x**2).sum(axis=1)
    one = rademacher.fusion_empirical(
        encoder_radius=1, head_radius=1, outputs=1, squared_norms=norms, depth=2, bias=False
    )
    deep = rademacher.deep_relu_empirical(layer_radii=[1, 1, 1], squared_norms=norms)
    assert one < deep
