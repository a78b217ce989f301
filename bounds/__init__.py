"""Generalisation bounds of multi-modal learning as sympy objects: evaluate, invert, prove, print, audit.

Import what you need: ``from bounds import risk_gap, latent_quality, modality_gain``.
What is there is imported on first use, so that ``import bounds`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bounds.on_first_use import on_first_use

if TYPE_CHECKING:
    from bounds.auditing.audit import audit as audit

__getattr__, __dir__ = on_first_use(
    __name__,
    modules=(
        "catalogue",
        "contract",
        "latent_quality",
        "linear_case",
        "losses",
        "modality_gain",
        "notation",
        "pac_bayes",
        "proofs",
        "rademacher",
        "receipts",
        "risk_gap",
        "theorem",
    ),
    homes={"audit": "bounds.auditing.audit"},
)
