"""Routes as a table for a person."""

from __future__ import annotations

from knowctl.model.routes import Endpoint, Endpoints
from knowctl.render.style import Style
from knowctl.render.table import of_table
from knowctl.render.text import of_result


@of_result.register
def _(found: Endpoints, style: Style) -> str:
    rows = [
        (each.path, ", ".join(each.methods), _policy(each), _limit(each), each.cache or "-")
        for each in found.routes
    ]
    return of_table(
        ("ROUTE", "METHODS", "POLICY", "RATE LIMIT", "CACHE"), rows, style, ("ROUTE", "METHODS")
    )


def _policy(each: Endpoint) -> str:
    return " or ".join((each.access, *each.also))


def _limit(each: Endpoint) -> str:
    """With room after each part, so that a narrow column breaks no number."""
    return each.limit.replace(";", "; ") or "-"
