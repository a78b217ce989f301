"""The page: everything on it is in report.json, it loads nothing, and any name or missing number is fine."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import escape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from empirical import datasets
from verify import Study, report

SECTIONS = ["answer", "verdicts", "pairs", "terms", "sizes", "assumptions", "class", "environment"]
BROWSER = shutil.which("chromium") or shutil.which("google-chrome")


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
    assert len(figures) == 2 * len(document["config"]["pairs"])
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


@pytest.mark.skipif(BROWSER is None, reason="no chromium")
@pytest.mark.parametrize("width", [360, 1280])
def test_in_a_browser(folder: Path, tmp_path: Path, width: int) -> None:
    """Laid out without errors: figures have a size, and only tables and formulas scroll sideways."""
    # A frame can be narrower than any window that the browser opens.
    page = escape((folder / "report.html").read_text(), quote=True)
    wrapper = tmp_path / "wrapper.html"
    wrapper.write_text(
        f"""<meta charset="utf-8"><iframe style="width: {width}px; border: 0" srcdoc="{page}"></iframe>
        <script>onload = () => {{
          const page = document.querySelector('iframe').contentDocument;
          const figures = [...page.querySelectorAll('svg[role=img]')];
          document.title = JSON.stringify({{
            scroll: page.documentElement.scrollWidth, height: page.documentElement.scrollHeight,
            smallest: Math.min(...figures.map(f => f.getBoundingClientRect().height)),
            formula: page.querySelector('math').getBoundingClientRect().width}});
        }}</script>"""
    )
    assert BROWSER is not None
    done = subprocess.run(
        [
            *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-background-networking", "--enable-logging=stderr"),
            f"--user-data-dir={tmp_path / 'profile'}",
            *("--dump-dom", wrapper.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "CONSOLE" not in done.stderr
    title = re.search(r"<title>(\{.*?\})</title>", done.stdout)
    assert title is not None
    seen = json.loads(title[1].replace("&quot;", '"'))
    assert seen["scroll"] <= width
    assert seen["height"] > 3000
    assert seen["smallest"] > 150
    assert seen["formula"] > 200
