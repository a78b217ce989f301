"""Whether the claims hold, how tightly, and the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bounds.on_first_use import on_first_use

if TYPE_CHECKING:
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
    "Certificate": "verify.certificates.certificate",
    "Decision": "verify.decisions.decision",
    "Study": "verify.study",
    "arriving": "verify.certificates.arriving",
    "best_head": "verify.certificates.best_head",
    "certify": "verify.certificates.certify",
    "certify_family": "verify.certificates.families",
    "check_theorem": "verify.verdicts.check",
    "how_many_more": "verify.certificates.needed",
    "decide": "verify.decisions.decide",
    "verify_dataset": "verify.study",
}

__all__ = [
    "Certificate",
    "Decision",
    "Study",
    "arriving",
    "best_head",
    "certify",
    "certify_family",
    "check_theorem",
    "decide",
    "how_many_more",
    "verify_dataset",
]


# Torch, and all that a study needs, is imported on first use; evaluating a bound needs neither.
__getattr__, __dir__ = on_first_use(__name__, homes=_HOMES)
