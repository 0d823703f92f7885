"""Is the process alive, and should it get requests."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from flask import Flask

from knowalledge_api.health import Check, CheckStatus, Report
from knowalledge_api.routes import health
from tests.support.answers import body_of

if TYPE_CHECKING:
    from flask.testing import FlaskClient


def client(
    status: CheckStatus, asked: list[int] | None = None, *, operator: bool = False
) -> FlaskClient:
    def readiness() -> Report:
        (asked if asked is not None else []).append(1)
        return Report((Check("database", status, "canary"),))

    app = Flask(__name__, static_folder=None)
    app.register_blueprint(health.blueprint(readiness, lambda: operator))
    return app.test_client()


@pytest.mark.parametrize("path", ["/health", "/api/health"])
def test_a_process_that_answers_is_alive_and_asks_nobody(path: str) -> None:
    asked: list[int] = []
    answer = client(CheckStatus.FAILED, asked).get(path, content_type="application/json")
    assert (answer.status_code, body_of(answer)["status"], asked) == (200, "alive", [])
    assert datetime.fromisoformat(body_of(answer)["timestamp"]).tzinfo


@pytest.mark.parametrize("path", ["/ready", "/api/ready"])
@pytest.mark.parametrize(
    ("status", "code"),
    [(CheckStatus.OK, 200), (CheckStatus.DEGRADED, 200), (CheckStatus.FAILED, 503)],
)
def test_readiness_tells_names_and_statuses_alone(
    path: str, status: CheckStatus, code: int
) -> None:
    answer = client(status).get(path)
    assert answer.status_code == code
    assert body_of(answer)["ready"] is (code == 200)
    assert body_of(answer)["checks"] == {"database": status}
    assert "canary" not in answer.text


def test_an_operator_is_told_why() -> None:
    answer = client(CheckStatus.FAILED, operator=True).get("/ready")
    assert body_of(answer)["details"] == {"database": "canary"}
    assert body_of(answer)["checks"] == {"database": "failed"}


def test_without_an_operator_in_the_wiring_nobody_is_one() -> None:
    app = Flask(__name__, static_folder=None)
    report = Report((Check("database", CheckStatus.FAILED, "canary"),))
    app.register_blueprint(health.blueprint(lambda: report))
    assert "canary" not in app.test_client().get("/ready").text
