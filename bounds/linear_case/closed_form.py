"""The linear case: latent representation quality in closed form, and when γ ≤ 0.

World: y = w·x + ε with Cov(x) = Σ, noise of variance σ² uncorrelated with x, squared loss;
encoders are linear maps of the present modalities, heads linear with ‖β‖ ≤ C_b. Under
`full_latent` (the learned encoder of M has full rank on M's features) the reachable predictors are
all u on M with ‖u‖ ≤ C_b, so that

    η(M) = min_u (u − w)ᵀ Σ (u − w),    u zero outside M;    σ² cancels against r(h*∘g*).

Without a binding radius this is the conditional variance w_cᵀ (Σ_cc − Σ_cM Σ_MM⁻¹ Σ_Mc) w_c of the
absent part given the present one (for Gaussian x), c = [K]∖M. It falls as M grows:
`prove_quality_gap` proves it, `bounds.linear_case.counterexample` shows what happens without `full_latent`.

numpy arrays give floats; sympy matrices give exact expressions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import sympy
from numpy.typing import ArrayLike

from bounds import domains
from bounds.linear_case import schur, schur_symbolic
from bounds.linear_case.scale import near_one


def latent_quality(
    Sigma: ArrayLike | sympy.MatrixBase,
    w: ArrayLike | sympy.MatrixBase,
    blocks: Mapping[str, int],
    subset: Iterable[str],
    radius: float | sympy.Expr | None = None,
) -> Any:
    """η(M) under `full_latent`: the excess risk of the best predictor that sees M only.

    One feature each, correlation ρ: η({1}) = w₂² s₂ (1 − ρ²).

    Parameters
    ----------
    Sigma
        Covariance of all features, shape [d, d], symmetric positive semi-definite (singular
        allowed); numpy array or sympy matrix (symbols allowed).
    w
        True weights w* = A*β*, shape [d].
    blocks
        Modality name → number of features, in the order of the features; sums to d.
    subset
        Full names of the modalities of M, at least one.
    radius
        C_b ≥ 0, the largest ‖u‖; None for no constraint. Binding when it is below
        ‖best_predictor(...)‖, which can exceed ‖w‖.

    Returns
    -------
    Any
        η ≥ 0 in squared units of y: float, or a sympy expression for a sympy matrix.

    Raises
    ------
    ValueError
        If Sigma is not square, not of the size of the blocks, not symmetric or indefinite; for NaN
        or infinity; if the blocks do not sum to the length of w; for an empty subset, an unknown or
        repeated name; for a negative radius, or a radius with free symbols in Sigma or w.

    References
    ----------
    Section 5 of Huang et al. 2021 (arXiv 2106.04538), derived here; with a radius, the
    trust-region problem (Conn, Gould & Toint 2000, section 7.3). Accuracy: 1e-9 relative up to
    condition numbers of 1e10 of the correlation matrix (`bounds.linear_case.exact_sums`).

    Examples
    --------
    >>> import numpy as np
    >>> Sigma = np.array([[1.0, 0.5], [0.5, 1.0]])
    >>> latent_quality(Sigma, [1.0, 2.0], {"text": 1, "audio": 1}, {"text"})
    3.0
    >>> rho, b1, b2 = sympy.symbols("rho b1 b2", real=True)
    >>> Sigma = sympy.Matrix([[1, rho], [rho, 1]])
    >>> sympy.factor(latent_quality(Sigma, [b1, b2], {"text": 1, "audio": 1}, {"text"}))
    -b2**2*(rho - 1)*(rho + 1)
    """
    S, weights, core = _checked(Sigma, w, blocks)
    present = _positions("subset", blocks, subset)
    bound = None if radius is None else _checked_radius(radius, S, weights, core)
    if core is schur:
        S, weights, bound, unit = near_one(S, weights, bound)
        return unit.restored(_residual(S, weights, present, bound, core))
    return _residual(S, weights, present, bound, core)


def quality_gap(
    Sigma: ArrayLike | sympy.MatrixBase,
    w: ArrayLike | sympy.MatrixBase,
    blocks: Mapping[str, int],
    M: Iterable[str],
    N: Iterable[str],
    radius: float | sympy.Expr | None = None,
) -> Any:
    """γ(M, N) = η(M) − η(N) under `full_latent`; ≤ 0 for N ⊂ M (`prove_quality_gap`).

    Without a radius both qualities are measured from that of M ∪ N, whose best predictor u gives
    η(X) − η(M ∪ N) = residual variance of u·x given X: a part common to both would cancel badly.

    Parameters
    ----------
    Sigma, w, blocks, radius
        As for `latent_quality`.
    M, N
        Full names of the modalities of two distinct subsets, which may overlap.

    Returns
    -------
    Any
        γ in squared units of y: float, or a sympy expression for a sympy matrix.

    Raises
    ------
    ValueError
        As for `latent_quality`, and for equal subsets.

    Examples
    --------
    >>> import numpy as np
    >>> Sigma = np.array([[1.0, 0.5], [0.5, 1.0]])
    >>> quality_gap(Sigma, [1.0, 2.0], {"text": 1, "audio": 1}, {"text", "audio"}, {"text"})
    -3.0
    """
    S, weights, core = _checked(Sigma, w, blocks)
    larger, smaller = _positions("M", blocks, M), _positions("N", blocks, N)
    if set(larger) == set(smaller):
        names = [name for name in blocks if name in set(M)]
        raise ValueError(f"M and N must be distinct subsets, got {names} twice")
    bound = None if radius is None else _checked_radius(radius, S, weights, core)
    if core is schur:
        S, weights, bound, unit = near_one(S, weights, bound)
        return unit.restored(_gap(S, weights, larger, smaller, bound, core))
    return sympy.simplify(_gap(S, weights, larger, smaller, bound, core))


def _residual(S: Any, weights: Any, present: schur.Positions, bound: Any, core: Any) -> Any:
    if bound is None:
        return core.residual_variance(S, weights, present)
    return core.residual_variance_on_ball(S, weights, present, bound)


def _gap(
    S: Any, weights: Any, larger: schur.Positions, smaller: schur.Positions, bound: Any, core: Any
) -> Any:
    if bound is not None:
        return _residual(S, weights, larger, bound, core) - _residual(
            S, weights, smaller, bound, core
        )
    union = np.union1d(larger, smaller)
    best = core.shortest_predictor(S, weights, union)
    inner = _block(S, union)
    lost = [
        core.residual_variance(inner, best, np.searchsorted(union, part))
        for part in (larger, smaller)
    ]
    return lost[0] - lost[1]


def best_predictor(
    Sigma: ArrayLike | sympy.MatrixBase,
    w: ArrayLike | sympy.MatrixBase,
    blocks: Mapping[str, int],
    subset: Iterable[str],
) -> Any:
    """u = w_M + Σ_MM⁻¹ Σ_Mc w_c, the unconstrained best predictor on M (shortest if singular).

    Its norm is the least radius C_b that does not bind; it can exceed ‖w‖.

    Parameters
    ----------
    Sigma, w, blocks, subset
        As for `latent_quality`.

    Returns
    -------
    Any
        Shape [d_M], features in the order of `blocks`; float64 array or sympy column.

    Raises
    ------
    ValueError
        As for `latent_quality`.

    Examples
    --------
    >>> import numpy as np
    >>> Sigma = np.array([[1.0, 2.0], [2.0, 4.0]])
    >>> best_predictor(Sigma, [0.0, 1.0], {"text": 1, "audio": 1}, {"text"}).tolist()
    [2.0]
    """
    S, weights, core = _checked(Sigma, w, blocks)
    present = _positions("subset", blocks, subset)
    if core is schur:
        S, weights, _, unit = near_one(S, weights)
        return np.ldexp(core.shortest_predictor(S, weights, present), unit.weights)
    return core.shortest_predictor(S, weights, present)


def _checked(Sigma: Any, w: Any, blocks: Mapping[str, int]) -> tuple[Any, Any, Any]:
    """Sigma and w in the representation of the core that will compute with them, and the core."""
    if len(blocks) == 0:
        raise ValueError("blocks must hold at least one modality, got none")
    for name, size in blocks.items():
        domains.at_least(1).check(f"blocks[{name!r}]", size)
    d = sum(int(size) for size in blocks.values())
    if isinstance(Sigma, sympy.MatrixBase):
        column = sympy.Matrix(list(w))
        if len(column) != d:
            raise ValueError(f"blocks must sum to the length of w ({len(column)}), got {d}")
        if column.has(sympy.nan, sympy.oo, -sympy.oo, sympy.zoo):
            raise ValueError(f"w must be finite, got {list(column)}")
        return schur_symbolic.covariance(Sigma, d), column, schur_symbolic
    weights = domains.FINITE.check("w", w).squeeze(axis=_singleton(np.shape(w)))
    if weights.shape != (d,):
        raise ValueError(f"blocks must sum to the length of w ({weights.size}), got {d}")
    return schur.covariance(Sigma, d), weights, schur


def _singleton(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The axis that makes a vector a column, if it has one: (1,) for the shape (d, 1)."""
    return (1,) if len(shape) == 2 and shape[1] == 1 else ()


def _positions(name: str, blocks: Mapping[str, int], subset: Iterable[str]) -> schur.Positions:
    chosen = domains.modality_subset(name, subset, blocks)
    ends = dict(zip(blocks, np.cumsum(list(blocks.values())), strict=True))
    return np.concatenate([np.arange(ends[k] - blocks[k], ends[k]) for k in chosen])


def _checked_radius(radius: Any, S: Any, w: Any, core: Any) -> Any:
    if core is schur:
        return domains.FINITE_NON_NEGATIVE.number("radius", radius)
    bound = sympy.sympify(radius)
    symbols = S.free_symbols | w.free_symbols | bound.free_symbols
    if symbols:
        names = ", ".join(sorted(map(str, symbols)))
        raise ValueError(f"radius must be None where Sigma, w or radius hold symbols, got {names}")
    if not (bound.is_finite and bound >= 0):
        raise ValueError(f"radius must be finite and non-negative, got {bound}")
    return bound


def _block(S: Any, positions: schur.Positions) -> Any:
    if isinstance(S, sympy.MatrixBase):
        rows = [int(i) for i in positions]
        return S.extract(rows, rows)
    return S[np.ix_(positions, positions)]
