"""The lemmas about means behind every derivation, checked exhaustively on tiny worlds.

Symmetrisation, contraction, bounded differences and the fusion bound's steps; tail bounds are in
`test_lemmas_tails`, the fast rate's deterministic step in `test_lemmas_fast_rate`. A tiny world has
a few letters with known probabilities, and a class is a table of values by letter. All samples and
all signs are enumerated, so the numbers are exact and a lemma with a constant that is too small
fails. Where a lemma's constant is attained, the attaining world is here too.
"""

import itertools
import math

import numpy as np
import pytest

from bounds import rademacher


def signs(count):
    return np.array(list(itertools.product((-1.0, 1.0), repeat=count)))


def all_samples(letters, m):
    return np.array(list(itertools.product(range(letters), repeat=m)))


def random_world(rng, letters=3, functions=4, high=1.0):
    """Probabilities of the letters, and a class with values in [0, high], [functions, letters]."""
    p = rng.dirichlet(np.ones(letters))
    values = rng.uniform(0, high, size=(functions, letters))
    # Half of the values at the ends of the range, where extreme cases are.
    return p, np.where(rng.uniform(size=values.shape) < 0.5, np.round(values / high) * high, values)


def suprema(p, values, samples):
    """sup (r − r̂) and sup (r̂ − r) of every sample."""
    gap = (values @ p)[None, :] - values[:, samples].mean(axis=2).T
    return gap.max(axis=1), -gap.min(axis=1)


def empirical_complexities(values, samples):
    """R̂_S of every sample, by all signs."""
    m = samples.shape[1]
    sums = np.einsum("sm,ftm->tsf", signs(m), values[:, samples]) / m
    return sums.max(axis=2).mean(axis=1)


class TestSymmetrisation:
    @pytest.mark.parametrize("m", [1, 2, 4])
    def test_mean_supremum_is_at_most_twice_the_complexity_on_either_side(self, m):
        rng = np.random.default_rng(m)
        for _ in range(30):
            p, values = random_world(rng)
            samples = all_samples(3, m)
            law = p[samples].prod(axis=1)
            complexity = law @ empirical_complexities(values, samples)
            above, below = suprema(p, values, samples)
            assert law @ above <= 2 * complexity + 1e-12
            assert law @ below <= 2 * complexity + 1e-12

    def test_two_cannot_be_lowered(self):
        """All maps of N equally likely cells into {0, 1}, one example: sup (r − r̂) = 1 − 1/N by
        f = 1 off the example's cell, R = ½ (`cells`): the ratio tends to 2."""
        N = 100
        complexity = rademacher.cells(probabilities=np.full(N, 1 / N), m=1)
        assert complexity == pytest.approx(0.5)
        assert (1 - 1 / N) / complexity == pytest.approx(1.98)


