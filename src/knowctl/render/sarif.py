"""Findings as SARIF 2.1.0, for code scanning."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from knowctl import __version__
from knowctl.choices import Severity
from knowctl.model.findings import Finding, Outcome, Report
from knowctl.render.json import of_document

# Source: OASIS, Static Analysis Results Interchange Format 2.1.0, 3.27.9 (kind), 3.27.10 (level).
SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_KINDS: Final = {
    Outcome.PASS: "pass",
    Outcome.FAIL: "fail",
    Outcome.SKIPPED: "notApplicable",
    Outcome.UNKNOWN: "open",
}
NO_FILE: Final = ".env"
"""Where a finding that stands in no file is shown: viewers want a place, and it is mended there."""


def of_report(report: Report) -> str:
    """The document: every check a rule, every finding a result, passes included."""
    rules = {each.id: _rule(each) for each in report.findings}
    order = list(rules)
    driver = {"name": "knowctl", "semanticVersion": __version__, "rules": list(rules.values())}
    results = [_result(each, order.index(each.id)) for each in report.findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return of_document({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "shortDescription": {"text": finding.title},
        "help": {"text": f"See {finding.docs}"},
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
    }


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.where.file or NO_FILE)}}
    if finding.where.line:
        place["region"] = {"startLine": finding.where.line}
    words = ". ".join(filter(None, (finding.cause, finding.hint))) or finding.title
    failed = finding.outcome is Outcome.FAIL
    return {
        "ruleId": finding.id,
        "ruleIndex": rule,
        "kind": _KINDS[finding.outcome],
        "level": _LEVELS[finding.severity] if failed else "none",
        "message": {"text": words},
        "locations": [{"physicalLocation": place}],
    }


def _uri(file: str) -> str:
    """A path as a reference that viewers resolve against the checkout, or as a file: URI."""
    path = PurePath(file)
    try:
        spelt = path.as_posix().encode(errors="surrogateescape")  # the bytes that the system has
    except UnicodeEncodeError:
        spelt = path.as_posix().encode(errors="replace")
    if path.is_absolute():
        return "file:///" + quote(spelt.lstrip(b"/"), safe="/:")
    return quote(spelt, safe="/")  # no colon: what stands before one would be a scheme
