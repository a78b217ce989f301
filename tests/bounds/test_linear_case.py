"""η and γ of the linear case on arrays, against other ways to compute them (theory, section 4)."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy
from scipy import optimize

from bounds import linear_case


def random_covariance(rng, d, rows=None):
    x = rng.standard_normal((rows or 2 * d, d)) * rng.exponential(size=d)
    return x.T @ x / len(x)


def random_blocks(rng, d):
    """A random partition of d features into at least two modalities, in feature order."""
    parts = rng.integers(2, min(d, 6) + 1)
    cuts = np.sort(rng.choice(np.arange(1, d), size=parts - 1, replace=False))
    sizes = np.diff([0, *cuts, d])
    return {f"modality {k}": int(size) for k, size in enumerate(sizes)}


def random_subset(rng, names, least=1):
    names = list(names)
    count = rng.integers(least, len(names) + 1)
    return {names[i] for i in rng.choice(len(names), size=count, replace=False)}


def split(blocks, subset):
    present, absent, start = [], [], 0
    for name, size in blocks.items():
        (present if name in subset else absent).extend(range(start, start + size))
        start += size
    return present, absent


def conditional_variance(Sigma, w, blocks, subset):
    """Var(w_c·x_c | x_M) = w_cᵀ ((Σ⁻¹)_cc)⁻¹ w_c: the precision matrix's own block."""
    _, c = split(blocks, subset)
    return w[c] @ np.linalg.solve(np.linalg.inv(Sigma)[np.ix_(c, c)], w[c])


class TestQuality:
    @pytest.mark.parametrize("d", [2, 5, 17, 60, 200])
    def test_equals_the_conditional_variance_from_the_precision_matrix(self, d):
        rng = np.random.default_rng(d)
        for _ in range(20 if d < 100 else 5):
            Sigma, w, blocks = random_covariance(rng, d), rng.standard_normal(d), None
            blocks = random_blocks(rng, d)
            subset = set(list(blocks)[: rng.integers(1, len(blocks))])
            eta = linear_case.latent_quality(Sigma, w, blocks, subset)
            assert eta == pytest.approx(
                conditional_variance(Sigma, w, blocks, subset), rel=1e-9, abs=0
            )

    def test_two_features_by_hand(self):
        """η({1}) = w₂² s₂ (1 − ρ²) with s₁ = 4, s₂ = 9, ρ = 1/3: 4·9·8/9 = 32."""
        Sigma = np.array([[4.0, 2.0], [2.0, 9.0]])
        eta = linear_case.latent_quality(Sigma, [5.0, 2.0], {"a": 1, "b": 1}, {"a"})
        assert eta == pytest.approx(32.0, rel=1e-14)

    @pytest.mark.parametrize("exponent", [4, 6, 8, 10])
    def test_ill_conditioned_agrees_with_rational_arithmetic(self, exponent):
        """The float64 entries taken as exact fractions; Gaussian elimination without rounding."""
        rng = np.random.default_rng(exponent)
        for _ in range(5):
            Sigma, w = ill_conditioned(rng, 8, exponent)
            blocks = {"a": 3, "b": 2, "c": 3}
            for subset in ({"a"}, {"a", "b"}, {"b", "c"}):
                expected = rational_schur(Sigma, w, *split(blocks, subset))
                eta = linear_case.latent_quality(Sigma, w, blocks, subset)
                assert eta == pytest.approx(expected, rel=1e-9, abs=0)

    @pytest.mark.slow
    @pytest.mark.parametrize("exponent", [6, 10])
    def test_ill_conditioned_of_size_200_agrees_with_eighty_digits(self, exponent):
        Sigma, w = ill_conditioned(np.random.default_rng(exponent), 200, exponent)
        blocks = {"a": 70, "b": 60, "c": 70}
        present, absent = split(blocks, {"a", "b"})
        eta = linear_case.latent_quality(Sigma, w, blocks, {"a", "b"})
        assert eta == pytest.approx(mpmath_schur(Sigma, w, present, absent), rel=1e-9, abs=0)

    def test_nearly_equal_features_keep_their_small_difference(self):
        """Correlation 1 − 2⁻⁴⁰, w = (0, 1): η = 1 − ρ² = 2⁻³⁹ − 2⁻⁸⁰, where 1 − ρ² in float64 keeps
        four digits. A plain quadratic form fails here."""
        rho = 1 - 2.0**-40
        Sigma = np.array([[1.0, rho], [rho, 1.0]])
        eta = linear_case.latent_quality(Sigma, [0.0, 1.0], {"a": 1, "b": 1}, {"a"})
        assert eta == pytest.approx(2.0**-39 - 2.0**-80, rel=1e-13, abs=0)

    def test_units_of_a_feature_do_not_matter(self):
        """Rescaling feature j by t and w_j by 1/t leaves w·x alone, over 40 magnitudes."""
        rng = np.random.default_rng(1)
        Sigma, w, blocks = random_covariance(rng, 6), rng.standard_normal(6), {"a": 3, "b": 3}
        scale = 10.0 ** np.array([-20, 15, 0, -3, 20, 7])
        eta = linear_case.latent_quality(Sigma, w, blocks, {"a"})
        rescaled = linear_case.latent_quality(
            Sigma * scale * scale[:, None], w / scale, blocks, {"a"}
        )
        assert rescaled == pytest.approx(eta, rel=1e-10, abs=0)

    @pytest.mark.parametrize("rank", [1, 3, 5])
    def test_singular_covariance_is_a_least_squares_residual(self, rank):
        """Σ = XᵀX/rank with `rank` rows: η is the squared distance of Xw from the range of X_M."""
        rng = np.random.default_rng(rank)
        x, w = rng.integers(-3, 4, size=(rank, 8)).astype(float), rng.standard_normal(8)
        blocks = {"a": 2, "b": 3, "c": 3}
        for subset in ({"a"}, {"b"}, {"a", "c"}):
            present, _ = split(blocks, subset)
            basis, values, _ = np.linalg.svd(x[:, present], full_matrices=False)
            basis = basis[:, values > 1e-9]
            residual = x @ w - basis @ (basis.T @ (x @ w))
            expected = residual @ residual / rank
            eta = linear_case.latent_quality(x.T @ x / rank, w, blocks, subset)
            assert eta == pytest.approx(expected, rel=1e-9, abs=1e-12 * (x @ w) @ (x @ w))

    def test_copied_modality_explains_everything(self):
        """x⁽²⁾ = x⁽¹⁾: Σ is singular, η({1}) = 0, the shortest predictor shares the weight."""
        Sigma = np.ones((2, 2))
        blocks = {"a": 1, "b": 1}
        assert linear_case.latent_quality(Sigma, [0.0, 3.0], blocks, {"a"}) == 0.0
        u = linear_case.best_predictor(Sigma, [0.0, 3.0], blocks, {"a", "b"})
        np.testing.assert_allclose(u, [1.5, 1.5], rtol=1e-14)

    def test_feature_without_variance_is_no_help(self):
        Sigma = np.diag([0.0, 1.0, 2.0])
        eta = linear_case.latent_quality(Sigma, [5.0, 1.0, 3.0], {"a": 1, "b": 1, "c": 1}, {"a"})
        assert eta == pytest.approx(1 + 2 * 9)

    def test_best_predictor_can_be_longer_than_w(self):
        """w = (0, 1), Σ = [[1, 2], [2, 4]]: the best use of x⁽¹⁾ alone is 2, though ‖w‖ = 1."""
        u = linear_case.best_predictor([[1, 2], [2, 4]], [0, 1], {"a": 1, "b": 1}, {"a"})
        np.testing.assert_allclose(u, [2.0], rtol=1e-14)


