"""References of the repository to docs/theory.md, and relative links of its documents, resolve."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
THEORY = ROOT / "docs" / "theory.md"
SUFFIXES = {".py", ".md", ".html", ".toml"}
DOCUMENTS = [
    path
    for path in (
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *sorted((ROOT / "docs").glob("*.md")),
    )
    if path.exists()
]

# Words may be parted by a line break, in a comment also by the next line's mark.
GAP = r"(?:[ \t]|\r?\n[ \t]*(?:#:?[ \t]?)?)+"
# What follows "section 3, ": a number, perhaps with a name ("1", "1-fast", "2-sharp"), or "L3".
ITEM = r"(?:\d+(?:-[a-z]+)*|L\d+)"
SECTIONS = re.compile(
    rf"\btheory,{GAP}(?P<word>sections?){GAP}(?P<first>\d+)"
    rf"(?P<more>(?:(?:,{GAP}|{GAP}(?:and|or|to){GAP}|,{GAP}and{GAP}){ITEM}\b)*)",
    re.I,
)


def references(text: str) -> Iterator[tuple[int, str]]:
    """(section, item) of each "theory, section n" in a text; the item is "" for a whole section.

    After "section" what follows a comma is an item of it; after "sections", further sections.
    """
    for match in SECTIONS.finditer(text):
        first, more = int(match["first"]), match["more"]
        parts = re.findall(rf"\b(and|or|to)\b|({ITEM})\b", more)
        if match["word"].lower() == "section":
            yield from ((first, item) for _, item in parts if item)
            if not parts:
                yield first, ""
            continue
        yield first, ""
        last, joined = first, ""
        for word, item in parts:
            if word:
                joined = word
                continue
            number = int(re.match(r"\d+", item)[0]) if item[0].isdigit() else -1
            yield from ((n, "") for n in range(last + 1, number) if joined == "to")
            yield number, ""
            last, joined = number, ""


def contents(text: str) -> dict[int, set[str]]:
    """The numbered sections of a document, each with its items.

    An item is the first word of a subheading ("### 1-fast: …"), of a numbered paragraph ("1. …") or
    of a bold beginning ("**L1. …").
    """
    sections: dict[int, set[str]] = {}
    current: set[str] = set()
    for line in text.splitlines():
        if heading := re.match(r"## (\d+) \S", line):
            current = sections.setdefault(int(heading[1]), set())
        elif item := re.match(rf"(?:### |\*\*|(?=\d+\. ))({ITEM})[.:, ]", line):
            current.add(item[1])
    return sections


def unresolved(text: str, theory: str) -> list[str]:
    """The references of a text that `theory` has no place for."""
    sections = contents(theory)
    return [
        f"theory, section {section}" + (f", {item}" if item else "")
        for section, item in references(text)
        if section not in sections or (item and item not in sections[section])
    ]


def sources() -> list[Path]:
    hidden_or_built = {"build", "dist", "report", "claims", "reproduce", "__pycache__"}
    of_the_site = {("docs", name) for name in ("api", "gallery", "project", "theorems")}
    return [
        path
        for path in sorted(ROOT.rglob("*"))
        if path.suffix in SUFFIXES
        and path != Path(__file__)
        and not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
        and path.relative_to(ROOT).parts[0] not in hidden_or_built
        and path.relative_to(ROOT).parts[:2] not in of_the_site
        and not any(part.endswith(".egg-info") for part in path.parts)
    ]


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to a document's headings."""
    prose = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    found: set[str] = set()
    for title in re.findall(r"^#+ (.+?)\s*$", prose, re.M):
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)
        slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        number = 0
        while (unique := f"{slug}-{number}" if number else slug) in found:
            number += 1
        found.add(unique)
    return found


def broken_links(document: Path, text: str) -> list[str]:
    """The relative links of a document without a file, or without a heading, at their end."""
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = document.parent / name
        there = not name or (path.resolve().is_relative_to(ROOT) and path.exists())
        if there and anchor:
            there = anchor in anchors(path.read_text(encoding="utf-8") if name else text)
        if not there:
            broken.append(target)
    return broken


def test_every_reference_to_the_theory_resolves() -> None:
    theory = THEORY.read_text(encoding="utf-8")
    texts = {path: path.read_text(encoding="utf-8") for path in sources()}
    assert {
        str(path.relative_to(ROOT)): found
        for path, text in texts.items()
        if (found := unresolved(text, theory))
    } == {}
    # The finder finds those that there are, and every section has its number once.
    assert sum(len(list(references(text))) for text in texts.values()) >= 15
    assert re.findall(r"^## (\S+)", theory, re.M) == [str(n + 1) for n in range(9)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_relative_links_resolve(document: Path) -> None:
    assert broken_links(document, document.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(theory, section 5).", [(5, "")]),
        ("Theory, section 5. By", [(5, "")]),
        ("(theory, section\n        6), and", [(6, "")]),
        ("# as in theory,\n# section 4", [(4, "")]),
        ("theory, section 3, 1-fast; the", [(3, "1-fast")]),
        ("theory, section 3, 1", [(3, "1")]),
        ("theory, section 4, L3", [(4, "L3")]),
        ("theory, sections 3 and 7", [(3, ""), (7, "")]),
        ("theory, sections 1, 2 and 5", [(1, ""), (2, ""), (5, "")]),
        ("theory, sections 2 to 5", [(2, ""), (3, ""), (4, ""), (5, "")]),
        ("theory, section 5, says: masked", [(5, "")]),
        ("Section 5 of Huang et al.; Higham 2002, sections 3.1 and 4.2", []),
    ],
)
def test_finder(text: str, found: list[tuple[int, str]]) -> None:
    assert list(references(text)) == found


PLANTED = "## 1 Setting\n\n1. **First**\n\n## 3 Forms\n\n### 1-sharp: a\n\n**L1. Full.**\n"


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("theory, section 1; theory, section 1, 1; theory, section 3, L1", []),
        ("theory, sections 1 and 3; theory, section 3, 1-sharp", []),
        ("theory, section 2", ["theory, section 2"]),
        ("theory, sections 1 and\n 4", ["theory, section 4"]),
        ("theory, section 3, 1-fast", ["theory, section 3, 1-fast"]),
        ("theory, section 3, 1", ["theory, section 3, 1"]),
    ],
)
def test_missing_sections_are_noticed(text: str, missing: list[str]) -> None:
    assert unresolved(text, PLANTED) == missing


def test_broken_links_are_noticed() -> None:
    text = (
        "# One title, *here*\n[a](README.md) [b](README.md#limits) [c](#one-title-here)\n"
        "[d](https://example.org/none) [e](none.md) [f](README.md#none) [g](#none) [h](../none.md)\n"
    )
    broken = ["none.md", "README.md#none", "#none", "../none.md"]
    assert broken_links(ROOT / "planted.md", text) == broken


def test_matrix_chernoff_is_cited_in_one_way() -> None:
    """Tropp (2012), Corollary 5.2; "Theorem 5.1.1" is a number of his later monograph."""
    sources = [
        p
        for folder in ("bounds", "empirical", "verify", "docs")
        for p in (ROOT / folder).rglob("*")
    ]
    cited = [
        re.sub(r"[()]", "", match[0])
        for path in sources
        if path.suffix in SUFFIXES
        for match in re.finditer(
            r"Tropp \(?2\d{3}\)?,\s+\w+\s[\d.]*\d", path.read_text(encoding="utf-8")
        )
    ]
    assert len(cited) >= 3
    assert set(cited) == {"Tropp 2012, Corollary 5.2"}
