"""Where ``--data`` finds a data set: the bundled sets by name, files by the end of their path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bounds.names import did_you_mean
from bounds.table import Table
from empirical.datasets.bundled import breast_cancer, diabetes, digits, simulated
from empirical.datasets.dataset import Dataset
from empirical.datasets.npz import load_npz

__all__ = ["BUNDLED", "FORMATS", "Bundled", "Format", "by_name"]


@dataclass(frozen=True)
class Bundled:
    """A data set that comes with the library: its name, and `load(task)`.

    Examples
    --------
    >>> BUNDLED.find("diabetes").load(None).rows
    442
    """

    name: str
    load: Callable[[str | None], Dataset]


@dataclass(frozen=True)
class Format:
    """A format of files: the end of their names, and `load(path, task)`.

    Examples
    --------
    >>> FORMATS.names
    ('.npz',)
    """

    name: str
    load: Callable[[Any, str | None], Dataset]


def _simulated(task: str | None) -> Dataset:
    if task not in (None, "regression"):
        raise ValueError(f"task must be 'regression' for the simulated data, got {task!r}")
    return simulated()


BUNDLED = Table(
    "data",
    [
        Bundled("digits", digits),
        Bundled("breast-cancer", breast_cancer),
        Bundled("diabetes", diabetes),
        Bundled("simulated", _simulated),
    ],
)
FORMATS = Table("format", [Format(".npz", load_npz)])


def by_name(name: Any, task: str | None = None) -> Dataset:
    """The data set of ``--data``: a bundled one by its name, or the path of a file.

    Parameters
    ----------
    name
        An entry of `BUNDLED`, or a path that ends like an entry of `FORMATS`.
    task
        "classification" or "regression"; by default the labels tell.

    Raises
    ------
    ValueError
        Listing the known names, for any other name, and for a ``task`` that the labels do not
        allow (see ``from_arrays``).

    Examples
    --------
    >>> by_name("diabetes").rows
    442
    >>> by_name("nonesuch")
    Traceback (most recent call last):
    ...
    ValueError: data must be one of digits, breast-cancer, diabetes, simulated or a path ending in \
.npz, got 'nonesuch'
    """
    if name in BUNDLED.names:
        return BUNDLED.find(name).load(task)
    for form in FORMATS:
        if str(name).endswith(form.name):
            return form.load(name, task)
    raise ValueError(
        f"data must be one of {', '.join(BUNDLED.names)} or a path ending in "
        f"{' or '.join(FORMATS.names)}, got {str(name)!r}{did_you_mean(name, BUNDLED.names)}"
    )
