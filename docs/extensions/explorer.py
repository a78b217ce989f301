"""The bound explorer as a page of the site, with links to it from its description and from each theorem."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

from bounds.theorem import Theorem
from verify import explorer

FOLDER = "project/extra"
"""What lies here is copied to the root of the site as it is."""


def link(theorem: Theorem) -> list[str]:
    """A line that leads from a page in a folder to the explorer, set to a theorem."""
    if not theorem.inputs:
        return []
    return [
        f"`Move its arguments <../{explorer.PAGE}#theorem={theorem.key}>`__ in the explorer.",
        "",
    ]


def write(app: Sphinx, config: Config) -> None:
    """Write the explorer, before the builder looks for it."""
    folder = Path(app.srcdir, FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    explorer.write(folder / explorer.PAGE)


def read(app: Sphinx, name: str, source: list[str]) -> None:
    """Below the title of its description, a link that opens it."""
    if name == "explorer":
        title, _, rest = source[0].partition("\n")
        source[0] = f'{title}\n\n<a href="{explorer.PAGE}">Open the explorer</a>\n{rest}'


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the events of a build."""
    app.connect("config-inited", write, priority=100)
    app.connect("source-read", read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
