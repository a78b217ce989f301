"""A page in a browser without a window: what its scripts find, and that no error is reported."""

import json
import re
import shutil
import subprocess
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no chromium")


def opened(file: Path, folder: Path) -> str:
    """The document of a file after its scripts ran; nothing may have been reported."""
    assert BROWSER is not None
    done = subprocess.run(
        [
            *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-background-networking", "--enable-logging=stderr"),
            # Timers and events count, not the clock: a busy machine must not be too late.
            "--virtual-time-budget=5000",
            *(f"--user-data-dir={folder / 'profile'}", "--dump-dom", file.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "CONSOLE" not in done.stderr, done.stderr
    return done.stdout


def title(html: str, folder: Path) -> Any:
    """What a script in a page left in its title, as JSON."""
    file = folder / "page.html"
    file.write_text(html, encoding="utf-8")
    found = re.search(r"<title>(.*?)</title>", opened(file, folder), re.DOTALL)
    assert found is not None
    return json.loads(unescape(found[1]))


def framed(html: str, width: int, style: str = "") -> str:
    """A frame with a page; it can be narrower than any window that the browser opens."""
    shown = escape(html, quote=True)
    return f'<iframe style="width: {width}px; border: 0; {style}" srcdoc="{shown}"></iframe>'


def laid_out(html: str, folder: Path, width: int, script: str) -> dict[str, Any]:
    """What a script finds in a page, laid out in a frame of some width."""
    found: dict[str, Any] = title(
        f"""<meta charset="utf-8">{framed(html, width)}
        <script>onload = () => {{
          const page = document.querySelector('iframe').contentDocument;
          const all = what => [...page.querySelectorAll(what)];
          const box = each => each.getBoundingClientRect();
          const whole = page.documentElement;
          {script}
        }}</script>""",
        folder,
    )
    return found
