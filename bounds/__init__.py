"""Generalisation bounds of multi-modal learning as sympy objects: evaluate, invert, prove, print, audit.

Import what you need: ``from bounds import risk_gap, latent_quality, modality_gain``.
Nothing is imported here before it is used, so that ``import bounds`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bounds.auditing.audit import audit as audit

_MODULES = (
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
)


def __getattr__(name: str) -> Any:
    """The version, a public function, or a public module on first use."""
    from importlib import import_module

    if name == "__version__":
        from importlib import metadata

        return metadata.version("multimodal-bounds")
    if name == "audit":
        return import_module(f"{__name__}.auditing.audit").audit
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module 'bounds' has no attribute {name!r}")


def __dir__() -> list[str]:
    return ["__version__", *_MODULES, "audit"]
