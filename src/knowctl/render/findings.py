"""Findings and reports of them, as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from knowctl.choices import Severity
from knowctl.model.findings import Finding, Outcome, Report
from knowctl.render.style import Style
from knowctl.render.text import of_fact, of_result, of_sign

MANY: Final = 20
"""Checks; of more than these those that passed are not listed, and the skipped in few lines."""
_OUTCOMES: Final = {
    Outcome.PASS: ("✔", "green"),
    Outcome.SKIPPED: ("-", "dim"),
    Outcome.UNKNOWN: ("?", "yellow"),
}
_SEVERITIES: Final = {
    Severity.ERROR: ("✖", "red"),
    Severity.WARNING: ("!", "yellow"),
    Severity.INFO: ("i", "cyan"),
}


@of_result.register
def _(report: Report, style: Style) -> str:
    brief = len(report.findings) > MANY and not style.verbose
    lines = [
        of_finding(each, style)
        for each in report.findings
        if not (brief and each.outcome in {Outcome.PASS, Outcome.SKIPPED})
    ]
    lines += _skipped(report, style) if brief else []
    total = f"{len(report.findings)} checked: {_counts(report) or 'nothing'}"
    if brief:
        total += "; -v shows each"
    return "\n".join([*lines, *([""] if lines else []), style.paint(total, "bold")])


@of_result.register
def of_finding(finding: Finding, style: Style) -> str:
    """One line when it passed or was skipped, else the fact, its cause and the next thing."""
    glyph, color = _OUTCOMES.get(finding.outcome) or _SEVERITIES[finding.severity]
    sign, fact = of_sign(style, glyph, color), f"{finding.id} {finding.title}"
    if finding.outcome is Outcome.PASS:
        return f"{sign} {fact}"
    if finding.outcome is Outcome.SKIPPED:
        return f"{sign} {style.indented(f'{fact} (skipped: {finding.cause})').lstrip()}"
    place = f" ({finding.where})" if finding.where.line else ""
    lines = of_fact(sign, fact, finding.cause + place, finding.hint, style)
    return f"{lines}\n{style.indented(finding.docs)}" if style.verbose else lines


def _skipped(report: Report, style: Style) -> Iterator[str]:
    """A line a reason, with the checks that it kept from judging."""
    ids: dict[str, list[str]] = {}
    for each in report.findings:
        if each.outcome is Outcome.SKIPPED:
            ids.setdefault(each.cause, []).append(each.id)
    for cause, skipped in ids.items():
        yield f"{of_sign(style, '-', 'dim')} {len(skipped)} skipped: {cause}"
        yield style.indented(", ".join(skipped))


def _counts(report: Report) -> str:
    fails = Counter(each.severity for each in report.findings if each.outcome is Outcome.FAIL)
    summary = report.summary
    counts = (
        (summary[Outcome.PASS], "passed"),
        (fails[Severity.ERROR], "failed"),
        (fails[Severity.WARNING], "warned"),
        (fails[Severity.INFO], "noted"),
        (summary[Outcome.SKIPPED], "skipped"),
        (summary[Outcome.UNKNOWN], "unknown"),
    )
    return ", ".join(f"{number} {word}" for number, word in counts if number)
