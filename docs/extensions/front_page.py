"""The table of contents is read from the front page, and links into the repository lead to pages.

`docs/index.md` is plain Markdown, so that it reads well on GitHub too. Each of its headings with a list of
links becomes a part of the contents.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")

COPIED = {
    "README.md": "project/readme.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changelog.md",
}
"""Pages that lie at the top of the repository, and where the site has them."""

PAGES = COPIED | {
    "examples/GALLERY_HEADER.rst": "gallery/index.rst",
    "bounds/catalogue.py": "theorems/index.rst",
    "multimodal_bounds/__init__.py": "api/index.rst",
}
"""What the site shows in the place of a file of the repository."""


def on_site(target: str, folder: str) -> str:
    """The target of a link of a page that lies in `folder` of the repository, as the site has it.

    Examples
    --------
    >>> on_site("../CONTRIBUTING.md#tests", "docs"), on_site("docs/bounds.md", ".")
    ('/project/contributing.md#tests', '/bounds.md')
    >>> on_site("theory.md#7-verdicts", "docs"), on_site("https://arxiv.org", "docs")
    ('theory.md#7-verdicts', 'https://arxiv.org')
    """
    name, mark, anchor = target.partition("#")
    if not name or re.match(r"[a-z]+:", name):
        return target
    place = Path(ROOT, folder, name).resolve().relative_to(ROOT).as_posix()
    if place in PAGES:
        return f"/{PAGES[place]}{mark}{anchor}"
    if folder != "docs":
        return f"/{place.removeprefix('docs/')}{mark}{anchor}"
    return target


def rewritten(text: str, folder: str) -> str:
    """A page with all its links as the site has them; a file's name as text becomes its page's title.

    Examples
    --------
    >>> rewritten("see [decide.md](decide.md) and [this](theory.md#7-verdicts)", "docs")
    'see [](decide.md) and [this](theory.md#7-verdicts)'
    """

    def link(found: re.Match[str]) -> str:
        words = "" if found[1] == found[2] else found[1]
        return f"[{words}]({on_site(found[2], folder)})"

    return LINK.sub(link, text)


def contents(text: str) -> str:
    """One hidden table of contents for each heading of the front page that has a list of links."""
    parts = []
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        caption, _, rest = section.partition("\n")
        links = re.findall(r"^- \*\*\[([^\]]+)\]\(([^)#\s]+)\)", rest, re.M)
        if links:
            entries = "\n".join(f"{title} <{target}>" for title, target in links)
            parts.append(f"```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{entries}\n```\n")
    return "\n".join(parts)


def copy_pages(app: Sphinx) -> None:
    """Copy the pages that lie at the top of the repository."""
    for source, page in COPIED.items():
        target = Path(app.srcdir, page)
        target.parent.mkdir(exist_ok=True)
        text = rewritten((ROOT / source).read_text(encoding="utf-8"), ".")
        if not target.is_file() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")


def read(app: Sphinx, name: str, source: list[str]) -> None:
    """Rewrite the links of a Markdown page, and add the contents to the front page."""
    if Path(app.env.doc2path(name)).suffix == ".md" and not name.startswith("project/"):
        source[0] = rewritten(source[0], "docs")
        if name == app.config.root_doc:
            source[0] += "\n" + contents(source[0])


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the events of a build."""
    app.connect("builder-inited", copy_pages)
    app.connect("source-read", read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
