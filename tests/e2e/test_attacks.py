"""What strangers forge, inject, nest and inflate on the wire changes nothing and breaks nothing."""

from __future__ import annotations

import json
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.pictures import (
    animated,
    canvas,
    chunk,
    form,
    gif,
    jpeg,
    lossless,
    lossy,
    png,
    riff,
)
from tests.support.releases import Served, releases, served
from tests.support.waiting import wait_for
from tests.support.wire import Answer, connected, exchanged, read, request

SERVERS = ("waitress",) if sys.platform == "win32" else ("gunicorn", "waitress")
FRONT_END = "https://learn.example"
FORGED = (
    "X-Forwarded-For: 203.0.113.9",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Protocol: ssl",
    "X-Forwarded-Ssl: on",
    "Forwarded: for=203.0.113.9;proto=https;host=evil.example",
    "X-Real-IP: 203.0.113.9",
    "SCRIPT_NAME: /evil",
)
SUBTOPICS = "/api/create_subtopics"
JSON = "Content-Type: application/json"
CANARY = "canary-of-a-secret"


@contextmanager
def attacked(server: str, **settings: str) -> Iterator[Served]:
    """A small server, with what it is told beside the usual."""
    size = ("--workers", "1", "--threads", "4") if server == "gunicorn" else ()
    calm = {"WAITRESS_THREADS": "4", "RATE_LIMIT_ENABLED": "false"}
    with releases() as site, served(site, {**calm, **settings}, server=server, size=size) as each:
        yield each


def ask(each: Served, method: str, path: str, *headers: str, **more: Any) -> Answer:
    return exchanged(each.running.port, request(method, path, *headers, **more))


def record_of(each: Served, answer: Answer) -> dict[str, Any]:
    """The record that a request has left."""
    number = answer.headers["x-request-id"]
    found: list[dict[str, Any]] = []

    def is_there() -> bool:
        lines = [line for line in each.running.said().splitlines() if number in line]
        found[:] = [json.loads(line) for line in lines if line.endswith("}")]
        return bool(found)

    wait_for("the record of a request", is_there, 2)
    (record,) = found
    return record


@pytest.mark.parametrize("server", SERVERS)
def test_forged_forwarding_headers_change_nothing_without_a_trusted_proxy(server: str) -> None:
    with attacked(server, FORCE_HTTPS="true") as each:
        plain = ask(each, "GET", "/api/x", *FORGED)
        assert plain.status == 308
        assert plain.headers["location"] == "https://127.0.0.1/api/x"
        assert record_of(each, plain)["address"] == "127.0.0.1"
        probe = ask(each, "GET", "/health", *FORGED)
        assert (probe.status, record_of(each, probe)["route"]) == (200, "/health")


@pytest.mark.parametrize("server", SERVERS)
def test_with_one_the_entry_that_it_made_counts_and_no_other(server: str) -> None:
    settings = {"FORCE_HTTPS": "true", "TRUSTED_PROXY_HOPS": "1", "TRUSTED_HOSTS": "api.example"}
    with attacked(server, **settings) as each:
        forwarded = (
            "X-Forwarded-For: 6.6.6.6, [2001:db8::7]:5123",
            "X-Forwarded-Host: api.example",
        )
        plain = ask(each, "GET", "/api/x?a=b", *forwarded, "X-Forwarded-Proto: http")
        assert (plain.status, plain.headers["location"]) == (308, "https://api.example/api/x?a=b")
        secure = ask(each, "GET", "/api/x", *forwarded, "X-Forwarded-Proto: https")
        assert secure.status == 404
        assert record_of(each, secure)["address"] == "2001:db8::7"
        odd = ask(each, "GET", "/health", "X-Forwarded-For: \xff<script>, ,,")
        assert (odd.status, record_of(each, odd)["address"]) == (200, "127.0.0.1")


@pytest.mark.parametrize("server", SERVERS)
def test_a_limit_is_not_escaped_by_forged_addresses(server: str) -> None:
    limited = {"RATE_LIMIT_ENABLED": "true", "RATE_LIMIT_ANONYMOUS": "3/minute;100/hour"}
    with attacked(server, **limited) as each:
        body = b'{"topic": "x"}'
        statuses = [
            ask(each, "POST", SUBTOPICS, JSON, f"X-Forwarded-For: 6.6.6.{n}", body=body).status
            for n in range(9)
        ]
        assert statuses.count(200) <= 2 * 3  # a minute may end meanwhile
        assert set(statuses) == {200, 429}