class TestContraction:
    @pytest.mark.parametrize(
        ("name", "loss", "L"),
        [
            ("absolute", lambda f, y: abs(f - y), 1.0),
            ("squared on [−1, 1]", lambda f, y: (f - y) ** 2, 4.0),
            ("ramp", lambda f, y: np.clip(0.5 - 3 * f * y, 0, 1), 3.0),
        ],
    )
    def test_scalar_on_every_sample(self, name, loss, L):
        """Letters are pairs (x, y) with y = ±1; predictions in [−1, 1]. No condition at 0."""
        rng = np.random.default_rng(len(name))
        y = np.array([1.0, -1.0, 1.0])
        samples = all_samples(3, 4)
        for _ in range(20):
            f = rng.uniform(-1, 1, size=(5, 3))
            left = empirical_complexities(loss(f, y), samples)
            right = rademacher.contraction(empirical_complexities(f, samples), L)
            assert (left <= right + 1e-12).all()

    def test_scalar_is_attained_by_a_linear_loss(self):
        f = np.random.default_rng(0).uniform(-1, 1, size=(5, 3))
        samples = all_samples(3, 3)
        np.testing.assert_allclose(
            empirical_complexities(2 * f + 1, samples),
            rademacher.contraction(empirical_complexities(f, samples), 2.0),
            rtol=1e-12,
        )

    def test_scalar_holds_inside_a_convex_increasing_function(self):
        """E G(sup Σσφ(f)) ≤ E G(sup Σσf), G(t) = max(t, 0)², φ = relu: the fusion bound's step."""
        rng = np.random.default_rng(1)
        for m in (1, 3, 6):
            for _ in range(30):
                f = rng.standard_normal((6, m))
                left = np.maximum((signs(m) @ np.maximum(f, 0).T).max(axis=1), 0) ** 2
                right = np.maximum((signs(m) @ f.T).max(axis=1), 0) ** 2
                assert left.mean() <= right.mean() + 1e-12

    @pytest.mark.parametrize(
        ("name", "loss", "L"),
        [
            ("distance", lambda f, y: np.linalg.norm(f - y, axis=-1), 1.0),
            ("largest", lambda f, y: (f * y).max(axis=-1), 1.0),
            ("difference", lambda f, y: f[..., 0] - f[..., 1], math.sqrt(2)),
        ],
    )
    def test_vector_on_every_sample(self, name, loss, L):
        """Two outputs: c m independent signs on the right, m on the left."""
        rng = np.random.default_rng(len(name))
        y = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.5]])
        y /= np.abs(y).max(axis=1, keepdims=True)
        for _ in range(5):
            f = rng.standard_normal((4, 3, 2))
            for sample in all_samples(3, 3):
                left = rademacher.finite_exact(loss(f[:, sample], y[sample]))
                vector = rademacher.finite_exact(f[:, sample])
                right = rademacher.contraction(vector, L, outputs="vector")
                assert left <= right + 1e-12

    def test_vector_factor_root_two_is_attained(self):
        """One example, {0, (1, 1)}, loss ‖f‖: ½ √2 on the left; E|σ1 + σ2|/2 = ½ for R^c."""
        f = np.array([[[0.0, 0.0]], [[1.0, 1.0]]])
        left = rademacher.finite_exact(np.linalg.norm(f, axis=2))
        vector = rademacher.finite_exact(f)
        assert (left, vector) == (pytest.approx(math.sqrt(2) / 2), pytest.approx(0.5))
        assert rademacher.contraction(vector, 1.0, outputs="vector") == pytest.approx(left)

    def test_with_an_absolute_value_contraction_needs_a_condition_at_zero(self):
        """F = {0}, φ(t) = t + 1: with |·| the left side is E|Σσ|/m = ½ at m = 2, the right 0."""
        left = abs(signs(2) @ np.ones(2)).mean() / 2
        assert left == 0.5
        assert rademacher.finite_exact(np.ones((1, 2))) == 0.0


class TestBoundedDifferences:
    """How far one example can move Φ and Φ − 4 R̂_S, over all samples and all replacements."""

    def moves(self, quantity, samples, letters):
        """Largest change of `quantity` (indexed like all_samples) when one letter is replaced."""
        m = samples.shape[1]
        table = quantity.reshape((letters,) * m)
        return max(np.ptp(table, axis=axis).max() for axis in range(m))

    def test_supremum_moves_by_at_most_twice_the_range(self):
        rng = np.random.default_rng(3)
        samples, m, C = all_samples(3, 4), 4, 2.0
        for _ in range(100):
            p, values = random_world(rng, high=C)
            Phi = sum(suprema(p, values, samples))
            assert self.moves(Phi, samples, 3) <= 2 * C / m + 1e-12

    def test_twice_the_range_is_attained(self):
        """All Boolean maps of three cells, m = 4, the sample (a, a, b, b) and letter 1 becoming c:
        moving mass 1/m between cells moves each one-sided supremum by 1/m."""
        p = np.array([0.4, 0.4, 0.2])
        maps = np.array(list(itertools.product((0.0, 1.0), repeat=3)))
        samples = all_samples(3, 4)
        Phi = sum(suprema(p, maps, samples))
        assert self.moves(Phi, samples, 3) == pytest.approx(2 / 4)

    def test_complexity_moves_by_at_most_half_the_range(self):
        """m R̂_S is an average of ½ [sup (A + f_i) + sup (A − f_i)], which lies between sup A and
        sup A + C/2 whatever the example i is: hence C/(2m), and Φ − 4R̂_S moves by 4C/m."""
        rng = np.random.default_rng(4)
        samples, m, C = all_samples(3, 4), 4, 2.0
        for _ in range(60):
            p, values = random_world(rng, high=C)
            complexity = empirical_complexities(values, samples)
            assert self.moves(complexity, samples, 3) <= C / (2 * m) + 1e-12
            centred = sum(suprema(p, values, samples)) - 4 * complexity
            assert self.moves(centred, samples, 3) <= 4 * C / m + 1e-12
            law = p[samples].prod(axis=1)
            assert law @ centred <= 1e-12

    def test_half_the_range_is_attained(self):
        """F = {0, 1 on the letter a}, m = 1: R̂ = ½ on a and 0 on b."""
        values = np.array([[0.0, 0.0], [1.0, 0.0]])
        complexity = empirical_complexities(values, all_samples(2, 1))
        np.testing.assert_allclose(complexity, [0.5, 0.0])


