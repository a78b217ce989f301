"""Whether the claims hold, how tightly, and the report."""

from verify.study import Study, verify_dataset

__all__ = ["Study", "verify_dataset"]
