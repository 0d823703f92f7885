"""All that is checked, in one report: configuration, environment, schema, routes, what is live."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from knowctl.checks.catalog import CONFIGURATION, ENVIRONMENT, LIVE, MACHINE, ROUTES, SCHEMA
from knowctl.checks.engine import Check, run, skip, unknown
from knowctl.checks.selection import Selection, require_ids, selected
from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.configuration import ConfigurationFacts
from knowctl.model.findings import Finding, Outcome, Report
from knowctl.services import bundle as bundles
from knowctl.services import environment, live_check, schema_check
from knowctl.services.configuration import Facts
from knowctl.services.routes import Application

SUBJECT: Final = "the service"
TO_BLAME: Final = (*live_check.USABLE, "KC210", "KC211", "KC303", "KC703", "KC524")
"""Checks whose failure keeps database and application from being asked, the likeliest first."""
APPLIED: Final[tuple[Check[Any], ...]] = (*SCHEMA, *LIVE, *ROUTES)


@dataclass(frozen=True, slots=True)
class Ports:
    """What a doctor works with.

    The last three are opened when the rest is known: they need settings that can be used, and
    packages that may be missing.
    """

    configured: Facts
    environment: environment.Ports
    schema: Callable[[], schema_check.Ports]
    live: Callable[[], live_check.Ports]
    application: Callable[[], Application]


def check(
    ports: Ports, selection: Selection, *, live: bool, bundle: bundles.Ports | None = None
) -> Report:
    """Judge everything; with a bundle, write one that holds all findings, selected or not."""
    _require(selection, live=live)
    if bundle:
        bundle.archive.require()
    found = examine(ports, live=live)
    if bundle:
        bundles.write(bundle, Report(SUBJECT, found, selection.fail_level))
    shown = selected(_related(), found, selection)
    return Report(SUBJECT, shown, selection.fail_level)


def examine(ports: Ports, *, live: bool) -> tuple[Finding, ...]:
    """Every finding, in the order of the ids; whatever fails on the way is one itself."""
    facts = ports.configured.facts()
    configuration = run(CONFIGURATION, facts)
    before = (*configuration, *environment.findings(ports.environment))
    asked = _asked(ports, facts, before, live=live)
    if live:
        before = (*live_check.unless_asked(before, asked),)
    routes = _unless_barred(ROUTES, lambda: run(ROUTES, ports.application().facts()), before)
    return tuple(sorted((*before, *asked, *routes), key=lambda each: each.id))


def _related() -> tuple[Check[Any], ...]:
    """All checks; those that ask need what lets them ask."""
    asking = (replace(each, needs=(*each.needs, *TO_BLAME)) for each in APPLIED)
    return (*CONFIGURATION, *ENVIRONMENT, *MACHINE, *asking)


def _require(selection: Selection, *, live: bool) -> None:
    """KnowctlError where an id is none, or is one that is not judged without --live."""
    require_ids(_related(), (*selection.select, *selection.ignore))
    unasked = set() if live else {each.id for each in LIVE}
    for each in selection.select:
        if each.upper() in unasked:
            raise _needs_live(each.upper())


def _asked(
    ports: Ports, facts: ConfigurationFacts, before: Sequence[Finding], *, live: bool
) -> tuple[Finding, ...]:
    if live:
        return _unless_barred(
            (*SCHEMA, *LIVE), lambda: live_check.connected(facts, ports.live()), before
        )
    return _unless_barred(SCHEMA, lambda: _schema(ports.schema()), before)


def _schema(ports: schema_check.Ports) -> tuple[Finding, ...]:
    return run(SCHEMA, schema_check.gather(ports.database, ports.compared, ports.linter))


def _unless_barred(
    group: Sequence[Check[Any]],
    judge: Callable[[], tuple[Finding, ...]],
    before: Iterable[Finding],
) -> tuple[Finding, ...]:
    """What a group of checks says; where it can't even be asked, the check that is to blame."""
    try:
        return judge()
    except KnowctlError as error:
        cause, hint = error.failure.cause, error.failure.hint
    except ImportError as error:  # what is installed is not what the code was written for
        cause, hint = f"{error.name or 'a package'} can't be imported", "knowctl env check"
    failed = {each.id for each in before if each.outcome is Outcome.FAIL}
    blamed = next((name for name in TO_BLAME if name in failed), None)
    return skip(group, blamed) if blamed else unknown(group, cause, hint)


def _needs_live(name: str) -> KnowctlError:
    return KnowctlError(
        ErrorCode.USAGE,
        f"{name} is not judged without --live",
        cause="it asks database, Redis and AI about themselves",
        hint=f"knowctl doctor --live --select {name}",
        exit_code=ExitCode.USAGE,
    )
