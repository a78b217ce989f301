"""Check a built site offline: every link inside it resolves, no page loads anything from elsewhere.

    python docs/extensions/links.py build/site

Every page must also be reached from the front page in two clicks on links of the text, not of the margins.
It needs the standard library alone. The exit code is 1 if something is wrong.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADING = {"img": "src", "script": "src", "iframe": "src", "source": "src", "link": "href"}
"""Elements that make a browser fetch something as soon as a page is opened, and where they say it."""

MADE_BY_SPHINX = {"genindex.html", "py-modindex.html", "search.html"}
"""Pages that the margins lead to."""

VOID = {
    "img",
    "br",
    "hr",
    "link",
    "meta",
    "input",
    "source",
    "wbr",
    "area",
    "col",
    "embed",
    "track",
}


@dataclass
class Page(HTMLParser):
    """What one page offers and asks for."""

    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    in_text: list[str] = field(default_factory=list)
    depth: int = 0  # how deep inside <article> the parser is; 0 outside

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the anchors and targets of one element."""
        found = {name: value or "" for name, value in attrs}
        if (self.depth or tag == "article") and tag not in VOID:
            self.depth += 1
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
            if self.depth:
                self.in_text.append(found["href"])
        if (
            tag in LOADING
            and LOADING[tag] in found
            and found.get("rel") not in ("canonical", "author")
        ):
            self.loads.append(found[LOADING[tag]])
        self.loads += re.findall(r"url\(['\"]?([^'\")]+)", found.get("style", ""))

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        if self.depth and tag not in VOID:
            self.depth -= 1


def parsed(file: Path) -> Page:
    """One page of the site."""
    page = Page()
    page.feed(file.read_text(encoding="utf-8"))
    return page


def is_hidden(name: Path) -> bool:
    """Whether a file is a part of the theme and no page."""
    return name.parts[0].startswith("_")


def is_outside(target: str) -> bool:
    """Whether a target lies outside the site."""
    parts = urlsplit(target)
    return bool(parts.netloc) or parts.scheme in ("http", "https", "mailto", "ftp")


def inside(root: Path, file: Path, target: str) -> tuple[Path, str] | None:
    """The file and the anchor that a target of a page means, or None if it means nothing inside."""
    if is_outside(target) or target.startswith(("data:", "javascript:")):
        return None
    parts = urlsplit(target)
    place = file if not parts.path else (file.parent / unquote(parts.path)).resolve()
    if parts.path.startswith("/"):
        place = root / unquote(parts.path).lstrip("/")
    anchor = "" if "=" in parts.fragment else unquote(parts.fragment)  # else the state of a page
    return (place / "index.html" if place.is_dir() else place), anchor


def flaws(root: Path) -> list[str]:
    """Everything that is wrong with the site in a folder; empty if nothing is."""
    root = root.resolve()
    files = [each for each in root.rglob("*.html") if not is_hidden(each.relative_to(root))]
    pages = {file: parsed(file) for file in sorted(files)}
    found = []
    for file, page in pages.items():
        name = file.relative_to(root)
        for target in dict.fromkeys(page.links + page.loads):
            meant = inside(root, file, target)
            if meant is None:
                continue
            place, anchor = meant
            if not place.is_file() or not place.is_relative_to(root):
                found.append(f"{name}: no file for {target}")
            elif anchor and place in pages and anchor not in pages[place].anchors | {"top"}:
                found.append(f"{name}: no place for {target}")
        found += [f"{name}: loads {each}" for each in page.loads if is_outside(each)]
    for sheet in sorted(root.rglob("*.css")):
        text = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.S)
        asked = re.findall(r"(?:url\(|@import\s+)['\"]?([^'\")\s;]+)", text)
        found += [f"{sheet.relative_to(root)}: loads {each}" for each in asked if is_outside(each)]
    return found + too_far(root, pages)


def too_far(root: Path, pages: dict[Path, Page], clicks: int = 2) -> list[str]:
    """The pages that more clicks are needed for, from the front page, on links of the text."""
    reached = {root / "index.html"}
    edge = set(reached)
    for _ in range(clicks):
        meant = (
            inside(root, file, each)
            for file in edge
            if file in pages
            for each in pages[file].in_text
        )
        edge = {each[0] for each in meant if each} - reached
        reached |= edge
    unseen = [file.relative_to(root) for file in pages if file not in reached]
    return [
        f"{name}: not reached from the front page in {clicks} clicks"
        for name in unseen
        if name.name not in MADE_BY_SPHINX
    ]


def main(arguments: list[str]) -> int:
    """Print what is wrong with the site in the folder that is given."""
    if len(arguments) != 1 or not Path(arguments[0], "index.html").is_file():
        print("links.py: the one argument must be the folder of a built site")
        return 2
    root = Path(arguments[0])
    found = flaws(root)
    print("\n".join(found) or f"all links of {len(list(root.rglob('*.html')))} pages resolve")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
