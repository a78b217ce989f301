"""Conventions, contraction and the fused class against enumeration of all signs."""

import itertools
import math

import numpy as np
import pytest

from bounds import rademacher


def signs(m):
    """All 2^m sign vectors, shape [2^m, m]."""
    return np.array(list(itertools.product((-1.0, 1.0), repeat=m)))


def complexity(values, convention="standard"):
    """Complexity of a finite class, values [functions, m], by its definition."""
    form = rademacher.CONVENTIONS[convention]
    m = values.shape[1]
    sums = signs(m) @ values.T
    if form.absolute:
        sums = abs(sums)
    return form.scale * sums.max(axis=1).mean() / m


def random_class(rng, kind):
    values = rng.standard_normal((4, 6))
    if kind == "symmetric":
        return np.concatenate([values, -values])
    if kind == "contains-zero":
        return np.concatenate([values, np.zeros((1, 6))])
    return values


ORDERED = [
    (source, target) for source in rademacher.CONVENTIONS for target in rademacher.CONVENTIONS
]


@pytest.mark.parametrize(("source", "target"), ORDERED)
def test_conversion_is_exact_for_symmetric_classes(source, target):
    values = random_class(np.random.default_rng(1), "symmetric")
    converted = rademacher.convert(complexity(values, source), source, target, class_is="symmetric")
    assert converted == pytest.approx(complexity(values, target), rel=1e-12)


@pytest.mark.parametrize("kind", ["arbitrary", "contains-zero"])
@pytest.mark.parametrize(("source", "target"), ORDERED)
def test_conversion_is_an_upper_bound(source, target, kind):
    introduces = (
        rademacher.CONVENTIONS[target].absolute and not rademacher.CONVENTIONS[source].absolute
    )
    if kind == "arbitrary" and introduces:
        with pytest.raises(ValueError, match="class_is must be 'contains-zero' or 'symmetric'"):
            rademacher.convert(1.0, source, target)
        return
    rng = np.random.default_rng(2)
    for _ in range(50):
        values = random_class(rng, kind)
        bound = rademacher.convert(complexity(values, source), source, target, class_is=kind)
        assert complexity(values, target) <= bound * (1 + 1e-12)


def test_zero_and_one_function_attain_the_factor_two_of_introducing_the_absolute_value():
    """F = {0, f}: E max(s, 0) = E|s|/2 for the symmetric sum s, so |·| doubles the complexity."""
    values = np.array([[0.0, 0.0, 0.0], [1.0, 2.0, -0.5]])
    bound = rademacher.convert(complexity(values), "standard", "absolute", class_is="contains-zero")
    assert bound == pytest.approx(complexity(values, "absolute"), rel=1e-12)


def test_one_function_has_no_complexity_without_the_absolute_value():
    """Why no factor suffices for an arbitrary class: {1} on m = 2 has 0, and E|σ1 + σ2|/2 = 1/2."""
    values = np.ones((1, 2))
    assert complexity(values) == 0
    assert complexity(values, "absolute") == 0.5


def test_doubled_convention_taken_for_the_standard_one_is_off_by_two():
    values = random_class(np.random.default_rng(3), "symmetric")
    assert complexity(values, "bartlett-mendelson") == pytest.approx(2 * complexity(values))


def fusion_by_search(x, sizes, A, B, c, bias, directions=2000):
    """Found supremum, averaged over all signs: B E √(A² T² + ‖Σσ‖²)/m, T over random directions.

    A lower bound on the class's complexity; with two-dimensional modalities and 2,000 equally
    spaced directions it misses at most a relative 1e-3.
    """
    m = x.shape[0]
    angle = np.linspace(0, 2 * np.pi, directions, endpoint=False)
    circle = np.stack([np.cos(angle), np.sin(angle)])
    blocks = np.split(x, np.cumsum(sizes)[:-1], axis=1)
    features = np.concatenate([np.maximum(block @ circle, 0) for block in blocks], axis=1)
    sigma = signs(m * c).reshape(-1, c, m)
    T = np.linalg.norm(sigma @ features, axis=1).max(axis=1)
    constant = np.linalg.norm(sigma.sum(axis=2), axis=1) if bias else 0.0
    return B * np.sqrt(A**2 * T**2 + constant**2).mean() / m


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("m", "c"), [(1, 1), (6, 1), (9, 1), (3, 3), (4, 2)])
def test_fusion_bounds_the_supremum_found_on_every_sign(m, c, bias):
    rng = np.random.default_rng(10 * m + c)
    for A, B in [(1.0, 1.0), (3.0, 0.5)]:
        x = rng.standard_normal((m, 4))
        found = fusion_by_search(x, [2, 2], A, B, c, bias)
        bound = rademacher.fusion_empirical(
            encoder_radius=A,
            head_radius=B,
            outputs=c,
            squared_norms=(x**2).sum(axis=1),
            bias=bias,
        )
        assert found <= bound
        # The bound is of the right size: a missing root or a stray factor m would show.
        assert bound <= 4 * found


