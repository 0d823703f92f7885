"""Routes for tests; a release made for a test carries this file beside the API and registers it."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flask import Flask, Response, abort, jsonify, request
from sqlalchemy import text

from knowalledge_api.app import parts_of
from knowalledge_api.auth.policy import enforce, public

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

BREAKS: Final = Path(__file__).resolve().with_name("breaks")
"""While this file is there, /testing/broken answers 500."""
FUSE_SECONDS: Final = 1.0
BYTES: Final = bytes(range(256))
"""What /testing/bytes repeats."""

anyone = public("this release is a test's")


def register(app: Flask, release: str) -> None:
    """Add the routes to an application that has not served yet."""

    @app.get("/testing/version")
    @anyone
    def version() -> ResponseReturnValue:
        return jsonify(release=release, pid=os.getpid())

    @app.get("/testing/sleep/<float:seconds>")
    @anyone
    def sleep(seconds: float) -> ResponseReturnValue:
        time.sleep(seconds)
        return jsonify(release=release, pid=os.getpid())

    @app.get("/testing/spin/<float:seconds>")
    @anyone
    def spin(seconds: float) -> ResponseReturnValue:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pass
        return jsonify(release=release, pid=os.getpid())

    @app.get("/testing/hold/<float:seconds>")
    @anyone
    def hold(seconds: float) -> ResponseReturnValue:
        with parts_of(app).database.session() as session:
            session.execute(text("SELECT 1"))
            time.sleep(seconds)
        return jsonify(release=release, pid=os.getpid())

    @app.get("/testing/broken")
    @anyone
    def broken() -> ResponseReturnValue:
        if BREAKS.exists():
            raise RuntimeError("this route was broken by its test")
        return jsonify(release=release, pid=os.getpid())

    @app.get("/testing/bytes/<int:pieces>/<int:size>")
    @anyone
    def many_bytes(pieces: int, size: int) -> ResponseReturnValue:
        if pieces == 1:
            return Response(BYTES * (size // len(BYTES)))
        return Response(BYTES * (size // len(BYTES)) for _ in range(pieces))

    enforce(app, parts_of(app).door.guard)


def never_ready(app: Flask) -> None:
    """Let /ready say 503 whatever is asked."""

    @anyone
    def ready() -> ResponseReturnValue:
        return jsonify(ready=False, checks={"database": "failed"}), 503

    app.view_functions["health.ready"] = ready


def answers_500(app: Flask) -> None:
    """Let every route but the probes fail."""

    @app.before_request
    def fail() -> None:
        if request.path not in {"/health", "/ready"}:
            abort(500)


def dies_soon() -> None:
    """Let each process that serves end without a word, FUSE_SECONDS after it began to."""
    if os.environ.get("SERVER") == "waitress":
        _light()
    else:
        os.register_at_fork(after_in_child=_light)


def _light() -> None:
    fuse = threading.Timer(FUSE_SECONDS, os._exit, (70,))
    fuse.daemon = True
    fuse.start()
