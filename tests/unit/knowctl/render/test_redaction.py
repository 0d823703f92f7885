"""Redaction: a secret in a text that others wrote."""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from knowctl.render.redaction import (
    MASK,
    SHORTEST,
    SHORTEST_ENCODED,
    redacted,
    without_credentials,
)
from tests.support import canaries

SECRETS = st.text(st.characters(exclude_characters="*"), min_size=SHORTEST)
LONG = st.text(st.characters(exclude_categories=["Cs"]), min_size=SHORTEST_ENCODED)


@given(SECRETS)
@example("000%")
@example("a b%20")
@example("000\\")
def test_a_secret_is_masked_however_it_is_spelt(secret: str) -> None:
    whole = secret.encode(errors="replace").decode()
    quoted = (quote(whole, safe=""), quote_plus(whole), quote(whole))
    spelt = (secret, repr(secret)[1:-1], *quoted)
    for each in (*spelt, json.dumps(secret)[1:-1]):
        assert redacted(f"<{each}>", [secret]) == f"<{MASK}>"


@given(LONG, st.binary(max_size=5), st.binary(max_size=5))
def test_a_secret_is_masked_in_base64_within_anything(
    secret: str, before: bytes, behind: bytes
) -> None:
    content = before + secret.encode() + behind
    for encoded in (b64encode(content), urlsafe_b64encode(content)):
        left = redacted(encoded.decode(), [secret])
        assert MASK in left
        alone = len(before + behind) * 4 // 3 + 12  # what stands around it, and its own ends
        assert len(left) <= len(MASK) + alone


def test_a_secret_is_masked_in_hexadecimal() -> None:
    secret = "s3cret-and-long"
    for each in (secret.encode().hex(), secret.encode().hex().upper()):
        assert redacted(f"<{each}>", [secret]) == f"<{MASK}>"


def test_what_is_masked_is_what_tests_look_for() -> None:
    secret = canaries.canary("SECRET_KEY")
    content = b"user:" + secret.encode()
    escaped = re.sub("%..", lambda found: found[0].lower(), quote(secret, safe=""))
    told = [secret, escaped, b64encode(content).decode(), content.hex()]
    assert all(canaries.leaks(each) for each in told)
    assert [each for each in told if canaries.leaks(redacted(each, [secret]))] == []


def test_a_secret_within_another_leaves_nothing_of_the_longer_one() -> None:
    assert redacted("it is abcdefgh", ["abcd", "abcdefgh"]) == f"it is {MASK}"


def test_what_is_too_short_to_be_a_secret_stays() -> None:
    assert redacted("a bad day", ["a", ""]) == "a bad day"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("postgresql://app:pw@host/db", f"postgresql://{MASK}@host/db"),
        ("redis://:pw@host", f"redis://{MASK}@host"),
        ("Authorization: Bearer abc.def-1", f"Authorization: Bearer {MASK}"),
        ("authorization: basic dXNlcjpwYXNz", f"authorization: basic {MASK}"),
        ("key sk_0123456789abcdef ends", f"key {MASK} ends"),
        ("eyJhbGciOi.eyJzdWIiOi.abc-_1", MASK),
    ],
)
def test_what_looks_like_a_credential_is_masked(text: str, left: str) -> None:
    assert without_credentials(text) == left


@pytest.mark.parametrize(
    "text", ["http://host:5000/a@b", "a basic idea", "https://h/?x=1", "user@host", "task_1"]
)
def test_what_is_near_to_a_credential_is_none(text: str) -> None:
    assert without_credentials(text) == text
