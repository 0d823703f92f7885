from __future__ import annotations

import pytest

from knowctl.choices import Severity
from knowctl.errors import ErrorCode, ExitCode
from knowctl.model.findings import Finding, Outcome, Report


def finding(outcome: Outcome, severity: Severity = Severity.ERROR) -> Finding:
    return Finding("KC999", severity, outcome, "A fact", "a cause", "a hint")


@pytest.mark.parametrize(
    ("outcome", "severity", "level"),
    [
        (Outcome.FAIL, Severity.ERROR, Severity.ERROR),
        (Outcome.FAIL, Severity.INFO, Severity.INFO),
        (Outcome.UNKNOWN, Severity.ERROR, Severity.WARNING),
        (Outcome.PASS, Severity.ERROR, None),
        (Outcome.SKIPPED, Severity.ERROR, None),
    ],
)
def test_only_failures_and_the_unknown_count_against_a_level(
    outcome: Outcome, severity: Severity, level: Severity | None
) -> None:
    assert finding(outcome, severity).level is level


@pytest.mark.parametrize(
    ("fail_level", "failing"),
    [(Severity.ERROR, 1), (Severity.WARNING, 3), (Severity.INFO, 4)],
)
def test_a_report_fails_on_findings_at_or_over_its_level(
    fail_level: Severity, failing: int
) -> None:
    findings = (
        finding(Outcome.PASS),
        finding(Outcome.FAIL, Severity.INFO),
        finding(Outcome.FAIL, Severity.WARNING),
        finding(Outcome.UNKNOWN),
        finding(Outcome.FAIL, Severity.ERROR),
        finding(Outcome.SKIPPED),
    )
    report = Report("it", findings, fail_level)
    assert len(report.failing) == failing
    assert report.summary == {"pass": 1, "fail": 3, "skipped": 1, "unknown": 1}
    assert report.data == {"findings": findings, "summary": report.summary}


def test_the_failure_of_a_report_is_its_first_failing_finding() -> None:
    failure = Report("the configuration", (finding(Outcome.PASS), finding(Outcome.FAIL))).failure
    assert failure is not None
    assert (failure.code, failure.exit_code) == (ErrorCode.FINDINGS, ExitCode.FAILED)
    assert failure.message == "1 of 2 findings bar the configuration"
    assert (failure.cause, failure.hint) == ("KC999: a cause", "a hint")


def test_a_report_without_failing_findings_is_no_failure() -> None:
    assert Report("it", (finding(Outcome.FAIL, Severity.WARNING),)).failure is None
    assert Report("it", ()).failure is None


def test_a_report_that_was_waited_for_in_vain_is_a_time_out() -> None:
    failing = (finding(Outcome.FAIL),)
    failure = Report("it", failing, timed_out_after=1.5).failure
    assert failure is not None
    assert (failure.code, failure.exit_code) == (ErrorCode.TIMED_OUT, ExitCode.TIMED_OUT)
    assert failure.message == "1 of 1 findings bar it after 1.5 s"
    assert failure.cause == "KC999: a cause"
    assert Report("it", (finding(Outcome.PASS),), timed_out_after=1.5).failure is None
