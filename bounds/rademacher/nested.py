"""From modality subsets to squared norms; why complexities are ordered along nested subsets.

A class on N is the class on M ⊃ N with zero weights on M∖N, at the same norms. So every complexity
here satisfies R(F_N) ≤ R(F_M), and every bound in terms of ‖x_i‖² inherits the order, because
‖x_i‖² grows by the squared norms of the modalities added.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import ArrayLike

from bounds import domains
from bounds.domains import FloatArray


def squared_norms(
    features: Mapping[str, ArrayLike], subset: Iterable[str], *, encoder_bias: bool = True
) -> FloatArray:
    """‖x_i‖² summed over the modalities of a subset, ready for `fusion_empirical`.

    Args:
        features: modality name → features, shape [..., m, d_k], row-aligned.
        subset: full names of the present modalities, at least one.
        encoder_bias: add 1 per present modality, for the constant that carries its bias.

    Returns:
        float64, shape [..., m], in squared units of the features.

    Raises:
        ValueError: NaN or infinity; an empty subset, a name given twice or unknown (a single string
            is taken as a mistake, not as letters); or features that are not row-aligned.

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
