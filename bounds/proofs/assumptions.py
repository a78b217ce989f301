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
                "the head minimises the empirical risk over H on top of the learned encoder, "
                "exactly or within the certified slack",
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
            ("bounded_features", "features and residuals of the frozen encoder are bounded"),
            (
                "full_latent",
                "the latent space is wide enough for all features of M: every linear predictor on "
                "M within the radius of the head is reachable",
            ),
            ("linear_class", "linear encoder and linear head of norm at most C_b, squared loss"),
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
