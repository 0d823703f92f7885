"""Is the process alive, and should it get requests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, Response, jsonify

from knowalledge_api.auth.policy import public
from knowalledge_api.health import Report

RETRY: Final = "1"
"""Seconds for which an answer holds."""


def blueprint(readiness: Callable[[], Report]) -> Blueprint:
    """The probes of platforms; `readiness` is asked by /ready alone."""
    routes = Blueprint("health", __name__)

    @routes.get("/health")
    @routes.get("/api/health")
    @public("platforms probe without credentials; it tells nothing")
    def health() -> Response:
        return jsonify(status="alive", timestamp=_now())

    @routes.get("/ready")
    @routes.get("/api/ready")
    @public("platforms probe without credentials; it tells names and statuses")
    def ready() -> tuple[Response, int, dict[str, str]]:
        report = readiness()
        checks = {check.name: check.status for check in report.checks}
        body = jsonify(ready=report.ready, timestamp=_now(), checks=checks)
        return (body, 200, {}) if report.ready else (body, 503, {"Retry-After": RETRY})

    return routes


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
