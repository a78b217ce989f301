"""The linear case on sympy matrices, and the symbolic proof of γ ≤ 0 for nested subsets."""

import itertools
import math

import numpy as np
import pytest
import sympy

from bounds import linear_case

PAIR = {"first": 1, "second": 1}


class TestSympy:
    a, b, rho = sympy.symbols("a b rho", real=True)

    def test_smallest_case_of_the_theory(self):
        s1, s2 = sympy.symbols("s1 s2", positive=True)
        cross = self.rho * sympy.sqrt(s1 * s2)
        Sigma = sympy.Matrix([[s1, cross], [cross, s2]])
        eta = linear_case.latent_quality(Sigma, [self.a, self.b], PAIR, {"first"})
        assert sympy.simplify(eta - self.b**2 * s2 * (1 - self.rho**2)) == 0

    def test_agrees_with_numpy_on_rational_entries_exactly(self):
        x = sympy.Matrix([[1, 2, 0, 1], [0, 1, 3, 1], [2, 1, 1, -1], [1, 0, 0, 2], [1, 1, 1, 1]])
        Sigma, w = x.T * x, [1, -2, sympy.Rational(1, 2), 3]
        blocks = {"a": 1, "b": 2, "c": 1}
        numeric = np.array(Sigma.tolist(), dtype=float)
        for subset in ({"a"}, {"b"}, {"a", "c"}, {"a", "b", "c"}):
            exact = linear_case.latent_quality(Sigma, w, blocks, subset)
            assert exact.is_Rational
            eta = linear_case.latent_quality(numeric, [1, -2, 0.5, 3], blocks, subset)
            assert eta == pytest.approx(float(exact), rel=1e-12, abs=1e-12)
        for M, N in itertools.permutations([{"a"}, {"b"}, {"a", "c"}], 2):
            exact = linear_case.quality_gap(Sigma, w, blocks, M, N)
            gap = linear_case.quality_gap(numeric, [1, -2, 0.5, 3], blocks, M, N)
            assert gap == pytest.approx(float(exact), rel=1e-11)

    def test_singular_matrix_and_shortest_predictor(self):
        Sigma = sympy.ones(2, 2)
        assert linear_case.latent_quality(Sigma, [0, 3], PAIR, {"first"}) == 0
        u = linear_case.best_predictor(Sigma, [0, 3], PAIR, {"first", "second"})
        assert list(u) == [sympy.Rational(3, 2)] * 2

    def test_copies_among_the_present_features_change_nothing(self):
        """M holds x and its copy: the same η as with x alone, one pivot of two columns."""
        x = sympy.Matrix([[1, 1, 2], [0, 0, 1], [1, 1, 0]])
        Sigma, w = x.T * x, [1, 1, self.b]
        copied = linear_case.latent_quality(Sigma, w, {"pair": 2, "rest": 1}, {"pair"})
        alone = linear_case.latent_quality(Sigma, w, {"x": 1, "copy": 1, "rest": 1}, {"x"})
        # By hand: x·r = 2, x·x = 2, r·r = 5, so η = b² (5 − 2²/2) = 3b²; copy and original agree.
        assert sympy.expand(copied - 3 * self.b**2) == 0
        assert sympy.expand(alone - 3 * self.b**2) == 0

    def test_binding_radius_is_exact(self):
        both = {"first", "second"}
        assert linear_case.latent_quality(sympy.eye(2), [3, 4], PAIR, both, 2) == 9
        singular = linear_case.latent_quality(sympy.ones(2, 2), [0, 3], PAIR, both, 1)
        assert sympy.simplify(singular - (3 - sympy.sqrt(2)) ** 2) == 0
        Sigma = sympy.Matrix([[2, 1], [1, 3]])
        exact = linear_case.latent_quality(Sigma, [1, 2], PAIR, both, 1)
        numeric = linear_case.latent_quality([[2.0, 1.0], [1.0, 3.0]], [1, 2], PAIR, both, 1)
        assert numeric == pytest.approx(float(exact.evalf(20)), rel=1e-12)

    def test_symbols_and_a_radius_do_not_go_together(self):
        Sigma = sympy.Matrix([[1, self.rho], [self.rho, 1]])
        with pytest.raises(ValueError, match=r"radius must be None where .* symbols, got rho"):
            linear_case.latent_quality(Sigma, [1, 2], PAIR, {"first"}, 1)


