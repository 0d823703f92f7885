"""Schemas, migrations and revisions as text."""

from __future__ import annotations

from knowctl.model.database import Migration, Revisions, Schema, SchemaStatus, Statements
from knowctl.render.style import Style
from knowctl.render.table import of_table
from knowctl.render.text import of_hint, of_result, of_sign, of_step


@of_result.register
def _(schema: Schema, style: Style) -> str:
    ok = schema.status is SchemaStatus.OK
    sign = of_sign(style, "✔", "green") if ok else of_sign(style, "!", "yellow")
    lines = [
        f"{sign} schema {schema.status.value.replace('_', ' ')}",
        style.indented(f"database  {_revisions(schema.current)}  ({schema.database})"),
        style.indented(f"release   {_revisions(schema.heads)}"),
    ]
    if schema.pending:
        lines.append(of_hint("knowctl db upgrade", style))
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


def _revisions(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "none"
