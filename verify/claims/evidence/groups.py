"""Sources that serve several theorems, by the arguments that they give."""

from __future__ import annotations

from verify.claims.evidence import exact, exact_heads, linear, networks, power

EXACT_GAPS = tuple(exact.GAPS.values())
LINEAR_GAPS = (linear.JUNK, linear.OVERLAP)
ONE_OUTPUT_GAPS = (*EXACT_GAPS, *exact.LEARNED_GAPS, *LINEAR_GAPS)
SCALAR_GAPS = (*ONE_OUTPUT_GAPS, linear.DISJOINT, networks.SQUARES_GAP)
VECTOR_GAPS = (*EXACT_GAPS, networks.SQUARES_GAP, networks.SOFTMAX_GAP, networks.digits_gap)
EXACT_QUALITIES = tuple(exact.QUALITIES.values())
LINEAR_QUALITIES = (linear.JUNK_QUALITY, linear.OVERLAP_QUALITY)
EXACT_AND_LINEAR = (*EXACT_QUALITIES, *exact.LEARNED_QUALITIES, *LINEAR_QUALITIES)
VECTOR_ONLY = (networks.SOFTMAX_QUALITY, networks.digits_quality)
FREE_HEADS = (
    exact_heads.cell_means,
    networks.random_features,
    networks.digits_free,
    *power.LEAST_SQUARES,
)
ALL_QUALITIES = (*EXACT_AND_LINEAR, networks.SQUARES_QUALITY, *VECTOR_ONLY, power.QUALITY)
