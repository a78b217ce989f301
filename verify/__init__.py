"""Whether the claims hold, how tightly, and the report."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from verify.certificates.certificate import Certificate
    from verify.certificates.certify import certify
    from verify.study import Study, verify_dataset
    from verify.verdicts.check import check_theorem

_HOMES = {
    "Certificate": "verify.certificates.certificate",
    "Study": "verify.study",
    "certify": "verify.certificates.certify",
    "check_theorem": "verify.verdicts.check",
    "verify_dataset": "verify.study",
}

__all__ = ["Certificate", "Study", "certify", "check_theorem", "verify_dataset"]


def __getattr__(name: str) -> Any:
    """Import torch and all that a study needs on first use; evaluating a bound needs neither."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'verify' has no attribute {name!r}")
