"""The page in a browser: it fits a phone, is read in three screens, prints whole, and reports no error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import laid_out, needs_browser

from verify import decide
from verify.decisions import page

MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def documents() -> dict[str, dict[str, Any]]:
    """Pages of the same rows, with ordinary names and with a very long one."""
    rng = np.random.default_rng(0)
    text, audio, video = (rng.normal(size=(200, d)) for d in (3, 2, 1))
    mood = np.where(text[:, 0] > 0, "glad", "sad")
    found = {}
    for kind, name in (
        ("plain", "audio"),
        ("long", "a name that is much too long for any column" * 2),
    ):
        cost = {"text": 1.5, name: 2.0, MARKUP: 4.0}
        found[kind] = decide({"text": text, name: audio, MARKUP: video}, mood, cost=cost).document
    return found


@needs_browser
@pytest.mark.parametrize(("width", "screen"), [(390, 844), (1280, 800)])
@pytest.mark.parametrize(
    ("kind", "medium"), [("plain", "screen"), ("long", "screen"), ("plain", "print")]
)
def test_in_a_browser(
    documents: dict[str, dict[str, Any]],
    tmp_path: Path,
    width: int,
    screen: int,
    kind: str,
    medium: str,
) -> None:
    html = page.render(documents[kind])
    shown = html.replace("@media print", "@media all") if medium == "print" else html
    seen = laid_out(
        shown,
        tmp_path,
        width,
        """
          document.title = JSON.stringify({
            scroll: whole.scrollWidth,
            above: box(page.querySelector('#details')).top,
            images: page.images.length,
            requests: document.querySelector('iframe').contentWindow
              .performance.getEntriesByType('resource').map(each => each.name),
            markup: page.querySelector('.worth').textContent.includes('<img src=x onerror'),
            prices: all('polyline.pareto').length,
            bars: Math.min(...all('.worth svg').map(each => box(each).width)),
            folded: all('details').filter(each => !each.lastElementChild.checkVisibility()).length});
        """,
    )
    assert (seen["images"], seen["requests"], seen["markup"]) == (0, [], True)
    assert seen["prices"] == 1
    if medium == "print":
        assert seen["folded"] == 0
    else:
        assert seen["folded"] >= 4
        assert seen["scroll"] <= width
        assert kind == "long" or seen["above"] <= 3 * screen
    assert seen["bars"] > 150
