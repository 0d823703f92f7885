"""The headers that every response carries."""

from __future__ import annotations

from types import SimpleNamespace

from knowalledge_api.routes.headers import rate_headers, standing_headers


def test_what_browsers_are_forbidden_is_on_every_response() -> None:
    headers = dict(standing_headers(https=False))
    assert headers == {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "X-XSS-Protection": "0",
    }


def test_forced_https_is_remembered_by_browsers_for_this_name_alone() -> None:
    assert dict(standing_headers(https=True))["Strict-Transport-Security"] == "max-age=31536000"


def test_a_limit_tells_what_is_left_of_it() -> None:
    rate = SimpleNamespace(limit=10, remaining=3, reset_seconds=42)
    assert rate_headers(rate) == (
        ("RateLimit-Limit", "10"),
        ("RateLimit-Remaining", "3"),
        ("RateLimit-Reset", "42"),
    )
