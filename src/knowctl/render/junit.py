"""Findings as a JUnit report, for CI servers that count test cases."""

from __future__ import annotations

import re
from typing import Final
from xml.etree import ElementTree as ET

from knowctl.model.findings import Finding, Outcome, Report

_NO_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 document may hold (its production 2, Char)."""
_OF_ALL: Final = ("tests", "failures", "errors")
"""What may be counted of all suites. Source: Jenkins' schema of such reports, junit-10.xsd."""


def of_report(report: Report) -> str:
    """A suite with a case a finding: what is at or over the fail level is a failure."""
    failing = set(map(id, report.failing))
    cases = [_case(each, failing=id(each) in failing) for each in report.findings]
    counts = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": 0,
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }
    texts = {name: str(number) for name, number in counts.items()}
    suites = ET.Element("testsuites", {name: texts[name] for name in _OF_ALL})
    name = f"knowctl: {_clean(report.subject)}"
    suite = ET.SubElement(suites, "testsuite", {"name": name, **texts})
    suite.extend(cases)
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode")


def _case(finding: Finding, *, failing: bool) -> ET.Element:
    name = f"{finding.id} {finding.title}"
    case = ET.Element("testcase", {"classname": "knowctl", "name": _clean(name)})
    cause = _clean(finding.cause)
    words = _clean("\n".join(filter(None, (finding.cause, str(finding.where), finding.hint))))
    if failing:
        failure = {"message": cause, "type": finding.severity.value}
        ET.SubElement(case, "failure", failure).text = words
    elif finding.outcome in {Outcome.SKIPPED, Outcome.UNKNOWN}:
        ET.SubElement(case, "skipped", {"message": f"{finding.outcome.value}: {cause}"})
    elif finding.outcome is Outcome.FAIL:
        ET.SubElement(case, "system-out").text = words
    return case


def _clean(text: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
