"""Where a request comes from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowalledge_api.routes.forwarding import Caller, caller_of, canonical

PEER = "192.0.2.1"
FORGED = {
    "HTTP_X_FORWARDED_FOR": "203.0.113.9",
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_HOST": "evil.example",
    "HTTP_FORWARDED": "for=203.0.113.9;proto=https;host=evil.example",
}


def caller(hops: int, **headers: str) -> Caller:
    told = {f"HTTP_X_FORWARDED_{name.upper()}": value for name, value in headers.items()}
    environ = {"REMOTE_ADDR": PEER, "wsgi.url_scheme": "http", "HTTP_HOST": "api.example"}
    return caller_of({**environ, **told}, hops)


def test_without_trusted_proxies_no_header_counts() -> None:
    environ = {"REMOTE_ADDR": PEER, "wsgi.url_scheme": "http", "HTTP_HOST": "api.example"}
    assert caller_of({**environ, **FORGED}, 0) == Caller(PEER, secure=False, host="api.example")
    assert caller_of({}, 0) == Caller("", secure=False, host="")


def test_the_header_that_no_proxy_of_ours_sets_never_counts() -> None:
    environ = {"REMOTE_ADDR": PEER, "HTTP_FORWARDED": FORGED["HTTP_FORWARDED"]}
    assert caller_of(environ, 1).address == PEER


@pytest.mark.parametrize(
    ("hops", "header", "address"),
    [
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.7, 203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 198.51.100.7,203.0.113.9", "198.51.100.7"),
        (2, "203.0.113.9", PEER),
        (1, "6.6.6.6, unknown", PEER),
        (1, "6.6.6.6,", PEER),
        (1, "[2001:DB8::1]:443", "2001:db8::1"),
        (1, "2001:db8:0:0::1", "2001:db8::1"),
        (1, "198.51.100.7:5123", "198.51.100.7"),
        (1, "::ffff:198.51.100.7", "198.51.100.7"),
    ],
)
def test_the_entry_of_the_outermost_trusted_proxy_counts(
    hops: int, header: str, address: str
) -> None:
    assert caller(hops, **{"for": header}).address == address


@pytest.mark.parametrize(
    ("hops", "header", "secure"),
    [
        (1, "https", True),
        (1, "HTTPS", True),
        (1, "http", False),
        (1, "https, http", False),
        (2, "https, http", True),
        (2, "https", True),  # the inner proxy left it as the outer one had set it
        (1, "wss", False),
        (1, "", False),
    ],
)
def test_the_scheme_is_what_the_outermost_trusted_proxy_saw(
    hops: int, header: str, *, secure: bool
) -> None:
    assert caller(hops, proto=header).secure is secure


def test_the_scheme_of_the_connection_counts_where_no_proxy_tells() -> None:
    assert caller_of({"wsgi.url_scheme": "https"}, 1).secure


def test_the_host_is_what_the_outermost_trusted_proxy_was_asked_for() -> None:
    assert caller(1, host="a.example, b.example").host == "b.example"
    assert caller(2, host="b.example").host == "api.example"


@pytest.mark.parametrize(
    ("given_address", "address"),
    [
        ("::1", "::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("localhost", ""),  # waitress on a Unix socket
    ],
)
def test_who_is_connected_is_named_in_one_way(given_address: str, address: str) -> None:
    assert caller_of({"REMOTE_ADDR": given_address}, 0).address == address


@given(st.text(), st.integers(1, 5))
def test_garbage_is_harmless(header: str, hops: int) -> None:
    found = caller(hops, **{"for": header, "proto": header, "host": header})
    assert found.address == PEER or canonical(found.address) == found.address
