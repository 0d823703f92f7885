"""The health of a server and of its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from knowctl.errors import ErrorCode, ExitCode, Failure


class HealthStatus(StrEnum):
    """The state of a part, the best first."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Component:
    """The health of one part; latency in milliseconds, None where nothing answered."""

    status: HealthStatus
    latency_ms: float | None = None
    cause: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """The health of all parts that were asked; the worst decides."""

    components: Mapping[str, Component]
    timed_out_after: float | None = None

    @property
    def status(self) -> HealthStatus:
        """The worst status of any part."""
        order = list(HealthStatus)
        return max((each.status for each in self.components.values()), key=order.index)

    @property
    def failure(self) -> Failure | None:
        """Set when a part failed; a degraded part is a warning."""
        broken = [
            (name, part)
            for name, part in self.components.items()
            if part.status is HealthStatus.FAILED
        ]
        if not broken:
            return None
        name, part = broken[0]
        if self.timed_out_after is None:
            return Failure(ErrorCode.UNHEALTHY, f"{name} failed", part.cause, part.hint)
        message = f"{name} still failed after {self.timed_out_after:g} s"
        return Failure(ErrorCode.TIMED_OUT, message, part.cause, part.hint, ExitCode.TIMED_OUT)

    @property
    def data(self) -> object:
        """`status` and `components`, the shape that others rely on."""
        return {"status": self.status, "components": self.components}
