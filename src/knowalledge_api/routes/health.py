"""Is the process alive, and should it get requests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, Response, jsonify

from knowalledge_api.auth.policy import Limit, public
from knowalledge_api.health import Report

RETRY: Final = "1"
"""Seconds for which an answer holds."""


def _nobody() -> bool:
    """No operator asks."""
    return False


def blueprint(
    readiness: Callable[[], Report], is_operator: Callable[[], bool] = _nobody
) -> Blueprint:
    """The probes of platforms; `readiness` is asked by /ready alone, which tells operators why."""
    routes = Blueprint("health", __name__)

    @routes.get("/health")
    @routes.get("/api/health")
    @public("platforms probe without credentials; it tells nothing", limit=Limit.NONE)
    def health() -> Response:
        return jsonify(status="alive", timestamp=_now())

    @routes.get("/ready")
    @routes.get("/api/ready")
    @public("platforms probe without credentials; strangers see statuses alone", limit=Limit.NONE)
    def ready() -> tuple[Response, int, dict[str, str]]:
        report = readiness()
        checks = {check.name: check.status for check in report.checks}
        details = {check.name: check.detail for check in report.checks if check.detail}
        more = {"details": details} if details and is_operator() else {}
        body = jsonify(ready=report.ready, timestamp=_now(), checks=checks, **more)
        return (body, 200, {}) if report.ready else (body, 503, {"Retry-After": RETRY})

    return routes


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
