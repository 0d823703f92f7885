"""The cached endpoint with the extensions that are usual for what the product does by itself."""

from __future__ import annotations

import logging
import os
import sys
import time
from typing import TYPE_CHECKING, Any

from flask import Response, g, request
from flask_cors import CORS  # type: ignore[import-untyped]  # installed by the benchmark
from flask_limiter import Limiter  # type: ignore[import-not-found]  # likewise
from flask_limiter.util import get_remote_address  # type: ignore[import-not-found]  # likewise
from flask_talisman import Talisman  # type: ignore[import-not-found]  # likewise
from prometheus_client import Counter, Histogram
from pythonjsonlogger.json import JsonFormatter  # type: ignore[import-not-found]  # likewise

if TYPE_CHECKING:
    from flask import Flask

REQUESTS = Counter("requests", "Requests", ["method", "endpoint", "status"])
SECONDS = Histogram("seconds", "Seconds", ["method", "endpoint"])
log = logging.getLogger("access")


def dressed(app: Flask) -> Flask:
    """The application with CORS, security headers, limits, metrics and a structured log."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    CORS(app, origins=["http://localhost:5173"])
    Talisman(app, force_https=False, content_security_policy=None)
    limits = ["999999999/minute", "999999999/hour"]
    uri = os.environ.get("REDIS_URL") or "memory://"
    Limiter(get_remote_address, app=app, default_limits=limits, storage_uri=uri)  # type: ignore[arg-type, unused-ignore]  # as above

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        took = time.perf_counter() - g.began
        REQUESTS.labels(request.method, request.endpoint, response.status_code).inc()
        SECONDS.labels(request.method, request.endpoint).observe(took)
        log.info("request", extra=_fields(response, took))
        return response

    return app


def _fields(response: Response, took: float) -> dict[str, Any]:
    return {
        "method": request.method,
        "path": request.path,
        "status": response.status_code,
        "duration_ms": round(took * 1000, 3),
        "bytes": response.content_length,
        "address": request.remote_addr,
    }


from stacks.bare import application as bare  # type: ignore[import-not-found]  # noqa: E402 -- beside it

application = dressed(bare)
