"""Whether the claims hold, how tightly, and the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from verify.study import Study, verify_dataset
    from verify.verdicts.check import check_theorem

__all__ = ["Study", "check_theorem", "verify_dataset"]


def __getattr__(name: str) -> Any:
    """Import torch and all that a study needs on first use; evaluating a bound needs neither."""
    if name == "check_theorem":
        from verify.verdicts import check

        return check.check_theorem
    if name in __all__:
        from verify import study

        return getattr(study, name)
    raise AttributeError(f"module 'verify' has no attribute {name!r}")
