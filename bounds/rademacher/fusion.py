"""The fused two-layer ReLU class that `empirical` trains.

f(x) = V (relu(W x), 1) with x the concatenation of the present modalities, W block-diagonal over
them, ‖W‖_F ≤ A, and V (the head, its bias in the last column) with ‖V‖_F ≤ B and c outputs. A bias
of the encoder is a constant 1 appended to each present modality's features, so squared norms
include one 1 per present modality. The class of a subset M keeps only M's blocks, so N ⊂ M gives
F_N ⊂ F_M.

Derivation of the bound. With signs σ_i ∈ {±1}^c, linearity in V and the positive homogeneity of
relu (the best W puts all of its norm on one unit of one modality) give

    m R̂_S^c(F) = B E sup_W √(‖Σ_i σ_i relu(W x_i)ᵀ‖_F² + ‖Σ_i σ_i‖²)
               = B E √(A² T² + ‖Σ_i σ_i‖²),   T = max_k sup_{‖u‖≤1} ‖Σ_i σ_i relu(u·x_i⁽ᵏ⁾)‖.

Jensen's inequality moves the expectation inside the root, where E‖Σ σ_i‖² = c m. For one output
write T = max(T₊, T₋), the suprema of ± the sum; both are ≥ 0 (u = 0). The contraction inequality
holds inside any convex non-decreasing function, here t ↦ max(t, 0)²:
E T₊² ≤ E max_k ‖Σ σ_i x_i⁽ᵏ⁾‖² ≤ Σ_i ‖x_i‖², and T₋ likewise, so E T² ≤ 2 Σ ‖x_i‖². For c outputs
T² is at most the sum of the c one-output values: E T² ≤ 2 c Σ ‖x_i‖². (Contraction of the mean and
Efron–Stein for the variance would give (2² + 1) c in place of 2 c.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from bounds import _arguments as arguments
from bounds._arguments import FloatArray


def fusion(
    *,
    encoder_radius: ArrayLike,
    head_radius: ArrayLike,
    outputs: ArrayLike,
    mean_square_norm: ArrayLike,
    m: ArrayLike,
    bias: bool = True,
) -> FloatArray:
    """Upper bound on R_m^c(F_M), the expected complexity of the fused ReLU class.

    R_m^c(F_M) ≤ B √(c (2 A² E‖x‖² + 1)/m) with a head bias, B A √(2 c E‖x‖²/m) without. Convention
    1/m, no |·|, c signs per example (Maurer 2016); c = 1 is the ordinary R_m.

    Args:
        encoder_radius: A ≥ 0, Frobenius radius of the block-diagonal encoder weights.
        head_radius: B ≥ 0, Frobenius radius of the head, its bias included.
        outputs: c ≥ 1, number of outputs.
        mean_square_norm: E‖x‖² over the population, summed over the modalities of M, each with
            its appended 1 if the encoder has a bias. The largest squared norm gives the worst case.
        m: sample size ≥ 1.
        bias: whether the head has a bias (a constant 1 appended to the features).

    Returns:
        float64, the broadcast shape of the arguments.

    Raises:
        ValueError: a negative, NaN or infinite argument, `outputs` or `m` not a positive integer,
            or shapes that do not broadcast.

    Source: this module's derivation; contraction inside a convex function is Ledoux & Talagrand
    1991, in the proof of Theorem 4.12.

    >>> float(fusion(encoder_radius=1, head_radius=1, outputs=1, mean_square_norm=4, m=900))
    0.1
    """
    A = arguments.non_negative("encoder_radius", encoder_radius)
    B = arguments.non_negative("head_radius", head_radius)
    c = arguments.at_least("outputs", outputs, 1)
    square = arguments.non_negative("mean_square_norm", mean_square_norm)
    size = arguments.at_least("m", m, 1)
    arguments.broadcast(encoder_radius=A, head_radius=B, outputs=c, mean_square_norm=square, m=size)
    bound: FloatArray = B * np.sqrt(c * (2.0 * A**2 * square + float(bias)) / size)
    return bound


def fusion_empirical(
    *,
    encoder_radius: ArrayLike,
    head_radius: ArrayLike,
    outputs: ArrayLike,
    squared_norms: ArrayLike,
    bias: bool = True,
) -> FloatArray:
    """Upper bound on R̂_S^c(F_M), the fused ReLU class on one sample (or a batch of samples).

    `fusion` with the sample's own mean of ‖x_i‖² in place of E‖x‖².

    Args:
        encoder_radius: A ≥ 0; broadcasts against the samples' shape `[...]`.
        head_radius: B ≥ 0, likewise.
        outputs: c ≥ 1, likewise.
        squared_norms: shape [..., m], ‖x_i‖² summed over the modalities of M, each with its
            appended 1 if the encoder has a bias.
        bias: whether the head has a bias.

    Returns:
        float64, the shape `[...]` broadcast with the radii: one bound per sample.

    Raises:
        ValueError: as in `fusion`; also if `squared_norms` has no axis or an empty last axis.

    Source: as in `fusion`.

    >>> float(fusion_empirical(
    ...     encoder_radius=1, head_radius=1, outputs=1, squared_norms=[4.0] * 900))
    0.1
    """
    norms = arguments.per_example("squared_norms", squared_norms)
    return fusion(
        encoder_radius=encoder_radius,
        head_radius=head_radius,
        outputs=outputs,
        mean_square_norm=norms.mean(axis=-1),
        m=norms.shape[-1],
        bias=bias,
    )


def fusion_output_radius(
    *,
    encoder_radius: ArrayLike,
    head_radius: ArrayLike,
    modality_radius: ArrayLike,
    bias: bool = True,
) -> FloatArray:
    """Largest Euclidean norm of a prediction of the fused ReLU class, for `losses`.

    ‖V (relu(Wx), 1)‖ ≤ B √(A² max_k ‖x⁽ᵏ⁾‖² + 1): ‖Wx‖² = Σ_k ‖W_k x⁽ᵏ⁾‖² ≤ A² max_k ‖x⁽ᵏ⁾‖²,
    since the blocks share the Frobenius radius. Attained, with all of W on the longest modality.

    Args:
        encoder_radius: A ≥ 0.
        head_radius: B ≥ 0.
        modality_radius: largest ‖x⁽ᵏ⁾‖ of any single modality and example, appended 1 included.
        bias: whether the head has a bias.

    Raises:
        ValueError: a negative, NaN or infinite argument, or shapes that do not broadcast.

    >>> float(fusion_output_radius(encoder_radius=3, head_radius=2, modality_radius=1, bias=False))
    6.0
    """
    A = arguments.non_negative("encoder_radius", encoder_radius)
    B = arguments.non_negative("head_radius", head_radius)
    longest = arguments.non_negative("modality_radius", modality_radius)
    arguments.broadcast(encoder_radius=A, head_radius=B, modality_radius=longest)
    radius: FloatArray = B * np.sqrt((A * longest) ** 2 + float(bias))
    return radius
