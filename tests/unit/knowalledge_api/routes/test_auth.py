"""Users prove who they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from knowalledge_api.app import create_app, parts_of
from knowalledge_api.auth.policy import Limit, policy_of
from knowalledge_api.database.accounts.users import NewUser
from knowalledge_api.database.models import Base, Role, Tier
from knowalledge_api.database.models.columns import utc_now
from knowalledge_api.services import account_changes as changes
from knowalledge_api.services.account_changes import By
from tests.support.answers import body_of
from tests.support.configuration import sqlite_settings

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

KEY = re.compile(r"sk_[A-Za-z0-9_-]{43}")


def app_of(directory: Path, **settings: str) -> Flask:
    found = sqlite_settings(directory, RATE_LIMIT_ENABLED="false", **settings)
    app = create_app(found)
    Base.metadata.create_all(parts_of(app).database.engine)
    return app


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    app = app_of(tmp_path)
    with closing(parts_of(app).database):
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def root(app: Flask) -> dict[str, str]:
    """The header of an administrator."""
    by = By("a test", utc_now())
    with parts_of(app).database.session() as session:
        account = changes.add_user(session, by, NewUser("root", Role.ADMIN, Tier.UNLIMITED))
        return {"X-API-Key": changes.issue_key(session, by, account).text.reveal()}


def register(client: FlaskClient, user_id: str = "ada", **more: Any) -> TestResponse:
    headers = more.pop("headers", {})
    return client.post("/api/auth/register", json={"user_id": user_id, **more}, headers=headers)


def key_of(client: FlaskClient, user_id: str = "ada") -> str:
    return str(body_of(register(client, user_id))["api_key"])


def token_of(client: FlaskClient, key: str) -> str:
    return str(body_of(client.post("/api/auth/login", json={"api_key": key}))["token"])


def test_registering_answers_with_a_key(client: FlaskClient) -> None:
    answer = register(client, language="de")
    body = body_of(answer)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    assert body.keys() == {"api_key", "user_id", "quota_tier", "message"}
    assert KEY.fullmatch(body["api_key"])
    assert (body["user_id"], body["quota_tier"]) == ("ada", "free")


def test_a_taken_id_is_409_with_no_key_in_it(client: FlaskClient) -> None:
    register(client)
    answer = register(client)
    assert answer.status_code == 409
    assert not KEY.search(answer.text)
    assert "knowctl keys issue" in body_of(answer)["message"]


def test_a_taken_id_stays_an_administrators(client: FlaskClient, root: dict[str, str]) -> None:
    assert register(client, "root").status_code == 409
    body = body_of(client.get("/api/auth/validate", headers=root))
    assert (body["role"], body["quota_tier"]) == ("admin", "unlimited")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"user_id": None},
        {"user_id": 123},
        {"user_id": "ab"},
        {"user_id": "x" * 65},
        {"user_id": "a b"},
        {"user_id": "ada\n"},
        {"user_id": "ädä"},
        {"user_id": "ada", "quota_tier": "gold"},
        {"user_id": "ada", "quota_tier": "unlimited"},
        {"user_id": "ada", "quota_tier": "limited"},
        {"user_id": "ada", "quota_tier": 1},
        [],
    ],
    ids=str,
)
def test_a_registration_that_makes_no_sense_is_400(client: FlaskClient, body: object) -> None:
    answer = client.post("/api/auth/register", json=body)
    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")


def test_a_tier_above_free_is_403_for_strangers_and_users(
    client: FlaskClient, root: dict[str, str]
) -> None:
    user = {"X-API-Key": key_of(client, "bob")}
    for headers in ({}, user, {"X-API-Key": "stale"}):
        assert register(client, quota_tier="premium", headers=headers).status_code == 403
    answer = register(client, quota_tier="premium", headers=root)
    assert (answer.status_code, body_of(answer)["quota_tier"]) == (201, "premium")


def test_a_closed_registration_is_403(tmp_path: Path) -> None:
    app = app_of(tmp_path, REGISTRATION="closed")
    with closing(parts_of(app).database):
        assert register(app.test_client()).status_code == 403


def test_a_repeated_registration_is_409_with_a_hint_and_no_second_user(
    client: FlaskClient,
) -> None:
    once = {"Idempotency-Key": "the-same"}
    assert register(client, headers=once).status_code == 201
    again = register(client, headers=once)
    assert again.status_code == 409
    assert "knowctl keys issue" in body_of(again)["detail"]
    assert register(client, "other", headers=once).status_code == 422
    assert register(client, "other").status_code == 201


def test_a_login_answers_with_a_token_that_validates(client: FlaskClient) -> None:
    key = key_of(client)
    answer = client.post("/api/auth/login", json={"api_key": f" {key} "})
    body = body_of(answer)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert body.keys() == {"token", "expires_in", "user_id", "quota_tier", "message"}
    assert body["expires_in"] == 86400
    for headers in ({"Authorization": f"Bearer {body['token']}"}, {"X-API-Key": key}):
        told = body_of(client.get("/api/auth/validate", headers=headers))
        assert told.keys() == {"valid", "user_id", "role", "quota_tier", "email", "created_at"}
        assert (told["valid"], told["user_id"], told["role"]) == (True, "ada", "user")
        assert (told["quota_tier"], told["email"]) == ("free", None)


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 400), ({"api_key": None}, 400), ({"api_key": 1}, 400), ([], 400)]
    + [({"api_key": text}, 401) for text in ("", "x", "sk_" + "a" * 43)],
    ids=str,
)
def test_a_login_without_a_good_key(client: FlaskClient, body: object, status: int) -> None:
    assert client.post("/api/auth/login", json=body).status_code == status


def test_a_stale_credential_does_not_keep_anybody_from_logging_in(client: FlaskClient) -> None:
    stale = {"Authorization": "Bearer a.b.c"}
    answer = client.post("/api/auth/login", json={"api_key": key_of(client)}, headers=stale)
    assert answer.status_code == 200


def test_after_a_logout_the_token_is_401_and_the_key_good(client: FlaskClient) -> None:
    key = key_of(client)
    bearer = {"Authorization": f"Bearer {token_of(client, key)}"}
    assert client.get("/api/auth/validate", headers=bearer).status_code == 200
    answer = client.post("/api/auth/logout", headers=bearer)
    assert (answer.status_code, body_of(answer)) == (200, {"message": "Logged out."})
    assert client.get("/api/auth/validate", headers=bearer).status_code == 401
    other = client.post("/api/auth/logout", headers={"X-API-Key": key})
    assert "API key stays good" in body_of(other)["message"]
    assert client.get("/api/auth/validate", headers={"X-API-Key": key}).status_code == 200


def test_an_administrator_generates_keys(client: FlaskClient, root: dict[str, str]) -> None:
    asked = {"user_id": "bob", "quota_tier": "unlimited", "role": "admin"}
    answer = client.post("/api/auth/admin/generate-key", json=asked, headers=root)
    body = body_of(answer)
    assert answer.status_code == 201
    assert body.keys() == {"api_key", "user_id", "role", "quota_tier", "message"}
    assert {name: body[name] for name in asked} == asked
    assert token_of(client, body["api_key"])


def test_a_stranger_who_took_the_id_stays_what_they_are(
    client: FlaskClient, root: dict[str, str]
) -> None:
    stranger = key_of(client, "carol.ops")
    asked = {"user_id": "carol.ops", "role": "admin"}
    answer = client.post("/api/auth/admin/generate-key", json=asked, headers=root)
    body = body_of(answer)
    assert (answer.status_code, answer.content_type) == (409, "application/problem+json")
    assert "knowctl users set-role carol.ops admin" in body["message"]
    assert "api_key" not in body
    told = body_of(client.get("/api/auth/validate", headers={"X-API-Key": stranger}))
    assert told["role"] == "user"


@pytest.mark.parametrize("more", [{"role": "root"}, {"quota_tier": "gold"}, {"user_id": "a"}])
def test_a_key_is_generated_for_what_makes_sense(
    client: FlaskClient, root: dict[str, str], more: dict[str, str]
) -> None:
    asked = {"user_id": "bob", **more}
    answer = client.post("/api/auth/admin/generate-key", json=asked, headers=root)
    assert answer.status_code == 400


def test_only_an_administrator_generates_keys(client: FlaskClient) -> None:
    path, asked = "/api/auth/admin/generate-key", {"user_id": "bob", "role": "admin"}
    assert client.post(path, json=asked).status_code == 401
    assert client.post(path, json=asked, headers={"X-API-Key": key_of(client)}).status_code == 403


def test_keys_are_listed_without_what_opens(client: FlaskClient) -> None:
    key = key_of(client)
    answer = client.get("/api/auth/keys", headers={"X-API-Key": key})
    (listed,) = body_of(answer)["keys"]
    assert listed.keys() == {"id", "prefix", "created_at", "last_used_at"}
    assert listed["prefix"] == key[:11]
    assert key not in answer.text
    assert body_of(answer)["count"] == 1


def test_a_key_is_revoked_at_once_with_the_tokens_it_got(client: FlaskClient) -> None:
    key = key_of(client)
    bearer = {"Authorization": f"Bearer {token_of(client, key)}"}
    once = {"Idempotency-Key": "x"}
    for _ in range(1):
        answer = client.delete("/api/auth/keys/1", headers={**bearer, **once})
        assert (answer.status_code, body_of(answer)["id"]) == (200, 1)
    assert client.get("/api/auth/validate", headers=bearer).status_code == 401
    assert client.post("/api/auth/login", json={"api_key": key}).status_code == 401


def test_the_keys_of_others_are_not_there(client: FlaskClient) -> None:
    ada, bob = ({"X-API-Key": key_of(client, name)} for name in ("ada", "bob"))
    for number in ("2", "999", "0", "99999999999999999", "9" * 40):
        assert client.delete(f"/api/auth/keys/{number}", headers=ada).status_code == 404
    assert client.get("/api/auth/validate", headers=bob).status_code == 200


def test_what_is_somebodys_own_is_kept_by_nobody_on_the_way(client: FlaskClient) -> None:
    headers = {"X-API-Key": key_of(client)}
    for path in ("/api/auth/validate", "/api/auth/keys"):
        assert client.get(path, headers=headers).headers["Cache-Control"] == "no-store"


def test_an_administrator_reads_why_the_server_is_not_ready(
    client: FlaskClient, root: dict[str, str]
) -> None:
    ada = {"X-API-Key": key_of(client)}
    told = {
        name: body_of(client.get("/ready", headers=who))
        for name, who in {"stranger": {}, "user": ada, "admin": root}.items()
    }
    assert {name: "details" in body for name, body in told.items()} == {
        "stranger": False,
        "user": False,
        "admin": True,
    }


def test_registration_and_login_have_limits_of_their_own(app: Flask) -> None:
    limits = {name: policy_of(app.view_functions[f"auth.{name}"]) for name in ("register", "login")}
    assert {name: policy and policy.limit for name, policy in limits.items()} == {
        "register": Limit.REGISTER,
        "login": Limit.LOGIN,
    }


def test_nothing_that_was_said_shows_a_secret(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    key = key_of(client)
    token = token_of(client, key)
    for path in (f"/api/auth/keys/{key}", "/api/auth/validate"):
        client.get(path.replace(key, "x"), headers={"Authorization": f"Bearer {token}"}).close()
    said = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    assert key not in said
    assert token not in said
