"""The page: everything on it is in report.json, it loads nothing, and any name or missing number is fine."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from browser import laid_out, needs_browser

from empirical import datasets
from verify import Study, report

SECTIONS = ["answer", "verdicts", "pairs", "terms", "sizes", "assumptions", "class", "environment"]


class Page(HTMLParser):
    """The page's elements with their attributes, its text, and the numbers it carries."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.pieces: list[str] = []
        self._quiet = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._quiet = tag == "style"

    def handle_data(self, data: str) -> None:
        if not self._quiet:
            self.pieces.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.pieces).split())

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    study = Study(datasets.diabetes(), m=(16, 32), head_m=(64,), trials=5)
    out = tmp_path_factory.mktemp("report")
    assert (
        report.write_report(study.run(workers=1), out, "python -m verify report")
        == out / "report.html"
    )
    return out


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    return (folder / "report.json").read_text()


@pytest.fixture
def document(text: str) -> dict[str, Any]:
    return json.loads(text)


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    return (folder / "report.html").read_text()


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def numbers_in(value: Any) -> set[float]:
    if isinstance(value, dict):
        return set().union(*map(numbers_in, value.values()))
    if isinstance(value, list):
        return set().union(*map(numbers_in, value))
    return {float(value)} if isinstance(value, (int, float)) else set()


def changed(value: Any, change: Any) -> Any:
    """The document with every string (keys too) and every number passed through `change`."""
    if isinstance(value, dict):
        return {change(k): changed(v, change) for k, v in value.items()}
    if isinstance(value, list):
        return [changed(v, change) for v in value]
    return change(value)


