"""Best linear prediction from a subset of features, exactly, on sympy matrices."""

from __future__ import annotations

import sympy

from bounds.linear_case.schur import Positions


def covariance(S: sympy.MatrixBase, dimension: int) -> sympy.Matrix:
    """`S` if it is d×d, symmetric, and not provably indefinite (symbols may leave that open)."""
    if S.shape != (dimension, dimension):
        raise ValueError(
            f"Sigma must have shape ({dimension}, {dimension}), the sum of the blocks, "
            f"got {S.shape}"
        )
    for entry in S:
        if entry.has(sympy.nan, sympy.oo, -sympy.oo, sympy.zoo):
            raise ValueError(f"Sigma must be finite, got {entry}")
    skew = (S - S.T).applyfunc(sympy.simplify)
    if not skew.is_zero_matrix:
        worst = next(entry for entry in skew if entry != 0)
        raise ValueError(f"Sigma must be symmetric, got entries that differ by {worst}")
    if S.is_positive_semidefinite is False:
        raise ValueError(f"Sigma must be positive semi-definite, got {S.tolist()}")
    return sympy.Matrix(S)


def regression(S: sympy.Matrix, w: sympy.Matrix, present: Positions) -> sympy.Matrix:
    """z with Σ_MM z = Σ_Mc w_c. Any solution has the same residual; this one has the least support.

    Independent columns of a positive semi-definite Σ_MM pick out an invertible principal block.
    """
    here = [int(i) for i in present]
    absent = [i for i in range(S.rows) if i not in here]
    z = sympy.zeros(len(here), 1)
    if not absent or not here:
        return z
    own = S.extract(here, here)
    target = S.extract(here, absent) * w.extract(absent, [0])
    pivots = list(own.rref(simplify=True)[1])
    if pivots:
        solution = own.extract(pivots, pivots).LUsolve(target.extract(pivots, [0]))
        for row, pivot in enumerate(pivots):
            z[pivot] = sympy.simplify(solution[row])
    return z


def shortest_predictor(S: sympy.Matrix, w: sympy.Matrix, present: Positions) -> sympy.Matrix:
    """The best predictor on the present features, the shortest one where Σ_MM is singular."""
    here = [int(i) for i in present]
    u = w.extract(here, [0]) + regression(S, w, present)
    for null in sympy.GramSchmidt(S.extract(here, here).nullspace()):
        u -= null * (null.dot(u) / null.dot(null))
    return u.applyfunc(sympy.simplify)


def residual_variance(S: sympy.Matrix, w: sympy.Matrix, present: Positions) -> sympy.Expr:
    """w_cᵀ (Σ_cc − Σ_cM Σ_MM⁺ Σ_Mc) w_c, simplified."""
    z = regression(S, w, present)
    return _form(S, w, present, w.extract([int(i) for i in present], [0]) + z)


def residual_variance_on_ball(
    S: sympy.Matrix, w: sympy.Matrix, present: Positions, radius: sympy.Expr
) -> sympy.Expr:
    """min over ‖u‖ ≤ radius on the present features of (u − w)ᵀ Σ (u − w).

    On the sphere the multiplier is the largest root of a polynomial and stays exact.
    """
    shortest = shortest_predictor(S, w, present)
    if sympy.simplify(shortest.dot(shortest) - radius**2) <= 0:
        return residual_variance(S, w, present)
    here = [int(i) for i in present]
    multiplier = sympy.Dummy("lambda", positive=True)
    own = S.extract(here, here) + multiplier * sympy.eye(len(here))
    if radius == 0:
        return _form(S, w, present, sympy.zeros(len(here), 1))
    u = own.LUsolve(S.extract(here, list(range(S.rows))) * w).applyfunc(sympy.together)
    numerator = sympy.numer(sympy.together(u.dot(u) - radius**2))
    root = max(sympy.real_roots(sympy.Poly(numerator, multiplier)))
    return _form(S, w, present, u.subs(multiplier, root))


def _form(S: sympy.Matrix, w: sympy.Matrix, present: Positions, u: sympy.Matrix) -> sympy.Expr:
    v = -w
    for row, position in enumerate(present):
        v[int(position)] += u[row]
    return sympy.simplify((v.T * S * v)[0])
