"""Results as text for a person: one function a noun."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import singledispatch
from typing import Final

from knowctl.choices import Severity
from knowctl.errors import Failure
from knowctl.model import (
    Diagnosis,
    Finding,
    Health,
    HealthStatus,
    LockWait,
    LongTransaction,
    Migration,
    Outcome,
    Part,
    PartStatus,
    Plan,
    Report,
    Revisions,
    Schema,
    SchemaStatus,
    ShownSettings,
    Statements,
    WrittenFile,
)
from knowctl.render.style import Style
from knowctl.render.table import of_table

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
_HEALTH: Final = {
    HealthStatus.OK: ("✔", "green"),
    HealthStatus.DEGRADED: ("!", "yellow"),
    HealthStatus.FAILED: ("✖", "red"),
}
_PARTS: Final = {
    PartStatus.OK: ("✔", "green"),
    PartStatus.SKIPPED: ("-", "dim"),
    PartStatus.UNKNOWN: ("?", "yellow"),
    PartStatus.DEGRADED: ("!", "yellow"),
    PartStatus.FAILED: ("✖", "red"),
}


@singledispatch
def of_result(result: object, style: Style) -> str:
    """The text of a result."""
    raise TypeError(f"no text for {type(result).__name__} in {style}")


def of_failure(failure: Failure, style: Style) -> str:
    """Three lines: the fact, its cause, the next thing to type; what it speaks of below."""
    sign = _sign(style, "✖", "red")
    text = _three(sign, failure.message, failure.cause, failure.hint, style)
    return "\n".join([text, *(f"      {line}" for line in failure.sql)])


def of_finding(finding: Finding, style: Style) -> str:
    """One line when it passed or was skipped, else the fact, its cause and the next thing."""
    glyph, color = _OUTCOMES.get(finding.outcome) or _SEVERITIES[finding.severity]
    sign, fact = _sign(style, glyph, color), f"{finding.id} {finding.title}"
    if finding.outcome is Outcome.PASS:
        return f"{sign} {fact}"
    if finding.outcome is Outcome.SKIPPED:
        return f"{sign} {fact} (skipped: {finding.cause})"
    place = f" ({finding.where})" if finding.where.line else ""
    lines = _three(sign, fact, finding.cause + place, finding.hint, style)
    return f"{lines}\n{style.indented(finding.docs)}" if style.verbose else lines


def of_step(name: str, detail: str, style: Style) -> str:
    """A step that is done."""
    return f"{_sign(style, '✔', 'green')} {name:<14} {detail}"


def of_warning(name: str, detail: str, style: Style) -> str:
    """Something that is not as it may have been meant."""
    return f"{_sign(style, '!', 'yellow')} {name:<14} {detail}"


def of_unknown(name: str, detail: str, style: Style) -> str:
    """Something that could not be found out."""
    return f"{_sign(style, '?', 'yellow')} {name:<14} {detail}"


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


def _skipped(report: Report, style: Style) -> Iterator[str]:
    """A line a reason, with the checks that it kept from judging."""
    ids: dict[str, list[str]] = {}
    for each in report.findings:
        if each.outcome is Outcome.SKIPPED:
            ids.setdefault(each.cause, []).append(each.id)
    for cause, skipped in ids.items():
        yield f"{_sign(style, '-', 'dim')} {len(skipped)} skipped: {cause}"
        yield style.indented(", ".join(skipped))


@of_result.register
def _(shown: ShownSettings, style: Style) -> str:
    columns = ("SETTING", "VALUE", "ORIGIN") if shown.with_origin else ("SETTING", "VALUE")
    rows = [(each.name, each.value or "-", each.origin)[: len(columns)] for each in shown.settings]
    lines = [of_table(columns, rows, style)]
    if shown.problem:
        lines += ["", of_failure(shown.problem, style)]
    return "\n".join(lines)


@of_result.register
def _(written: WrittenFile, style: Style) -> str:
    text = of_step("written", f"{written.path}: {written.what}", style)
    return (
        f"{text}\n{style.indented(f'the former file is {written.backup}')}"
        if written.backup
        else text
    )


@of_result.register
def _(schema: Schema, style: Style) -> str:
    ok = schema.status is SchemaStatus.OK
    sign = _sign(style, "✔", "green") if ok else _sign(style, "!", "yellow")
    lines = [
        f"{sign} schema {schema.status.value.replace('_', ' ')}",
        style.indented(f"database  {_revisions(schema.current)}  ({schema.database})"),
        style.indented(f"release   {_revisions(schema.heads)}"),
    ]
    if schema.status in {SchemaStatus.EMPTY, SchemaStatus.BEHIND}:
        lines.append(_hint("knowctl db upgrade", style))
    return "\n".join(lines)


@of_result.register
def _(done: Migration, style: Style) -> str:
    steps = [
        *([("created", done.database)] if done.created else []),
        *(("applied", each) for each in done.applied),
        *(("undone", each) for each in done.undone),
        *(("seeded", each) for each in done.seeded),
    ]
    place = f"at {_revisions(done.after)}"
    what = place if done.applied or done.undone else f"nothing to do, {place}"
    steps.append(("database", f"{done.database}: {what}"))
    return "\n".join(of_step(name, detail, style) for name, detail in steps)


@of_result.register
def _(statements: Statements, _style: Style) -> str:
    return statements.sql or "-- nothing to do"


@of_result.register
def _(found: Revisions, style: Style) -> str:
    columns, rows = ["REVISION", "STATE", "WHAT IT DOES"], list[tuple[str, ...]]()
    for each in found.revisions:
        state = f"{each.state or ''}{', head' if each.head else ''}"
        rows.append((each.revision, state.removeprefix(", "), each.title))
    return of_table(columns, rows, style)


@of_result.register
def _(health: Health, style: Style) -> str:
    lines = []
    for name, part in health.components.items():
        glyph, color = _HEALTH[part.status]
        latency = "" if part.latency_ms is None else f"  {part.latency_ms:.0f} ms"
        fact = f"{name:<10} {part.status.value}{latency}"
        lines.append(_three(_sign(style, glyph, color), fact, part.cause, part.hint, style))
    return "\n".join(lines)


@of_result.register
def _(diagnosis: Diagnosis, style: Style) -> str:
    return "\n".join(_part(name, part, style) for name, part in diagnosis.parts.items())


def _part(name: str, part: Part, style: Style) -> str:
    lines = [_three(_sign(style, *_PARTS[part.status]), f"{name:<12} {part.fact}", "", "", style)]
    for session in part.sessions or ():
        lines += [style.indented(words) for words in _session(session)]
    if part.cause:
        lines.append(style.indented(part.cause))
    if part.hint:
        lines.append(_hint(part.hint, style))
    return "\n".join(lines)


def _session(each: LongTransaction | LockWait) -> list[str]:
    if isinstance(each, LongTransaction):
        age = f"{each.age_s:.0f} s"
        return [
            _words(
                f"session {each.pid}", age, each.state, each.application, each.user, each.statement
            )
        ]
    waits = f"waits {each.waits_s:.0f} s" + (f" for {each.table}" if each.table else "")
    waiting = _words(f"session {each.pid}", waits, each.application, each.statement)
    if each.blocked_by is None:
        return [waiting]
    blocker = (f"behind session {each.blocked_by}", each.blocker_state, each.blocker_application)
    return [waiting, _words(*blocker, each.blocker_statement)]


def _words(*words: str) -> str:
    return ", ".join(filter(None, words))


@of_result.register
def _(plan: Plan, style: Style) -> str:
    return "\n".join(f"{style.glyph('→')} {step.name:<9} {step.detail}" for step in plan.steps)


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


def _sign(style: Style, glyph: str, color: str) -> str:
    return style.paint(style.glyph(glyph), color)


def _three(sign: str, fact: str, cause: str, hint: str, style: Style) -> str:
    lines = [f"{sign} {fact}"]
    if cause:
        lines.append(style.indented(cause))
    if hint:
        lines.append(_hint(hint, style))
    return "\n".join(lines)


def _hint(hint: str, style: Style) -> str:
    return style.paint(style.indented(f"{style.glyph('→')} {hint}"), "cyan")


def _revisions(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "none"
