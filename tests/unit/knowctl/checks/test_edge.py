from __future__ import annotations

import pytest

from knowctl.model.findings import Outcome
from knowctl.model.surroundings import Certificate
from tests.support.checking import (
    ERROR,
    INFO,
    KEY,
    PRODUCTION,
    TLS,
    WARNING,
    Case,
    outcomes,
)

CASES = (
    Case(
        "KC110", ERROR, {"HOST": "0.0.0.0"}, "HOST is 0.0.0.0", "set HOST=127.0.0.1",
        {"HOST": "127.0.0.1"},
    ),
    Case(
        "KC110", ERROR, {"HOST": "0.0.0.0"}, "APP_ENV is development", "APP_ENV=production",
        {**PRODUCTION, "HOST": "0.0.0.0"},
    ),
    Case(
        "KC111", ERROR, {**PRODUCTION, "CORS_ORIGINS": "https://a.example, *"}, "CORS_ORIGINS",
        "https://learn.example.org", {**PRODUCTION, "CORS_ORIGINS": "https://learn.example.org"},
    ),
    Case(
        "KC112", WARNING, PRODUCTION, "FORCE_HTTPS", "set SSL_CERTFILE and SSL_KEYFILE",
        {**PRODUCTION, "SSL_CERTFILE": "c.pem", "SSL_KEYFILE": "k.pem"},
    ),
    Case(
        "KC112", WARNING, PRODUCTION, "TRUSTED_PROXY_HOPS", "TRUSTED_PROXY_HOPS=1",
        {**PRODUCTION, "TRUSTED_PROXY_HOPS": "1"},
    ),
    Case(
        "KC113", WARNING, {**PRODUCTION, "FORCE_HTTPS": "false"}, "FORCE_HTTPS",
        "set FORCE_HTTPS=true", {**PRODUCTION, "FORCE_HTTPS": "true"},
    ),
    Case(
        "KC114", ERROR, {"SSL_CERTFILE": "c.pem"}, "SSL_CERTFILE is set, SSL_KEYFILE is not",
        "set SSL_KEYFILE", {"SSL_CERTFILE": "c.pem", "SSL_KEYFILE": "k.pem"},
    ),
    Case(
        "KC114", ERROR, {"SSL_KEYFILE": "k.pem"}, "SSL_KEYFILE is set, SSL_CERTFILE is not",
        "set SSL_CERTFILE", {"SSL_CERTFILE": "c.pem", "SSL_KEYFILE": "k.pem"},
    ),
    Case(
        "KC501", WARNING, {**PRODUCTION, "HOST": "127.0.0.1"}, "HOST is 127.0.0.1",
        "set HOST=0.0.0.0", {**PRODUCTION, "HOST": "0.0.0.0"},
    ),
    Case("KC118", ERROR, PRODUCTION, "FLASK_DEBUG is set in production", "unset FLASK_DEBUG",
        PRODUCTION, around={"flask_debug": True}, around_after={"flask_debug": False}),
    Case("KC119", WARNING, {**PRODUCTION, "LOG_LEVEL": "debug"}, "LOG_LEVEL is debug",
        "set LOG_LEVEL=info", {**PRODUCTION, "LOG_LEVEL": "info"}),
    Case("KC120", WARNING, {**PRODUCTION, "CORS_ORIGINS": "http://a.example:81"},
        "http://a.example:81", "list https://a.example:81 instead",
        {**PRODUCTION, "CORS_ORIGINS": "https://a.example:81"}),
    Case("KC121", ERROR, {"CORS_ORIGINS": "learn.example.org"}, "'learn.example.org'",
        "https://learn.example.org", {"CORS_ORIGINS": "https://learn.example.org"}),
    Case("KC121", ERROR, {"CORS_ORIGINS": "https://[::1"}, "'https://[::1'", "scheme and host",
        {"CORS_ORIGINS": "https://[::1]"}),
    Case("KC122", WARNING, {"CORS_ORIGINS": "https://a.example/"}, "https://a.example/",
        "write https://a.example,", {"CORS_ORIGINS": "https://a.example"}),
    Case("KC122", WARNING, {"CORS_ORIGINS": "https://A.example/app"}, "browsers send",
        "write https://a.example,", {"CORS_ORIGINS": "https://a.example"}),
    Case("KC123", ERROR, TLS, "c.pem: No such file", "PEM files that this user can read", TLS,
        around={"certificate": Certificate("c.pem: No such file or directory")},
        around_after={"certificate": Certificate(days_left=90)}),
    Case("KC124", ERROR, TLS, "not that of the certificate", "SSL_KEYFILE", TLS,
        around={"certificate": Certificate("not that of the certificate", mismatch=True)},
        around_after={"certificate": Certificate(days_left=90)}),
    Case("KC125", ERROR, TLS, "c.pem has expired", "renew it, then: knowctl reload", TLS,
        around={"certificate": Certificate(days_left=0.0)},
        around_after={"certificate": Certificate(days_left=90)}),
    Case("KC125", ERROR, TLS, "c.pem is not valid yet", "see the clock", TLS,
        around={"certificate": Certificate(not_yet=True)},
        around_after={"certificate": Certificate(days_left=90)}),
    Case("KC126", WARNING, TLS, "c.pem ends in 12 days", "renew it", TLS,
        around={"certificate": Certificate(days_left=12.3, days=90)},
        around_after={"certificate": Certificate(days_left=23, days=90)}),
    Case("KC126", WARNING, TLS, "c.pem ends in 29 days", "renew it", TLS,
        around={"certificate": Certificate(days_left=29.4, days=398)},
        around_after={"certificate": Certificate(days_left=30, days=398)}),
    Case("KC126", WARNING, TLS, "c.pem ends in 34 hours", "renew it", TLS,
        around={"certificate": Certificate(days_left=1.4, days=6)},
        around_after={"certificate": Certificate(days_left=1.6, days=6)}),
    Case("KC128", INFO, PRODUCTION, "TRUSTED_HOSTS is not set", "set TRUSTED_HOSTS",
        {**PRODUCTION, "TRUSTED_HOSTS": "api.example.org"}),
    Case("KC129", WARNING, {**PRODUCTION, "RATE_LIMIT_ENABLED": "off"}, "RATE_LIMIT_ENABLED",
        "set RATE_LIMIT_ENABLED=true", {**PRODUCTION, "RATE_LIMIT_ENABLED": "true"}),
    Case("KC130", WARNING, {"RATE_LIMIT_TRUSTED_CIDRS": "10.0.0.0/8, 0.0.0.0/0"}, "0.0.0.0/0",
        "the school's own network", {"RATE_LIMIT_TRUSTED_CIDRS": "10.0.0.0/8"}),
    Case("KC130", WARNING, {"RATE_LIMIT_TRUSTED_CIDRS": "::/0"}, "::/0", "own network",
        {"RATE_LIMIT_TRUSTED_CIDRS": "2001:db8::/32"}),
)  # fmt: skip
SILENT = {
    "KC110": {"HOST": "unix:/run/x.sock"},
    "KC111": {"CORS_ORIGINS": "*"},
    "KC112": {"FORCE_HTTPS": "false"},
    "KC113": {"APP_ENV": "staging", "SECRET_KEY": KEY, "FORCE_HTTPS": "false"},
    "KC114": {},
    "KC501": {"APP_ENV": "staging", "SECRET_KEY": KEY, "HOST": "127.0.0.1"},
    "KC118": PRODUCTION,
    "KC119": {"LOG_LEVEL": "debug"},
    "KC120": {**PRODUCTION, "CORS_ORIGINS": "http://localhost:3000"},
    "KC121": {"CORS_ENABLED": "false", "CORS_ORIGINS": "learn.example.org"},
    "KC122": {"CORS_ORIGINS": "https://a.example:8443, *"},
    "KC123": {},
    "KC126": {},
    "KC128": {},
    "KC129": {"RATE_LIMIT_ENABLED": "false"},
    "KC130": {},
}
"""What is near to each fault and none."""


def test_a_page_in_development_may_come_in_the_clear() -> None:
    assert outcomes({"CORS_ORIGINS": "http://a.example"}, "KC120") == {Outcome.PASS}


def test_a_developer_may_debug() -> None:
    assert outcomes({}, "KC118", {"flask_debug": True}) == {Outcome.PASS}


@pytest.mark.parametrize("name", ["KC124", "KC125", "KC126"])
def test_a_certificate_that_can_not_be_used_is_not_judged_further(name: str) -> None:
    around = {"certificate": Certificate("c.pem: No such file or directory")}
    assert outcomes(TLS, name, around) == {Outcome.SKIPPED}
