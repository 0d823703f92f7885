"""The description as an OpenAPI document."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Blueprint, Flask
from pydantic import BaseModel

from knowalledge_api.auth.policy import Limit, Policy, policy_of, public, require_auth
from knowalledge_api.routes import auth
from knowalledge_api.routes.openapi.document import document, path_of, statuses_of
from knowalledge_api.routes.openapi.operations import OPERATIONS


def view(**_: object) -> str:
    return ""


@pytest.fixture
def app() -> Flask:
    """Routes under the names of some that the table describes."""
    app = Flask(__name__, static_folder=None)
    health = Blueprint("health", __name__)
    own = Blueprint("auth", __name__, url_prefix="/api/auth")
    open_to_all = public("it tells nothing", limit=Limit.NONE)(lambda: "")
    for path in ("/health", "/api/health"):
        health.add_url_rule(path, "health", open_to_all)
    registering = public("nobody has a key before", limit=Limit.REGISTER)(lambda: "")
    own.add_url_rule("/register", "register", registering, methods=["POST"])
    revoking = require_auth()(lambda key_id: "")  # noqa: ARG005 -- the rule names it
    own.add_url_rule("/keys/<int:key_id>", "revoke_key", revoking, methods=["DELETE"])
    scraping = require_auth("admin", scraper=True, limit=Limit.NONE)(lambda: "")
    metrics = Blueprint("metrics", __name__)
    metrics.add_url_rule("/metrics", "prometheus", scraping)
    for blueprint in (health, own, metrics):
        app.register_blueprint(blueprint)
    return app


@pytest.fixture
def operated(app: Flask) -> Flask:
    """With the state of breakers, by name, and readiness."""
    operations = Blueprint("operations", __name__)
    asking = require_auth()(lambda name: "")  # noqa: ARG005 -- the rule names it
    operations.add_url_rule("/breaker/<name>/state", "breaker_state", asking)
    operations.add_url_rule("/other/<other>/<name>", "reset_breaker", asking)
    clearing = require_auth("admin")(lambda: "")
    operations.add_url_rule("/clear", "clear_cache", clearing, methods=["POST"])
    app.register_blueprint(operations)
    ready = public("it tells statuses alone", limit=Limit.NONE)(lambda: "")
    app.add_url_rule("/ready", "health.ready", ready)
    return app


def test_a_status_of_its_own_may_be_an_error_too(operated: Flask) -> None:
    response = operation(operated, "/ready", "get")["responses"]["503"]
    assert set(response["content"]) == {"application/json", "application/problem+json"}
    assert set(response["headers"]) == {"X-Request-ID", "Retry-After"}


def test_a_parameter_is_any_text_where_neither_rule_nor_row_says_more(operated: Flask) -> None:
    other, name = operation(operated, "/other/{other}/{name}", "get")["parameters"]
    assert other["schema"] == {"type": "string", "minLength": 1}
    assert name["schema"] == {"type": "string", "enum": ["redis", "gemini"]}


def test_a_body_that_may_be_left_out_is_not_required(operated: Flask) -> None:
    assert operation(operated, "/clear", "post")["requestBody"]["required"] is False
    assert operation(operated, "/api/auth/register", "post")["requestBody"]["required"] is True


def operation(app: Flask, path: str, method: str) -> Any:
    return document(app)["paths"][path][method]


def test_each_rule_of_a_view_is_an_operation_of_its_own(app: Flask) -> None:
    found = document(app)["paths"]
    assert set(found) == {
        "/health", "/api/health", "/api/auth/register", "/api/auth/keys/{key_id}", "/metrics",
    }  # fmt: skip
    names = [one["operationId"] for methods in found.values() for one in methods.values()]
    assert len(names) == len(set(names))
    assert set(found["/health"]) == {"get"}, "HEAD and OPTIONS follow from it"


def test_a_route_that_the_table_does_not_know_is_left_out(app: Flask) -> None:
    app.add_url_rule("/of/tests", "testing", public("it is a test's")(view))
    assert "/of/tests" not in document(app)["paths"]


def test_a_parameter_of_the_rule_is_one_of_the_operation(app: Flask) -> None:
    found = operation(app, "/api/auth/keys/{key_id}", "delete")
    path, header = found["parameters"]
    assert (path["name"], path["in"], path["schema"]["type"]) == ("key_id", "path", "integer")
    assert (header["name"], header["in"]) == ("Idempotency-Key", "header")
    assert "404" in found["responses"]


@pytest.mark.parametrize(
    ("rule", "path"),
    [("/a", "/a"), ("/a/<b>", "/a/{b}"), ("/<int:a>/<string(length=2):b>", "/{a}/{b}")],
)
def test_rules_are_written_as_openapi_does(rule: str, path: str) -> None:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule(rule, "x", view)
    assert [path_of(each) for each in app.url_map.iter_rules()] == [path]


def test_policies_become_security(app: Flask) -> None:
    users: list[dict[str, list[str]]] = [{"bearer": []}, {"apiKey": []}]
    assert operation(app, "/health", "get")["security"] == []
    assert operation(app, "/api/auth/register", "post")["security"] == [{}, *users]
    assert operation(app, "/api/auth/keys/{key_id}", "delete")["security"] == users
    assert operation(app, "/metrics", "get")["security"] == [*users, {"metricsToken": []}]


def statuses(app: Flask, endpoint: str) -> set[int]:
    rule = next(each for each in app.url_map.iter_rules() if each.endpoint == endpoint)
    policy = policy_of(app.view_functions[endpoint])
    assert isinstance(policy, Policy)
    return set(statuses_of(rule, policy, OPERATIONS[endpoint]))


def test_statuses_follow_from_policy_limit_body_and_rule(app: Flask) -> None:
    always = statuses(app, "health.health")
    assert always == {400, 408, 414, 431, 500, 503}
    assert statuses(app, "metrics.prometheus") - always == {401, 403, 429}
    assert statuses(app, "auth.register") - always == {403, 409, 413, 415, 422, 429}
    assert statuses(app, "auth.revoke_key") - always == {401, 403, 404, 409, 422, 429}


def test_bodies_and_answers_are_models(app: Flask) -> None:
    made = document(app)
    found = made["paths"]["/api/auth/register"]["post"]
    sent = found["requestBody"]["content"]["application/json"]
    assert sent["schema"] == {"$ref": "#/components/schemas/Registration"}
    answered = found["responses"]["201"]["content"]["application/json"]["schema"]
    assert answered == {"$ref": "#/components/schemas/Registered"}
    assert issubclass(auth.Registration, BaseModel)
    assert set(made["components"]["schemas"]) >= {"Registration", "Registered", "Problem", "Tier"}


def test_errors_have_one_shape_and_limits_their_headers(app: Flask) -> None:
    made = document(app)
    refused = made["paths"]["/api/auth/register"]["post"]["responses"]["429"]["$ref"]
    error = made["components"]["responses"][refused.rpartition("/")[2]]
    assert error["content"] == {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
    }
    assert {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"} <= set(error["headers"])
    assert "Retry-After" in error["headers"]
    scraped = made["paths"]["/metrics"]["get"]["responses"]
    assert scraped["429"]["$ref"] == refused, "refusals count where nobody else does"
    assert "headers" in scraped["200"]
    assert "RateLimit-Limit" not in scraped["200"]["headers"]
    unlimited = made["paths"]["/health"]["get"]["responses"]["500"]["$ref"].rpartition("/")[2]
    assert set(made["components"]["responses"][unlimited]["headers"]) == {"X-Request-ID"}
