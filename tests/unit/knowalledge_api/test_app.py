"""The application, as a list of its parts."""

from __future__ import annotations

import inspect
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from knowalledge_api.app import create_app, parts_of
from knowalledge_api.auth.policy import policy_of
from knowalledge_api.database.schema import migrate
from knowalledge_api.errors import DatabaseUnavailableError
from tests.support.answers import body_of
from tests.support.configuration import settings_of, sqlite_settings
from tests.support.database_life import environment

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

TOKEN = "metrics-token-canary"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    settings = sqlite_settings(
        tmp_path, MAX_JSON_BYTES="1024", METRICS_TOKEN=TOKEN, SECRET_KEY=f"{TOKEN}-of-sessions"
    )
    migrate(settings)
    app = create_app(settings)
    with closing(parts_of(app).database):
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_making_it_connects_to_nothing_and_starts_nothing(tmp_path: Path) -> None:
    threads = threading.active_count()
    app = create_app(sqlite_settings(tmp_path))
    assert list(tmp_path.iterdir()) == []
    assert threading.active_count() == threads
    assert parts_of(app).database.stats().type == "none"


def test_no_view_is_a_coroutine_since_nobody_would_wait_for_it(app: Flask) -> None:
    views = [inspect.unwrap(view) for view in app.view_functions.values()]
    assert [view for view in views if inspect.iscoroutinefunction(view)] == []


def test_every_route_has_a_policy_with_a_reason(app: Flask) -> None:
    policies = {
        rule.rule: policy_of(app.view_functions[rule.endpoint]) for rule in app.url_map.iter_rules()
    }
    assert {"/health", "/ready", "/api/create_subtopics", "/api/auth/login"} <= set(policies)
    assert all(policy and policy.reason for policy in policies.values())


def test_a_learner_gets_subtopics(client: FlaskClient) -> None:
    answer = client.post("/api/create_subtopics", json={"topic": "量子力学", "language": "ja"})
    assert answer.status_code == 200
    assert set(body_of(answer)) == {"subtopics", "count", "quality_score", "warnings", "source"}
    assert "量子力学" in answer.text  # not escaped
    again = client.post("/api/create_subtopics", json={"topic": "量子力学", "language": "ja"})
    assert body_of(again)["source"] == "cache"


def test_a_database_without_tables_is_503_and_not_500(tmp_path: Path) -> None:
    app = create_app(sqlite_settings(tmp_path))
    with closing(parts_of(app).database):
        answer = app.test_client().post("/api/create_subtopics", json={"topic": "x"})
        ready = app.test_client().get("/ready")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert (ready.status_code, body_of(ready)["checks"]["schema"]) == (503, "failed")


def test_flasks_own_json_is_ours(app: Flask) -> None:
    assert app.json.loads(app.json.dumps({"topic": "力"})) == {"topic": "力"}


def test_a_missing_driver_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymysql", None)
    with pytest.raises(DatabaseUnavailableError, match="pymysql is not installed"):
        create_app(settings_of(DATABASE_URL="mysql://h/x"))


def test_liveness_asks_nothing(tmp_path: Path) -> None:
    app = create_app(sqlite_settings(tmp_path))
    answer = app.test_client().get("/health")
    assert (answer.status_code, body_of(answer)["status"]) == (200, "alive")
    assert set(body_of(answer)) == {"status", "timestamp"}
    assert list(tmp_path.iterdir()) == []


