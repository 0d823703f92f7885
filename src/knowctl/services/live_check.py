"""The configuration judged with what database, Redis, the AI and the machine say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, TypeVar

from knowctl.checks.catalog import CONFIGURATION, LIVE, MACHINE, SCHEMA
from knowctl.checks.engine import Check, run, skip
from knowctl.checks.selection import Selection, require_ids, selected
from knowctl.errors import Failure, KnowctlError
from knowctl.model.configuration import ConfigurationFacts
from knowctl.model.diagnosis import DatabaseFacts, Unanswered
from knowctl.model.findings import Finding, Outcome, Report
from knowctl.model.live_check import LiveFacts, RedisFacts
from knowctl.model.machine import HostFacts
from knowctl.model.pool import DatabaseShare, Sizes
from knowctl.model.results import Where
from knowctl.services import schema_check
from knowctl.services.configuration import Facts
from knowctl.services.diagnosis import LONG_TRANSACTION, LONG_WAIT

SUBJECT: Final = "the configuration"
CONNECTED: Final[tuple[Check[Any], ...]] = (*SCHEMA, *LIVE, *MACHINE)
GUESSED, MEASURED = "KC305", "KC330"
"""Whether the connections fit: a database as it comes, and the one that is there."""
USABLE: Final = ("KC101", "KC102", "KC103", "KC104", "KC131")
"""Checks without whose pass there are no settings to connect with."""

T = TypeVar("T")


class Server(Protocol):
    """The database server of the settings; each question raises KnowctlError unanswered."""

    def facts(self, *, long_transaction: float, lock_wait: float) -> DatabaseFacts:
        """What it says of itself."""

    def share(self, instance: str) -> DatabaseShare | None:
        """Its count of connections; None where it keeps none."""

    def ahead(self) -> float | None:
        """Seconds by which its clock is ahead; None where it has none of its own."""


class Redis(Protocol):
    """The Redis of the settings, None of each where there is none; raises KnowctlError."""

    def facts(self) -> RedisFacts | None:
        """What it says of itself."""

    def ahead(self) -> float | Unanswered | None:
        """Seconds by which its clock is ahead."""


class Ai(Protocol):
    """The AI of the settings."""

    def describe(self) -> float | None:
        """Milliseconds until it answered, without a bill; None where nobody has to be asked.

        KnowctlError where it does not.
        """


class Machine(Protocol):
    """The machine that a server is to run on."""

    def facts(self) -> HostFacts:
        """What it allows."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What judging works with, once the settings can be used."""

    schema: schema_check.Ports
    server: Server
    redis: Redis
    ai: Ai
    machine: Machine
    sizes: Sizes
    instance: str


def check(source: Facts, opened: Callable[[], Ports], selection: Selection) -> Report:
    """Judge the configuration; where it can be used, the schema and what is live as well.

    `opened` makes what that works with, and raises KnowctlError where the settings can't be used.
    """
    related = _related()
    require_ids(related, (*selection.select, *selection.ignore))
    facts = source.facts()
    before = run(CONFIGURATION, facts)
    live = _live(facts, before, opened)
    found = (*unless_asked(before, live), *live)
    return Report(SUBJECT, selected(related, found, selection), selection.fail_level)


def connected(facts: ConfigurationFacts, ports: Ports) -> tuple[Finding, ...]:
    """What the checks of schema and connections say."""
    asked = schema_check.gather(ports.schema.database, ports.schema.compared, ports.schema.linter)
    schema = run(SCHEMA, asked)
    live = gather(facts, ports, database=asked.failure is None)
    return (*schema, *run(LIVE, live, schema))


def unless_asked(before: Iterable[Finding], live: Iterable[Finding]) -> Iterator[Finding]:
    """What was said of a database as it comes does not stand where this one was asked."""
    asked = any(
        each.id == MEASURED and each.outcome in {Outcome.PASS, Outcome.FAIL} for each in live
    )
    for each in before:
        if asked and each.id == GUESSED and each.outcome is Outcome.FAIL:
            cause = f"{MEASURED} asked the database itself"
            yield replace(each, outcome=Outcome.SKIPPED, cause=cause, hint="", where=Where())
        else:
            yield each


def gather(facts: ConfigurationFacts, ports: Ports, *, database: bool) -> LiveFacts:
    """Ask everybody; a database that does not answer is not asked again."""
    server, redis = ports.server, _told(ports.redis.facts)
    clocks: dict[str, float | Unanswered | None] = {}
    if database:
        clocks["the database"] = _unless(server.ahead)
    if isinstance(redis, RedisFacts):
        clocks["Redis"] = _unless(ports.redis.ahead)
    return LiveFacts(
        configuration=facts,
        sizes=ports.sizes,
        database=_told(lambda: _diagnosed(server)) if database else None,
        share=_told(lambda: server.share(ports.instance)) if database else None,
        redis=redis,
        ai=_told(ports.ai.describe),
        clocks={name: each for name, each in clocks.items() if each is not None},
    )


def _live(
    facts: ConfigurationFacts, before: Sequence[Finding], opened: Callable[[], Ports]
) -> tuple[Finding, ...]:
    try:
        ports = opened()
    except KnowctlError:
        return skip(CONNECTED, _barring(before))
    return (*connected(facts, ports), *run(MACHINE, ports.machine.facts()))


def _barring(before: Sequence[Finding]) -> str:
    """The check whose failure keeps the settings from being used."""
    return next(each.id for each in before if each.id in USABLE and each.level)


def _related() -> tuple[Check[Any], ...]:
    """All checks; those that are live need that the settings can be used."""
    live = (replace(each, needs=(*each.needs, *USABLE)) for each in CONNECTED)
    return (*CONFIGURATION, *live)


def _diagnosed(server: Server) -> DatabaseFacts:
    return server.facts(long_transaction=LONG_TRANSACTION, lock_wait=LONG_WAIT)


def _told(ask: Callable[[], T]) -> T | Failure:
    try:
        return ask()
    except KnowctlError as error:
        return error.failure


def _unless(ask: Callable[[], T]) -> T | Unanswered:
    try:
        return ask()
    except KnowctlError as error:
        return Unanswered(error.failure.cause, error.failure.hint)
