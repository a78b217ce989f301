"""Audit of a bound from elsewhere, beside a known one of its kind: direction, scale, tail, limits, truth."""

from bounds.auditing.audit import audit
from bounds.auditing.references import REFERENCES, Reference
from bounds.auditing.result import Audit, Finding

__all__ = ["REFERENCES", "Audit", "Finding", "Reference", "audit"]


def __dir__() -> list[str]:
    return list(__all__)
