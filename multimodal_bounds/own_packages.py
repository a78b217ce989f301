"""Import `bounds`, `empirical` and `verify` of this library, whatever else bears these names.

A project's own `verify.py` comes before the installed package on the path. Then our packages are imported
with our folder first, kept aside, and the project's modules are put back: both work in one process.
Worker processes find modules by name, so our names are ours again while a study runs.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from threading import RLock
from types import ModuleType
from typing import Any

PACKAGES = ("bounds", "empirical", "verify")
ROOT = Path(__file__).resolve().parents[1]

_lock = RLock()
_ours: dict[str, ModuleType] = {}
_inside: list[None] = []


def load(module: str, name: str) -> Any:
    """An attribute or a submodule of one of our modules."""
    with _lock, first_on_the_path():
        home = importlib.import_module(module)
        if _inside and module == "verify.study":
            _guard(home.Study)
        if hasattr(home, name):
            return getattr(home, name)
        return importlib.import_module(f"{module}.{name}")


def _guard(study: Any) -> None:
    """Let studies run with our names in place: work for other processes is pickled by name."""
    for verb in ("run", "report"):
        method = getattr(study, verb)
        if not hasattr(method, "__wrapped__"):
            setattr(study, verb, first_on_the_path()(method))


def in_the_way() -> list[str]:
    """The files of other modules that bear our packages' names and come first.

    Examples
    --------
    >>> in_the_way()
    []
    """
    found = []
    for package in PACKAGES:
        module = sys.modules.get(package)
        origin = getattr(module, "__file__", None) if module else _origin(package)
        if origin is not None and Path(origin).resolve().parent != ROOT / package:
            found.append(str(origin))
    return found


def _origin(package: str) -> str | None:
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    folders = list(spec.submodule_search_locations or [])
    return spec.origin or (f"{folders[0]}/__init__.py" if folders else None)


@contextmanager
def first_on_the_path() -> Iterator[None]:
    """Inside the block our names mean our packages; afterwards they mean what they meant before."""
    if _inside or (not _ours and not in_the_way()):
        yield
        return
    theirs = _taken()
    sys.modules.update(_ours)
    sys.path.insert(0, str(ROOT))
    importlib.invalidate_caches()
    _inside.append(None)
    try:
        yield
    finally:
        _inside.pop()
        sys.path.remove(str(ROOT))
        _ours.update(_taken())
        sys.modules.update(theirs)


def _taken() -> dict[str, ModuleType]:
    """All loaded modules under our packages' names, removed from the table of modules."""
    names = [name for name in sys.modules if name.partition(".")[0] in PACKAGES]
    return {name: sys.modules.pop(name) for name in names}
