"""pytest plugin: the fixture `check_theorem`, the markers `theorem` and `slow`, a table of verdicts.

Installed with the package through pytest's entry points; nothing of the library is imported before a
test asks for the fixture. Verdicts travel in the test reports, so that the table is complete under
pytest-xdist too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from multimodal_bounds.own_packages import load

if TYPE_CHECKING:
    from verify.verdicts.check import Decision

PROPERTY = "multimodal_bounds.check"

COLUMNS = ("verdict", "trials", "violations", "level", "critical factor", "claim")


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers."""
    config.addinivalue_line("markers", "theorem: puts a theorem to the test on measured samples")
    config.addinivalue_line("markers", "slow: a long study")


@pytest.fixture
def check_theorem(request: pytest.FixtureRequest) -> Callable[..., Decision]:
    """`verify.check_theorem`, whose verdict also enters the table at the end of the run.

    Takes one more argument, `name`: what the table calls the claim; by default the theorem's key and
    the test's name.
    """
    check = load("verify.verdicts", "check")

    def recorded(*arguments: Any, name: str | None = None, **options: Any) -> Decision:
        # Decide first and judge later: a failed check belongs in the table as well.
        expected = options.pop("expected", "holds")
        decided = options.pop("decided", False)
        found: Decision = check.check_theorem(*arguments, expected=None, **options)
        row = {
            "verdict": found.outcome,
            "expected": expected,
            "trials": found.coverage.trials,
            "violations": found.coverage.violations,
            "level": found.coverage.level,
            "critical factor": found.factor.value,
            "claim": name or f"{found.theorem} in {request.node.name}",
        }
        request.node.user_properties.append((PROPERTY, json.dumps(row)))
        check.expect(found, expected, decided)
        return found

    return recorded


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print one line per check, in the order of the tests."""
    rows = [
        json.loads(value)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for key, value in report.user_properties
        if key == PROPERTY
    ]
    if not rows:
        return
    lines = [COLUMNS, *(_line(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(COLUMNS))]
    terminalreporter.section("theorems")
    for line in lines:
        cells = (text.ljust(width) for text, width in zip(line, widths, strict=True))
        terminalreporter.write_line("  ".join(cells).rstrip())


def _line(row: dict[str, Any]) -> tuple[str, ...]:
    verdict = row["verdict"]
    if row["expected"] == "refuted":
        verdict += " (planted)" if verdict == "refuted" else " (planted!)"
    return (
        verdict,
        str(row["trials"]),
        str(row["violations"]),
        f"{row['level']:.3g}",
        f"{row['critical factor']:.3g}",
        row["claim"],
    )
