"""What a database says of itself, as text."""

from __future__ import annotations

from typing import Final

from knowctl.model.diagnosis import Diagnosis, LockWait, LongTransaction, Part, PartStatus
from knowctl.render.style import Style
from knowctl.render.text import of_fact, of_hint, of_result, of_sign

_PARTS: Final = {
    PartStatus.OK: ("✔", "green"),
    PartStatus.SKIPPED: ("-", "dim"),
    PartStatus.UNKNOWN: ("?", "yellow"),
    PartStatus.DEGRADED: ("!", "yellow"),
    PartStatus.FAILED: ("✖", "red"),
}


@of_result.register
def _(diagnosis: Diagnosis, style: Style) -> str:
    return "\n".join(_part(name, part, style) for name, part in diagnosis.parts.items())


def _part(name: str, part: Part, style: Style) -> str:
    lines = [
        of_fact(of_sign(style, *_PARTS[part.status]), f"{name:<12} {part.fact}", "", "", style)
    ]
    for session in part.sessions or ():
        lines += [style.indented(words) for words in _session(session)]
    if part.cause:
        lines.append(style.indented(part.cause))
    if part.hint:
        lines.append(of_hint(part.hint, style))
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
