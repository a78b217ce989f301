"""Small tables of settings, as notebooks show them."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from bounds.characters import printable


def table(title: str, rows: Mapping[str, str]) -> str:
    """A title and a table of two columns as HTML; whatever the words hold, they are text.

    Examples
    --------
    >>> table("Study", {"data": "a < b"})
    '<p><strong>Study</strong></p><table><tr><th>data</th><td>a &lt; b</td></tr></table>'
    """
    lines = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in rows.items()
    )
    return printable(f"<p><strong>{escape(title)}</strong></p><table>{lines}</table>")
