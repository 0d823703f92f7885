"""The routes of the API: listed, and judged."""

from __future__ import annotations

from typing import Final, Protocol

from knowctl.checks.catalog import ROUTES
from knowctl.checks.engine import run
from knowctl.checks.selection import Selection, require_ids, selected
from knowctl.errors import ErrorCode, KnowctlError
from knowctl.model.findings import Report
from knowctl.model.routes import Endpoints, RouteFacts

SUBJECT: Final = "the routes"


class Application(Protocol):
    """The application of the settings, which serves nothing here."""

    def facts(self) -> RouteFacts:
        """Its routes, or those that keep it from starting."""


def list_routes(application: Application) -> Endpoints:
    """Every address; KnowctlError where a route without a policy keeps it from starting."""
    facts = application.facts()
    if facts.bare:
        raise KnowctlError(
            ErrorCode.FINDINGS,
            "the application does not start",
            cause=f"routes without a policy: {', '.join(facts.bare)}",
            hint="knowctl routes check",
        )
    return Endpoints(facts.routes)


def check(application: Application, selection: Selection) -> Report:
    """Judge who may call what."""
    require_ids(ROUTES, (*selection.select, *selection.ignore))
    shown = selected(ROUTES, run(ROUTES, application.facts()), selection)
    return Report(SUBJECT, shown, selection.fail_level)
