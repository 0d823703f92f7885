"""deploy/nginx in front of a real server: TLS, who asks, kept connections, a server away."""

from __future__ import annotations

import contextlib
import http.client
import json
import secrets
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from knowalledge_api.routes.problems import document
from tests.support.nginx import Proxy, nginx
from tests.support.processes import HOST, Running, free_port, serving
from tests.support.rooms import ROOT
from tests.support.waiting import wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="deploy/nginx is for POSIX")

SERVE = [sys.executable, "-m", "knowctl", "serve", "--migrate", "--workers", "1"]
SETTINGS = {
    "APP_ENV": "production",
    "SECRET_KEY": secrets.token_hex(32),
    "DRAIN_SECONDS": "0",
    "GUNICORN_GRACEFUL_TIMEOUT": "2",  # for which a stop lingers on the connections nginx keeps
}
CLIENT = "127.0.0.5"
"""An address of this machine that nginx itself does not speak from."""
TOPIC = json.dumps({"topic": "C++ Programming"})
MEGABYTES_10 = 10 * 1024 * 1024


@dataclass(frozen=True)
class Front:
    """A server, and nginx in front of it."""

    proxy: Proxy
    running: Running

    def ask(self, method: str, path: str, body: str = "") -> tuple[int, Any, Any]:
        """One request by TLS: status, headers and the document that came."""
        with contextlib.closing(self.proxy.connection(CLIENT)) as connection:
            return asked(connection, method, path, body)

    def record(self, number: str) -> Any:
        """What the server wrote of a request, None as long as it has not."""
        lines = (line for line in self.running.said().splitlines() if number in line)
        return next(map(json.loads, lines), None)


def asked(
    connection: http.client.HTTPConnection, method: str, path: str, body: str = ""
) -> tuple[int, Any, Any]:
    headers = {"Content-Type": "application/json", "X-Forwarded-For": "203.0.113.9"}
    connection.request(method, path, body or None, headers)
    answer = connection.getresponse()
    return answer.status, answer.headers, json.loads(answer.read())


def advised() -> dict[str, str]:
    """The settings that the configuration's first lines ask for."""
    head = (ROOT / "deploy/nginx/knowalledge.conf").read_text().partition("\nupstream")[0]
    words = [word for word in head.split() if word.partition("=")[0].isupper() and "=" in word]
    return dict(word.split("=", 1) for word in words)


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    with tempfile.TemporaryDirectory(prefix="ka-", ignore_cleanup_errors=True) as home:
        port = free_port()
        settings = {**SETTINGS, **advised(), "KNOWCTL_RUN_DIR": f"{home}/run"}
        with (
            serving(SERVE, cwd=Path(home), port=port, environ=settings) as running,
            nginx(port) as proxy,
        ):
            yield Front(proxy, running)


def connections_to(port: int) -> int:
    """How many connections to a port there are or were lately, seen from who opened them."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(int(line.split()[2].rpartition(":")[2], 16) == port for line in lines)


def test_the_settings_that_it_asks_for_are_such_as_the_server_knows() -> None:
    assert set(advised()) == {"TRUSTED_PROXY_HOPS", "GUNICORN_KEEPALIVE", "HOST"}


def test_plain_http_is_sent_to_https(front: Front) -> None:
    with contextlib.closing(http.client.HTTPConnection(HOST, front.proxy.plain)) as connection:
        connection.request("GET", "/api/progress?x=1", headers={"Host": "api.example.org"})
        answer = connection.getresponse()
        assert answer.status == 308
        assert answer.headers["Location"] == "https://api.example.org/api/progress?x=1"


def test_the_probes_answer_through_it(front: Front) -> None:
    assert front.ask("GET", "/health")[2]["status"] == "alive"
    assert front.ask("GET", "/ready")[2]["ready"] is True


def test_the_server_knows_that_it_was_https_and_who_asks_whatever_the_client_claims(
    front: Front,
) -> None:
    status, headers, body = front.ask("POST", "/api/create_subtopics", TOPIC)
    assert (status, body["count"]) == (200, 15)
    number = headers["X-Request-ID"]
    wait_for("its record", lambda: front.record(number) is not None, 2, front.running.said)
    assert front.record(number)["address"] == CLIENT


def test_many_requests_share_one_connection_to_the_server(front: Front) -> None:
    front.ask("GET", "/health")
    before = connections_to(front.running.port)
    with contextlib.closing(front.proxy.connection()) as connection:
        assert {asked(connection, "GET", "/ready")[0] for _ in range(20)} == {200}
    front.ask("GET", "/ready")
    assert connections_to(front.running.port) == before


def test_a_body_that_is_too_large_is_refused_in_the_shape_of_the_api(front: Front) -> None:
    status, headers, body = front.ask("POST", "/api/create_subtopics", " " * (MEGABYTES_10 + 1))
    assert (status, headers["Content-Type"]) == (413, "application/problem+json")
    known = json.loads(document(413, id_of_request=headers["X-Request-ID"]))
    assert {**body, "title": ""} == {**known, "title": ""}  # its name depends on the Python


def test_a_server_that_is_away_is_told_in_the_shape_of_the_api(front: Front) -> None:
    assert front.running.stop(signal.SIGTERM) == 0
    status, headers, body = front.ask("GET", "/health")
    assert (status, headers["Content-Type"]) == (503, "application/problem+json")
    assert headers["Retry-After"] == "5"
    assert body == json.loads(document(503, id_of_request=headers["X-Request-ID"], retry_after=5))