SCRAPER = "a-token-of-the-scraper-with-32-bytes"
STAGING = {
    "APP_ENV": "staging",
    "SECRET_KEY": "a-key-for-signing-that-is-long-enough",
    "HOST": "127.0.0.1",
    "FORCE_HTTPS": "false",
    "METRICS_TOKEN": SCRAPER,
    "RATE_LIMIT_ENABLED": "true",
    "RATE_LIMIT_ANONYMOUS": "4/hour",
}


@pytest.mark.parametrize("server", SERVERS)
def test_guessing_at_what_counts_nobody_ends_and_the_scraper_is_let_in(server: str) -> None:
    guesses = [f"Authorization: Bearer {guess}" for guess in (f"{SCRAPER}x", "a.b.c", "x")]
    guesses += [f"X-API-Key: sk_{number:043}" for number in range(9)]
    right = f"Authorization: Bearer {SCRAPER}"
    with attacked(server, **STAGING) as each:
        assert ask(each, "GET", "/metrics").status == 401
        answers = [
            ask(each, "GET", "/metrics", guess, f"X-Forwarded-For: 6.6.6.{number}")
            for number, guess in enumerate(guesses)
        ]
        assert [answer.status for answer in answers] == [401] * 4 + [429] * 8
        assert 3500 < int(answers[-1].headers["retry-after"]) <= 3600
        assert answers[-1].problem["retry_after"] == int(answers[-1].headers["retry-after"])
        for number in range(9):
            assert ask(each, "GET", "/metrics", right).status == 200
            for path in ("/health", "/ready"):
                assert ask(each, "GET", path).status == 200
                assert ask(each, "GET", path, guesses[number]).status == 200
        learner = ask(each, "POST", SUBTOPICS, JSON, body=b'{"topic": "x"}')
        assert learner.status == 200, "others behind the address learn on"
        counted = ask(each, "GET", "/metrics", right).body.decode()
        assert 'knowalledge_limited_total{kind="refusals"} 8.0' in counted


@pytest.mark.parametrize("server", SERVERS)
def test_behind_a_proxy_each_client_has_refusals_of_its_own(server: str) -> None:
    settings = {"TRUSTED_PROXY_HOPS": "1", "RATE_LIMIT_ANONYMOUS": "2/hour"}
    with attacked(server, **{**STAGING, **settings}) as each:
        for address in ("198.51.100.7", "198.51.100.8"):
            forwarded = f"X-Forwarded-For: 6.6.6.6, {address}"
            statuses = [
                ask(each, "GET", "/metrics", f"X-API-Key: sk_{number:043}", forwarded).status
                for number in range(4)
            ]
            assert statuses == [401, 401, 429, 429]


@pytest.mark.parametrize("server", SERVERS)
def test_a_forged_or_malformed_host_is_400_and_a_probe_by_address_is_not(server: str) -> None:
    with attacked(server, TRUSTED_HOSTS="api.example,.learn.example") as each:
        for host in ("evil.example", "api.example@evil.example", "a b", "api.example:x", ""):
            answer = ask(each, "GET", SUBTOPICS, host=host)
            assert (answer.status, answer.problem["title"]) == (400, "Bad Request"), host
            assert b"evil" not in answer.body
        for host in ("api.example", "API.example:8443", "a.learn.example", "learn.example"):
            assert ask(each, "GET", "/api/none", host=host).status == 404
        for path in ("/health", "/ready"):
            assert ask(each, "GET", path, host="10.1.2.3:5000").status == 200
            assert ask(each, "GET", path, host="[fd00::1]:5000").status == 200
            assert ask(each, "GET", path, host="evil.example").status == 400
        assert ask(each, "GET", SUBTOPICS, host="127.0.0.1").status == 400


