"""Rademacher complexities: analytic bounds of function classes, contraction, conventions.

Standard convention everywhere unless an argument says otherwise:

    R̂_S(F) = E_σ sup_{f∈F} (1/m) Σ_i σ_i f(x_i),    R_m(F) = E_S R̂_S(F),

one m in the denominator and no absolute value; for c outputs the vector form (Maurer 2016)
R^c(F) = E sup_f (1/m) Σ_i Σ_k σ_ik f_k(x_i) with independent signs σ_ik. `convert` translates
from and to the other conventions in use. Everything is float64 and broadcasts like numpy.

A function named after a class alone bounds R_m (give it the largest squared norm for the worst
case); with `_empirical` it bounds R̂_S from the sample; with `_exact` it enumerates all signs.

| class | R_m | R̂_S |
|---|---|---|
| fused encoders, concatenated or summed: what `empirical` trains | `fusion` | `fusion_empirical` |
| linear, ‖W‖_F ≤ B | `linear` | `linear_empirical`, `…_lower`, `linear_exact` |
| linear, ‖w‖₁ ≤ B | `linear_l1` | `linear_l1_empirical` |
| deep ReLU, Frobenius norms | `deep_relu` | `deep_relu_empirical` |
| finite | `massart` | `massart`, `finite_exact` |
| all two-valued maps of cells | `cells` (exact) | `cells_empirical` (exact) |
"""

from bounds.rademacher.conventions import CONVENTIONS, contraction, convert
from bounds.rademacher.deep_relu import deep_relu, deep_relu_empirical
from bounds.rademacher.finite import cells, cells_empirical, finite_exact, massart
from bounds.rademacher.fusion import (
    fusion,
    fusion_empirical,
    fusion_output_radius,
    layer_factor,
    squared_norms,
)
from bounds.rademacher.linear import (
    linear,
    linear_empirical,
    linear_empirical_lower,
    linear_exact,
    linear_l1,
    linear_l1_empirical,
)

__all__ = [
    "CONVENTIONS",
    "cells",
    "cells_empirical",
    "contraction",
    "convert",
    "deep_relu",
    "deep_relu_empirical",
    "finite_exact",
    "fusion",
    "fusion_empirical",
    "fusion_output_radius",
    "layer_factor",
    "linear",
    "linear_empirical",
    "linear_empirical_lower",
    "linear_exact",
    "linear_l1",
    "linear_l1_empirical",
    "massart",
    "squared_norms",
]


def __dir__() -> list[str]:
    return list(__all__)
