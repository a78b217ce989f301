"""How much of a theorem's terms is needed at all: no test can refute more than that.

The paper's forms are larger than sharper ones that are theorems too. So a share of their terms is
enough, and the statement with that share of them is true. Of the sharp forms all is needed: their power
comes as near to 1 as one likes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from bounds.frozen import FrozenMapping


@dataclass(frozen=True)
class Limit:
    """The statement with `share` times its complexity and confidence terms is true.

    Attributes
    ----------
    share : float
        In (0, 1].
    sharper : str
        The theorem that proves it: its terms are at most `share` times these; "" if `share` is 1.
    reason : str
        Why, in words.
    """

    share: float
    sharper: str
    reason: str


ALL = Limit(1.0, "", "the statement itself")
_HALF = Limit(
    0.5, "risk_gap.sharp", "half of the terms are at least those of Theorem 1, sharp: contraction"
)
LIMITS: FrozenMapping[str, Limit] = FrozenMapping(
    {
        "risk_gap.paper": _HALF,
        "risk_gap.paper_absolute": _HALF,
        "modality_gain.rate": _HALF,
        "risk_gap.paper_vector": Limit(
            math.sqrt(0.5),
            "risk_gap.sharp",
            "1/√2 of the terms are at least those of Theorem 1, sharp: vector contraction",
        ),
        "latent_quality.paper": Limit(
            0.25,
            "latent_quality.sharp",
            "a quarter of the terms is at least those of Theorem 2, sharp, as R ≥ R_M",
        ),
        "latent_quality.paper_vector": Limit(
            math.sqrt(0.125),
            "latent_quality.sharp",
            "1/√8 of the terms is at least those of Theorem 2, sharp, as R ≥ R_M: vector contraction",
        ),
    }
)
"""The limits below 1, by the theorem's key."""


def limit(theorem: str) -> Limit:
    """The limit of a theorem of the catalogue.

    Examples
    --------
    >>> limit("risk_gap.paper").share, limit("risk_gap.sharp").share
    (0.5, 1.0)
    """
    return LIMITS.get(theorem, ALL)
