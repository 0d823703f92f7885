"""The application, as a list of its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, cast

import orjson
from flask import Flask
from flask.json.provider import JSONProvider

from knowalledge_api import logs
from knowalledge_api.auth import policy
from knowalledge_api.auth.policy import Access
from knowalledge_api.cache import MemoryCache
from knowalledge_api.database import Database
from knowalledge_api.health import Readiness
from knowalledge_api.live.process import Live
from knowalledge_api.providers.choice import make_provider
from knowalledge_api.routes import admin, content, health, problems
from knowalledge_api.routes.edge import Edge
from knowalledge_api.services.subtopics import SubtopicsService
from knowalledge_api.settings import Settings
from knowalledge_api.settings.process import from_process

EXTENSION: Final = "knowalledge"


@dataclass(frozen=True, slots=True)
class Parts:
    """What an application is made of and its server has to look after."""

    database: Database
    cache: MemoryCache
    readiness: Readiness
    live: Live


class OrjsonProvider(JSONProvider):
    """JSON by orjson: several times faster, and UTF-8 as the wire's rules have it."""

    def dumps(self, obj: Any, **_: Any) -> str:
        """A value as JSON text."""
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        """A value from JSON text."""
        return orjson.loads(s)


def create_app(settings: Settings | None = None) -> Flask:
    """The application of these settings; without any, of the process's own.

    It connects to nothing and starts no thread, so that a server may fork after it. Raises
    SettingsError, UnknownSchemeError, MissingPolicyError, and DatabaseUnavailableError where the
    database's driver is not installed.
    """
    settings = settings or from_process()
    logs.configure(settings)

    app = Flask("knowalledge_api", static_folder=None, template_folder=None)
    app.json = OrjsonProvider(app)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_content_length
    app.config["MAX_JSON_BYTES"] = min(settings.max_json_bytes, settings.max_content_length)

    database = Database(settings)
    database.load_driver()
    cache = MemoryCache()
    readiness = Readiness(database)
    live = Live(database, cache, stuck_after=settings.gunicorn_timeout)
    life = settings.cache_ttl_subtopics
    subtopics = SubtopicsService(database, cache, make_provider(settings), life)
    app.extensions[EXTENSION] = Parts(database, cache, readiness, live)

    app.register_blueprint(health.blueprint(readiness.check))
    app.register_blueprint(content.blueprint(subtopics))
    app.register_blueprint(admin.blueprint(live.everyone))
    problems.register(app)
    policy.enforce(app, {Access.ADMIN: policy.bearer_of(settings.metrics_token)})

    app.wsgi_app = Edge(app.wsgi_app, live.requests)  # type: ignore[method-assign]  # Flask's documented way to wrap
    return app


def parts_of(app: Flask) -> Parts:
    """The parts of an application that create_app made."""
    return cast("Parts", app.extensions[EXTENSION])
