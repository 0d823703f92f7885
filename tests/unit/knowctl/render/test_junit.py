"""JUnit: the report that CI servers count."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given, settings
from hypothesis import strategies as st

from knowctl.choices import Severity
from knowctl.model.findings import Finding, Outcome, Report
from knowctl.model.results import Where
from knowctl.render import junit
from tests.support.findings import REPORTS
from tests.support.schemas import faults_of_junit


def finding(outcome: Outcome, severity: Severity = Severity.ERROR) -> Finding:
    where = Where(".env", 3)
    return Finding("KC103", severity, outcome, "It holds", "It does not", "mend it", where)


def cases(report: Report) -> tuple[ET.Element, list[ET.Element]]:
    root = ET.fromstring(junit.of_report(report))  # noqa: S314 -- our own words
    (suite,) = root
    assert root.attrib.items() <= suite.attrib.items()
    return suite, list(suite)


def test_every_outcome_is_a_case_and_is_counted() -> None:
    report = Report("it", tuple(finding(outcome) for outcome in Outcome))
    suite, (passed, failed, skipped, unknown) = cases(report)
    assert suite.get("name") == "knowctl: it"
    counts = [suite.get(name) for name in ("tests", "failures", "errors", "skipped")]
    assert counts == ["4", "1", "0", "2"]
    assert passed.get("name") == "KC103 It holds"
    assert list(passed) == []
    assert failed[0].tag == "failure"
    assert failed[0].attrib == {"message": "It does not", "type": "error"}
    assert failed[0].text == "It does not\n.env:3\nmend it"
    assert skipped[0].attrib == {"message": "skipped: It does not"}
    assert unknown[0].attrib == {"message": "unknown: It does not"}


def test_a_finding_below_the_fail_level_passes_and_is_told() -> None:
    _, (case,) = cases(Report("it", (finding(Outcome.FAIL, Severity.WARNING),)))
    assert [(part.tag, part.text) for part in case] == [
        ("system-out", "It does not\n.env:3\nmend it")
    ]


def test_a_finding_at_the_fail_level_fails_an_unknown_one_too() -> None:
    found = (finding(Outcome.FAIL, Severity.WARNING), finding(Outcome.UNKNOWN))
    suite, both = cases(Report("it", found, Severity.WARNING))
    assert [case[0].tag for case in both] == ["failure", "failure"]
    assert suite.get("failures") == "2"


@given(words=st.text())
def test_any_words_make_a_document(words: str) -> None:
    found = Finding("KC1", Severity.ERROR, Outcome.FAIL, words, words, words)
    _, (case,) = cases(Report(words, (found,)))
    assert case[0].tag == "failure"


@given(REPORTS)
@settings(deadline=None)  # the first has the schema compiled
def test_any_report_fits_the_published_schema(report: Report) -> None:
    written = junit.of_report(report)
    assert faults_of_junit(written) == []
    suite, found = cases(report)
    assert suite.get("failures") == str(len(report.failing))
    assert len(found) == len(report.findings)


def test_the_schema_is_no_formality() -> None:
    written = junit.of_report(Report("it", (finding(Outcome.FAIL),)))
    assert faults_of_junit(written.replace(' name="KC103 It holds"', ""))
    assert faults_of_junit(written.replace("<testsuites ", '<testsuites skipped="0" '))