def ill_conditioned(rng, d, exponent):
    """A covariance with eigenvalues from 1 down to 10^−exponent; its entries are then exact."""
    basis, _ = np.linalg.qr(rng.standard_normal((d, d)))
    Sigma = (basis * np.logspace(0, -exponent, d)) @ basis.T
    return (Sigma + Sigma.T) / 2, rng.standard_normal(d)


def rational_schur(Sigma, w, present, absent):
    exact = [[Fraction(float(entry)) for entry in row] for row in Sigma]
    v = [Fraction(float(entry)) for entry in w]
    rows = [
        [exact[i][j] for j in present] + [sum(exact[i][j] * v[j] for j in absent)] for i in present
    ]
    n = len(present)
    for k in range(n):
        for i in range(k + 1, n):
            factor = rows[i][k] / rows[k][k]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[k], strict=True)]
    z = [Fraction(0)] * n
    for k in reversed(range(n)):
        known = sum(rows[k][j] * z[j] for j in range(k + 1, n))
        z[k] = (rows[k][n] - known) / rows[k][k]
    own = sum(v[i] * exact[i][j] * v[j] for i in absent for j in absent)
    explained = sum(v[i] * exact[i][j] * z[k] for i in absent for k, j in enumerate(present))
    return float(own - explained)


def mpmath_schur(Sigma, w, present, absent):
    with mpmath.workdps(80):
        own = mpmath.matrix(Sigma[np.ix_(present, present)].tolist())
        cross = mpmath.matrix(Sigma[np.ix_(present, absent)].tolist())
        rest = mpmath.matrix(Sigma[np.ix_(absent, absent)].tolist())
        v = mpmath.matrix(w[absent].tolist())
        target = cross * v
        return float((v.T * rest * v)[0] - (target.T * mpmath.cholesky_solve(own, target))[0])


