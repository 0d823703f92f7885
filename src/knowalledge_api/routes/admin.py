"""What operators read from another machine: the live state of all workers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify

from knowalledge_api.auth.policy import require_auth
from knowalledge_api.database.models import Role


def blueprint(everyone: Callable[[], dict[str, Any]]) -> Blueprint:
    """The routes of operators; `everyone` asks all workers of this server."""
    routes = Blueprint("admin", __name__, url_prefix="/api/admin")

    @routes.get("/live")
    @require_auth(
        Role.ADMIN, scraper=True, reason="it tells who is served, and what the server is made of"
    )
    def live() -> Response:
        answer = jsonify(everyone())
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return routes