def test_two_files_and_nothing_half_written(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["report.html", "report.json"]


def test_json_has_the_promised_keys(document: dict[str, Any]) -> None:
    assert {"schema_version", "config", "environment", "claims", "cells"} <= set(document)
    for claim in document["claims"]:
        assert {"id", "expected", "verdict", "decided_by"} <= set(claim)
        assert claim["verdict"] in ("supported", "refuted", "undecided")
    promised = {
        *("theorem", "M", "N", "m", "delta", "trials", "violations", "inconclusive"),
        *("violation_rate", "bound", "measured", "vacuous", "dominant_term", "critical_factor"),
    }
    for cell in document["cells"]:
        assert promised <= set(cell)


def test_page_is_made_from_the_json_alone_and_twice_the_same(text: str, html: str) -> None:
    assert report.render(json.loads(text)) == html


def test_every_number_is_in_the_json(document: dict[str, Any], page: Page) -> None:
    shown = [float(str(attributes["value"])) for attributes in page.all("data")]
    assert len(shown) > 500
    assert set(shown) <= numbers_in(document)


def test_a_changed_number_changes_the_page(document: dict[str, Any], html: str) -> None:
    document["claims"][0]["decided_by"]["violations"] = 7654
    document["pairs"][0]["risk_gap"]["value"] = 0.98765
    document["cells"][0]["bound"]["median"] = 43210.9
    found = report.render(document)
    assert "7,654" in found
    assert "43,211" in found
    assert found != html


def test_loads_nothing(html: str, page: Page) -> None:
    assert not page.all("script", "iframe", "img", "object", "embed", "base")
    for _, attributes in page.elements:
        for name in ("src", "href", "srcset", "data", "action", "xlink:href"):
            assert str(attributes.get(name, "#")).startswith(("#", "data:,"))
        assert not any(name.startswith("on") for name in attributes)
    assert "@import" not in html
    assert "http://" not in html
    assert "https://" not in html
    assert set(re.findall(r"url\((.)", html)) <= {"#"}


def test_sections_in_order(page: Page) -> None:
    assert [str(attributes["id"]) for attributes in page.all("section")] == SECTIONS
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    linked = {str(a["href"])[1:] for a in page.all("a")}
    assert linked <= {str(a.get("id")) for _, a in page.elements}


def test_accessible(page: Page, document: dict[str, Any]) -> None:
    assert page.all("html")[0]["lang"] == "en"
    assert document["config"]["data"] in page.text
    assert all(attributes.get("scope") for attributes in page.all("th"))
    figures = [svg for svg in page.all("svg") if svg.get("role") == "img"]
    # A small panel and two large ones of each pair.
    assert len(figures) == 3 * len(document["config"]["pairs"])
    assert all(svg["aria-label"] for svg in figures)
    hidden = [svg for svg in page.all("svg") if svg.get("role") != "img"]
    assert all(svg.get("aria-hidden") == "true" for svg in hidden)


def test_identifiers_are_unique_and_resolve(html: str, page: Page) -> None:
    found = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(found) == len(set(found))
    assert {a.lstrip("#") for a in re.findall(r"(?:href=\"|url\()(#[^\")]+)", html)} <= set(found)


def test_says_what_the_study_says(page: Page, document: dict[str, Any]) -> None:
    answer = document["answer"]
    for sentence in (answer["question"], answer["headline"], *answer["sentences"]):
        assert " ".join(sentence.split()) in page.text
    for claim in document["claims"]:
        assert claim["title"] in page.text
    for row in document["assumptions"]:
        assert row["text"].replace("_", "") in "".join(page.pieces)
    assert "python -m verify report" in page.text
    assert "\\" not in page.text


def test_any_name_is_only_a_name(document: dict[str, Any]) -> None:
    names = {
        "vitals": '<script>alert("$x_1^2$")</script> & {{ 7 * 7 }}',
        "serum": "-1e5_" + "long" * 60,
        "diabetes": "<i>&amp;</i>",
    }
    found = report.render(changed(document, lambda v: names.get(v, v) if v.__hash__ else v))
    assert "<script" not in found
    assert "<i>" not in found
    page = Page(found)
    for name in names.values():
        assert name in page.text
    labels = [svg["aria-label"] for svg in page.all("svg") if svg.get("role") == "img"]
    assert all("$x_1^2$" in str(label) for label in labels)


def test_missing_numbers_are_shown_as_infinite(document: dict[str, Any]) -> None:
    fast = [c for c in document["cells"] if c["theorem"] == "risk_gap.fast_rate"]
    for cell in fast:
        cell["bound"] = dict.fromkeys(cell["bound"])
        cell["terms"] = dict.fromkeys(cell["terms"])
        cell["vacuous"] = None
    for cell in document["cells"]:
        cell["measured"] |= dict.fromkeys(("value", "median_low", "median_high", "q05", "q95"))
        cell["critical_factor"]["low"] = cell["critical_factor"]["high"] = None
    for row in document["pairs"]:
        row["risk_gap"] |= {"median_low": None, "median_high": None}
    for row in document["thresholds"]:
        row["nonvacuous_from"] = row["proves_gain_from"] = dict.fromkeys(("value", "low", "high"))
    document["command"] = None
    text = Page(report.render(document)).text
    assert "∞" in text
    assert "never" in text
    assert "run from Python" in text
    assert not re.search(r"\b(None|nan|undefined)\b|\binf\b(?! h)", text)


def test_without_the_fast_rate_form(document: dict[str, Any]) -> None:
    def keep(rows: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
        return [row for row in rows if not row[key].startswith("risk_gap.fast_rate")]

    document["claims"] = keep(document["claims"], "id")
    document["cells"] = keep(document["cells"], "theorem")
    document["thresholds"] = keep(document["thresholds"], "theorem")
    page = Page(report.render(document))
    assert [str(attributes["id"]) for attributes in page.all("section")] == SECTIONS
    assert "Free heads" not in page.text


@pytest.fixture(scope="module")
def of_seven_pairs(text: str) -> str:
    """The page with seven comparisons, as many as the first report has."""
    document = json.loads(text)
    for name in ("pairs", "cells", "proofs", "thresholds"):
        rows = [row for row in document[name] if row["N"]]
        first = [row for row in rows if (row["M"], row["N"]) == (rows[0]["M"], rows[0]["N"])]
        for number in range(7 - len(document["config"]["pairs"])):
            document[name] += [{**row, "N": [f"another {number}"]} for row in first]
    pair = document["config"]["pairs"][0]
    missing = 7 - len(document["config"]["pairs"])
    document["config"]["pairs"] += [[pair[0], [f"another {n}"]] for n in range(missing)]
    return report.render(document)


@needs_browser
@pytest.mark.parametrize(("width", "most"), [(360, 11_500), (1280, 6000)])
def test_in_a_browser(of_seven_pairs: str, tmp_path: Path, width: int, most: int) -> None:
    """Closed, the page is short; opened, figures have a size, and only tables and formulas scroll."""
    seen = laid_out(
        of_seven_pairs,
        tmp_path,
        width,
        """
          const closed = {scroll: whole.scrollWidth, height: whole.scrollHeight,
            headline: box(page.querySelector('.headline')).bottom,
            figures: all('.multiples svg').map(each => box(each).width),
            hidden: all('.panels svg').filter(each => each.checkVisibility()).length};
          all('details').forEach(each => each.open = true);
          const hint = each => getComputedStyle(each.querySelector('caption span'), '::before').content;
          const tables = all('.scroll:has(caption)');
          const wide = each => each.scrollWidth > each.clientWidth;
          // The state of a box that scrolls is known to the style sheet one frame later.
          setTimeout(() => document.title = JSON.stringify({...closed,
            opened: whole.scrollHeight, wide: whole.scrollWidth,
            smallest: Math.min(...all('svg[role=img]').map(f => box(f).height)),
            formula: box(page.querySelector('math')).width,
            told: CSS.supports('container-type: scroll-state'),
            hints: tables.map(each => [wide(each), hint(each).includes('sideways')])}), 500);
        """,
    )
    assert seen["height"] <= most
    assert seen["scroll"] <= width
    assert seen["wide"] <= width
    assert seen["headline"] < (900 if width == 1280 else 1200)
    assert len(seen["figures"]) == 7
    assert min(seen["figures"]) > 250
    assert seen["hidden"] == 0
    assert seen["opened"] > 3 * seen["height"]
    assert seen["smallest"] > 150
    assert seen["formula"] > 200
    assert any(wide for wide, _ in seen["hints"])
    if seen["told"]:
        assert all(wide == told for wide, told in seen["hints"])


@needs_browser
def test_on_paper(html: str, tmp_path: Path) -> None:
    """Everything folded is printed, tables and glossary included, and headings stay with their figures."""
    seen = laid_out(
        html.replace("@media print", "@media all"),
        tmp_path,
        1000,
        """
          const shown = what => all(what).filter(each => each.checkVisibility({contentVisibilityAuto: true})
            && box(each).height > 0).length;
          document.title = JSON.stringify({tables: all('table').length, printed: shown('table'),
            words: all('dl.terms dt').length, said: shown('dl.terms dt'),
            figures: all('figure').length, kept: all('.keep figure').length,
            whole: all('.keep, figure, tr').filter(e => getComputedStyle(e).breakInside != 'avoid').length,
            headings: all('h2, h3').filter(e => getComputedStyle(e).breakAfter != 'avoid').length,
            // A page may end before a comparison: else it would end inside one.
            tied: all('details.pair > article').filter(
              e => getComputedStyle(e).breakBefore == 'avoid').length,
            apart: all('.keep').filter(e => !e.querySelector('h3, p')).length});
        """,
    )
    assert seen["printed"] == seen["tables"] > 10
    assert seen["said"] == seen["words"] >= 8
    assert seen["kept"] == seen["figures"] > 2
    assert seen["whole"] == seen["headings"] == seen["apart"] == seen["tied"] == 0


def test_many_comparisons_are_folded(
    document: dict[str, Any], html: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many panels as are shown at once come first; the others are in the page, folded."""
    assert "on the same axes</summary>" not in html
    count = len(document["config"]["pairs"])
    monkeypatch.setattr("verify.report.sections.AT_ONCE", 1)
    found = report.render(document)
    assert f"{count - 1} more comparison" in found
    assert found.count('class="which"') == html.count('class="which"') == count
    folded = found.index("on the same axes</summary>")
    assert found[:folded].count('class="which"') == 1
    assert re.findall(r'class="which"><a href="([^"]+)', found) == [
        f"#pair-{number}" for number in range(1, count + 1)
    ]


def test_words_are_explained_before_they_are_used(page: Page) -> None:
    """The first paragraph defines what the headline and the first sentences speak of."""
    text = page.text
    for word in ("modality", "encoder", "head", "risk", "better", "bound", "certifies"):
        assert re.search(rf"\b{word}\b", text)
    defined = text.index("A modality is a group of columns")
    assert defined < text.index("taken as the whole population")
    assert "provably” means here" in text[defined : defined + 1500]
