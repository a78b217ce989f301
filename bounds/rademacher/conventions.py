"""Conventions of the Rademacher complexity, and contraction through a Lipschitz loss.

Textbooks differ in two ways, a factor 2 and an absolute value inside the supremum. A complexity
used in the wrong convention makes every later bound wrong by a constant, silently.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from numpy.typing import ArrayLike

from bounds import domains
from bounds.domains import FloatArray


@dataclass(frozen=True)
class Convention:
    """E sup (scale/m) Σ σ_i f(x_i), with |·| inside the supremum or without."""

    scale: int
    absolute: bool
    used_by: str


CONVENTIONS: dict[str, Convention] = {
    "standard": Convention(1, False, "this library; Mohri, Rostamizadeh & Talwalkar; Maurer 2016"),
    "absolute": Convention(1, True, "Ledoux & Talagrand 1991; Wainwright 2019"),
    "doubled": Convention(2, False, "texts that put 2/m before the sum without an absolute value"),
    "bartlett-mendelson": Convention(2, True, "Bartlett & Mendelson 2002, Definition 2"),
}


def contraction(
    R: ArrayLike, L: ArrayLike, outputs: Literal["scalar", "vector"] = "scalar"
) -> FloatArray:
    """Upper bound on the complexity of the loss class ℓ∘F from that of F.

    R(ℓ∘F) ≤ L R(F) for one output, √2 L R^c(F) for several outputs and a loss that is L-Lipschitz
    in the Euclidean norm. Both sides in the standard convention (1/m, no |·|), sample by sample
    (R̂_S) as well as in expectation (R_m). No condition on ℓ at 0 is needed in this convention; with
    an absolute value there would be another factor 2 and the condition ℓ(0) = 0.

    Parameters
    ----------
    R
        Complexity of F (R^c for vector outputs), ≥ 0; any shape.
    L
        Lipschitz constant of the loss, ≥ 0; broadcasts against `R`.
    outputs
        "scalar" or "vector".

    Raises
    ------
    ValueError
        If an argument is negative, NaN or infinite, or `outputs` is another word.

    References
    ----------
    Ledoux & Talagrand 1991, Theorem 4.12 and its proof; Maurer 2016, "A vector-contraction
    inequality for Rademacher complexities", Corollary 4.

    Examples
    --------
    >>> float(contraction(0.1, 2.0))
    0.2
    >>> round(float(contraction(0.1, 2.0, outputs="vector")), 6)
    0.282843
    """
    domains.one_of("outputs", outputs, ("scalar", "vector"))
    complexity, lipschitz = domains.broadcast(
        R=(domains.FINITE_NON_NEGATIVE, R), L=(domains.FINITE_NON_NEGATIVE, L)
    )
    factor = 1.0 if outputs == "scalar" else math.sqrt(2.0)
    return factor * lipschitz * complexity


def convert(
    value: ArrayLike,
    source: str = "bartlett-mendelson",
    target: str = "standard",
    *,
    class_is: Literal["arbitrary", "contains-zero", "symmetric"] = "arbitrary",
) -> FloatArray:
    """Upper bound on a class's complexity in one convention from its value in another.

    Changing 1/m to 2/m is exact. Dropping the absolute value can only lower the complexity, and
    leaves it unchanged for a symmetric class (F = −F). Introducing the absolute value is exact for
    a symmetric class and costs at most a factor 2 if 0 ∈ F (sup|s| ≤ sup s + sup(−s) when both
    are ≥ 0; {0, f} attains it); for an arbitrary class *no* multiple suffices, since one fixed
    function has complexity 0 without |·| and E|Σ σ_i f(x_i)|/m > 0 with it.

    Parameters
    ----------
    value
        Complexity (or upper bound on it) in the source convention, ≥ 0; any shape.
    source
        A key of `CONVENTIONS`: "standard" (1/m), "absolute" (1/m and |·|), "doubled" (2/m),
        "bartlett-mendelson" (2/m and |·|).
    target
        Likewise.
    class_is
        What is known of F: nothing ("arbitrary"), 0 ∈ F ("contains-zero"), or F = −F
        ("symmetric").

    Raises
    ------
    ValueError
        For an unknown convention, a negative, NaN or infinite value, or if the absolute value is
        to be introduced for an arbitrary class.

    References
    ----------
    Bartlett & Mendelson 2002, "Rademacher and Gaussian complexities", Definition 2 and Theorem
    12.

    Examples
    --------
    >>> float(convert(0.2))                                    # 2/m and |·| to 1/m: half
    0.1
    >>> float(convert(0.1, "standard", "bartlett-mendelson", class_is="symmetric"))
    0.2
    """
    domains.one_of("source", source, CONVENTIONS)
    domains.one_of("target", target, CONVENTIONS)
    domains.one_of("class_is", class_is, ("arbitrary", "contains-zero", "symmetric"))
    before, after = CONVENTIONS[source], CONVENTIONS[target]
    factor = after.scale / before.scale
    if after.absolute and not before.absolute and class_is != "symmetric":
        if class_is == "arbitrary":
            raise ValueError(
                "class_is must be 'contains-zero' or 'symmetric' to introduce an absolute value "
                f"({source!r} to {target!r}), got 'arbitrary'"
            )
        factor *= 2.0
    return factor * domains.FINITE_NON_NEGATIVE.check("value", value)