@pytest.mark.parametrize("server", SERVERS)
def test_nothing_that_is_sent_makes_a_header_or_a_line_of_the_log(server: str) -> None:
    line = '{"level":"error","message":"forged"}'.replace('"', "%22")
    paths = (
        "/%0d%0aSet-Cookie:%20a=1",
        f"/%0a{line}",
        "/%1b[2Jx%7f%c2%85%e2%80%a8%e2%80%ae%ff",
    )
    with attacked(server, FORCE_HTTPS="true") as each:
        for path in paths:
            answer = ask(each, "GET", path, "X-Request-ID: a%0d%0ab", "traceparent: \x9b31m")
            assert answer.status == 308
            assert "set-cookie" not in answer.headers
            record = record_of(each, answer)
            assert (record["trace_id"], record["status"]) == (None, 308)
        lines = [each for each in each.running.said().splitlines() if "forged" in each]
        assert [json.loads(each)["level"] for each in lines] == ["info"]
        said = each.running.said()
        assert not {"\x1b", "\x7f", "\x85", "\u2028", "\u202e"} & set(said)


@pytest.mark.parametrize("server", SERVERS)
def test_neither_credentials_nor_queries_reach_the_log(server: str) -> None:
    secrets = (f"Authorization: Bearer {CANARY}", f"X-API-Key: {CANARY}", f"Cookie: a={CANARY}")
    with attacked(server) as each:
        ask(each, "GET", f"/api/none?token={CANARY}", *secrets)
        ask(each, "GET", "/api/none", f"Authorization Bearer {CANARY}")  # no colon: can't be read
        ask(each, "GET", f"/api/none?{CANARY}", f"X-Request-ID: {CANARY} x")
        last = ask(each, "GET", "/health")
        record_of(each, last)
        assert CANARY not in each.running.said()


@pytest.mark.parametrize("server", SERVERS)
def test_json_that_is_nested_deeply_or_huge_is_refused_and_never_500(server: str) -> None:
    attacks = {
        b'{"topic": ' + b"[" * 30000 + b"]" * 30000 + b"}": 400,
        b'{"topic": "x", "a": ' + b'{"a":' * 10000 + b"1" + b"}" * 10000 + b"}": 400,
        b"[" * 60000: 400,
        b'{"topic": ' + b"9" * 60000 + b"}": 400,
        b'{"topic": -1e999999}': 400,
        b'{"topic": NaN}': 400,
        b'{"topic": "\\ud800"}': 400,
        b'{"topic": "\x00"}': 400,
        b"\xff\xfe{}": 400,
        b'{"topic": "' + b"x" * 70000 + b'"}': 413,
    }
    with attacked(server) as each:
        for body, status in attacks.items():
            answer = ask(each, "POST", SUBTOPICS, JSON, body=body)
            assert (answer.status, answer.problem["status"]) == (status, status), body[:20]
            chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
            head = request("POST", SUBTOPICS, JSON, "Transfer-Encoding: chunked")
            assert exchanged(each.running.port, head, chunks).status == status, body[:20]
        assert "Traceback" not in each.running.said()


@pytest.mark.parametrize("server", SERVERS)
def test_a_body_over_the_limit_is_413_however_it_is_sent(server: str) -> None:
    chunked = request("POST", SUBTOPICS, JSON, "Transfer-Encoding: chunked")
    declared = request("POST", SUBTOPICS, JSON, "Content-Length: 99999999999")
    waits = request("POST", SUBTOPICS, JSON, "Content-Length: 9999", "Expect: 100-continue")
    with attacked(server, MAX_CONTENT_LENGTH="4096", MAX_JSON_BYTES="1024") as each:
        port = each.running.port
        assert exchanged(port, declared).problem["status"] == 413
        assert exchanged(port, waits).problem["status"] == 413
        assert exchanged(port, chunked, b"1388\r\n" + b"a" * 5000).problem["status"] == 413
        small = b"10\r\n" + b"a" * 16 + b"\r\n"
        assert exchanged(port, chunked, small * 400).problem["status"] == 413
        assert ask(each, "GET", "/health").status == 200


