"""Generalisation bounds of multi-modal learning as sympy objects: evaluate, invert, prove, print.

Import what you need: ``from bounds import risk_gap, latent_quality, modality_gain``.
Nothing is imported here before it is used, so that ``import bounds`` costs nothing.
"""

from __future__ import annotations

from typing import Any

_MODULES = (
    "catalogue",
    "contract",
    "latent_quality",
    "linear_case",
    "losses",
    "modality_gain",
    "notation",
    "proofs",
    "rademacher",
    "receipts",
    "risk_gap",
    "theorem",
)


def __getattr__(name: str) -> Any:
    """The version, or a public module on first use."""
    if name == "__version__":
        from importlib import metadata

        return metadata.version("multimodal-bounds")
    if name in _MODULES:
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module 'bounds' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*_MODULES, "__version__"]
