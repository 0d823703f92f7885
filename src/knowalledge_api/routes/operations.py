"""What operators do to a running server: empty the cache, look at breakers and reset them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Final

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, Field

from knowalledge_api.auth.policy import require_auth
from knowalledge_api.database.models import Role
from knowalledge_api.errors import ApiError
from knowalledge_api.routes.bodies import json_body
from knowalledge_api.routes.breakers import Breaker

LONGEST: Final = 100
Namespace = Annotated[str, Field(min_length=1, max_length=LONGEST)]


class ClearRequest(BaseModel):
    """What is to be dropped; nothing named: everything."""

    namespace: Namespace | None = None


def blueprint(
    clear: Callable[[str | None], int],
    clear_everywhere: Callable[[str | None], int],
    breakers: Mapping[str, Breaker],
) -> Blueprint:
    """The routes; `clear` reaches what all share, `clear_everywhere` the memory of each worker."""
    routes = Blueprint("operations", __name__, url_prefix="/api")

    @routes.post("/cache/clear")
    @routes.post("/cache/invalidate")
    @require_auth(Role.ADMIN, reason="it makes the server write everything anew")
    def clear_cache() -> Response:
        asked = json_body(ClearRequest) if request.content_length else ClearRequest()
        cleared = clear(asked.namespace) + clear_everywhere(asked.namespace)
        what = f"the namespace {asked.namespace}" if asked.namespace else "the whole cache"
        return jsonify(
            message=f"Cleared {what}: {cleared} entries.",
            cleared=cleared,
            namespace=asked.namespace,
        )

    @routes.get("/circuit-breaker/<name>/state")
    @require_auth(reason="it tells what is degraded, and nothing about anybody")
    def breaker_state(name: str) -> Response:
        return _told(name, _named(breakers, name))

    @routes.post("/circuit-breaker/<name>/reset")
    @require_auth(Role.ADMIN, reason="it has a part asked that may be silent")
    def reset_breaker(name: str) -> Response:
        breaker = _named(breakers, name)
        breaker.look()
        return _told(name, breaker)

    return routes


def _named(breakers: Mapping[str, Breaker], name: str) -> Breaker:
    if name not in breakers:
        known = ", ".join(breakers)
        raise ApiError(404, f"There is no circuit breaker of that name, only {known}.")
    return breakers[name]


def _told(name: str, breaker: Breaker) -> Response:
    return jsonify(name=name, **breaker.told())
