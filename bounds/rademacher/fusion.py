"""The fused classes that `empirical` trains: encoders per modality, fused, a linear head.

f(x) = V (z, 1). Each present modality k has an encoder u_k of `depth` ReLU layers, the first W_k
with Σ_k ‖W_k‖_F² ≤ A² over the modalities of M together, each further layer with ‖·‖_F ≤ 1; depth 0
is the linear encoder u_k = W_k x⁽ᵏ⁾. z is the concatenation of the u_k or their sum, and V (the
head, its bias in the last column) has ‖V‖_F ≤ B and c outputs. A bias of the encoder is a constant
1 appended to each present modality's features, so squared norms include one 1 per present modality.
Zero weights for a modality make it absent, so N ⊂ M gives F_N ⊂ F_M.

Derivation. With signs σ_i ∈ {±1}^c, linearity in V gives

    m R̂_S^c(F) = B E sup √(‖Σ_i σ_i z_iᵀ‖_F² + ‖Σ_i σ_i‖²).

Encoders are positively homogeneous: u_k = a_k û_k with a_k = ‖W_k‖_F and û_k of first-layer norm 1.
Write τ_k = sup ‖Σ_i σ_i û_k(x_i)ᵀ‖_F. For the concatenation ‖Σσ_i z_iᵀ‖_F² ≤ Σ_k a_k² τ_k²
≤ A² max_k τ_k², for the sum ‖Σσ_i z_iᵀ‖_F ≤ Σ_k a_k τ_k ≤ A √(Σ_k τ_k²): both squares are at most
A² Σ_k τ_k². (To see the sum as a concatenation with tied heads, of norm B √|M|, would cost a factor
|M| here.) Also τ_k² ≤ Σ_o τ_ko², one term per output, and E τ_ko² ≤ (E τ_ko^{2q})^{1/q} for every
integer q ≥ 1.

One layer: over ‖W‖_F ≤ 1 the best W is one unit, so sup ‖Σσ_i relu(W f_i)‖ = sup_{‖w‖≤1}
|Σσ_i relu(w·f_i)|. Its two signs are ≥ 0 each (w = 0), and the contraction inequality holds inside
any convex non-decreasing function, here t ↦ max(t, 0)^{2q}: each layer costs a factor 2 (Golowich,
Rakhlin & Shamir 2018, Lemma 1). Below all layers E‖Σσ_i x_i‖^{2q} ≤ (2q − 1)!! (Σ‖x_i‖²)^q: every
coefficient of t⁴, t⁶, … in E_± ‖a ± t x‖^{2q} is ≥ 0, so a Gaussian in place of one sign after the
other only raises it, and E‖Σg_i x_i‖^{2q} = E(Σ_j λ_j g_j²)^q ≤ (Σ_j λ_j)^q E g^{2q} (Minkowski).
Together

    E τ_ko² ≤ κ Σ_i ‖x_i⁽ᵏ⁾‖²,   κ = min_q (2^depth (2q − 1)!!)^{1/q},

which is 1 for linear encoders, 2 for one layer and √12 for two. Jensen's inequality moves the
expectation inside the root, where E‖Σσ_i‖² = c m:  m R̂_S^c ≤ B √(c (κ A² Σ‖x_i‖² + m)).

The mean over |M| modalities is the sum with A/|M| for A, by homogeneity. For gates and attention no
such bound is known to us: they are neither homogeneous nor contractions of their inputs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import ArrayLike

from bounds import domains
from bounds.domains import FINITE_NON_NEGATIVE, POSITIVE_INTEGER, FloatArray


def fusion(
    *,
    encoder_radius: ArrayLike,
    head_radius: ArrayLike,
    outputs: ArrayLike,
    mean_square_norm: ArrayLike,
    m: ArrayLike,
    bias: bool = True,
    depth: int = 1,
) -> FloatArray:
    """Upper bound on R_m^c(F_M), the expected complexity of a fused class (concatenation or sum).

    R_m^c(F_M) ≤ B √(c (κ A² E‖x‖² + 1)/m) with a head bias, B A √(κ c E‖x‖²/m) without, κ =
    `layer_factor(depth)`: 2 for one ReLU layer. Convention 1/m, no |·|, c signs per example (Maurer
    2016); c = 1 is the ordinary R_m. For the mean over |M| modalities give A/|M|.

    Parameters
    ----------
    encoder_radius
        A ≥ 0, Frobenius radius of the first layers of all modalities together; each further
        layer of a modality has Frobenius norm at most 1.
    head_radius
        B ≥ 0, Frobenius radius of the head, its bias included.
    outputs
        c ≥ 1, number of outputs.
    mean_square_norm
        E‖x‖² over the population, summed over the modalities of M, each with its appended 1 if
        the encoder has a bias. The largest squared norm gives the worst case.
    m
        Sample size ≥ 1.
    bias
        Whether the head has a bias (a constant 1 appended to the features).
    depth
        ReLU layers of an encoder; 0 for linear encoders.

    Returns
    -------
    FloatArray
        float64, the broadcast shape of the arguments.

    Raises
    ------
    ValueError
        For a negative, NaN or infinite argument, `outputs` or `m` not a positive integer,
        `depth` not an integer of at least 0, or shapes that do not broadcast.

    References
    ----------
    This module's derivation; contraction inside a convex function is Ledoux & Talagrand 1991,
    in the proof of Theorem 4.12; layer by layer it is Golowich, Rakhlin & Shamir 2018.

    Examples
    --------
    >>> float(fusion(encoder_radius=1, head_radius=1, outputs=1, mean_square_norm=4, m=900))
    0.1
    """
    A, B, c, square, size = domains.broadcast(
        encoder_radius=(FINITE_NON_NEGATIVE, encoder_radius),
        head_radius=(FINITE_NON_NEGATIVE, head_radius),
        outputs=(POSITIVE_INTEGER, outputs),
        mean_square_norm=(FINITE_NON_NEGATIVE, mean_square_norm),
        m=(POSITIVE_INTEGER, m),
    )
    bound: FloatArray = B * np.sqrt(c * (layer_factor(depth) * A**2 * square + float(bias)) / size)
    return bound


def layer_factor(depth: int) -> float:
    """κ with E sup (Σσ_i u(x_i))² ≤ κ Σ‖x_i‖² over nets u of `depth` ReLU layers of norm ≤ 1.

    min over integers q ≥ 1 of (2^depth (2q − 1)!!)^{1/q}: 1, 2, √12, √24 for depth 0, 1, 2, 3, and
    about 2 ln 2 · depth for many layers, always below Golowich, Rakhlin & Shamir's
    (√(2 ln 2 · depth) + 1)².

    Parameters
    ----------
    depth
        ReLU layers, ≥ 0.

    Raises
    ------
    ValueError
        If `depth` is not an integer of at least 0.

    References
    ----------
    This module's derivation.

    Examples
    --------
    >>> [round(layer_factor(depth) ** 2, 9) for depth in (0, 1, 2, 3)]
    [1.0, 4.0, 12.0, 24.0]
    """
    layers = int(domains.at_least(0).number("depth", depth))
    best, log_odd = math.inf, 0.0
    # The best q is near ln 2 · depth; q = depth + 1 is beyond it.
    for q in range(1, layers + 2):
        log_odd += math.log(2 * q - 1)
        best = min(best, 2.0 ** (layers / q) * math.exp(log_odd / q))
    return best


def fusion_empirical(
    *,
    encoder_radius: ArrayLike,
    head_radius: ArrayLike,
    outputs: ArrayLike,
    squared_norms: ArrayLike,
    bias: bool = True,
    depth: int = 1,
) -> FloatArray:
    """Upper bound on R̂_S^c(F_M), a fused class on one sample (or a batch of samples).

    `fusion` with the sample's own mean of ‖x_i‖² in place of E‖x‖².

    Parameters
    ----------
    encoder_radius
        A ≥ 0; broadcasts against the samples' shape `[...]`.
    head_radius
        B ≥ 0, likewise.
    outputs
        c ≥ 1, likewise.
    squared_norms
        Shape [..., m], ‖x_i‖² summed over the modalities of M, each with its appended 1 if the
        encoder has a bias.
    bias
        Whether the head has a bias.
    depth
        ReLU layers of an encoder, as in `fusion`.

    Returns
    -------
    FloatArray
        float64, the shape `[...]` broadcast with the radii: one bound per sample.

    Raises
    ------
    ValueError
        As for `fusion`; also if `squared_norms` has no axis or an empty last axis.

    References
    ----------
    As in `fusion`.

    Examples
    --------
    >>> float(fusion_empirical(
    ...     encoder_radius=1, head_radius=1, outputs=1, squared_norms=[4.0] * 900))
    0.1
    """
    norms = domains.per_example("squared_norms", squared_norms)
    return fusion(
        encoder_radius=encoder_radius,
        head_radius=head_radius,
        outputs=outputs,
        mean_square_norm=norms.mean(axis=-1),
        m=norms.shape[-1],
        bias=bias,
        depth=depth,
    )


def fusion_output_radius(
    *,
    encoder_radius: ArrayLike,
    head_radius: ArrayLike,
    modality_radius: ArrayLike,
    bias: bool = True,
) -> FloatArray:
    """Largest Euclidean norm of a prediction of the concatenation class, for `losses`.

    ‖V (relu(Wx), 1)‖ ≤ B √(A² max_k ‖x⁽ᵏ⁾‖² + 1): ‖Wx‖² = Σ_k ‖W_k x⁽ᵏ⁾‖² ≤ A² max_k ‖x⁽ᵏ⁾‖²,
    since the blocks share the Frobenius radius. Attained, with all of W on the longest modality.
    Further layers of norm ≤ 1, or none, change nothing. For the sum over |M| modalities give A √|M|
    (Cauchy–Schwarz; also for gated sums), for their mean A/√|M|, for a convex combination A.

    Parameters
    ----------
    encoder_radius
        A ≥ 0.
    head_radius
        B ≥ 0.
    modality_radius
        Largest ‖x⁽ᵏ⁾‖ of any single modality and example, appended 1 included.
    bias
        Whether the head has a bias.

    Raises
    ------
    ValueError
        For a negative, NaN or infinite argument, or shapes that do not broadcast.

    Examples
    --------
    >>> float(fusion_output_radius(encoder_radius=3, head_radius=2, modality_radius=1, bias=False))
    6.0
    """
    A, B, longest = domains.broadcast(
        encoder_radius=(FINITE_NON_NEGATIVE, encoder_radius),
        head_radius=(FINITE_NON_NEGATIVE, head_radius),
        modality_radius=(FINITE_NON_NEGATIVE, modality_radius),
    )
    radius: FloatArray = B * np.sqrt((A * longest) ** 2 + float(bias))
    return radius


def squared_norms(
    features: Mapping[str, ArrayLike], subset: Iterable[str], *, encoder_bias: bool = True
) -> FloatArray:
    """‖x_i‖² summed over the modalities of a subset, ready for `fusion_empirical`.

    Parameters
    ----------
    features
        Modality name → features, shape [..., m, d_k], row-aligned.
    subset
        Full names of the present modalities, at least one.
    encoder_bias
        Add 1 per present modality, for the constant that carries its bias.

    Returns
    -------
    FloatArray
        float64, shape [..., m], in squared units of the features.

    Raises
    ------
    ValueError
        For NaN or infinity; an empty subset, a name given twice or unknown (a single string is
        taken as a mistake, not as letters); or features that are not row-aligned.

    Examples
    --------
    >>> squared_norms({"text": [[3.0, 4.0]], "audio": [[2.0]]}, {"text", "audio"}).tolist()
    [31.0]
    """
    names = domains.modality_subset("subset", subset, features)
    total = np.zeros(())
    shape: tuple[int, ...] | None = None
    for name in names:
        block = domains.FINITE.check(f"features[{name!r}]", features[name])
        if block.ndim < 2 or (shape is not None and block.shape[:-1] != shape):
            raise ValueError(
                f"features[{name!r}] must have shape [..., m, d] with the rows of the others, "
                f"got shape {block.shape}"
            )
        shape = block.shape[:-1]
        total = total + (block**2).sum(axis=-1) + float(encoder_bias)
    return total
