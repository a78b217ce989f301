"""What is measured: data sets, populations, fusion classes, and every quantity with an interval."""

from __future__ import annotations

from typing import Any

_MODULES = (
    "complexity",
    "datasets",
    "erm",
    "fusion",
    "heads",
    "losses",
    "measure",
    "observations",
    "paper",
    "quality",
    "statistics",
    "worlds",
)


def __getattr__(name: str) -> Any:
    """The version, or a public module on first use."""
    if name == "__version__":
        from importlib import metadata

        return metadata.version("multimodal-bounds")
    if name in _MODULES:
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module 'empirical' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*_MODULES, "__version__"]