class TestRadius:
    def dual_value(self, Sigma, w, present, radius):
        """Strong duality of the trust-region problem: the largest Lagrangian minimum over λ ≥ 0."""
        own, b = Sigma[np.ix_(present, present)], (Sigma @ w)[present]

        def negative(log_multiplier):
            multiplier = math.exp(log_multiplier)
            shifted = own + multiplier * np.eye(len(present))
            return b @ np.linalg.solve(shifted, b) + multiplier * radius**2

        best = optimize.minimize_scalar(negative, bounds=(-30, 30), options={"xatol": 1e-12})
        return w @ Sigma @ w - best.fun

    def test_binding_radius_attains_the_lagrangian_dual(self):
        rng = np.random.default_rng(2)
        for _ in range(100):
            d = int(rng.integers(2, 12))
            Sigma, w = random_covariance(rng, d), rng.standard_normal(d)
            blocks = random_blocks(rng, d)
            subset = random_subset(rng, blocks)
            u = linear_case.best_predictor(Sigma, w, blocks, subset)
            radius = rng.uniform(0.01, 0.99) * np.linalg.norm(u)
            eta = linear_case.latent_quality(Sigma, w, blocks, subset, radius)
            dual = self.dual_value(Sigma, w, split(blocks, subset)[0], radius)
            assert eta == pytest.approx(dual, rel=1e-8)
            assert eta > linear_case.latent_quality(Sigma, w, blocks, subset)

    def test_radius_beyond_the_best_predictor_does_not_bind(self):
        rng = np.random.default_rng(3)
        Sigma, w, blocks = random_covariance(rng, 6), rng.standard_normal(6), {"a": 4, "b": 2}
        least = np.linalg.norm(linear_case.best_predictor(Sigma, w, blocks, {"a"}))
        free = linear_case.latent_quality(Sigma, w, blocks, {"a"})
        assert linear_case.latent_quality(Sigma, w, blocks, {"a"}, 1.001 * least) == free
        assert linear_case.latent_quality(Sigma, w, blocks, {"a"}, 0.999 * least) > free

    def test_zero_radius_predicts_nothing(self):
        Sigma, w = np.diag([1.0, 4.0]), [2.0, 3.0]
        eta = linear_case.latent_quality(Sigma, w, {"a": 1, "b": 1}, {"a", "b"}, 0)
        assert eta == pytest.approx(4 + 36)

    def test_identity_covariance_by_hand(self):
        """Σ = I, all of w present, radius below ‖w‖ = 5: u = r w/‖w‖ and η = (5 − r)²."""
        eta = linear_case.latent_quality(np.eye(2), [3.0, 4.0], {"a": 1, "b": 1}, {"a", "b"}, 2.0)
        assert eta == pytest.approx(9.0, rel=1e-14)

    def test_singular_covariance_with_a_binding_radius(self):
        """x⁽²⁾ = x⁽¹⁾, w·x = 3x: (u₁, u₂) of norm r gives at most √2 r, so η = (3 − √2 r)²."""
        blocks = {"a": 1, "b": 1}
        eta = linear_case.latent_quality(np.ones((2, 2)), [0.0, 3.0], blocks, {"a", "b"}, 1.0)
        assert eta == pytest.approx((3 - math.sqrt(2)) ** 2, rel=1e-13)
        # Just enough length: the shortest best predictor is (1.5, 1.5).
        enough = 1.5 * math.sqrt(2) * (1 + 1e-12)
        assert linear_case.latent_quality(
            np.ones((2, 2)), [0.0, 3.0], blocks, {"a", "b"}, enough
        ) == pytest.approx(0.0, abs=1e-20)


