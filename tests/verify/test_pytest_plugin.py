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


PHASES = """
    import numpy as np
    import pytest
    from bounds import risk_gap

    TERMS = {"gamma": 0.0, "R_M": 0.01, "L": 1.0, "C": 1.0, "m": 10_000, "delta": 0.05}
    PAPER = risk_gap.paper("TA", "T")

    @pytest.fixture
    def before(check_theorem):
        check_theorem(PAPER, np.full(150, 1.0), TERMS, name="in setup")

    @pytest.fixture
    def after(check_theorem):
        yield
        check_theorem(PAPER, np.full(150, 1.0), TERMS, name="in teardown")

    def test_before(before):
        pass

    def test_after(after, check_theorem):
        check_theorem(PAPER, np.zeros(150), TERMS, name="in the test")
        check_theorem(PAPER, np.zeros(150), TERMS, name="in the test")
"""

# What pytest-rerunfailures does: the same item runs again, its first report says "rerun".
RERUN = """
    from _pytest.runner import runtestprotocol

    def pytest_runtest_protocol(item, nextitem):
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for attempt in range(3):
            reports = runtestprotocol(item, nextitem=nextitem, log=False)
            failed = any(report.failed for report in reports)
            for report in reports:
                if failed and attempt < 2 and report.failed:
                    report.outcome = "rerun"
                item.ihook.pytest_runtest_logreport(report=report)
            if not failed:
                break
            item._initrequest()
        return True

    def pytest_report_teststatus(report):
        if report.outcome == "rerun":
            return "rerun", "R", "RERUN"
"""

# What pytest-xdist does: reports travel as JSON; with --dist each they come from every worker.
SENT = """
    import json
    from _pytest.runner import runtestprotocol

    def pytest_runtest_protocol(item, nextitem):
        hook = item.config.hook
        for report in runtestprotocol(item, nextitem=nextitem, log=False):
            text = json.dumps(hook.pytest_report_to_serializable(config=item.config, report=report))
            for worker in range(2):
                data = json.loads(text)
                sent = hook.pytest_report_from_serializable(config=item.config, data=data)
                hook.pytest_runtest_logreport(report=sent)
        return True
"""


def claims(result):
    found = []
    for line in table(result)[1:]:
        columns = re.split(r"  +", line)
        if len(columns) == 6:
            found.append((columns[5], columns[0]))
    return found


@pytest.mark.parametrize("conftest", ["", RERUN, SENT], ids=["alone", "rerun", "sent"])
def test_checks_before_and_after_a_test_count_once(pytester, conftest):
    pytester.makeconftest(conftest)
    pytester.makepyfile(PHASES)
    assert claims(pytester.runpytest_subprocess()) == [
        ("in setup", "refuted"),
        ("in the test", "holds"),
        ("in the test", "holds"),
        ("in teardown", "refuted"),
    ]


def test_of_a_test_that_runs_again_the_last_attempt_counts(pytester):
    pytester.makeconftest(RERUN)
    pytester.makepyfile(
        """
        import numpy as np
        from pathlib import Path
        from bounds import risk_gap

        TERMS = {"gamma": 0.0, "R_M": 0.01, "L": 1.0, "C": 1.0, "m": 10_000, "delta": 0.05}
        losses = iter([1.0, 0.0])

        def test_again(check_theorem):
            values = np.full(150, next(losses))
            check_theorem(risk_gap.paper("TA", "T"), values, TERMS, name=Path("a") / "b")
        """
    )
    assert claims(pytester.runpytest_subprocess()) == [(str(Path("a") / "b"), "holds")]


def test_subtests_repeat_no_check(pytester):
    pytest.importorskip("_pytest.subtests")
    pytester.makepyfile(
        """
        import numpy as np
        from bounds import risk_gap

        TERMS = {"gamma": 0.0, "R_M": 0.01, "L": 1.0, "C": 1.0, "m": 10_000, "delta": 0.05}

        def test_parts(check_theorem, subtests):
            for part in range(3):
                with subtests.test(part=part):
                    loss = np.full(150, float(part == 1))
                    check_theorem(risk_gap.paper("TA", "T"), loss, TERMS, name=f"part {part}")
        """
    )
    assert claims(pytester.runpytest_subprocess()) == [
        ("part 0", "holds"),
        ("part 1", "refuted"),
        ("part 2", "holds"),
    ]
