"""The health of a server and its parts as text."""

from __future__ import annotations

from typing import Final

from knowctl.model.health import Health, HealthStatus
from knowctl.render.style import Style
from knowctl.render.text import of_fact, of_result, of_sign

_HEALTH: Final = {
    HealthStatus.OK: ("✔", "green"),
    HealthStatus.DEGRADED: ("!", "yellow"),
    HealthStatus.FAILED: ("✖", "red"),
}


@of_result.register
def _(health: Health, style: Style) -> str:
    lines = []
    for name, part in health.components.items():
        glyph, color = _HEALTH[part.status]
        latency = "" if part.latency_ms is None else f"  {part.latency_ms:.0f} ms"
        fact = f"{name:<10} {part.status.value}{latency}"
        lines.append(of_fact(of_sign(style, glyph, color), fact, part.cause, part.hint, style))
    return "\n".join(lines)
