"""What the server measures: as text for Prometheus, and as JSON for operators."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Blueprint, Response, jsonify

from knowalledge_api.auth.policy import Limit, require_auth
from knowalledge_api.errors import ApiError
from knowalledge_api.metrics import exposition
from knowalledge_api.metrics.files import BusyError, Gathered
from knowalledge_api.services.statistics import statistics

log = logging.getLogger(__name__)


def blueprint(measured: Callable[[], Gathered], *, limited: bool) -> Blueprint:
    """The routes of who watches; `measured` tells what all workers have counted."""
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    @require_auth(
        "admin",
        reason="it tells what the server is made of and how much it is used",
        limit=Limit.NONE,
        scraper=True,
        developers=True,
    )
    def prometheus() -> Response:
        answer = Response(exposition.text(_gathered(measured)))
        answer.headers["Content-Type"] = exposition.CONTENT_TYPE
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @routes.get("/api/metrics")
    @routes.get("/api/stats")
    @require_auth("admin", reason="it tells how much the server is used")
    def numbers() -> Response:
        answer = jsonify(statistics(_gathered(measured), limited=limited))
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return routes


def _gathered(measured: Callable[[], Gathered]) -> Gathered:
    try:
        return measured()
    except (OSError, BusyError) as error:
        log.warning("the metrics can't be read: %s", error)
        raise ApiError(503, "The metrics can't be read right now.", retry_after=1) from error
