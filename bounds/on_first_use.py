"""Packages that import what they offer on first use, so that importing them costs next to nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from typing import Any


def on_first_use(
    package: str, modules: Collection[str] = (), homes: Mapping[str, str] | None = None
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and the `__dir__` of a package, its `__version__` included.

    Parameters
    ----------
    package
        Its name.
    modules
        Its own modules.
    homes
        The full name of the module that has each of its other names.

    Examples
    --------
    >>> find, names = on_first_use("bounds", ["losses"], {"Theorem": "bounds.theorem"})
    >>> names(), find("losses").squared(1.0, 1.0).C
    (['__version__', 'losses', 'Theorem'], 4.0)
    >>> find("gains")
    Traceback (most recent call last):
    ...
    AttributeError: module 'bounds' has no attribute 'gains'
    """
    elsewhere = homes or {}

    def find(name: str) -> Any:
        if name == "__version__":
            from importlib import metadata

            return metadata.version("multimodal-bounds")
        if name in modules:
            return import_module(f"{package}.{name}")
        if name in elsewhere:
            return getattr(import_module(elsewhere[name]), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def names() -> list[str]:
        return ["__version__", *modules, *elsewhere]

    return find, names
