"""One definition of healthy: the running server's own answer, or its parts asked directly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from knowctl.errors import KnowctlError
from knowctl.model.health import Component, Health, HealthStatus
from knowctl.services.clock import Clock

if TYPE_CHECKING:
    from knowctl.model.database import Schema
    from knowctl.services.database import Database

PAUSE = 0.5
READY, NOT_READY = 200, 503
SCHEMA_HINT = "knowctl db current"
HINTS = {
    "database": "knowctl health --direct shows the cause",
    "schema": SCHEMA_HINT,
    "drain": "knowctl drain --off, unless it is about to stop",
    "redis": "knowctl cache stats shows the cause",
}
CAUSES = {"drain": "/ready says no on purpose: somebody ran knowctl drain, or it stops"}


class Answer(Protocol):
    """What the server said."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def body(self) -> dict[str, Any]:
        """The JSON document."""

    @property
    def latency_ms(self) -> float:
        """How long it took."""


class Server(Protocol):
    """A server to ask."""

    @property
    def url(self) -> str:
        """Where it is asked."""

    def ask(self, path: str) -> Answer:
        """GET a path; ConnectionError when nothing answers."""


def of_server(server: Server, database: Callable[[], Database] | None) -> Health:
    """What a server says of itself; where none answers, its parts are asked directly too.

    `database` None means that the parts can't be reached from here: the server is elsewhere.
    """
    try:
        answer = server.ask("/ready")
    except ConnectionError as error:
        cause = f"nothing answers at {server.url}: {error}"
        hint = "knowctl serve" if database else "check --url, and the network between"
        parts = of_parts(database).components if database else {}
        return Health({"server": Component(HealthStatus.FAILED, None, cause, hint), **parts})
    checks = _checks(answer)
    return Health({"server": _server(answer, checks), **checks})


def of_parts(database: Callable[[], Database]) -> Health:
    """The parts themselves, without a server."""
    try:
        asked = database()
        latency = asked.ping()
        schema = asked.schema()
    except KnowctlError as error:
        failure = error.failure
        return Health(
            {"database": Component(HealthStatus.FAILED, None, failure.cause, failure.hint)}
        )
    return Health({"database": Component(HealthStatus.OK, latency), "schema": _schema(schema)})


def _schema(schema: Schema) -> Component:
    if schema.serves:
        return Component(HealthStatus.OK)
    cause = f"it is {schema.status.value.replace('_', ' ')}"
    hint = "knowctl db upgrade" if schema.pending else SCHEMA_HINT
    return Component(HealthStatus.FAILED, None, cause, hint)


def wait(probe: Callable[[], Health], seconds: float, clock: Clock) -> Health:
    """Ask until nothing fails, or for `seconds`."""
    deadline = clock.now() + seconds
    while (health := probe()).failure and clock.now() + PAUSE <= deadline:
        clock.sleep(PAUSE)
    if health.failure and seconds:
        return Health(health.components, timed_out_after=seconds)
    return health


def only(health: Health, names: tuple[str, ...]) -> Health:
    """The named parts alone, one that nobody reported as failed; all of them without names."""
    parts = {name: health.components.get(name) or _unreported(name, health) for name in names}
    return Health(parts, health.timed_out_after) if names else health


def _unreported(name: str, health: Health) -> Component:
    cause = f"there is no part {name!r} among {', '.join(health.components)}"
    return Component(HealthStatus.FAILED, None, cause, "knowctl health shows every part")


def _server(answer: Answer, checks: Mapping[str, Component]) -> Component:
    if answer.status not in {READY, NOT_READY} or "ready" not in answer.body:
        cause = f"/ready answered {answer.status}, and not as this product does"
        hint = "check --url, HOST and PORT: another program may listen there"
        return Component(HealthStatus.FAILED, answer.latency_ms, cause, hint)
    explained = any(part.status is HealthStatus.FAILED for part in checks.values())
    if answer.status == READY or explained:
        return Component(HealthStatus.OK, answer.latency_ms)
    cause = "it takes no new requests though its parts are well: it starts, or drains"
    return Component(HealthStatus.FAILED, answer.latency_ms, cause, "knowctl health --wait 30")


def _checks(answer: Answer) -> Mapping[str, Component]:
    checks = answer.body.get("checks")
    if not isinstance(checks, dict):
        return {}
    return {str(name): _component(str(name), status) for name, status in checks.items()}


def _component(name: str, status: object) -> Component:
    known = {each.value: each for each in HealthStatus}
    outcome = known.get(str(status), HealthStatus.FAILED)
    if outcome is HealthStatus.OK:
        return Component(outcome)
    hint = HINTS.get(name, "the server's log tells why")
    cause = CAUSES.get(name, f"the server reports {name} {outcome.value}")
    return Component(outcome, None, cause, hint)
