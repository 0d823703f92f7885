"""The application, as a list of its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, cast

import orjson
from flask import Blueprint, Flask, Response
from flask.json.provider import JSONProvider

from knowalledge_api import logs, metrics
from knowalledge_api.auth import policy
from knowalledge_api.auth.credentials import ScraperToken
from knowalledge_api.auth.identity import Identity
from knowalledge_api.auth.signing import signing_keys
from knowalledge_api.auth.tokens import Tokens
from knowalledge_api.auth.upkeep import Upkeep
from knowalledge_api.cache import Cache
from knowalledge_api.database import Database
from knowalledge_api.generation import current
from knowalledge_api.health import Readiness
from knowalledge_api.limits.gate import Gate, make_gate
from knowalledge_api.live.process import Live
from knowalledge_api.providers.choice import Writers, make_writers
from knowalledge_api.routes import admin, auth, content, health, learning, operations, problems
from knowalledge_api.routes import metrics as measured
from knowalledge_api.routes.application import Application
from knowalledge_api.routes.breakers import AiBreakers, Breaker, RedisBreaker
from knowalledge_api.routes.door import Door
from knowalledge_api.routes.early import Early
from knowalledge_api.routes.edge import Edge
from knowalledge_api.routes.entrance import Rules
from knowalledge_api.routes.openapi.pages import Pages
from knowalledge_api.services.accounts import Accounts
from knowalledge_api.services.contents import Contents
from knowalledge_api.services.expiry import Expiry
from knowalledge_api.services.idempotency import Idempotency
from knowalledge_api.services.image_topics import ImageTopicService
from knowalledge_api.services.learning import Learning
from knowalledge_api.services.presentations import Presentations
from knowalledge_api.services.spending import Spending
from knowalledge_api.services.writing import Shelves, Writing
from knowalledge_api.settings import Environment, Settings
from knowalledge_api.settings.process import from_process
from knowalledge_api.settings.table import Registration
from knowalledge_api.stores.store import Store, make_store

EXTENSION: Final = "knowalledge"


@dataclass(frozen=True, slots=True)
class Parts:
    """What an application is made of and its server has to look after."""

    database: Database
    cache: Cache
    store: Store
    readiness: Readiness
    live: Live
    early: Early
    door: Door


class OrjsonProvider(JSONProvider):
    """JSON by orjson: several times faster, and UTF-8 as the wire's rules have it."""

    def dumps(self, obj: Any, **_: Any) -> str:
        """A value as JSON text."""
        return orjson.dumps(obj).decode()

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """A value as a response, whose bytes are what orjson made."""
        content = orjson.dumps(self._prepare_response_obj(args, kwargs))
        return Response(content, content_type="application/json")

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

    app = _empty(settings)
    database = Database(settings)
    database.load_driver()
    store = make_store(settings, metrics.DEGRADED.labels("redis").inc)
    cache = Cache(store, counted=lambda *labels: metrics.CACHE.labels(*labels).inc())
    writers = make_writers(settings, Spending(database, settings.ai_daily_budget))
    gate = make_gate(
        settings, store, current(), refused=lambda kind: metrics.LIMITED.labels(kind).inc()
    )
    readiness = Readiness(database, store=store)
    live = Live(
        database,
        cache,
        stuck_after=settings.gunicorn_timeout,
        degraded=lambda: store.state().degraded,
        ai=writers.ai,
    )
    rules = Rules.of(settings)
    early = Early(rules.standing_headers, metrics.observe)

    tokens = Tokens(signing_keys(settings, current()), settings.jwt_ttl)
    identity = Identity(database, tokens, Upkeep(database))
    door = _door(settings, identity, gate)
    app.extensions[EXTENSION] = Parts(database, cache, store, readiness, live, early, door)
    accounts = Accounts(
        database, identity, tokens, is_open=settings.registration is Registration.OPEN
    )

    app.register_blueprint(health.blueprint(readiness.check, door.is_operator))
    contents = _contents(settings, database, cache, writers)
    app.register_blueprint(_content(settings, contents, writers))
    idempotency = Idempotency(database)
    app.register_blueprint(auth.blueprint(accounts, idempotency, door.forget))
    app.register_blueprint(learning.blueprint(Learning(database), idempotency))
    app.register_blueprint(admin.blueprint(live.everyone))
    breakers: dict[str, Breaker] = {"redis": RedisBreaker(store), "gemini": AiBreakers(live)}
    app.register_blueprint(operations.blueprint(contents.clear, live.clear_everywhere, breakers))
    limited = settings.rate_limit_enabled
    app.register_blueprint(measured.blueprint(live.measured, limited=limited))
    pages = Pages()
    app.register_blueprint(pages.blueprint())
    problems.register(app)
    policy.enforce(app, door.guard)
    pages.describe(app)

    app.wsgi_app = Edge(app.wsgi_app, live.requests, rules, metrics.observe)  # type: ignore[method-assign]  # Flask's documented way to wrap
    return app


def _empty(settings: Settings) -> Application:
    """What the parts are put into."""
    app = Application("knowalledge_api", static_folder=None, template_folder=None)
    app.json = OrjsonProvider(app)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_content_length
    app.config["MAX_JSON_BYTES"] = min(settings.max_json_bytes, settings.max_content_length)
    return app


def _door(settings: Settings, identity: Identity, gate: Gate) -> Door:
    """Who stands before every view."""
    scraper = ScraperToken(settings.metrics_token)
    development = settings.app_env is Environment.DEVELOPMENT
    return Door(identity, scraper, gate, development=development)


def _contents(settings: Settings, database: Database, cache: Cache, writers: Writers) -> Contents:
    """What was written, removed when the longest of its lives is over."""
    expiry = Expiry(database, max(settings.cache_ttl_subtopics, settings.cache_ttl_quiz))
    return Contents(
        database,
        cache,
        writers.provider,
        settings.ai_request_budget,
        writers.place,
        stored=expiry.stored,
    )


def _content(settings: Settings, contents: Contents, writers: Writers) -> Blueprint:
    """What has content written, by the writers of the settings."""
    shelves = Shelves.of(settings.cache_ttl_subtopics, settings.cache_ttl_quiz)
    return content.blueprint(
        Writing(contents, shelves),
        Presentations(contents, shelves.explanations, writers.helpers),
        ImageTopicService(contents, settings.max_image_pixels),
        policy.generates(for_users_alone=settings.require_auth_for_generation),
    )


def parts_of(app: Flask) -> Parts:
    """The parts of an application that create_app made."""
    return cast("Parts", app.extensions[EXTENSION])
