"""The plugin in someone else's test suite, found through its entry point alone."""

import re
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

SUITE = """
    import numpy as np
    import pytest
    from bounds import risk_gap

    TERMS = {"gamma": 0.0, "R_M": 0.01, "L": 1.0, "C": 1.0, "m": 10_000, "delta": 0.05}
    PAPER = risk_gap.paper("TA", "T")

    @pytest.mark.theorem
    def test_true(check_theorem):
        check_theorem(PAPER, np.full(150, 0.01), TERMS)

    @pytest.mark.theorem
    def test_planted(check_theorem):
        check_theorem(PAPER, np.full(150, 1.0), TERMS, expected="refuted", name="half the truth")

    @pytest.mark.theorem
    def test_few(check_theorem):
        check = check_theorem(PAPER, np.zeros(5), TERMS)
        assert check.outcome == "undecided"

    @pytest.mark.slow
    @pytest.mark.theorem
    def test_false(check_theorem):
        check_theorem(PAPER, np.full(150, 1.0), TERMS)
"""


@pytest.fixture
def suite(pytester):
    pytester.makeini("[pytest]\naddopts = --strict-markers\n")
    pytester.makepyfile(SUITE)
    return pytester


def table(result):
    lines = result.outlines
    start = next(i for i, line in enumerate(lines) if re.search(r"=+ theorems =+", line))
    return [line for line in lines[start + 1 :] if line.strip()]


def test_one_line_per_check_and_a_false_claim_fails(suite):
    result = suite.runpytest_subprocess()
    result.assert_outcomes(passed=3, failed=1)
    head, *rows = table(result)
    assert head.split("  ")[0] == "verdict"
    columns = [re.split(r"  +", row) for row in rows[:4]]
    by_claim = {row[5]: row[:5] for row in columns}
    assert by_claim["risk_gap.paper in test_true"][:4] == ["holds", "150", "0", "0.025"]
    assert by_claim["half the truth"][:3] == ["refuted (planted)", "150", "150"]
    assert by_claim["risk_gap.paper in test_few"][:3] == ["undecided", "5", "0"]
    assert by_claim["risk_gap.paper in test_false"][:3] == ["refuted", "150", "150"]
    assert (
        float(by_claim["half the truth"][4]) > 1 > float(by_claim["risk_gap.paper in test_true"][4])
    )
    result.stdout.fnmatch_lines(["*AssertionError: expected: holds. risk_gap.paper: refuted*"])


def test_the_markers_are_registered(suite):
    result = suite.runpytest_subprocess("-m", "theorem and not slow")
    result.assert_outcomes(passed=3, deselected=1)


def test_nothing_is_imported_and_no_table_printed_before_a_check(pytester):
    pytester.makepyfile(
        """
        import sys

        def test_quiet():
            assert not {"torch", "sympy", "pandas", "bounds", "empirical"} & set(sys.modules)
        """
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*theorems*")


def test_a_check_of_a_bound_needs_no_torch(pytester):
    pytester.makepyfile(
        """
        import sys
        from bounds import risk_gap

        def test_light(check_theorem):
            terms = {"gamma": 0.0, "R_M": 0.01, "L": 1.0, "C": 1.0, "m": 10_000, "delta": 0.05}
            check_theorem(risk_gap.paper("TA", "T"), [0.0], terms)
            assert "torch" not in sys.modules
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_the_documents_suite_and_the_table_it_prints(pytester):
    text = (Path(__file__).parents[2] / "docs" / "your-tests.md").read_text(encoding="utf-8")
    code, printed = re.findall(r"```(?:python|text)\n(.*?)```", text, re.DOTALL)
    pytester.makepyfile(test_shown_suite=code)
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1)
    assert [line.rstrip() for line in table(result)[:3]] == printed.splitlines()