@pytest.mark.parametrize("server", SERVERS)
def test_bodies_that_are_never_finished_shut_nobody_out(server: str) -> None:
    most, left = 10 << 20, (64 << 20) - 10  # of what a worker of gunicorn's holds of all
    head = f"POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {most}\r\n\r\n".encode()
    with attacked(server) as each, ExitStack() as held:
        port = each.running.port
        while left:
            sent = (head + bytes(most - 1))[:left]
            held.enter_context(connected(port)).sendall(sent)
            left -= len(sent)
        time.sleep(1)  # until all of it has been read
        with connected(port) as link:
            whole = request("GET", "/health")
            for piece in (whole[:20], whole[20:]):
                link.sendall(piece)
                time.sleep(0.2)
            assert read(link).status == 200


@pytest.mark.parametrize("server", SERVERS)
def test_an_unlisted_origin_may_not_read_and_a_listed_one_may(server: str) -> None:
    asks = ("Access-Control-Request-Method: DELETE", "Access-Control-Request-Headers: x-api-key")
    with attacked(server, CORS_ORIGINS=FRONT_END) as each:
        for origin in ("https://evil.example", "null", f"{FRONT_END}.evil.example", "http://x"):
            refused = ask(each, "OPTIONS", SUBTOPICS, f"Origin: {origin}", *asks)
            assert refused.problem["status"] == 403
            read = ask(each, "GET", "/health", f"Origin: {origin}")
            for answer in (refused, read):
                assert not [name for name in answer.headers if name.startswith("access-control")]
                assert answer.headers["vary"] == "Origin"
        allowed = ask(each, "OPTIONS", SUBTOPICS, f"Origin: {FRONT_END}", *asks)
        assert (allowed.status, allowed.body) == (204, b"")
        assert {"x-request-id", "x-content-type-options", "x-frame-options"} <= set(allowed.headers)
        assert "DELETE" in allowed.headers["access-control-allow-methods"]
        assert "X-API-Key" in allowed.headers["access-control-allow-headers"]
        answer = ask(each, "GET", "/health", f"Origin: {FRONT_END}")
        assert answer.headers["access-control-allow-origin"] == FRONT_END
        assert "X-Request-ID" in answer.headers["access-control-expose-headers"]


GARBAGE = {
    b"NONSENSE\r\n\r\n": (400, 400),
    b"GET / HTTP/9.9\r\nHost: x\r\n\r\n": (505, 505),
    b"get / HTTP/1.1\r\nHost: x\r\n\r\n": (400, 400),
    b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n": (414, 414),
    b"GET / HTTP/1.1\r\nX: ".ljust(32768, b"a") + b"a": (431, 431),
    b"GET / HTTP/1.1\r\nnonsense\r\n\r\n": (400, 400),
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n": (400, 400),
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: odd\r\n\r\n": (501, 501),
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n": (400, 400),
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n": (400, 400),
    b"FOO /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n": (405, 405),
    b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n": (400, 400),
}


@pytest.mark.parametrize("server", SERVERS)
def test_what_can_not_be_read_is_answered_in_the_one_shape(server: str) -> None:
    with attacked(server) as each:
        for sent, expected in GARBAGE.items():
            answer = exchanged(each.running.port, sent)
            wanted = expected[server == "waitress"]
            assert (answer.status, answer.problem["status"]) == (wanted, wanted), sent[:40]
            assert record_of(each, answer)["status"] == wanted
        assert "Traceback" not in each.running.said()