def test_fusion_in_closed_form_without_encoder_noise():
    """A = 0 leaves the bias: B √(c/m), and its own exact value is B E‖Σσ_i‖/m ≤ that."""
    bound = rademacher.fusion(
        encoder_radius=0, head_radius=2, outputs=9, mean_square_norm=5, m=[1, 4]
    )
    np.testing.assert_allclose(bound, [6.0, 3.0])


def test_fusion_in_closed_form():
    """B √(c (2A² E‖x‖² + 1)/m) with A = 3, B = 2, c = 5, E‖x‖² = 4: 2 √(5·73/m), and without bias
    2 √(5·72/m). The 2 is E T² ≤ 2c Σ‖x_i‖², checked in test_lemmas."""
    shared = {"encoder_radius": 3, "head_radius": 2, "outputs": 5, "mean_square_norm": 4, "m": 90}
    assert rademacher.fusion(**shared) == pytest.approx(2 * math.sqrt(365 / 90), rel=1e-14)
    assert rademacher.fusion(**shared, bias=False) == pytest.approx(4.0, rel=1e-14)


def test_expected_form_dominates_the_mean_of_the_empirical_form():
    """Jensen: E √mean ≤ √(E mean), with equality for constant norms."""
    norms = np.random.default_rng(0).exponential(size=(200, 20))
    shared = {"encoder_radius": 2.0, "head_radius": 1.0, "outputs": 3}
    each = rademacher.fusion_empirical(**shared, squared_norms=norms)
    whole = rademacher.fusion(**shared, mean_square_norm=norms.mean(), m=20)
    assert each.shape == (200,)
    assert each.mean() < whole
    constant = rademacher.fusion_empirical(**shared, squared_norms=np.full(20, 1.7))
    assert constant == pytest.approx(
        float(rademacher.fusion(**shared, mean_square_norm=1.7, m=20)), rel=1e-14
    )


def test_fusion_output_radius_is_attained_and_never_exceeded():
    rng = np.random.default_rng(0)
    A, B = 1.5, 0.8
    x = rng.standard_normal((50, 2, 3))
    longest = np.linalg.norm(x, axis=2).max()
    radius = rademacher.fusion_output_radius(
        encoder_radius=A, head_radius=B, modality_radius=longest
    )
    for _ in range(200):
        W = rng.standard_normal((2, 4, 3))
        W *= A / np.linalg.norm(W)
        V = rng.standard_normal((2, 9))
        V *= B / np.linalg.norm(V)
        z = np.maximum(np.einsum("kij,nkj->nki", W, x), 0).reshape(50, 8)
        f = np.concatenate([z, np.ones((50, 1))], axis=1) @ V.T
        assert np.linalg.norm(f, axis=1).max() <= radius
    # One unit along the longest modality, one output along (z, 1).
    z = np.array([A * longest, 1.0])
    assert B * np.linalg.norm(z) == pytest.approx(float(radius), rel=1e-14)


def test_contraction_factors():
    assert rademacher.contraction(0.3, 2.0) == pytest.approx(0.6)
    np.testing.assert_allclose(
        rademacher.contraction([0.3, 1.0], 2.0, outputs="vector"),
        [0.6 * math.sqrt(2), 2 * math.sqrt(2)],
    )


@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf, "much"])
def test_bad_numbers_are_named(value):
    pattern = "must be finite and non-negative, got"
    with pytest.raises(ValueError, match=f"R {pattern}"):
        rademacher.contraction(value, 1.0)
    with pytest.raises(ValueError, match=f"L {pattern}"):
        rademacher.contraction(1.0, value)
    with pytest.raises(ValueError, match=f"value {pattern}"):
        rademacher.convert(value)
    good = {
        "encoder_radius": 1.0,
        "head_radius": 1.0,
        "mean_square_norm": 1.0,
        "outputs": 1,
        "m": 10,
    }
    for name in ("encoder_radius", "head_radius", "mean_square_norm"):
        with pytest.raises(ValueError, match=f"{name} {pattern}"):
            rademacher.fusion(**good | {name: value})
    for name in ("outputs", "m"):
        with pytest.raises(ValueError, match=f"{name} must be a positive integer, got"):
            rademacher.fusion(**good | {name: value})


def test_bad_words_and_shapes_are_named():
    with pytest.raises(ValueError, match="outputs must be one of scalar, vector, got 'many'"):
        rademacher.contraction(1.0, 1.0, outputs="many")
    with pytest.raises(ValueError, match=r"source must be one of .*, got 'mohri'"):
        rademacher.convert(1.0, source="mohri")
    with pytest.raises(ValueError, match=r"shapes must broadcast to one shape, got .*m \(3,\)"):
        rademacher.fusion(
            encoder_radius=[1, 2], head_radius=1, outputs=1, mean_square_norm=1, m=[1, 2, 3]
        )
    with pytest.raises(ValueError, match=r"squared_norms must have shape \[..., m\]"):
        rademacher.fusion_empirical(encoder_radius=1, head_radius=1, outputs=1, squared_norms=1.0)
