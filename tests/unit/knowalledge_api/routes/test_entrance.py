"""What a request is held to before the application is asked."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from knowalledge_api.routes.edge import Edge
from knowalledge_api.routes.entrance import Rules
from tests.support.configuration import settings_of

FRONT_END = "https://learn.example"
ASKS = {"Origin": FRONT_END, "Access-Control-Request-Method": "PATCH"}


def application(_: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b"asked"]


def ask(path: str = "/api/x", method: str = "GET", **settings: str) -> TestResponse:
    """A request by api.example, whose settings may follow it as `headers`, in JSON."""
    given = json.loads(settings.pop("headers", "{}"))
    environ = json.loads(settings.pop("environ", "{}"))
    edge = Edge(application, rules=Rules.of(settings_of(**settings)))
    headers = {"Host": "api.example", **given}
    return Client(edge).open(path, method=method, headers=headers, environ_overrides=environ)


def refused(answer: TestResponse, status: int) -> dict[str, Any]:
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    body: dict[str, Any] = json.loads(answer.data)
    assert body["request_id"] == answer.headers["X-Request-ID"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    return body


def test_a_strange_host_is_400_in_the_one_shape() -> None:
    answer = ask(TRUSTED_HOSTS="api.example", headers='{"Host": "evil.example"}')
    body = refused(answer, 400)
    assert (body["instance"], body["error"]) == ("/api/x", "The Host header names no host of ours.")
    assert "evil" not in answer.text
    assert ask(TRUSTED_HOSTS="api.example").data == b"asked"


def test_a_malformed_host_is_400_whatever_is_trusted() -> None:
    refused(ask(headers='{"Host": "a@b"}'), 400)


def test_http_1_1_without_a_host_is_400_and_1_0_is_not() -> None:
    refused(ask(environ='{"HTTP_HOST": ""}'), 400)
    assert ask(environ='{"HTTP_HOST": "", "SERVER_PROTOCOL": "HTTP/1.0"}').data == b"asked"


def test_a_browser_that_asks_beforehand_is_answered_without_the_application() -> None:
    answer = ask(method="OPTIONS", CORS_ORIGINS=FRONT_END, headers=json.dumps(ASKS))
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == FRONT_END
    assert "PATCH" in answer.headers["Access-Control-Allow-Methods"]
    assert answer.headers["Vary"] == "Origin"


def test_from_an_unlisted_origin_it_is_refused() -> None:
    asks = {**ASKS, "Origin": "https://evil.example"}
    answer = ask(method="OPTIONS", CORS_ORIGINS=FRONT_END, headers=json.dumps(asks))
    refused(answer, 403)
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_other_requests_with_options_are_the_applications() -> None:
    for headers in ({"Origin": FRONT_END}, {"Access-Control-Request-Method": "GET"}):
        answer = ask(method="OPTIONS", CORS_ORIGINS=FRONT_END, headers=json.dumps(headers))
        assert answer.data == b"asked"
    answer = ask(method="OPTIONS", CORS_ENABLED="false", headers=json.dumps(ASKS))
    assert answer.data == b"asked"
    assert not [name for name in answer.headers.keys() if name.startswith("Access-Control")]  # noqa: SIM118 -- pairs else
    assert "Vary" not in answer.headers


def test_plain_http_is_sent_to_https_with_all_that_was_asked() -> None:
    answer = ask("/api/caf%C3%A9?a=1&b=%20x", FORCE_HTTPS="true")
    assert answer.status_code == 308
    assert answer.headers["Location"] == "https://api.example/api/caf%C3%A9?a=1&b=%20x"
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize(
    "path", ["//evil.example/x", "/\\evil.example", "/%0d%0aSet-Cookie:%20a=1"]
)
def test_a_redirect_leads_to_the_same_host_whatever_the_path(path: str) -> None:
    location = ask(path, FORCE_HTTPS="true").headers["Location"]
    assert location.startswith("https://api.example/")
    assert location.isprintable()
    assert " " not in location


def test_its_port_is_the_usual_one() -> None:
    answer = ask(FORCE_HTTPS="true", headers='{"Host": "api.example:5000"}')
    assert answer.headers["Location"] == "https://api.example/api/x"


@pytest.mark.parametrize("path", ["/health", "/ready", "/api/health", "/api/ready"])
@pytest.mark.parametrize("host", ["10.0.0.7:5000", "api.example"])
def test_a_probe_is_never_redirected(path: str, host: str) -> None:
    answer = ask(path, FORCE_HTTPS="true", headers=json.dumps({"Host": host}))
    assert answer.data == b"asked"


def test_a_scraper_by_address_is_not_either() -> None:
    assert ask("/metrics", FORCE_HTTPS="true", headers='{"Host": "10.0.0.7"}').data == b"asked"
    assert ask("/metrics", FORCE_HTTPS="true").status_code == 308


def test_behind_a_proxy_that_speaks_tls_nothing_is_redirected_for_ever() -> None:
    came_by = '{"X-Forwarded-Proto": "https"}'
    assert ask(FORCE_HTTPS="true", TRUSTED_PROXY_HOPS="1", headers=came_by).data == b"asked"
    came_plainly = '{"X-Forwarded-Proto": "http"}'
    answer = ask(FORCE_HTTPS="true", TRUSTED_PROXY_HOPS="1", headers=came_plainly)
    assert answer.status_code == 308


def test_a_forged_scheme_changes_nothing() -> None:
    assert ask(FORCE_HTTPS="true", headers='{"X-Forwarded-Proto": "https"}').status_code == 308


def test_the_server_s_own_tls_is_https() -> None:
    assert ask(FORCE_HTTPS="true", environ='{"wsgi.url_scheme": "https"}').data == b"asked"
