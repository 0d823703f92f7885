"""Which Host names are answered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowalledge_api.routes.hosts import Hosts, Standing, name_of

ONES_OWN = Hosts(("api.example", "*.learn.example", ".both.example", "[2001:db8::1]"))


@pytest.mark.parametrize(
    "host",
    [
        *("api.example", "API.example:443", "api.example.", "a.learn.example"),
        *("both.example", "x.y.both.example:8080", "[2001:db8::1]:5000"),
    ],
)
def test_a_listed_host_is_answered(host: str) -> None:
    assert ONES_OWN.admits(host, "/api/x")


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "api.example.evil.example", "learn.example", "xlearn.example", ""),
        *("127.0.0.1:5000", "localhost", "[::1]"),
    ],
)
def test_any_other_is_not(host: str) -> None:
    assert not ONES_OWN.admits(host, "/api/x")


@pytest.mark.parametrize("path", ["/health", "/ready", "/api/health", "/api/ready", "/metrics"])
def test_a_probe_by_address_is_answered_and_one_by_a_strange_name_is_not(path: str) -> None:
    for host in ("10.0.0.7:5000", "[fd00::7]:5000", "localhost:5000", ""):
        assert ONES_OWN.admits(host, path)
    assert not ONES_OWN.admits("evil.example", path)


@pytest.mark.parametrize(
    "host",
    [
        *("a b", "a,b", "a@b", "a/b", "a\\b", "a?b", "é.example", "a:b", "a:99999", "a:1:2"),
        *("[::1", "::1", "[1.2.3]", "-a", ".", "a" * 300, "<script>", "a\tb", "a%00"),
    ],
)
def test_a_malformed_host_is_answered_by_nobody(host: str) -> None:
    for hosts in (ONES_OWN, Hosts()):
        assert hosts.standing(host) is Standing.MALFORMED
        assert not hosts.admits(host, "/health")


@pytest.mark.parametrize("hosts", [Hosts(), Hosts(("*",))])
def test_without_a_list_any_well_formed_host_is_answered(hosts: Hosts) -> None:
    for host in ("evil.example", "my_service:80", "127.0.0.1", "[::1]:5000", "", "a:"):
        assert hosts.admits(host, "/api/x")


@given(st.text())
def test_whatever_is_sent_is_judged(host: str) -> None:
    assert Hosts().standing(host) in Standing
    assert not ONES_OWN.admits(host, "/api/x")


def test_a_name_is_a_host_without_its_port() -> None:
    assert [name_of(each) for each in ("A.example:80", "[::1]:80", "a.")] == [
        "a.example",
        "[::1]",
        "a",
    ]
