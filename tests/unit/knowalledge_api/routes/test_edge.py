"""The edge of the application."""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client, EnvironBuilder

from knowalledge_api.auth.principal import Principal
from knowalledge_api.database.models import Role, Tier
from knowalledge_api.database.turns import asker
from knowalledge_api.generation import current
from knowalledge_api.live.requests import InFlight, Requests
from knowalledge_api.logs import request_id
from knowalledge_api.routes.cors import Cors
from knowalledge_api.routes.edge import LONGEST_PATH, PLAIN_HEADERS, PRIVATE, Edge, exchange
from knowalledge_api.routes.entrance import Rules
from knowalledge_api.routes.headers import SECURITY_HEADERS


def answering(body: Iterable[bytes] = (b"ab", b"c"), requests: Requests | None = None) -> Edge:
    def application(_: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("X-Seen", request_id.get())])
        return body

    return Edge(application, requests)


def records(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [vars(each) for each in caplog.records if each.name == "knowalledge_api.access"]


@pytest.mark.parametrize("given_id", ["a", "A-1_b.c", "x" * 128])
def test_a_plain_request_id_is_kept(given_id: str) -> None:
    answer = Client(answering()).get("/", headers={"X-Request-ID": given_id})
    assert answer.headers["X-Request-ID"] == answer.headers["X-Seen"] == given_id


@pytest.mark.parametrize("given_id", ["", "a b", "é", "x" * 129, 'a"b', "a;b"])
def test_any_other_is_replaced(given_id: str) -> None:
    answers = [Client(answering()).get("/", headers={"X-Request-ID": given_id}) for _ in range(2)]
    ids = [answer.headers["X-Request-ID"] for answer in answers]
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids)
    assert ids[0] != ids[1]


def test_security_headers_are_on_every_response() -> None:
    headers = Client(answering()).get("/").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_a_server_that_takes_plain_headers_is_given_ours_apart_from_the_application_s() -> None:
    judged: list[tuple[str, str]] = []
    plain: list[tuple[str, str]] = []
    edge = answering()
    edge.rules = Rules(cors=Cors(("https://a.example",)))

    def start_response(_status: str, headers: Any, _: object = None) -> Any:
        judged.extend(headers)

    environ = {**EnvironBuilder().get_environ(), PLAIN_HEADERS: plain.extend}
    answer: Any = edge(environ, start_response)
    answer.close()
    assert [name for name, _ in judged] == ["Content-Type", "X-Seen", "Vary"]
    assert [name for name, _ in plain] == [*(name for name, _ in SECURITY_HEADERS), "X-Request-ID"]


