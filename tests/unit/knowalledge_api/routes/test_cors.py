"""Other origins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowalledge_api.routes.cors import VARY, Cors, serialised

FRONT_END = "https://learn.example"


def test_a_listed_origin_may_read_and_is_told_so() -> None:
    told = dict(Cors((FRONT_END,)).answer(FRONT_END))
    assert told["Access-Control-Allow-Origin"] == FRONT_END
    assert {"Retry-After", "X-Request-ID", "RateLimit-Remaining"} <= set(
        told["Access-Control-Expose-Headers"].split(", ")
    )
    assert told["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in told


@pytest.mark.parametrize(
    "origin", [None, "", "null", "https://evil.example", "http://learn.example", f"{FRONT_END}."]
)
def test_any_other_origin_may_not(origin: str | None) -> None:
    assert Cors((FRONT_END,)).answer(origin) == (VARY,)
    assert Cors((FRONT_END,)).preflight(origin or "") is None
    assert Cors(()).preflight(FRONT_END) is None


def test_a_browser_that_asks_beforehand_hears_what_the_front_end_uses() -> None:
    told = dict(Cors((FRONT_END,)).preflight(FRONT_END) or ())
    methods = set(told["Access-Control-Allow-Methods"].split(", "))
    assert methods == {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
    assert set(told["Access-Control-Allow-Headers"].split(", ")) == {
        *("Authorization", "Content-Type", "X-API-Key", "X-CSRF-Token"),
        *("X-Request-ID", "Idempotency-Key"),
    }
    assert int(told["Access-Control-Max-Age"]) <= 600


def test_a_wildcard_lets_any_origin_read() -> None:
    cors = Cors(("*",))
    assert dict(cors.answer("https://any.example"))["Access-Control-Allow-Origin"] == "*"
    assert cors.preflight("https://any.example")


@pytest.mark.parametrize(
    ("listed", "sent"),
    [
        ("https://Learn.Example/", "https://learn.example"),
        ("https://learn.example:443", "https://learn.example"),
        ("http://localhost:5173", "http://localhost:5173"),
        ("http://[::1]:80/", "http://[::1]"),
        (" https://learn.example ", "https://learn.example"),
        ("null", "null"),
        ("https://learn.example:x", "https://learn.example:x"),
    ],
)
def test_an_origin_is_listed_as_people_write_it(listed: str, sent: str) -> None:
    assert serialised(listed) == sent
    assert Cors((listed,)).preflight(sent)


@given(st.text())
def test_nothing_that_is_sent_is_sent_back(origin: str) -> None:
    assert Cors((FRONT_END,)).answer(origin) == (VARY,) or origin == FRONT_END