class TestEfronStein:
    """The steps of the fusion bound: T = max_k sup_u |Σ σ_i relu(u·x_i⁽ᵏ⁾)|, one output."""

    def suprema(self, x, m):
        """T₊ and T₋ for every sign, over a net of the circle and u = 0, per modality of two."""
        angle = np.linspace(0, 2 * np.pi, 120, endpoint=False)
        circle = np.stack([np.cos(angle), np.sin(angle)])
        features = np.maximum(x @ circle, 0)  # [modality, m, direction]
        sums = np.einsum("sm,kmd->skd", signs(m), features).reshape(2**m, -1)
        return np.maximum(sums.max(axis=1), 0), np.maximum(-sums.min(axis=1), 0)

    def test_variance_second_moment_and_mean_of_the_supremum(self):
        """Var T ≤ Σ‖x_i‖² (flipping σ_i moves T by ≤ 2‖x_i‖) and, by contraction,
        E T ≤ 2 E max_k‖Σσx⁽ᵏ⁾‖: together E T² ≤ 5 Σ‖x_i‖². Contraction inside max(t, 0)² gives
        2 Σ‖x_i‖²."""
        rng = np.random.default_rng(8)
        for m in (1, 2, 5, 9):
            for modalities in (1, 3):
                for _ in range(5):
                    x = rng.standard_normal((modalities, m, 2)) * rng.exponential(size=(1, m, 1))
                    positive, negative = self.suprema(x, m)
                    T = np.maximum(positive, negative)
                    square = (x**2).sum()
                    linear = np.linalg.norm(np.einsum("sm,kmd->skd", signs(m), x), axis=2).max(
                        axis=1
                    )
                    assert T.var() <= square
                    assert T.mean() <= 2 * linear.mean()
                    assert (positive**2).mean() <= (linear**2).mean() + 1e-12
                    assert (linear**2).mean() <= square + 1e-9
                    assert (T**2).mean() <= 2 * square + 1e-9

    def test_squared_norms_alone_are_not_enough(self):
        """Three examples found by search have E T² = 1.038 Σ‖x_i‖² (on a net, so at least that):
        the constant of the fusion bound lies between 1.03 and its 2."""
        x = np.array([[[0.909, 0.417], [1.481, -0.425], [0.544, -1.166]]])
        positive, negative = self.suprema(x, 3)
        assert (np.maximum(positive, negative) ** 2).mean() > 1.03 * (x**2).sum()

    def test_outputs_add_up(self):
        """c outputs: T² ≤ Σ_k T_k², T_k one output's, since one u serves all: E T² ≤ 2c Σ‖x‖²."""
        rng = np.random.default_rng(9)
        m, c = 4, 3
        x = rng.standard_normal((m, 2))
        angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
        features = np.maximum(x @ np.stack([np.cos(angle), np.sin(angle)]), 0)
        sums = signs(m * c).reshape(-1, c, m) @ features
        joint = (sums**2).sum(axis=1).max(axis=1)
        separate = (sums**2).max(axis=2).sum(axis=1)
        assert (joint <= separate + 1e-12).all()
        assert joint.mean() <= 2 * c * (x**2).sum()