def test_one_record_tells_the_request(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    answer = Client(answering()).post("/a?secret=canary", data=b"12345")
    assert answer.data == b"abc"
    answer.close()
    (record,) = records(caplog)
    assert (record["method"], record["path"], record["route"]) == ("POST", "/a", None)
    assert (record["status"], record["bytes"], record["request_bytes"]) == (200, 3, 5)
    assert record["duration_ms"] > 0
    assert (record["trace_id"], record["user"], record["tier"]) == (None, None, None)
    assert (record["worker"], record["generation"]) == (os.getpid(), None)
    assert "canary" not in str(record)
    assert request_id.get() == ""


def test_an_application_that_fails_is_recorded_as_500(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    def application(_: Any, __: Any) -> Iterable[bytes]:
        raise KeyError

    with pytest.raises(KeyError):
        Client(Edge(application)).get("/")
    assert [record["status"] for record in records(caplog)] == [500]


def test_a_body_is_closed_once_even_where_it_fails(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    closed: list[int] = []

    class Body(list[bytes]):
        def close(self) -> None:
            closed.append(1)
            raise OSError("broken")

    answer = Client(answering(Body([b"x"]))).get("/", buffered=False)
    with pytest.raises(OSError, match="broken"):
        answer.close()
    assert closed == [1]
    assert len(records(caplog)) == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.text(st.characters(max_codepoint=255)), length=st.text(max_size=5))
def test_no_path_and_no_length_breaks_the_record(
    caplog: pytest.LogCaptureFixture, path: str, length: str
) -> None:
    caplog.clear()
    caplog.set_level(logging.INFO)
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "CONTENT_LENGTH": length}
    passing = answering()(environ, lambda *_: lambda _: None)
    passing.close()  # type: ignore[attr-defined]
    (record,) = records(caplog)
    assert len(record["path"]) <= LONGEST_PATH
    assert record["request_bytes"] >= 0
    record["path"].encode()


def test_the_database_learns_for_whom_it_is_asked_and_only_then() -> None:
    seen: list[tuple[str, str | None, float]] = []

    class Matched:
        class url_rule:  # noqa: N801 -- werkzeug's name
            rule = "/api/progress"

    def application(environ: Any, start_response: Any) -> Iterable[bytes]:
        who = asker.get()
        assert who is not None
        assert who.route is None
        environ["werkzeug.request"] = Matched()
        seen.append((who.id, who.route, who.database_seconds))
        start_response("200 OK", [])
        return [b""]

    Client(Edge(application)).get("/", headers={"X-Request-ID": "mine"})
    assert seen == [("mine", "/api/progress", 0.0)]
    assert asker.get() is None


def test_a_request_is_in_flight_until_it_is_closed() -> None:
    requests = Requests()
    answer = Client(answering(requests=requests)).get(
        "/", headers={"X-Request-ID": "mine"}, environ_base={"REMOTE_ADDR": "192.0.2.1"}
    )
    (request,) = requests.inflight()
    assert (request.id, request.method, request.address) == ("mine", "GET", "192.0.2.1")
    assert (request.route, request.thread) == (None, threading.get_ident())
    assert request.started <= time.perf_counter()
    answer.close()
    assert requests.inflight() == []
    assert requests.served().number == 1


def test_its_route_is_known_as_soon_as_it_matched() -> None:
    requests = Requests()
    seen: list[InFlight] = []

    class Matched:
        class url_rule:  # noqa: N801 -- werkzeug's name
            rule = "/api/progress"

    def application(environ: Any, start_response: Any) -> Iterable[bytes]:
        environ["werkzeug.request"] = Matched()
        seen.extend(requests.inflight())
        assert seen[0].route == "/api/progress"
        start_response("200 OK", [])
        return [b""]

    Client(Edge(application, requests)).get("/")
    assert (seen[0].address, len(seen)) == ("", 1)


@pytest.mark.parametrize("fails", ["application", "body", "log"])
def test_whatever_fails_no_request_stays_in_flight(
    fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = Requests()

    def fail(*_: object, **__: object) -> None:
        raise KeyError(fails)

    class Body(list[bytes]):
        def close(self) -> None:
            if fails == "body":
                fail()

    def application(_: Any, start_response: Any) -> Iterable[bytes]:
        if fails == "application":
            fail()
        start_response("200 OK", [])
        return Body([b"x"])

    if fails == "log":
        monkeypatch.setattr(logging.getLogger("knowalledge_api.access"), "isEnabledFor", fail)
    with pytest.raises(KeyError, match=fails):
        Client(Edge(application, requests)).get("/", buffered=True)
    assert requests.inflight() == []
    assert requests.served().number == 1
    assert request_id.get() == ""


class Plug:
    """The socket that a request came over, as gunicorn names it."""

    def __init__(self, name: object) -> None:
        self.name = name

    def getsockname(self) -> object:
        return self.name


@pytest.mark.parametrize(
    ("name", "address", "told"),
    [
        ("/run/x/gen-3/w-7.sock", "", False),
        ("/run/public.sock", "", True),
        ("/run/x/gen-3/w-7.sock", "203.0.113.9", True),
    ],
)
def test_what_proves_a_worker_to_its_supervisor_is_nobody_s_request(
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    address: str,
    *,
    told: bool,
) -> None:
    caplog.set_level(logging.INFO)
    facts = '{"number": 3, "directory": "/run/x/gen-3", "gate": 4, "report": 5}'
    monkeypatch.setenv("KNOWCTL_GENERATION", facts)
    current.cache_clear()
    try:
        environ = {"gunicorn.socket": Plug(name), "REMOTE_ADDR": address}
        Client(answering()).get("/ready", environ_overrides=environ).close()
    finally:
        current.cache_clear()
    assert bool(records(caplog)) is told


def test_a_request_that_the_server_marks_as_private_is_held_to_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)

    def application(_: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [b""]

    client = Client(Edge(application, rules=Rules(force_https=True)))
    with client.get("/api/x", environ_overrides={PRIVATE: True}) as asked:
        assert asked.status_code == 200
    assert records(caplog) == []
    with client.get("/api/x", headers={PRIVATE: "1"}) as forged:
        assert forged.status_code == 308
    assert len(records(caplog)) == 1


def test_who_asked_and_what_is_left_to_them_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    counted: list[tuple[object, ...]] = []
    born = datetime(2026, 1, 1, tzinfo=UTC)

    def application(_: Any, start_response: Any) -> Iterable[bytes]:
        passing = exchange()
        passing.principal = Principal(7, "ada", Role.USER, Tier.BASIC, None, born)
        passing.rate = SimpleNamespace(limit=15, remaining=14, reset_seconds=60)
        start_response("200 OK", [])
        return [b"abc"]

    edge = Edge(application, observe=lambda *told: counted.append(told))
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    answer = Client(edge).post("/a", data=b"12", headers=headers)
    assert answer.headers["RateLimit-Limit"] == "15"
    assert answer.headers["RateLimit-Remaining"] == "14"
    assert answer.headers["RateLimit-Reset"] == "60"
    answer.close()
    (record,) = records(caplog)
    assert (record["user"], record["tier"], record["trace_id"]) == ("ada", "basic", trace)
    ((method, route, status, seconds, received, sent),) = counted
    assert (method, route, status, received, sent) == ("POST", None, 200, 2, 3)
    assert isinstance(seconds, float)


def test_without_a_limit_nothing_is_told_of_one() -> None:
    assert not [name for name, _ in Client(answering()).get("/").headers if "RateLimit" in name]


def test_between_requests_there_is_no_exchange() -> None:
    with pytest.raises(LookupError):
        exchange()


def test_a_browser_of_a_listed_origin_may_read_and_caches_are_told() -> None:
    edge = Edge(answering(), rules=Rules(cors=Cors(("https://learn.example",))))
    for origin, told in (("https://learn.example", True), ("https://evil.example", False)):
        headers = Client(edge).get("/", headers={"Origin": origin}).headers
        assert ("Access-Control-Allow-Origin" in headers) is told
        assert headers["Vary"] == "Origin"
    assert Client(edge).get("/").headers["Vary"] == "Origin"


def test_behind_a_proxy_all_is_told_as_the_client_sent_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    seen: dict[str, object] = {}

    def application(environ: Any, start_response: Any) -> Iterable[bytes]:
        names = ("REMOTE_ADDR", "wsgi.url_scheme", "HTTP_HOST")
        seen.update({name: environ[name] for name in names})
        start_response("200 OK", [])
        return [b""]

    headers = {
        "X-Forwarded-For": "6.6.6.6, 203.0.113.9",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "api.example",
    }
    Client(Edge(application, rules=Rules(hops=1))).get("/", headers=headers).close()
    assert seen == {
        "REMOTE_ADDR": "203.0.113.9",
        "wsgi.url_scheme": "https",
        "HTTP_HOST": "api.example",
    }
    assert records(caplog)[0]["address"] == "203.0.113.9"
