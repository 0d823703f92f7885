"""Which credential a request presents."""

from __future__ import annotations

import pytest

from knowalledge_api.auth.credentials import ScraperToken, bearer, presented
from knowalledge_api.settings import Secret

TOKEN = "t0ken-canary"


@pytest.mark.parametrize(
    ("authorization", "api_key", "found"),
    [
        ("", "", None),
        ("", "  ", None),
        ("Bearer", "", None),
        ("Bearer ", "key", "key"),
        ("Bearer token", "", "token"),
        ("bearer  token ", "", "token"),
        ("Bearer token", "key", "token"),
        ("Basic dXNlcjpwYXNz", " key ", "key"),
        ("Basic dXNlcjpwYXNz", "", None),
        ("token", "", None),
        ("Bearer a b", "", "a b"),
    ],
)
def test_a_token_comes_before_a_key_and_other_schemes_are_not_for_us(
    authorization: str, api_key: str, found: str | None
) -> None:
    assert presented(authorization, api_key) == found


@pytest.mark.parametrize("header", [f"Bearer {TOKEN}", f"bearer  {TOKEN} "])
def test_the_scrapers_token_is_known(header: str) -> None:
    assert ScraperToken(Secret(TOKEN)).is_in(header)


@pytest.mark.parametrize(
    "header",
    [
        *("", "Bearer", "Bearer ", TOKEN, f"Basic {TOKEN}"),
        *(f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN} {TOKEN}"),
        *("Bearer \xe9", "Bearer \u0100"),
    ],
)
def test_any_other_is_not(header: str) -> None:
    assert not ScraperToken(Secret(TOKEN)).is_in(header)


@pytest.mark.parametrize("token", [None, Secret("")])
@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer None"])
def test_without_a_token_there_is_no_scraper(token: Secret | None, header: str) -> None:
    assert not ScraperToken(token).is_in(header)


def test_a_token_beyond_ascii_is_compared_by_its_bytes() -> None:
    header = "Bearer tokén".encode().decode("latin-1")  # as WSGI hands it on
    assert ScraperToken(Secret("tokén")).is_in(header)


def test_what_is_behind_bearer_is_taken_as_it_is() -> None:
    assert bearer("Bearer a=b") == "a=b"
