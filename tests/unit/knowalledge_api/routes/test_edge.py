"""The edge of the application."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from knowalledge_api.database.turns import asker
from knowalledge_api.generation import current
from knowalledge_api.live.requests import InFlight, Requests
from knowalledge_api.logs import request_id
from knowalledge_api.routes.edge import LONGEST_PATH, Edge


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


def test_one_record_tells_the_request(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    answer = Client(answering()).post("/a?secret=canary", data=b"12345")
    assert answer.data == b"abc"
    answer.close()
    (record,) = records(caplog)
    assert (record["method"], record["path"], record["route"]) == ("POST", "/a", None)
    assert (record["status"], record["bytes"], record["request_bytes"]) == (200, 3, 5)
    assert record["duration_ms"] > 0
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
    exchange = answering()(environ, lambda *_: lambda _: None)
    exchange.close()  # type: ignore[attr-defined]
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
        monkeypatch.setattr(logging.getLogger("knowalledge_api.access"), "info", fail)
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
