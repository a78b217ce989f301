"""pytest plugin: the fixture `check_theorem`, the markers `theorem` and `slow`, a table of verdicts.

Installed with the package through pytest's entry points; nothing of the library is imported before a
test asks for the fixture. Verdicts travel in the test reports, so that the table is complete under
pytest-xdist too. A report of each phase, of a subtest or of a rerun repeats the verdicts so far: a check
is known by its test, its number there and the attempt.
"""

from __future__ import annotations

import itertools
import json
import os
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
    config.stash[_CHECKS] = checks = Checks()
    config.pluginmanager.register(checks, "multimodal_bounds checks")


class Checks:
    """The checks of a run, in the order in which they were made; of a test that ran again, the last."""

    def __init__(self) -> None:
        self._of_test: dict[str, tuple[int, dict[int, dict[str, Any]]]] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Gather the checks of a report."""
        for key, value in report.user_properties:
            if key != PROPERTY:
                continue
            row = json.loads(value)
            attempt, rows = self._of_test.get(row["test"], (0, {}))
            if row["attempt"] > attempt:
                attempt, rows = row["attempt"], {}
            if row["attempt"] == attempt:
                rows[row["number"]] = row
            self._of_test[row["test"]] = attempt, rows

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One row per check."""
        return [row for _, rows in self._of_test.values() for row in rows.values()]


_CHECKS = pytest.StashKey[Checks]()
_ATTEMPTS = pytest.StashKey[int]()


@pytest.fixture
def check_theorem(request: pytest.FixtureRequest) -> Callable[..., Decision]:
    """`verify.check_theorem`, whose verdict also enters the table at the end of the run.

    Takes one more argument, `name`: what the table calls the claim, text or a path; by default the
    theorem's key and the test's name.
    """
    check = load("verify.verdicts", "check")
    node = request.node
    attempt = node.stash[_ATTEMPTS] = node.stash.get(_ATTEMPTS, 0) + 1
    numbers = itertools.count()

    def recorded(
        *arguments: Any, name: str | os.PathLike[str] | None = None, **options: Any
    ) -> Decision:
        # Decide first and judge later: a failed check belongs in the table as well.
        expected = options.pop("expected", "holds")
        decided = options.pop("decided", False)
        found: Decision = check.check_theorem(*arguments, expected=None, **options)
        claim = f"{found.theorem} in {node.name}" if name is None else os.fspath(name)
        row = {
            "test": node.nodeid,
            "attempt": attempt,
            "number": next(numbers),
            "verdict": found.outcome,
            "expected": expected,
            "trials": found.coverage.trials,
            "violations": found.coverage.violations,
            "level": found.coverage.level,
            "critical factor": found.factor.value,
            "claim": " ".join(claim.split()),
        }
        node.user_properties.append((PROPERTY, json.dumps(row)))
        check.expect(found, expected, decided)
        return found

    return recorded


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print one line per check, in the order of the tests."""
    rows = terminalreporter.config.stash[_CHECKS].rows
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
