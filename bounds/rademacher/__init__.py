"""Rademacher complexities: analytic bounds of function classes, contraction, conventions.

Standard convention everywhere unless an argument says otherwise:

    R̂_S(F) = E_σ sup_{f∈F} (1/m) Σ_i σ_i f(x_i),    R_m(F) = E_S R̂_S(F),

one m in the denominator and no absolute value; for c outputs the vector form (Maurer 2016)
R^c(F) = E sup_f (1/m) Σ_i Σ_k σ_ik f_k(x_i) with independent signs σ_ik. `convert` translates
from and to the other conventions in use. Everything is float64 and broadcasts like numpy.
"""

from bounds.rademacher.conventions import CONVENTIONS, contraction, convert
from bounds.rademacher.fusion import fusion, fusion_empirical, fusion_output_radius

__all__ = [
    "CONVENTIONS",
    "contraction",
    "convert",
    "fusion",
    "fusion_empirical",
    "fusion_output_radius",
]