IMAGE = "/api/image2topic"
FORM = "Content-Type: multipart/form-data; boundary=x"
PICTURE = 'name="image"; filename="a.png"'
BOMBS = {
    "PNG with all its data": png(30000, 30000),
    "PNG that only claims": png(1, 1, chunk(b"IHDR", struct.pack(">II", 1 << 31, 1) + bytes(5))),
    "PNG of very many frames": png(2000, 2000, chunk(b"acTL", struct.pack(">II", 9000, 0))),
    "GIF": gif(65535, 65535),
    "GIF of very many frames": gif(200, 200, frames=5000),
    "JPEG": jpeg(65535, 65535),
    "WebP, lossless": riff(lossless(16384, 16384)),
    "WebP, lossy": riff(lossy(16383, 16383)),
    "WebP, canvas": riff(canvas(1 << 24, 1 << 24), lossy(1, 1)),
    "WebP in a frame": riff(canvas(1, 1), animated(lossless(16384, 16384))),
}
NO_PICTURES = {
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "HTML": b"<!doctype html><script>alert(1)</script>",
    "HTML after a GIF": gif(1, 1) + b"<script>alert(1)</script>",
    "cut off": png(3, 3)[:-9],
    "empty": b"",
}
FORMS = {
    "many parts": (413, form(*[(f'name="{n}"', b"") for n in range(20000)])),
    "a field without end": (413, b"--x\r\nContent-Disposition: " + b"a" * (1 << 20)),
    "no end": (400, form((PICTURE, png(3, 3)))[:-6]),
    "two files": (400, form((PICTURE, png(3, 3)), (PICTURE, png(3, 3)))),
    "a NUL and a line in the name": (400, form(('name="im\0\r\nage"; filename="a"', b""))),
}
ODD_NAMES = (
    "../../etc/passwd.png",
    "C:\\\\windows\\\\a.png",
    "a%0d%0aSet-Cookie: a.png",
    "a\0.png",
    "<script>.png",
    "x" * 9000 + ".png",
)


def sends(each: Served, data: bytes, about: str = PICTURE) -> Answer:
    return ask(each, "POST", IMAGE, FORM, body=form((about, data)))


def memory_of(each: Served) -> int:
    """The most memory that the processes of a server have ever held, in bytes; 0 elsewhere."""
    files = [Path(f"/proc/{pid}/status") for pid in each.running.named()]
    lines = [line for file in files if file.exists() for line in file.read_text().splitlines()]
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:"))


@pytest.mark.parametrize("server", SERVERS)
def test_a_picture_that_unfolds_to_a_huge_one_costs_no_memory(server: str) -> None:
    with attacked(server) as each:
        assert sends(each, png(3, 3)).status == 200
        before = memory_of(each)
        for name, bomb in BOMBS.items():
            assert len(bomb) < 1 << 20, name
            answer = sends(each, bomb)
            assert (answer.problem["status"], "pixels" in answer.problem["detail"]) == (
                422,
                True,
            ), name
            assert ask(each, "GET", "/health").status == 200
        assert memory_of(each) - before < 40 << 20
        assert "Traceback" not in each.running.said()


@pytest.mark.parametrize("server", SERVERS)
def test_what_is_no_picture_and_no_form_is_refused_in_the_one_shape(server: str) -> None:
    with attacked(server) as each:
        for name, data in NO_PICTURES.items():
            assert sends(each, data).problem["status"] == 422, name
        for name, (status, body) in FORMS.items():
            assert ask(each, "POST", IMAGE, FORM, body=body).problem["status"] == status, name
        long = f"Content-Type: multipart/form-data; boundary={'b' * 7000}"
        assert ask(each, "POST", IMAGE, long, body=b"x").problem["status"] == 400
        assert ask(each, "POST", IMAGE, JSON, body=b'{"image": "x"}').problem["status"] == 415
        for name in ODD_NAMES:
            answer = sends(each, png(3, 3), f'name="image"; filename="{name}"')
            assert answer.status == 200, name
            topic = json.loads(answer.body)["generated_topic"]
            assert topic.replace(" ", "").isalpha(), name
            assert "set-cookie" not in answer.headers
        assert "Traceback" not in each.running.said()


@pytest.mark.parametrize("server", SERVERS)
def test_a_picture_over_the_limit_is_413_while_others_are_answered(server: str) -> None:
    declared = request("POST", IMAGE, FORM, "Content-Length: 10485761")
    chunked = request("POST", IMAGE, FORM, "Transfer-Encoding: chunked")
    piece = b"10000\r\n" + bytes(1 << 16) + b"\r\n"
    with attacked(server) as each:
        port = each.running.port
        assert exchanged(port, declared).problem["status"] == 413  # nothing of the body was sent
        before = memory_of(each)
        assert exchanged(port, chunked, *[piece] * 160, b"1\r\n").problem["status"] == 413
        assert ask(each, "GET", "/health").status == 200
        assert memory_of(each) - before < 60 << 20
        largest = bytes(10485760 - len(form((PICTURE, b""))))
        assert sends(each, largest).problem["status"] == 422
        assert memory_of(each) - before < 60 << 20
