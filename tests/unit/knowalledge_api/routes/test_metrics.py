"""What the server measures, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from flask import Flask

from knowalledge_api.auth.policy import Access, Limit, policy_of
from knowalledge_api.metrics.exposition import CONTENT_TYPE
from knowalledge_api.metrics.files import BusyError, Gathered
from knowalledge_api.routes import metrics, problems
from knowalledge_api.routes.openapi.answers import Statistics

if TYPE_CHECKING:
    from flask.testing import FlaskClient


def made(measured: Callable[[], Gathered]) -> Flask:
    app = Flask(__name__)
    app.register_blueprint(metrics.blueprint(measured, limited=True))
    problems.register(app)
    return app


def client(measured: Callable[[], Gathered] = lambda: Gathered({}, 2, 0.0)) -> FlaskClient:
    return made(measured).test_client()


def test_prometheus_gets_text() -> None:
    answer = client().get("/metrics")
    assert answer.headers["Content-Type"] == CONTENT_TYPE
    assert answer.headers["Cache-Control"] == "no-store"
    assert "knowalledge_workers 2.0" in answer.text


@pytest.mark.parametrize("path", ["/api/metrics", "/api/stats"])
def test_operators_get_json_of_the_declared_shape(path: str) -> None:
    answer = client().get(path)
    assert answer.headers["Cache-Control"] == "no-store"
    assert Statistics.model_validate(answer.json).rate_limits.enabled


@pytest.mark.parametrize("path", ["/metrics", "/api/metrics"])
@pytest.mark.parametrize("error", [BusyError("/dev/shm/x hangs"), OSError("gone: /dev/shm/x")])
def test_what_can_not_be_read_is_a_503_without_a_word_of_why(path: str, error: Exception) -> None:
    def measured() -> Gathered:
        raise error

    answer = client(measured).get(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert "/dev/shm" not in answer.text


def test_scrapers_and_developers_may_read_the_text_and_admins_alone_the_rest() -> None:
    app = made(lambda: Gathered({}, 0, 0.0))
    text = policy_of(app.view_functions["metrics.prometheus"])
    rest = policy_of(app.view_functions["metrics.numbers"])
    assert text is not None
    assert rest is not None
    assert (text.access, rest.access) == (Access.ADMIN, Access.ADMIN)
    assert (text.scraper, text.developers, text.limit) == (True, True, Limit.NONE)
    assert (rest.scraper, rest.developers) == (False, False)
