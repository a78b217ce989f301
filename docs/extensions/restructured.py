"""Small pieces of reStructuredText, for the pages that are generated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path


def escaped(text: str) -> str:
    r"""Running text, with every character that would be markup made plain.

    Examples
    --------
    >>> print(escaped("with |.| and h* o g*"))
    with \|.\| and h\* o g\*
    """
    return re.sub(r"([\\*`|_])", r"\\\1", text)


def heading(text: str, mark: str) -> list[str]:
    """A heading; `mark` underlines it.

    Examples
    --------
    >>> heading("Proof", "-")
    ['Proof', '-----', '']
    """
    return [text, mark * len(text), ""]


def block(latex: str) -> list[str]:
    """A formula on lines of its own."""
    return [".. math::", "", f"   {latex}", ""]


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table; cells hold markup and no line breaks.

    Examples
    --------
    >>> print("\\n".join(table(["a"], [["1"]])))
    .. list-table::
       :header-rows: 1
    <BLANKLINE>
       * - a
       * - 1
    <BLANKLINE>
    """
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in (header, *rows):
        lines += [f"   {'  -' if place else '* -'} {cell}" for place, cell in enumerate(row)]
    return [*lines, ""]


def write_folder(folder: Path, pages: Mapping[str, str]) -> None:
    """Write pages into a folder of their own; what else lies there goes, and what did not change stays."""
    folder.mkdir(exist_ok=True)
    for file in folder.iterdir():
        if file.name not in pages:
            file.unlink()
    for name, text in pages.items():
        file = folder / name
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
