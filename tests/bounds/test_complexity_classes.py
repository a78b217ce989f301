"""Every class of the table (theory, section 5) against exact values on small samples."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from bounds import rademacher


def tiny_samples(count=20, m=8, d=3):
    rng = np.random.default_rng(4)
    for _ in range(count):
        yield rng.standard_normal((m, d)) * rng.exponential(size=(m, 1))


def test_linear_interval_holds_the_exact_value():
    for x in tiny_samples():
        square = (x**2).sum(axis=1)
        for c in (1, 2):
            exact = rademacher.linear_exact(radius=1.7, features=x, outputs=c)
            upper = rademacher.linear_empirical(radius=1.7, squared_norms=square, outputs=c)
            lower = rademacher.linear_empirical_lower(radius=1.7, squared_norms=square, outputs=c)
            assert lower <= exact <= upper
            assert upper == pytest.approx(math.sqrt(2) * lower)


def test_orthogonal_rows_attain_the_linear_bound():
    """‖Σ σ_i e_i‖ = √m for every sign, and √(c m) for c outputs."""
    for c in (1, 3):
        exact = rademacher.linear_exact(radius=2.0, features=np.eye(6), outputs=c)
        bound = rademacher.linear_empirical(radius=2.0, squared_norms=np.ones(6), outputs=c)
        assert exact == pytest.approx(2 * math.sqrt(c / 6), rel=1e-14)
        assert bound == pytest.approx(exact, rel=1e-14)


def test_linear_exact_agrees_with_a_net_of_the_ball():
    """The dual norm is the supremum: the best of 3,600 unit vectors w, sign by sign."""
    x = next(tiny_samples(d=2))
    angle = np.linspace(0, 2 * np.pi, 3600, endpoint=False)
    net = np.stack([np.cos(angle), np.sin(angle)], axis=1) @ x.T
    exact = rademacher.linear_exact(radius=1.0, features=x)
    assert rademacher.finite_exact(net) == pytest.approx(exact, rel=1e-5)


def test_vector_head_is_the_frobenius_dual_norm():
    """One example, c outputs: ‖σ xᵀ‖_F = √c ‖x‖ for every sign."""
    x = np.array([[3.0, 4.0]])
    assert rademacher.linear_exact(radius=1, features=x, outputs=4) == pytest.approx(10.0)


def test_l1_ball_is_a_finite_class_of_its_vertices():
    for x in tiny_samples():
        vertices = 1.5 * np.concatenate([x.T, -x.T])
        exact = rademacher.finite_exact(vertices)
        data = rademacher.linear_l1_empirical(radius=1.5, features=x)
        worst = rademacher.linear_l1(
            radius=1.5, coordinate_radius=abs(x).max(), dimension=3, m=len(x)
        )
        assert exact <= data <= worst


def test_l1_ball_in_one_dimension_still_has_two_vertices():
    """d = 1: B E|Σσ_i x_i|/m > 0, where ln d in place of ln 2d would give 0."""
    x = np.ones((4, 1))
    exact = rademacher.finite_exact([x[:, 0], -x[:, 0]])
    assert exact == pytest.approx(3 / 8)
    assert exact <= rademacher.linear_l1_empirical(radius=1, features=x)


def test_l1_ball_is_ruled_by_its_longest_coordinate():
    """One coordinate of ones among fifty zeros: an average over coordinates would be too small."""
    x = np.zeros((16, 50))
    x[:, 0] = 1.0
    exact = rademacher.finite_exact([x[:, 0], -x[:, 0]])
    bound = rademacher.linear_l1_empirical(radius=1, features=x)
    assert math.sqrt(1 / 50) * bound < exact <= bound
    assert bound == pytest.approx(math.sqrt(2 * math.log(100) / 16))


def test_massart_bounds_random_finite_classes_and_shifts_cost_nothing():
    rng = np.random.default_rng(5)
    for size in (2, 5, 40):
        values = rng.uniform(0, 1, size=(size, 10))
        exact = rademacher.finite_exact(values)
        # Loss values in [0, 1]: shifted by ½ they lie in [−½, ½] and the complexity is the same.
        assert rademacher.finite_exact(values - 0.5) == pytest.approx(exact, rel=1e-12)
        assert exact <= rademacher.massart(radius=0.5, size=size, m=10)
    assert rademacher.massart(radius=1, size=1, m=10) == 0.0


def test_massart_is_tight_in_order_on_the_cube():
    """All 2^m sign patterns: exact value 1, bound √(2 ln 2) = 1.18."""
    cube = np.concatenate(
        [1 - 2.0 * (np.arange(2**6)[:, None] >> np.arange(6) & 1)], dtype=np.float64
    )
    assert rademacher.finite_exact(cube) == pytest.approx(1.0)
    assert rademacher.massart(radius=1, size=2**6, m=6) == pytest.approx(math.sqrt(2 * math.log(2)))


def test_vector_values_take_one_sign_per_output():
    """{v, −v} with v = (1, 1) on one example: E|σ1 + σ2| = 1, not E|σ|·2."""
    assert rademacher.finite_exact([[[1.0, 1.0]], [[-1.0, -1.0]]]) == pytest.approx(1.0)


def all_maps_of_cells(cell_of_example, cells):
    maps = np.arange(2**cells)[:, None] >> np.arange(cells) & 1
    return maps[:, cell_of_example].astype(float)


@pytest.mark.parametrize("counts", [[1], [2, 0, 3], [4, 4], [1, 1, 1, 1, 1]])
def test_cells_are_the_enumerated_class_of_all_boolean_maps(counts):
    examples = np.repeat(np.arange(len(counts)), counts)
    values = all_maps_of_cells(examples, len(counts))
    exact = rademacher.finite_exact(values)
    assert rademacher.cells_empirical(counts=counts) == pytest.approx(exact, rel=1e-13)
    signed = rademacher.finite_exact(2 * values - 1)
    assert rademacher.cells_empirical(counts=counts, spread=2) == pytest.approx(signed, rel=1e-13)


@pytest.mark.parametrize("n", [1, 2, 511, 512, 513, 514, 2001])
def test_one_cell_matches_the_binomial_sum_in_rational_arithmetic(n):
    """E(S_n)₊ = 2^−n Σ_j C(n, j) (2j − n)₊, across the switch from table to series."""
    exact = Fraction(sum(math.comb(n, j) * max(2 * j - n, 0) for j in range(n + 1)), 2**n)
    value = rademacher.cells_empirical(counts=[n])
    assert value == pytest.approx(float(exact / n), rel=1e-13)


def test_one_large_cell_follows_the_central_limit():
    """E|S_n|/(2n) → 1/√(2πn)."""
    n = 10**10
    assert rademacher.cells_empirical(counts=[n]) == pytest.approx(
        1 / math.sqrt(2 * math.pi * n), rel=1e-9
    )


def test_expected_cells_average_the_empirical_value_over_all_samples():
    """R_m = Σ over all cell sequences of their probability times R̂_S; three cells, m = 5."""
    p = np.array([0.5, 0.3, 0.2])
    m = 5
    sequences = np.stack(np.meshgrid(*[np.arange(3)] * m, indexing="ij"), axis=-1).reshape(-1, m)
    counts = (sequences[:, :, None] == np.arange(3)).sum(axis=1)
    expected = p[sequences].prod(axis=1) @ rademacher.cells_empirical(counts=counts)
    assert rademacher.cells(probabilities=p, m=m) == pytest.approx(expected, rel=1e-13)
    certain = rademacher.cells(probabilities=[1.0, 0.0], m=m)
    assert certain == pytest.approx(float(rademacher.cells_empirical(counts=[m])), rel=1e-14)


def test_deep_relu_bounds_two_layers_and_is_looser_than_the_fused_class():
    """Golowich et al. at D = 2: factor √(4 ln 2) + 1 = 2.67 against √2 for `fusion`."""
    shared = {"mean_square_norm": 3.0, "m": 50}
    deep = rademacher.deep_relu(layer_radii=[2.0, 0.5], **shared)
    two = rademacher.fusion(encoder_radius=2, head_radius=0.5, outputs=1, bias=False, **shared)
    assert deep / two == pytest.approx((math.sqrt(4 * math.log(2)) + 1) / math.sqrt(2), rel=1e-14)
    assert deep == pytest.approx(
        float(rademacher.deep_relu_empirical(layer_radii=[2, 0.5], squared_norms=[3.0] * 50))
    )


def test_deep_relu_bounds_the_correlations_found_in_a_net_of_networks():
    rng = np.random.default_rng(6)
    x = rng.standard_normal((8, 2))
    values = []
    for _ in range(4000):
        layers = [rng.standard_normal(s) for s in ((3, 2), (3, 3), (1, 3))]
        first, second, last = (w / np.linalg.norm(w) for w in layers)
        values.append((last @ np.maximum(second @ np.maximum(first @ x.T, 0), 0))[0])
    found = rademacher.finite_exact(values)
    bound = rademacher.deep_relu_empirical(layer_radii=[1, 1, 1], squared_norms=(x**2).sum(axis=1))
    assert 0.02 * bound < found <= bound


SIZES = {"text": 2, "audio": 1, "video": 2}
CHAIN = (("text",), ("text", "audio"), ("text", "audio", "video"))


class TestNestedness:
    """N ⊂ M: the class on N is the class on M with zero weights on M∖N, at the same norms."""

    def sample(self, rng, m=6):
        return {name: rng.standard_normal((m, d)) for name, d in SIZES.items()}

    def predict(self, features, subset, weights, head):
        units = [np.maximum(features[k] @ weights[k], 0) for k in subset]
        z = np.concatenate([*units, np.ones((len(units[0]), 1))], axis=1)
        rows = np.concatenate([head[k] for k in subset] + [head["bias"]])
        return z @ rows

    def test_padding_with_zeros_keeps_predictions_and_norms(self):
        rng = np.random.default_rng(7)
        features = self.sample(rng)
        for smaller, larger in itertools.pairwise(CHAIN):
            weights = {k: rng.standard_normal((SIZES[k], 4)) for k in smaller}
            head = {k: rng.standard_normal((4, 3)) for k in smaller}
            head["bias"] = rng.standard_normal((1, 3))
            padded = {k: weights.get(k, np.zeros((SIZES[k], 4))) for k in larger}
            # Any head rows do for a silent encoder; zeros keep the head's norm.
            padded_head = {k: head.get(k, np.zeros((4, 3))) for k in larger} | {
                "bias": head["bias"]
            }
            np.testing.assert_array_equal(
                self.predict(features, smaller, weights, head),
                self.predict(features, larger, padded, padded_head),
            )
            for small, large in ((weights, padded), (head, padded_head)):
                norm = [sum((w**2).sum() for w in part.values()) for part in (small, large)]
                assert norm[0] == norm[1]

    def test_complexities_grow_along_a_chain_on_every_sample(self):
        rng = np.random.default_rng(8)
        for _ in range(50):
            features = self.sample(rng)
            exact, fused, linear = [], [], []
            for subset in CHAIN:
                x = np.concatenate([features[k] for k in subset], axis=1)
                norms = rademacher.squared_norms(features, subset)
                exact.append(rademacher.linear_exact(radius=1, features=x))
                linear.append(rademacher.linear_empirical(radius=1, squared_norms=norms))
                fused.append(
                    rademacher.fusion_empirical(
                        encoder_radius=1, head_radius=1, outputs=2, squared_norms=norms
                    )
                )
            for column in (exact, fused, linear):
                assert column == sorted(column)

    def test_squared_norms_count_one_constant_per_present_modality(self):
        features = {"text": np.full((4, 2), 2.0), "audio": np.ones((4, 3))}
        both = rademacher.squared_norms(features, {"audio", "text"})
        np.testing.assert_array_equal(both, np.full(4, 8.0 + 1 + 3 + 1))
        plain = rademacher.squared_norms(features, ["text"], encoder_bias=False)
        np.testing.assert_array_equal(plain, np.full(4, 8.0))

    def test_bad_subsets_are_named(self):
        features = self.sample(np.random.default_rng(0))
        for subset, words in [
            ("text", "must be an iterable of modality names, got the string 'text'"),
            ([], "must hold at least one modality, got none"),
            (["smell"], "must hold names among .*, got 'smell'"),
            (["text", "text"], "must hold each modality once"),
        ]:
            with pytest.raises(ValueError, match=f"subset {words}"):
                rademacher.squared_norms(features, subset)
        features["audio"] = np.ones((5, 1))
        with pytest.raises(ValueError, match=r"features\['audio'\] must have shape .* rows of"):
            rademacher.squared_norms(features, ["text", "audio"])
        features["text"][0, 0] = np.nan
        with pytest.raises(ValueError, match=r"features\['text'\] must be finite, got nan"):
            rademacher.squared_norms(features, ["text"])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: rademacher.linear_exact(radius=1, features=np.ones((21, 1))), "≤ 20 signs, got"),
        (lambda: rademacher.linear_exact(radius=1, features=[1.0]), "features must have shape"),
        (lambda: rademacher.finite_exact([1.0]), "values must have shape"),
        (lambda: rademacher.finite_exact([[math.nan]]), "values must be finite, got nan"),
        (
            lambda: rademacher.massart(radius=1, size=0, m=1),
            "size must be a positive integer, got 0",
        ),
        (lambda: rademacher.cells(probabilities=[0.5], m=2), "must be one row that sums to 1"),
        (lambda: rademacher.cells_empirical(counts=[0, 0]), "at least one example per sample"),
        (
            lambda: rademacher.cells_empirical(counts=[1.5]),
            "counts must be an integer of at least 0",
        ),
        (
            lambda: rademacher.linear_l1(radius=1, coordinate_radius=1, dimension=0, m=1),
            "dimension must be a positive integer, got 0",
        ),
        (lambda: rademacher.linear_l1_empirical(radius=1, features=[1.0]), "must have shape"),
        (
            lambda: rademacher.deep_relu(layer_radii=[], mean_square_norm=1, m=1),
            "layer_radii must have shape",
        ),
        (
            lambda: rademacher.linear_empirical(radius=1, squared_norms=[]),
            r"squared_norms must have shape \[..., m\] with m ≥ 1",
        ),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
