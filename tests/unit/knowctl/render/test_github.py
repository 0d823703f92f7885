"""Workflow commands: what GitHub reads, escaped as its toolkit does."""

from __future__ import annotations

import pytest
from hypothesis import given

from knowctl.choices import Severity
from knowctl.model.findings import Finding, Outcome, Report
from knowctl.model.results import Where
from knowctl.render import github
from tests.support.findings import REPORTS
from tests.support.workflow_commands import Command, command, commands

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def finding(outcome: Outcome, severity: Severity = Severity.ERROR) -> Finding:
    return Finding("KC103", severity, outcome, "Every value holds", "needs KC101")


def test_a_failure_stands_on_its_line_with_cause_and_hint() -> None:
    where = Where(".env", 3, "PORT")
    failed = Finding(
        "KC103", Severity.ERROR, Outcome.FAIL, "It holds", "It is 70000", "mend it", where
    )
    expected = "::error file=.env,line=3,title=KC103 It holds::It is 70000%0Amend it"
    assert github.of_report(Report("it", (failed,))) == expected


def test_each_level_has_its_command_and_unknown_is_a_warning() -> None:
    found = (
        finding(Outcome.FAIL),
        finding(Outcome.FAIL, Severity.WARNING),
        finding(Outcome.FAIL, Severity.INFO),
        finding(Outcome.UNKNOWN),
    )
    lines = github.of_report(Report("it", found)).splitlines()
    levels = [line.split()[0] for line in lines]
    assert levels == ["::error", "::warning", "::notice", "::warning"]


def test_what_passed_or_was_skipped_annotates_nothing() -> None:
    found = (finding(Outcome.PASS), finding(Outcome.SKIPPED))
    assert github.of_report(Report("it", found)) == ""


def test_what_would_end_a_command_or_a_property_is_escaped() -> None:
    failed = Finding(
        "KC1", Severity.ERROR, Outcome.FAIL, "a, b: 100%", "one\r\n::error::two", "", Where("a,b:c")
    )
    expected = "::error file=a%2Cb%3Ac,title=KC1 a%2C b%3A 100%25::one%0D%0A::error::two"
    assert github.of_report(Report("it", (failed,))) == expected


def expected(finding: Finding) -> Command:
    """What GitHub has to understand of a finding."""
    where = finding.where
    place = {"file": where.file, "line": None if where.line is None else str(where.line)}
    properties = {**place, "title": f"{finding.id} {finding.title}"}
    told = {name: value for name, value in properties.items() if value is not None}
    message = "\n".join(filter(None, (finding.cause, finding.hint)))
    return Command(LEVELS[finding.level or Severity.INFO], told, message)


@given(REPORTS)
def test_github_understands_any_report_as_it_was_meant(report: Report) -> None:
    understood = commands(github.of_report(report))
    assert understood == [expected(each) for each in report.findings if each.level]


@pytest.mark.parametrize(
    "line",
    [
        "::error file=a:b::it",
        "::error file=a,,line=1::it",
        "::error file=a,file=b::it",
        "::error title=::it",
        "::error::100%",
        "::error line=x::it",
        "::debug::it",
        "error::it",
    ],
)
def test_the_grammar_is_no_formality(line: str) -> None:
    with pytest.raises(AssertionError):
        command(line)
