from __future__ import annotations

import contextlib
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.probes.exchange import LARGEST_ANSWER
from knowctl.probes.server import ServerProbe, _cause, find_server
from knowctl.probes.settings import SettingsProbe
from tests.support.certificates import Pair, make_pair

Serve = Callable[[bytes], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A server on loopback that answers every request with these bytes, then closes."""
    listeners: list[socket.socket] = []

    def start(answer: bytes) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threading.Thread(target=_answer, args=(listener, answer), daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in listeners:
        listener.close()


def _answer(listener: socket.socket, answer: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        try:
            connection.sendall(answer)
        except OSError:
            return  # the client has read enough


@pytest.fixture
def drip() -> Iterator[Serve]:
    """A server on loopback that begins so, then goes on byte by byte without end."""
    over = threading.Event()
    running: list[threading.Thread] = []

    def start(begins: bytes) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        running.append(threading.Thread(target=_drip, args=(listener, begins, over), daemon=True))
        running[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    over.set()
    for each in running:
        each.join(5)


def _drip(listener: socket.socket, begins: bytes, over: threading.Event) -> None:
    with listener, listener.accept()[0] as connection, contextlib.suppress(OSError):
        connection.recv(65536)
        connection.sendall(begins)
        while not over.wait(0.01):
            connection.sendall(b"1")


def http(status: str, body: bytes) -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body)


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (http("200 OK", b'{"ready": true}'), 200, {"ready": True}),
        (http("503 No", b'{"ready": false}'), 503, {"ready": False}),
        (http("200 OK", b"<html>"), 200, {}),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", 200, {}),
        (http("200 OK", b"[1]"), 200, {}),
        (http("200 OK", b"\xff\xfe"), 200, {}),
        (http("200 OK", b"[" * 100_000), 200, {}),
        (http("200 OK", b" " * LARGEST_ANSWER + b'{"ready": true}'), 200, {}),
    ],
    ids=["ready", "not-ready", "html", "cut-off", "list", "no-text", "nested", "oversized"],
)
def test_what_a_server_says_is_read_within_bounds(
    serve: Serve, answer: bytes, status: int, body: dict[str, object]
) -> None:
    got = ServerProbe(serve(answer), timeout=2).ask("/ready")
    assert (got.status, got.body) == (status, body)
    assert got.latency_ms > 0


def test_what_a_server_names_can_not_draw_on_a_terminal(serve: Serve) -> None:
    name = "\\u001b[2J\\u001b]0;pwned\\u0007database"
    body = f'{{"checks": {{"{name}": "failed"}}, "why": ["\\u202etxt"]}}'
    got = ServerProbe(serve(http("503 No", body.encode())), timeout=2).ask("/ready")
    assert got.body == {"checks": {"�[2J�]0;pwned�database": "failed"}, "why": ["�txt"]}


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (b"", "closed"),
        (b"SSH-2.0-OpenSSH_9\r\n", "SSH"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000, "header line"),
    ],
)
def test_what_is_no_http_is_told_as_no_answer(serve: Serve, answer: bytes, cause: str) -> None:
    with pytest.raises(ConnectionError, match=cause):
        ServerProbe(serve(answer), timeout=2).ask("/ready")


def test_a_server_that_hangs_is_given_up_in_time() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(ConnectionError, match="did not answer in time"),
    ):
        ServerProbe(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.05).ask("/ready")


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "begins",
    [
        b"",
        HEAD,
        HEAD + b"X: ",
        HEAD + b"Content-Length: 99999\r\n\r\n",
        HEAD + b"Connection: close\r\n\r\n",
        HEAD + b"Connection: close\r\nContent-Length: 99999\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n",
    ],
    ids=["status", "head", "header", "body", "open-end", "closing", "chunk"],
)
def test_a_server_that_drips_has_one_deadline_in_all(drip: Serve, begins: bytes) -> None:
    started = time.monotonic()
    with pytest.raises(ConnectionError, match="did not answer in time"):
        ServerProbe(drip(begins), timeout=0.1).ask("/ready")
    assert 0.1 <= time.monotonic() - started < 2


def test_a_server_that_drips_its_greeting_has_the_same_deadline(drip: Serve) -> None:
    url = drip(b"\x16\x03\x03\x40\x00").replace("http:", "https:")
    started = time.monotonic()
    with pytest.raises(ConnectionError, match="did not answer in time"):
        ServerProbe(url, timeout=0.1).ask("/ready")
    assert 0.1 <= time.monotonic() - started < 2


def test_a_connection_that_takes_all_the_time_leaves_none_for_the_answer(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = socket.create_connection

    def slow(*address: Any) -> socket.socket:
        connected = connect(*address)
        time.sleep(0.06)
        return connected

    monkeypatch.setattr(socket, "create_connection", slow)
    with pytest.raises(ConnectionError, match="did not answer in time"):
        ServerProbe(serve(http("200 OK", b"{}")), timeout=0.05).ask("/ready")


def test_a_refused_connection_is_told() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    with pytest.raises(ConnectionError, match="refused"):
        ServerProbe(f"http://127.0.0.1:{port}", timeout=2).ask("/ready")


@pytest.mark.parametrize("host", ["a" * 64, "a..b"])
def test_a_name_that_can_not_be_looked_up_is_told(host: str) -> None:
    with pytest.raises(ConnectionError):
        ServerProbe(f"http://{host}:1", timeout=2).ask("/ready")


def test_a_unix_socket_is_asked_too(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        answer = http("200 OK", b'{"ready": true}')
        threading.Thread(target=_answer, args=(listener, answer), daemon=True).start()
        got = ServerProbe("http://unused", socket_path=path, timeout=2).ask("/ready")
    assert got.body == {"ready": True}


def test_no_proxy_is_asked(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert ServerProbe(serve(http("200 OK", b"{}")), timeout=2).ask("/").status == 200


def test_a_server_without_tls_is_no_https_server(serve: Serve) -> None:
    url = serve(http("200 OK", b"{}")).replace("http:", "https:")
    with pytest.raises(ConnectionError):
        ServerProbe(url, timeout=2).ask("/ready")


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[str, Pair]]:
    """The port of a server that answers over TLS, and its certificate."""
    pair = make_pair(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certfile, pair.keyfile)
    with socket.create_server(("0.0.0.0", 0)) as listener:

        def answer() -> None:
            with (
                contextlib.suppress(OSError),
                listener.accept()[0] as plain,
                context.wrap_socket(plain, server_side=True) as connection,
            ):
                connection.recv(65536)
                connection.sendall(http("200 OK", b'{"ready": true}'))

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield str(listener.getsockname()[1]), pair
        thread.join(10)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_server_is_asked_over_tls_with_its_own_certificate(
    secure: tuple[str, Pair], host: str
) -> None:
    port, pair = secure
    probe = ServerProbe(f"https://{host}:{port}", ca_file=str(pair.certfile))
    assert probe.ask("/ready").body == {"ready": True}


def test_a_certificate_that_nobody_vouches_for_is_refused(secure: tuple[str, Pair]) -> None:
    with pytest.raises(ConnectionError, match="its certificate is not trusted: self"):
        ServerProbe(f"https://localhost:{secure[0]}").ask("/ready")


@pytest.mark.skipif(sys.platform != "linux", reason="others have one address on the loopback")
def test_a_name_that_the_certificate_has_not_is_refused_where_names_are_checked(
    secure: tuple[str, Pair],
) -> None:
    port, pair = secure
    url = f"https://127.0.0.2:{port}"
    with pytest.raises(ConnectionError, match="its certificate is not trusted: IP address"):
        ServerProbe(url, ca_file=str(pair.certfile)).ask("/ready")


@pytest.mark.skipif(sys.platform != "linux", reason="others have one address on the loopback")
def test_our_own_server_is_asked_by_any_address_with_its_own_certificate(
    secure: tuple[str, Pair],
) -> None:
    port, pair = secure
    probe = ServerProbe(f"https://127.0.0.2:{port}", ca_file=str(pair.certfile), check_name=False)
    assert probe.ask("/ready").status == 200


def test_a_certificate_file_that_can_not_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("no certificate")
    for name in ("no.pem", "missing.pem"):
        with pytest.raises(KnowctlError) as raised:
            ServerProbe("https://127.0.0.1:1", ca_file=str(tmp_path / name)).ask("/ready")
        assert raised.value.failure.code is ErrorCode.FILE
        assert name in raised.value.failure.message
        assert raised.value.failure.cause


@pytest.mark.parametrize("check_name", [True, False])
def test_certificates_are_always_verified(*, check_name: bool) -> None:
    context = ServerProbe("https://x", check_name=check_name)._tls()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname is check_name


def test_an_untrusted_certificate_is_told_in_words() -> None:
    error = ssl.SSLCertVerificationError()
    error.verify_message = "self-signed certificate"
    assert _cause(error) == "its certificate is not trusted: self-signed certificate"
    assert _cause(OSError()) == "OSError"
    assert _cause(TimeoutError(110, "Connection timed out")) == "it did not answer in time"


@pytest.mark.parametrize(
    ("environ", "url", "found"),
    [
        ({}, None, ServerProbe("http://127.0.0.1:5000", check_name=False)),
        (
            {"HOST": "0.0.0.0", "PORT": "8000"},
            None,
            ServerProbe("http://127.0.0.1:8000", check_name=False),
        ),
        ({"HOST": "[::]"}, None, ServerProbe("http://[::1]:5000", check_name=False)),
        (
            {"SSL_CERTFILE": "c.pem"},
            None,
            ServerProbe("https://127.0.0.1:5000", ca_file="c.pem", check_name=False),
        ),
        ({"KNOWCTL_URL": "http://a"}, None, ServerProbe("http://a", elsewhere=True)),
        (
            {"KNOWCTL_URL": "http://a", "KNOWCTL_CA_CERT": "ca.pem"},
            "https://b",
            ServerProbe("https://b", ca_file="ca.pem", elsewhere=True),
        ),
    ],
)
def test_the_server_to_ask_is_found(
    environ: dict[str, str], url: str | None, found: ServerProbe
) -> None:
    assert find_server(SettingsProbe(environ).values(), url) == found


def test_a_server_behind_a_unix_socket_is_found() -> None:
    probe = find_server(SettingsProbe({"HOST": "unix:/run/x"}).values(), None)
    assert probe.socket_path == "/run/x"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x",
        "x",
        "127.0.0.1:5000",
        "http://",
        "http://x:99999",
        "http://x:y",
        "http://[::1",
        "http://x:0",
        "https:///p",
        "http://user:canary@x",
        "http://a\0b",
    ],
)
def test_an_address_that_is_none_is_wrong_usage(url: str) -> None:
    with pytest.raises(KnowctlError) as raised:
        find_server(SettingsProbe({}).values(), url)
    failure = raised.value.failure
    assert (failure.code, failure.exit_code) == (ErrorCode.USAGE, ExitCode.USAGE)
    assert url not in failure.message


def test_who_asks_is_said_where_there_is_a_token() -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def listen() -> None:
            for _ in range(2):
                with listener.accept()[0] as connection:
                    heard.append(connection.recv(65536))
                    connection.sendall(http("200 OK", b"{}"))

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        probe = ServerProbe(f"http://127.0.0.1:{listener.getsockname()[1]}")
        probe.ask("/a", "key")
        probe.ask("/b")
        thread.join(10)
    assert b"\r\nAuthorization: Bearer key\r\n" in heard[0]
    assert b"Authorization" not in heard[1]


@pytest.mark.parametrize("token", ["two\nlines", "no ✔ ASCII", "\udcff"])
def test_a_key_that_no_header_may_hold_is_not_sent_and_not_shown(token: str) -> None:
    with pytest.raises(ConnectionError, match="no header may hold") as caught:
        ServerProbe("http://127.0.0.1:1").ask("/a", token)
    assert token not in str(caught.value)
