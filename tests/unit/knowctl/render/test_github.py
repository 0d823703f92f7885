"""Workflow commands: what GitHub reads, escaped as its toolkit does."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from knowctl.choices import Severity
from knowctl.model import Finding, Outcome, Report, Where
from knowctl.render import github

VALUE = r"[^,:\r\n]+"
COMMAND = re.compile(
    rf"::(?:error|warning|notice) (?:file={VALUE},)?(?:line=\d+,)?title={VALUE}::[^\r\n]*"
)
"""The grammar of a workflow command: properties, then a message, all on one line."""


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


@given(cause=st.text(), title=st.text(min_size=1), file=st.text(min_size=1))
def test_any_words_make_one_command(cause: str, title: str, file: str) -> None:
    failed = Finding("KC1", Severity.ERROR, Outcome.FAIL, title, cause, "", Where(file, 1))
    written = github.of_report(Report("it", (failed,)))
    assert COMMAND.fullmatch(written)