class TestGap:
    @pytest.mark.parametrize("pairs", [1_000, pytest.param(10_000, marks=pytest.mark.slow)])
    def test_never_positive_on_random_nested_pairs(self, pairs):
        """L1; and the gap agrees with the two qualities subtracted as they are, to rounding."""
        rng = np.random.default_rng(4)
        for trial in range(pairs):
            d = int(rng.integers(2, 9))
            rank_deficient = trial % 4 == 0
            Sigma = random_covariance(rng, d, rows=max(1, d // 2) if rank_deficient else None)
            w, blocks = rng.standard_normal(d), random_blocks(rng, d)
            M = random_subset(rng, blocks, least=2)
            N = random_subset(rng, M - {rng.choice(sorted(M))})
            gap = linear_case.quality_gap(Sigma, w, blocks, M, N)
            difference = linear_case.latent_quality(
                Sigma, w, blocks, M
            ) - linear_case.latent_quality(Sigma, w, blocks, N)
            assert gap <= 0
            assert gap == pytest.approx(difference, rel=1e-6, abs=1e-11 * (w @ Sigma @ w))

    def test_never_positive_with_a_binding_radius(self):
        rng = np.random.default_rng(5)
        for _ in range(1_000):
            d = int(rng.integers(2, 9))
            Sigma, w, blocks = (
                random_covariance(rng, d),
                rng.standard_normal(d),
                random_blocks(rng, d),
            )
            M = random_subset(rng, blocks, least=2)
            N = random_subset(rng, M - {rng.choice(sorted(M))})
            radius = rng.uniform(0, 1.5) * np.linalg.norm(w)
            gap = linear_case.quality_gap(Sigma, w, blocks, M, N, radius)
            assert gap <= 1e-12 * (w @ Sigma @ w)

    def test_either_sign_for_subsets_that_are_not_nested(self):
        Sigma, w, blocks = np.eye(3), [1.0, 2.0, 3.0], {"a": 1, "b": 1, "c": 1}
        gap = linear_case.quality_gap(Sigma, w, blocks, {"a", "b"}, {"b", "c"})
        assert gap == pytest.approx(9.0 - 1.0)
        assert linear_case.quality_gap(Sigma, w, blocks, {"b", "c"}, {"a", "b"}) == -gap

    def test_small_gap_is_not_lost_against_a_large_common_quality(self):
        """b adds 1e-20 to what a explains; the absent c leaves η = 1 in both."""
        Sigma, blocks = np.eye(3), {"a": 1, "b": 1, "c": 1}
        gap = linear_case.quality_gap(Sigma, [1.0, 1e-10, 1.0], blocks, {"a", "b"}, {"a"})
        assert gap == pytest.approx(-1e-20, rel=1e-12, abs=0)


BLOCKS = {"a": 1, "b": 1}
GOOD = np.eye(2)


@pytest.mark.parametrize("as_sympy", [False, True])
@pytest.mark.parametrize(
    ("Sigma", "w", "blocks", "subset", "words"),
    [
        ([[1, 0.5], [0.4, 1]], [1, 1], BLOCKS, {"a"}, "Sigma must be symmetric, got"),
        ([[1, 2], [2, 1]], [1, 1], BLOCKS, {"a"}, "Sigma must be positive semi-definite, got"),
        ([[-1, 0], [0, 1]], [1, 1], BLOCKS, {"a"}, "Sigma must be positive semi-definite, got"),
        ([[0, 1], [1, 1]], [1, 1], BLOCKS, {"a"}, "Sigma must be positive semi-definite, got"),
        ([[1, 0, 0], [0, 1, 0]], [1, 1], BLOCKS, {"a"}, r"Sigma must have shape \(2, 2\)"),
        (GOOD, [1, 1], {"a": 1, "b": 2}, {"a"}, r"blocks must sum to the length of w \(2\), got 3"),
        (GOOD, [1, 1], {}, {"a"}, "blocks must hold at least one modality"),
        (
            GOOD,
            [1, 1],
            {"a": 2, "b": 0},
            {"a"},
            r"blocks\['b'\] must be a positive integer, got 0",
        ),
        (GOOD, [1, math.nan], BLOCKS, {"a"}, "w must be finite, got"),
        (GOOD, [1, 1], BLOCKS, {"smell"}, "subset must hold names among .* got 'smell'"),
        (GOOD, [1, 1], BLOCKS, set(), "subset must hold at least one modality, got none"),
        (GOOD, [1, 1], BLOCKS, ["a", "a"], "subset must hold each modality once"),
        (GOOD, [1, 1], BLOCKS, "ab", "subset must be an iterable of modality names"),
    ],
)
def test_bad_input_is_named(Sigma, w, blocks, subset, words, as_sympy):
    matrix = sympy.Matrix(np.asarray(Sigma).tolist()) if as_sympy else np.array(Sigma)
    with pytest.raises(ValueError, match=words):
        linear_case.latent_quality(matrix, w, blocks, subset)


@pytest.mark.parametrize("matrix", [np.eye(2), sympy.eye(2)])
def test_bad_radius_and_pairs_are_named(matrix):
    for radius in (-1, math.nan, math.inf):
        with pytest.raises(ValueError, match="radius must be finite and non-negative, got"):
            linear_case.latent_quality(matrix, [1, 1], BLOCKS, {"a"}, radius)
    with pytest.raises(ValueError, match=r"M and N must be distinct subsets, got \['a'\] twice"):
        linear_case.quality_gap(matrix, [1, 1], BLOCKS, {"a"}, {"a"})
    with pytest.raises(ValueError, match="N must hold names among"):
        linear_case.quality_gap(matrix, [1, 1], BLOCKS, {"a"}, {"c"})


def test_covariance_with_nan_is_refused():
    Sigma = np.eye(2)
    Sigma[0, 0] = math.nan
    with pytest.raises(ValueError, match="Sigma must be finite, got nan"):
        linear_case.latent_quality(Sigma, [1, 1], BLOCKS, {"a"})
