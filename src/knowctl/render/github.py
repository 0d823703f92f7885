"""Findings as GitHub's workflow commands, which annotate the lines of a pull request."""

from __future__ import annotations

from typing import Final

from knowctl.choices import Severity
from knowctl.model.findings import Finding, Report

# Source: GitHub's documentation of workflow commands, and the escapes of its actions/toolkit.
_LEVELS: Final = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "notice",
}
_MESSAGE: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY: Final = _MESSAGE | str.maketrans({":": "%3A", ",": "%2C"})


def of_report(report: Report) -> str:
    """One command a finding that did not pass; nothing where all did."""
    return "\n".join(_command(each) for each in report.findings if each.level)


def _command(finding: Finding) -> str:
    where = finding.where
    properties = {
        "file": where.file,
        "line": where.line,
        "title": f"{finding.id} {finding.title}",
    }
    named = ",".join(
        f"{name}={str(value).translate(_PROPERTY)}"
        for name, value in properties.items()
        if value is not None
    )
    message = "\n".join(filter(None, (finding.cause, finding.hint)))
    level = _LEVELS[finding.level or Severity.INFO]
    return f"::{level} {named}::{message.translate(_MESSAGE)}"
