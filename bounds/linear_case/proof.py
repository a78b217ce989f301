"""Proof that γ ≤ 0 for nested subsets in the linear case if the learned encoder of M has full rank.

Each step is an equality between matrix expressions in symbols of unspecified size, checked by
normalising both sides when the step is made: a false step cannot be constructed. Since sizes are
symbols, one proof covers every partition of the features into modalities: for N ⊂ M ⊆ [K] only the
three groups N, R = M∖N and c = [K]∖M matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy
from sympy import MatrixExpr, MatrixSymbol


@dataclass(frozen=True)
class ProofStep:
    """One checked equality.

    Parameters
    ----------
    claim
        What the step establishes.
    left, right
        Matrix expressions that are equal for symmetric Σ_NN, Σ_RR, Σ_cc, Σ_MM, P.
    because
        Why the claim follows from the equality.

    Raises
    ------
    ValueError
        If the two sides are not equal.
    """

    claim: str
    left: MatrixExpr
    right: MatrixExpr
    because: str

    def __post_init__(self) -> None:
        rest = normal_form(self.left - self.right)
        if rest:
            raise ValueError(
                f"left and right must be equal in the step {self.claim!r}, got the difference "
                + " + ".join(f"{factor}·{term}" for term, factor in rest.items())
            )


@dataclass(frozen=True)
class Proof:
    """A statement, what it assumes, and the checked steps that lead to it."""

    statement: str
    assumptions: tuple[str, ...]
    steps: tuple[ProofStep, ...]


n, r, c = sympy.symbols("n r c", integer=True, positive=True)
_S_NN, _S_RR = MatrixSymbol("S_NN", n, n), MatrixSymbol("S_RR", r, r)
_S_cc = MatrixSymbol("Q", c, c)
_S_NR, _S_Nc = MatrixSymbol("S_NR", n, r), MatrixSymbol("S_Nc", n, c)
_S_Rc = MatrixSymbol("S_Rc", r, c)
_S_MM, _S_Mc = MatrixSymbol("S_MM", n + r, n + r), MatrixSymbol("S_Mc", n + r, c)
_P = MatrixSymbol("P", r, r)
_SYMMETRIC = (_S_NN, _S_RR, _S_cc, _S_MM, _P)


def prove_quality_gap() -> Proof:
    """γ(M, N) = η(M) − η(N) ≤ 0 for N ⊂ M under `full_latent`, every radius C_b, every sample.

    Notation: u a predictor on M, w = w*, S_MM the covariance of M's features and so on, Q = S_cc.
    Under `full_latent` the encoder of M that was learned has full rank on M's features, and heads on
    it reach all u with ‖u‖ ≤ C_b: η(M) is a minimum over these u. Nothing more is used of the
    encoder of M. A latent space with room for such an encoder is not enough: training may leave one
    of lower rank there, and γ > 0 (`bounds.linear_case.counterexample`). S ≻ 0 here; a singular
    covariance is the limit of S + tI, along which both sides are continuous.

    Returns
    -------
    Proof
        The proof; that it returns at all means that every step was verified.

    References
    ----------
    Huang et al. 2021 (arXiv 2106.04538), the linear case, claims γ ≤ 0 without the condition;
    `bounds.linear_case.counterexample` shows that the condition is needed.

    Examples
    --------
    >>> proof = prove_quality_gap()
    >>> proof.statement
    'η(M) − η(N) ≤ 0 for N ⊂ M'
    """
    return Proof(
        statement="η(M) − η(N) ≤ 0 for N ⊂ M",
        assumptions=("full_latent", "Cov(x) ≻ 0", "N ⊂ M"),
        steps=(*_schur_complement(), *_inclusion(), *_gap_as_a_square()),
    )


def _schur_complement() -> tuple[ProofStep, ...]:
    u, w_M = MatrixSymbol("u", n + r, 1), MatrixSymbol("w_M", n + r, 1)
    w_c = MatrixSymbol("w_c", c, 1)
    error = u - w_M
    excess = error.T * _S_MM * error - 2 * error.T * _S_Mc * w_c + w_c.T * _S_cc * w_c
    best = w_M + _S_MM.I * _S_Mc * w_c
    schur = _S_cc - _S_Mc.T * _S_MM.I * _S_Mc
    lift = -_S_MM.I * _S_Mc
    return (
        ProofStep(
            "η(M) = w_cᵀ (Q − S_cM S_MM⁻¹ S_Mc) w_c, at u = w_M + S_MM⁻¹ S_Mc w_c",
            excess,
            (u - best).T * _S_MM * (u - best) + w_c.T * schur * w_c,
            "the square is ≥ 0 since S_MM ≻ 0, and 0 at that u",
        ),
        ProofStep(
            "a Schur complement is positive semi-definite, so η(M) ≥ 0",
            schur,
            lift.T * _S_MM * lift + lift.T * _S_Mc + _S_Mc.T * lift + _S_cc,
            "the right side is ZᵀSZ with Z = (−S_MM⁻¹ S_Mc; I), and S ⪰ 0",
        ),
    )


def _inclusion() -> tuple[ProofStep, ...]:
    u_N = MatrixSymbol("u_N", n, 1)
    w_N, w_R, w_c = (MatrixSymbol(f"w_{k}", size, 1) for k, size in (("N", n), ("R", r), ("c", c)))
    nothing = sympy.ZeroMatrix(r, 1)

    def excess(error_N: MatrixExpr, error_R: MatrixExpr) -> MatrixExpr:
        return (
            error_N.T * _S_NN * error_N
            + error_R.T * _S_RR * error_R
            + w_c.T * _S_cc * w_c
            + 2 * error_N.T * _S_NR * error_R
            - 2 * error_N.T * _S_Nc * w_c
            - 2 * error_R.T * _S_Rc * w_c
        )

    absent = w_R.T * _S_RR * w_R + 2 * w_R.T * _S_Rc * w_c + w_c.T * _S_cc * w_c
    error = u_N - w_N
    on_N = error.T * _S_NN * error - 2 * error.T * (_S_NR * w_R + _S_Nc * w_c) + absent
    return (
        ProofStep(
            "the predictor u_N on N is the predictor (u_N, 0) on M, at the same risk",
            on_N,
            excess(error, nothing - w_R),
            "expand both",
        ),
        ProofStep(
            "and at the same norm; so η(M) ≤ η(N) for every radius C_b",
            u_N.T * u_N,
            u_N.T * u_N + nothing.T * nothing,
            "the minimum over a larger set is no larger",
        ),
    )


def _gap_as_a_square() -> tuple[ProofStep, ...]:
    """The size of γ where the radius does not bind. P = S_RR − S_RN S_NN⁻¹ S_NR."""
    w_R, w_c = MatrixSymbol("w_R", r, 1), MatrixSymbol("w_c", c, 1)
    S_RR = _P + _S_NR.T * _S_NN.I * _S_NR
    J = _S_Rc - _S_NR.T * _S_NN.I * _S_Nc
    z_R = _P.I * J * w_c
    z_N = _S_NN.I * (_S_Nc * w_c - _S_NR * z_R)
    eta_M = w_c.T * _S_cc * w_c - w_c.T * _S_Nc.T * z_N - w_c.T * _S_Rc.T * z_R
    of_N = _S_cc - _S_Nc.T * _S_NN.I * _S_Nc
    eta_N = w_R.T * _P * w_R + 2 * w_R.T * J * w_c + w_c.T * of_N * w_c
    lift = -_S_NN.I * _S_NR
    return (
        ProofStep(
            "S_MM (z_N, z_R) = S_Mc w_c, rows of N",
            _S_NN * z_N + _S_NR * z_R,
            _S_Nc * w_c,
            "so (z_N, z_R) = S_MM⁻¹ S_Mc w_c, with the row below",
        ),
        ProofStep(
            "S_MM (z_N, z_R) = S_Mc w_c, rows of R",
            _S_NR.T * z_N + S_RR * z_R,
            _S_Rc * w_c,
            "with S_RR = P + S_RN S_NN⁻¹ S_NR",
        ),
        ProofStep(
            "η(N) − η(M) = (w_R + z_R)ᵀ P (w_R + z_R)",
            eta_N - eta_M,
            (w_R + z_R).T * _P * (w_R + z_R),
            "η(N) is the first step's formula with N in place of M",
        ),
        ProofStep(
            "P ⪰ 0, so γ(M, N) = −(w_R + z_R)ᵀ P (w_R + z_R) ≤ 0",
            _S_RR - _S_NR.T * _S_NN.I * _S_NR,
            lift.T * _S_NN * lift + lift.T * _S_NR + _S_NR.T * lift + _S_RR,
            "the right side is ZᵀS_MM Z with Z = (−S_NN⁻¹ S_NR; I), and S ⪰ 0",
        ),
    )


def normal_form(expression: MatrixExpr) -> dict[str, Any]:
    """The expression as a sum of products of symbols: factors by product, without zero terms.

    Uses (XY)ᵀ = YᵀXᵀ, distributivity, symmetry of the covariances, X⁻¹X = I, and that a 1×1 matrix
    is its own transpose. Equal normal forms mean equal expressions; the converse is not claimed.

    Examples
    --------
    >>> X = MatrixSymbol("X", n, r)
    >>> normal_form(X.T * _S_NN.I * _S_NN * X - X.T * X)
    {}
    """
    terms: dict[str, Any] = {}
    scalar = expression.shape == (1, 1)
    expanded = sympy.expand(expression.doit()).doit()
    for term in expanded.args if isinstance(expanded, sympy.MatAdd) else (expanded,):
        if isinstance(term, sympy.ZeroMatrix):
            continue
        factor, matrix = term.as_coeff_mmul()
        name = _product(matrix)
        if scalar:
            name = min(name, _product(matrix.T.doit()))
        terms[name] = terms.get(name, 0) + factor
    return {name: factor for name, factor in terms.items() if factor != 0}


def _product(matrix: MatrixExpr) -> str:
    """The factors of a product, symmetric transposes dropped and neighbours X⁻¹X cancelled."""
    left: list[tuple[str, bool]] = []
    for part in matrix.args if isinstance(matrix, sympy.MatMul) else (matrix,):
        inverse = isinstance(part, sympy.Inverse)
        base = part.args[0] if inverse else part
        transposed = isinstance(base, sympy.Transpose)
        symbol = base.arg if transposed else base
        name = str(symbol) + ("ᵀ" if transposed and symbol not in _SYMMETRIC else "")
        if left and left[-1] == (name, not inverse):
            left.pop()
        elif not isinstance(symbol, sympy.Identity):
            left.append((name, inverse))
    return " ".join(name + ("⁻¹" if inverse else "") for name, inverse in left) or "I"
