"""What must hold before a server runs: configuration, database, address; then it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from knowctl.choices import Severity
from knowctl.errors import ErrorCode, ExitCode, Failure, KnowctlError
from knowctl.model.configuration import ConfigurationFacts
from knowctl.model.results import Plan, Step
from knowctl.model.serving import Serving, Talk
from knowctl.services import configuration, database
from knowctl.services.clock import Clock
from knowctl.services.database import Database


class Configured(Protocol):
    """The configuration to serve with."""

    def facts(self) -> ConfigurationFacts:
        """What checks may know."""

    def serving(self) -> Serving:
        """What is to run, and where; KnowctlError when the settings can't be used."""


class Runner(Protocol):
    """What comes after the checks: an address that is held, and something that serves on it."""

    def bind(self, serving: Serving) -> None:
        """Take the address; KnowctlError when it can't be had."""

    def run(self, serving: Serving) -> None:
        """Serve, or hand over to what does."""

    def fail(self, failure: Failure) -> None:
        """Learn that there is nothing to run, and why."""


@dataclass(frozen=True, slots=True)
class Order:
    """How to start: `migrate` None means in development only; `wait_for_db` in seconds."""

    migrate: bool | None = None
    wait_for_db: float = 30.0
    skip_checks: bool = False


@dataclass(frozen=True, slots=True)
class Ports:
    """What serving works with."""

    configured: Configured
    database: Callable[[], Database]
    runner: Runner
    clock: Clock
    talk: Talk


def bind_to(text: str | None) -> tuple[str | None, str | None]:
    """Host and port of `HOST:PORT`, of `:PORT`, or of `unix:/path`; the settings judge them."""
    if text is None or text.startswith("unix:"):
        return text, None
    host, colon, port = text.rpartition(":")
    if not colon or (host.startswith("[") and not host.endswith("]")):
        raise KnowctlError(
            ErrorCode.USAGE,
            f"--bind {text[:60]!r} can't be used",
            cause="it is not HOST:PORT",
            hint="--bind 127.0.0.1:8000, --bind [::]:8000, or --bind unix:/run/knowctl.sock",
            exit_code=ExitCode.USAGE,
        )
    return host or None, port or None


def serve(ports: Ports, order: Order) -> None:
    """Check, migrate, bind, run; the first step that fails stops the start with its cause."""
    try:
        serving = _prepare(ports, order)
        ports.runner.bind(serving)
    except KnowctlError as error:
        ports.runner.fail(error.failure)
        raise
    ports.talk.step("address", serving.url)
    ports.runner.run(serving)


def _prepare(ports: Ports, order: Order) -> Serving:
    if not order.skip_checks:
        _check(ports)
    serving = ports.configured.serving()
    _prepare_database(ports, order, serving)
    return serving


def plan(ports: Ports, order: Order) -> Plan:
    """What `serve` would do, with nothing asked and nothing changed."""
    serving = ports.configured.serving()
    migrations = "apply pending migrations" if _migrates(order, serving) else "refuse if behind"
    checks = "skipped" if order.skip_checks else "configuration; errors stop the start"
    steps = (
        Step("check", checks),
        Step("database", f"wait up to {order.wait_for_db:g} s, {migrations}"),
        Step("bind", serving.url),
        Step("run", f"{serving.server}, {serving.size}"),
    )
    return Plan(steps)


def _check(ports: Ports) -> None:
    report = configuration.check(ports.configured)
    for finding in report.findings:
        if finding.level and finding.level.rank >= Severity.WARNING.rank:
            ports.talk.finding(finding)
    if report.failing:
        first, *others = report.failing
        more = f", and {len(others)} more" if others else ""
        raise KnowctlError(
            ErrorCode.FINDINGS,
            "the configuration does not hold",
            cause=f"{first.id}: {first.cause}{more}",
            hint="mend it, then: knowctl config check",
        )
    ports.talk.step("configuration", f"{len(report.findings)} checks, no error")


def _prepare_database(ports: Ports, order: Order, serving: Serving) -> None:
    def wait(detail: str) -> None:
        ports.talk.begin("database", detail)

    def say(detail: str) -> None:
        ports.talk.step("database", detail)

    asked = ports.database()
    database.wait_for(asked, order.wait_for_db, ports.clock, wait)
    schema = database.ready_schema(asked, migrate=_migrates(order, serving), say=say)
    say(f"{schema.database}, schema {schema.status.value}")


def _migrates(order: Order, serving: Serving) -> bool:
    return serving.development if order.migrate is None else order.migrate
