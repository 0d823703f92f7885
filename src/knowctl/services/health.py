"""One definition of healthy: the running server's own answer, or its parts asked directly."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from knowctl.errors import ErrorCode, KnowctlError
from knowctl.model.health import Component, Health, HealthStatus
from knowctl.services.clock import Clock

if TYPE_CHECKING:
    from knowctl.model.database import Schema
    from knowctl.model.live import Workers
    from knowctl.model.live_check import RedisFacts
    from knowctl.model.machine import HostFacts
    from knowctl.services.database import Database
    from knowctl.services.live_check import Ai, Machine

PAUSE = 0.5
READY, NOT_READY = 200, 503
SCHEMA_HINT = "knowctl db current"
HINTS = {
    "database": "knowctl health --direct shows the cause",
    "schema": SCHEMA_HINT,
    "drain": "knowctl drain --off, unless it is about to stop",
    "redis": "knowctl cache stats shows the cause",
}
USUAL: Final = ("database", "schema", "redis", "disk")
"""What is asked where nobody names parts: the AI is elsewhere, and somebody else's."""
ASKED: Final = (*USUAL, "ai")
NO_REDIS: Final = Component(
    HealthStatus.FAILED,
    None,
    "REDIS_URL is not set: each server keeps cache and limits in its memory",
    "set REDIS_URL, or ask for other parts",
)
RESTS: Final = "it is asked again within a minute; knowctl status shows each worker"
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


class Redis(Protocol):
    """The Redis of the settings."""

    def facts(self) -> RedisFacts | None:
        """What it says; None where none is configured, KnowctlError where it does not answer."""


class Live(Protocol):
    """The server that runs here."""

    def workers(self) -> Workers:
        """What every worker says of itself."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What can be asked without asking the server; making one raises KnowctlError, too."""

    database: Callable[[], Database]
    redis: Callable[[], Redis]
    machine: Callable[[], Machine]
    ai: Callable[[], Ai]
    live: Callable[[], Live]


def of_server(server: Server, parts: Parts | None, names: Collection[str] = ()) -> Health:
    """What a server says of itself; `parts` are asked for names that it does not tell of.

    Where no server answers, its parts are asked directly too. None means that they can't be
    reached from here: the server is elsewhere.
    """
    try:
        answer = server.ask("/ready")
    except ConnectionError as error:
        cause = f"nothing answers at {server.url}: {error}"
        hint = "knowctl serve" if parts else "check --url, and the network between"
        direct = of_parts(parts, names).components if parts else {}
        return Health({"server": Component(HealthStatus.FAILED, None, cause, hint), **direct})
    checks = _checks(answer)
    told = {"server": _server(answer, checks), **checks}
    untold = [name for name in names if name not in told]
    more = of_parts(parts, untold).components if parts and untold else {}
    return Health({**told, **more})


def of_parts(parts: Parts, names: Collection[str] = ()) -> Health:
    """The parts themselves, without a server: the named ones, or what a server stands on."""
    wanted = names or USUAL
    found: dict[str, Component] = {}
    if "database" in wanted or "schema" in wanted:
        found |= _database(parts.database)
        if "schema" in names:
            found.setdefault("schema", found["database"])
    if "redis" in wanted:
        redis = _redis(parts.redis)
        if names or redis is not NO_REDIS:
            found["redis"] = redis
    if "disk" in wanted:
        found["disk"] = _asked(lambda: _disk(parts.machine().facts()))
    if "ai" in wanted:
        found["ai"] = _asked(lambda: _ai(parts))
    return Health(found)


def _asked(ask: Callable[[], Component]) -> Component:
    try:
        return ask()
    except KnowctlError as error:
        return _failed(error)


def _failed(error: KnowctlError, status: HealthStatus = HealthStatus.FAILED) -> Component:
    return Component(status, None, error.failure.cause, error.failure.hint)


def _database(made: Callable[[], Database]) -> dict[str, Component]:
    """The schema is known where the database answers."""
    try:
        asked = made()
        latency = asked.ping()
        schema = asked.schema()
    except KnowctlError as error:
        return {"database": _failed(error)}
    return {"database": Component(HealthStatus.OK, latency), "schema": _schema(schema)}


def _redis(made: Callable[[], Redis]) -> Component:
    """One that is away degrades, as in a running server: all is served from memory meanwhile."""
    try:
        return Component(HealthStatus.OK) if made().facts() else NO_REDIS
    except KnowctlError as error:
        away = error.failure.code is ErrorCode.REDIS
        return _failed(error, HealthStatus.DEGRADED if away else HealthStatus.FAILED)


def _disk(facts: HostFacts) -> Component:
    """Where nothing can be written it failed; where little room is left it is degraded."""
    from knowctl.checks import machine  # noqa: PLC0415 -- asking a server needs no check

    for status, judge in (
        (HealthStatus.FAILED, machine.writable),
        (HealthStatus.DEGRADED, machine.space),
    ):
        for fault in judge(facts):
            return Component(status, None, fault.cause, fault.hint)
    return Component(HealthStatus.OK)


def _ai(parts: Parts) -> Component:
    """Whether it answers, and whether the workers of the server here ask it at all."""
    latency = parts.ai().describe()
    if latency is None:
        return Component(HealthStatus.OK, None, "the offline provider writes, and asks nobody")
    try:
        answered = parts.live().workers().answered
    except KnowctlError as error:
        if error.failure.code is not ErrorCode.NO_SERVER:
            cause = f"it answers; whether workers ask it nobody tells: {error.failure.message}"
            return Component(HealthStatus.DEGRADED, latency, cause, error.failure.hint)
        answered = ()  # no server runs here: nobody rests
    calls = [each.ai for each in answered if each.ai]
    resting = [each for each in calls if each.state == "open"]
    if not resting:
        return Component(HealthStatus.OK, latency)
    cause = f"{len(resting)} of {len(calls)} workers do not ask it for a while: {resting[0].why}"
    return Component(HealthStatus.DEGRADED, latency, cause, RESTS)


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


def only(health: Health, names: Collection[str]) -> Health:
    """The named parts alone, one that nobody reported as failed; all of them without names."""
    parts = {name: health.components.get(name) or _unreported(name, health) for name in names}
    return Health(parts, health.timed_out_after) if names else health


def _unreported(name: str, health: Health) -> Component:
    server = health.components.get("server")
    if server is not None and server.status is HealthStatus.FAILED:
        return server
    if server is not None and name in ASKED:
        cause = "the server does not tell of it, and is elsewhere"
        hint = f"knowctl health --direct --only {name}, on its machine"
        return Component(HealthStatus.FAILED, None, cause, hint)
    known = ", ".join(dict.fromkeys((*health.components, *ASKED)))
    cause = f"there is no part {name!r} among {known}"
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