class TestProof:
    def test_every_step_holds_on_random_matrices_for_any_partition(self):
        """The steps, verified as expressions, hold as numbers too: 20 covariances, random sizes."""
        rng = np.random.default_rng(6)
        proof = linear_case.prove_quality_gap()
        assert len(proof.steps) == 8
        for _ in range(20):
            values = random_world(rng, *rng.integers(1, 5, size=3))
            for step in proof.steps:
                left, right = (numeric(side, values) for side in (step.left, step.right))
                np.testing.assert_allclose(left, right, rtol=1e-8, atol=1e-8)

    def test_square_in_the_last_steps_is_the_gap(self):
        rng = np.random.default_rng(7)
        sizes = rng.integers(1, 5, size=3)
        values = random_world(rng, *sizes)
        step = linear_case.prove_quality_gap().steps[6]
        blocks = dict(zip("NRc", map(int, sizes), strict=True))
        w = np.concatenate([values[name][:, 0] for name in ("w_N", "w_R", "w_c")])
        gap = linear_case.quality_gap(values["Sigma"], w, blocks, {"N", "R"}, {"N"})
        assert -numeric(step.right, values)[0, 0] == pytest.approx(gap, rel=1e-9)

    @pytest.mark.parametrize("factor", [-1, 2])
    def test_wrong_sign_or_factor_cannot_become_a_step(self, factor):
        for step in linear_case.prove_quality_gap().steps:
            with pytest.raises(ValueError, match="left and right must be equal in the step"):
                linear_case.ProofStep("wrong", step.left, factor * step.right, "")

    def test_dropped_term_or_transpose_cannot_become_a_step(self):
        n, r = sympy.symbols("n r", integer=True, positive=True)
        x, X, Y = (
            sympy.MatrixSymbol("x", n, 1),
            sympy.MatrixSymbol("X", n, n),
            sympy.MatrixSymbol("Y", n, r),
        )
        for left, right in [
            (x.T * X * x, x.T * x),
            (X, X.T),
            (Y.T * X * Y, Y.T * Y),
            ((X * X).I, X.I),
        ]:
            with pytest.raises(ValueError, match="must be equal"):
                linear_case.ProofStep("wrong", left, right, "")


def random_world(rng, n, r, c):
    x = rng.standard_normal((2 * (n + r + c), n + r + c))
    Sigma = x.T @ x / len(x)
    w = rng.standard_normal((n + r + c, 1))
    N, R, C = slice(0, n), slice(n, n + r), slice(n + r, None)
    M = slice(0, n + r)
    S_NN, S_NR, S_RR = Sigma[N, N], Sigma[N, R], Sigma[R, R]
    return {
        "Sigma": Sigma,
        "S_NN": S_NN,
        "S_NR": S_NR,
        "S_RR": S_RR,
        "S_Nc": Sigma[N, C],
        "S_Rc": Sigma[R, C],
        "Q": Sigma[C, C],
        "S_MM": Sigma[M, M],
        "S_Mc": Sigma[M, C],
        "P": S_RR - S_NR.T @ np.linalg.solve(S_NN, S_NR),
        "w_N": w[N],
        "w_R": w[R],
        "w_M": w[M],
        "w_c": w[C],
        "u": rng.standard_normal((n + r, 1)),
        "u_N": rng.standard_normal((n, 1)),
    }


def numeric(expression, values):
    """A matrix expression evaluated by numpy, node by node."""
    parts = [
        numeric(part, values) for part in expression.args if isinstance(part, sympy.MatrixExpr)
    ]
    if isinstance(expression, sympy.MatrixSymbol):
        return values[expression.name]
    if isinstance(expression, sympy.Transpose):
        return parts[0].T
    if isinstance(expression, sympy.Inverse):
        return np.linalg.inv(parts[0])
    if isinstance(expression, sympy.MatAdd):
        return sum(parts)
    if isinstance(expression, sympy.MatMul):
        factor = math.prod(float(part) for part in expression.args if part.is_Number)
        return factor * (np.linalg.multi_dot(parts) if len(parts) > 1 else parts[0])
    if isinstance(expression, sympy.ZeroMatrix):
        return np.zeros((1, 1))
    raise TypeError(type(expression))
