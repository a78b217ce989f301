"""The assumptions of the theorems, by key. Those that no training can meet are listed too."""

from __future__ import annotations

from bounds.frozen import FrozenMapping
from bounds.statement.statement import Assumption

PAPER = "Huang, Du, Xue, Chen, Zhao, Huang (NeurIPS 2021, arXiv 2106.04538)"

ASSUMPTIONS: FrozenMapping[str, Assumption] = FrozenMapping(
    {
        key: Assumption(key, text)
        for key, text in (
            ("iid", "the examples of S are drawn independently from one population"),
            ("bounded_loss", "the loss takes values in [0, C]"),
            ("lipschitz_loss", "the loss is L-Lipschitz in its first argument"),
            (
                "erm",
                "the head minimises the empirical risk over H on top of the learned encoder: "
                "exactly, or within the certified slack where the statement has a slack term",
            ),
            (
                "fixed_class",
                "the norm radii of H and G_M are chosen before S, and the learned pair lies inside",
            ),
            (
                "independent_split",
                "the encoder is learned on S_1 and the head on S_2, drawn independently of S_1",
            ),
            (
                "least_squares_head",
                "squared loss, and the heads are linear maps of a convex set of matrices",
            ),
            (
                "held_out",
                "both pairs, and the stake, are fixed before the rows of S_3 are drawn: these "
                "trained nothing and chose nothing",
            ),
            (
                "prior",
                "the prior, and lambda where there is one, are fixed before S is drawn; the posterior "
                "may depend on S",
            ),
            ("bounded_features", "features and residuals of the frozen encoder are bounded"),
            (
                "full_latent",
                "the learned encoder of M has full rank on M's features, whatever the width of the "
                "latent space: with heads of H it reaches every linear predictor on M of norm at "
                "most C_b",
            ),
            (
                "linear_class",
                "linear encoders and linear heads, squared loss; no pair makes a predictor of norm "
                "above C_b",
            ),
            ("nested", "N is a subset of M"),
            ("complexity_rate", "R_m(F) = sqrt(C(F)/m) for the classes compared"),
        )
    }
)

REALIZABLE = Assumption("realizable", "h* and g* lie in H and G")
"""What no theorem of the library needs, although accounts of them often assume it."""


def assume(*keys: str) -> tuple[Assumption, ...]:
    """The assumptions with these keys, in this order.

    Examples
    --------
    >>> [each.key for each in assume("iid", "erm")]
    ['iid', 'erm']
    """
    return tuple(ASSUMPTIONS[key] for key in keys)
