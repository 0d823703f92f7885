"""Whether this server should get requests: one definition for probes and commands."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import Final

from knowalledge_api.database import Database
from knowalledge_api.database.schema import (
    KnownRevisions,
    SchemaState,
    SchemaStatus,
    known_revisions,
    schema_state,
)
from knowalledge_api.errors import DatabaseUnavailableError
from knowalledge_api.generation import current
from knowalledge_api.stores.store import UNSET, Store, StoreState

log = logging.getLogger(__name__)

FRESH: Final = 1.0
"""Seconds for which an answer holds: platforms probe each second, and a storm costs nothing."""


class CheckStatus(StrEnum):
    """Outcome of one check; degraded still serves, unknown could not be looked at."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `detail` is for operators, not for anonymous callers."""

    name: str
    status: CheckStatus
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All checks of one moment."""

    checks: tuple[Check, ...]

    @property
    def ready(self) -> bool:
        """Whether requests should come here."""
        return all(check.status in {CheckStatus.OK, CheckStatus.DEGRADED} for check in self.checks)


DRAINING: Final = Check("drain", CheckStatus.FAILED, "this server is being drained")


def is_draining() -> bool:
    """Whether the supervisor wants no more requests to come here."""
    generation = current()
    return generation is not None and os.path.exists(generation.run_directory / "drain")  # noqa: PTH110 -- asked by every probe, and half as dear


class Readiness:
    """Asks the database at most once in FRESH seconds, however many threads ask.

    Made before the fork and asked after it. `known` are this code's revisions, which are read
    from the migration scripts here where they are not given. `draining` is asked each time, and so
    is `store`, which knows without asking Redis.
    """

    def __init__(
        self,
        database: Database,
        known: KnownRevisions | None = None,
        clock: Callable[[], float] = time.monotonic,
        draining: Callable[[], bool] = is_draining,
        store: Store | None = None,
    ) -> None:
        self._database = database
        self._known = known or known_revisions()
        self._clock = clock
        self._draining = draining
        self._store = store
        self._asking = Lock()
        self._latest: tuple[float, Report] | None = None

    def check(self) -> Report:
        """The state of at most FRESH seconds ago, and whether requests are wanted now.

        Never raises for what it looks at.
        """
        report = self._known_state()
        more = store_checks(self._store.state()) if self._store else ()
        if self._draining():
            more = (*more, DRAINING)
        return Report((*report.checks, *more)) if more else report

    def _known_state(self) -> Report:
        latest = self._fresh()
        if latest is not None:
            return latest
        with self._asking:  # who waits here finds the answer of the one before
            latest = self._fresh()
            return latest if latest is not None else self._renew()

    def _fresh(self) -> Report | None:
        latest = self._latest
        return latest[1] if latest and self._clock() - latest[0] < FRESH else None

    def _renew(self) -> Report:
        report = Report(self._look())
        before = self._latest
        if before is None or before[1] != report:
            _tell(report, first=before is None)
        self._latest = (self._clock(), report)
        return report

    def _look(self) -> tuple[Check, ...]:
        try:
            state = schema_state(self._database, self._known)
        except DatabaseUnavailableError as error:
            return (
                Check("database", CheckStatus.FAILED, str(error)),
                Check("schema", CheckStatus.UNKNOWN, "the database can't be asked"),
            )
        return (Check("database", CheckStatus.OK), schema_check(state))


def schema_check(state: SchemaState) -> Check:
    """A schema that is ahead serves: so it is in every rolling update and rollback."""
    match state.status:
        case SchemaStatus.OK:
            return Check("schema", CheckStatus.OK)
        case SchemaStatus.AHEAD:
            return Check("schema", CheckStatus.DEGRADED, "ahead of this code")
        case _:
            return Check("schema", CheckStatus.FAILED, state.status.replace("_", " "))


def store_checks(state: StoreState) -> tuple[Check, ...]:
    """Redis, where there is to be one; without it everything is served from memory."""
    if state.why == UNSET:
        return ()
    status = CheckStatus.DEGRADED if state.degraded else CheckStatus.OK
    return (Check("redis", status, state.why),)


def _tell(report: Report, *, first: bool) -> None:
    """One record a change, so that an outage does not flood the log."""
    bad = [f"{check.name}: {check.detail}" for check in report.checks if check.detail]
    if bad:
        level = logging.INFO if report.ready else logging.WARNING
        log.log(level, "readiness: %s", "; ".join(bad))
    elif not first:
        log.info("readiness: all is well again")