def test_a_request_leaves_one_record(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with client.post("/api/create_subtopics", json={"topic": ""}):
        pass
    (record,) = [each for each in caplog.records if each.name == "knowalledge_api.access"]
    assert (vars(record)["route"], vars(record)["status"]) == ("/api/create_subtopics", 400)


@pytest.mark.parametrize(
    "body", ["[]", "1", "null", '"x"', "{", "", "\ud800", "nan", '{"topic":1}', "[" * 500]
)
def test_no_body_is_a_500(client: FlaskClient, body: str) -> None:
    data = body.encode("utf-8", "surrogatepass")
    answer = client.post("/api/create_subtopics", data=data, content_type="application/json")
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")


def test_a_body_beyond_the_limit_is_413(client: FlaskClient) -> None:
    data = json.dumps({"topic": "x" * 1024})
    answer = client.post("/api/create_subtopics", data=data, content_type="application/json")
    assert (answer.status_code, body_of(answer)["title"]) == (413, "Request Entity Too Large")


def test_the_module_of_the_server_serves_nothing_when_it_is_run(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "knowalledge_api.wsgi"],
        cwd=tmp_path,
        env=environment(f"sqlite:///{tmp_path}/x.db"),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN])
def test_the_live_state_is_for_nobody_without_the_token(client: FlaskClient, header: str) -> None:
    answer = client.get("/api/admin/live", headers={"Authorization": header})
    assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert body_of(answer)["detail"] == "Credentials are missing or wrong."


def test_without_a_metrics_token_it_is_for_nobody_at_all(tmp_path: Path) -> None:
    client = create_app(sqlite_settings(tmp_path)).test_client()
    for header in ("", "Bearer ", "Bearer None"):
        answer = client.get("/api/admin/live", headers={"Authorization": header})
        assert answer.status_code == 401


def test_the_live_state_tells_this_process_and_no_secret(app: Flask, client: FlaskClient) -> None:
    client.get("/ready?password=canary").close()
    headers = {"Authorization": f"Bearer {TOKEN}", "X-Request-ID": "mine"}
    answer = client.get("/api/admin/live?secret=canary", headers=headers)
    body = body_of(answer)
    answer.close()
    (worker,) = body["workers"]
    assert answer.status_code == 200
    (request,) = [each for each in worker["inflight"] if each["id"] == "mine"]
    assert (request["route"], request["method"]) == ("/api/admin/live", "GET")
    assert worker["pool"]["size"] == body["total"]["pool"]["size"] == 10
    assert parts_of(app).live.state()["pid"] == worker["pid"]
    assert "canary" not in answer.text
    assert parts_of(app).live.requests.inflight() == []


def test_a_request_is_stuck_at_the_age_of_the_settings(tmp_path: Path) -> None:
    app = create_app(sqlite_settings(tmp_path, GUNICORN_TIMEOUT="7"))
    assert parts_of(app).live._stuck.limit == 7


def test_who_asks_too_often_is_told_when_to_come_again(tmp_path: Path) -> None:
    limits = {"RATE_LIMIT_ENABLED": "true", "RATE_LIMIT_ANONYMOUS": "2/minute"}
    client = create_app(sqlite_settings(tmp_path, **limits)).test_client()
    answers = [client.post("/api/create_subtopics", json={"topic": ""}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [400, 400, 429]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert answers[2].headers["RateLimit-Limit"] == "2"
    assert 0 < int(answers[2].headers["Retry-After"]) <= 60
    assert client.get("/health").status_code == 200


def test_the_cache_is_cleared_by_operators_alone(client: FlaskClient) -> None:
    assert client.post("/api/cache/clear").status_code == 401


def test_where_redis_is_configured_nothing_is_asked_of_it_before_the_first_request(
    tmp_path: Path,
) -> None:
    threads = threading.active_count()
    url = f"unix://{tmp_path}/nobody.sock"
    app = create_app(sqlite_settings(tmp_path, REDIS_URL=url, RATE_LIMIT_ENABLED="true"))
    parts = parts_of(app)
    assert (threading.active_count(), parts.store.usable) == (threads, True)
    with closing(parts.database), closing(parts.store):
        answer = app.test_client().post("/api/create_subtopics", json={"topic": ""})
        assert (answer.status_code, answer.headers["RateLimit-Remaining"]) == (400, "9")
        ready = app.test_client().get("/ready")
    assert body_of(ready)["checks"]["redis"] == "degraded"
    assert "nobody.sock" not in ready.text
