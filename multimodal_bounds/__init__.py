"""The library under one distinctive name: `import multimodal_bounds as mb`.

The packages `bounds`, `empirical` and `verify` have names that a project may use for its own modules.
Everything public is here too, is imported on first use, and is found even if a `verify.py`, a folder
`bounds` or an `empirical.py` of the project comes first on the path.

Examples
--------
>>> import multimodal_bounds as mb
>>> round(mb.risk_gap.sharp("TVA", "TA").evaluate(gamma=0, R_loss=0.02, C=1, m=10_000, delta=0.05).total, 4)
0.1072
"""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING, Any

from multimodal_bounds.own_packages import load

if TYPE_CHECKING:
    from bounds import (
        catalogue,
        latent_quality,
        linear_case,
        losses,
        modality_gain,
        notation,
        pac_bayes,
        rademacher,
        risk_gap,
    )
    from bounds.auditing import Audit, audit
    from bounds.contract import check_contract
    from bounds.notation import ModalitySet
    from bounds.theorem import Assumption, Summands, Term, Theorem
    from empirical import complexity, datasets, heads, quality
    from empirical.fusion import OPERATIONS, FusionClass
    from empirical.losses import LOSSES
    from verify.certificates.arriving import arriving
    from verify.certificates.best_head import best_head
    from verify.certificates.certificate import Certificate
    from verify.certificates.certify import certify
    from verify.certificates.families import certify_family
    from verify.certificates.needed import how_many_more
    from verify.decisions.decide import decide
    from verify.decisions.decision import Decision
    from verify.study import Study, verify_dataset
    from verify.verdicts.check import check_theorem

_HOMES = {
    "bounds": "catalogue latent_quality linear_case losses modality_gain notation pac_bayes rademacher"
    " risk_gap",
    "bounds.auditing": "Audit audit",
    "bounds.contract": "check_contract",
    "bounds.notation": "ModalitySet",
    "bounds.theorem": "Assumption Summands Term Theorem",
    "empirical": "complexity datasets heads quality",
    "empirical.fusion": "OPERATIONS FusionClass",
    "empirical.losses": "LOSSES",
    "verify.certificates.arriving": "arriving",
    "verify.certificates.certificate": "Certificate",
    "verify.certificates.best_head": "best_head",
    "verify.certificates.certify": "certify",
    "verify.certificates.families": "certify_family",
    "verify.certificates.needed": "how_many_more",
    "verify.decisions.decide": "decide",
    "verify.decisions.decision": "Decision",
    "verify.study": "Study verify_dataset",
    "verify.verdicts.check": "check_theorem",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "LOSSES",
    "OPERATIONS",
    "Assumption",
    "Audit",
    "Certificate",
    "Decision",
    "FusionClass",
    "ModalitySet",
    "Study",
    "Summands",
    "Term",
    "Theorem",
    "arriving",
    "audit",
    "best_head",
    "catalogue",
    "certify",
    "certify_family",
    "check_contract",
    "check_theorem",
    "complexity",
    "datasets",
    "decide",
    "heads",
    "how_many_more",
    "latent_quality",
    "linear_case",
    "losses",
    "modality_gain",
    "notation",
    "pac_bayes",
    "quality",
    "rademacher",
    "risk_gap",
    "verify_dataset",
]


def __getattr__(name: str) -> Any:
    """Import a public name on first use."""
    if name == "__version__":
        return metadata.version("multimodal-bounds")
    if name not in _HOME:
        raise AttributeError(f"module 'multimodal_bounds' has no attribute {name!r}")
    return load(_HOME[name], name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
