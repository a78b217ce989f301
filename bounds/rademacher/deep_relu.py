"""Deep ReLU networks with Frobenius-bounded layers (size-independent)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from bounds import domains
from bounds.domains import FloatArray


def deep_relu(*, layer_radii: ArrayLike, mean_square_norm: ArrayLike, m: ArrayLike) -> FloatArray:
    """Upper bound on R_m of real-valued ReLU networks of depth D, one output, no biases.

    √(E‖x‖²) (√(2 ln 2 · D) + 1) ∏_j M_j / √m for x ↦ W_D relu(… relu(W_1 x)) with ‖W_j‖_F ≤ M_j,
    any widths. Convention 1/m, no |·|. D counts weight matrices. For D = 1 `linear` is smaller, for
    D ≥ 2 `fusion` with `depth=D − 1` and `bias=False` (A, B with A B = ∏ M_j), which also takes
    several outputs and a head's bias. Biases: append a constant 1 to x, and note that deeper
    layers have none.

    Parameters
    ----------
    layer_radii
        M_1 … M_D ≥ 0, shape [..., D] with D ≥ 1.
    mean_square_norm
        E‖x‖²; X² for inputs with ‖x‖ ≤ X. Broadcasts against `[...]`.
    m
        Sample size ≥ 1, likewise.

    Raises
    ------
    ValueError
        For a negative, NaN or infinite argument, no layer, `m` not a positive integer, or shapes
        that do not broadcast.

    References
    ----------
    Golowich, Rakhlin & Shamir 2018, "Size-independent sample complexity of neural networks",
    Theorem 1; its data-dependent form with Jensen's inequality gives E‖x‖² for X².

    Examples
    --------
    >>> round(float(deep_relu(layer_radii=[1, 1, 1], mean_square_norm=1, m=100)), 6)
    0.303933
    """
    radii = domains.FINITE_NON_NEGATIVE.check("layer_radii", layer_radii)
    if radii.ndim == 0 or radii.shape[-1] == 0:
        raise ValueError(
            f"layer_radii must have shape [..., D] with D ≥ 1, got shape {radii.shape}"
        )
    product, square, size = domains.broadcast(
        layer_radii=(domains.NON_NEGATIVE, radii.prod(axis=-1)),
        mean_square_norm=(domains.FINITE_NON_NEGATIVE, mean_square_norm),
        m=(domains.POSITIVE_INTEGER, m),
    )
    factor = math.sqrt(2.0 * math.log(2.0) * radii.shape[-1]) + 1.0
    bound: FloatArray = factor * product * np.sqrt(square / size)
    return bound


def deep_relu_empirical(*, layer_radii: ArrayLike, squared_norms: ArrayLike) -> FloatArray:
    """Upper bound on R̂_S of `deep_relu`'s class: (√(2 ln 2 · D) + 1) ∏ M_j √(Σ‖x_i‖²)/m.

    Parameters
    ----------
    layer_radii
        Shape [..., D].
    squared_norms
        ‖x_i‖², shape [..., m]; the leading shapes broadcast.

    Raises
    ------
    ValueError
        As for `deep_relu`; also for squared norms without examples.

    References
    ----------
    As in `deep_relu`, the first inequality of the theorem.

    Examples
    --------
    >>> round(float(deep_relu_empirical(layer_radii=[1, 1, 1], squared_norms=[1.0] * 100)), 6)
    0.303933
    """
    norms = domains.per_example("squared_norms", squared_norms)
    return deep_relu(
        layer_radii=layer_radii, mean_square_norm=norms.mean(axis=-1), m=norms.shape[-1]
    )
