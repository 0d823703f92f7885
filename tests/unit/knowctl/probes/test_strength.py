from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowctl.probes.strength import bits
from knowctl.probes.surroundings import KEY_BITS, PASSWORD_BITS


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "a" * 64,
        "0123456789abcdef" * 2,
        "abcdefghijklmnopqrstuvwxyz-1234567890",
        "password" * 8,
        "qwertyuiop",
    ],
)
def test_what_was_typed_is_no_key(typed: str) -> None:
    assert bits(typed) < KEY_BITS


@pytest.mark.parametrize("word", ["postgres", "password", "hunter2", "aaaaaaaaaaaaaaaa", "root"])
def test_what_is_tried_first_is_no_password(word: str) -> None:
    assert bits(word) < PASSWORD_BITS


def test_what_is_drawn_is_a_key() -> None:
    assert min(bits(secrets.token_hex(16)) for _ in range(500)) > KEY_BITS
    assert min(bits(secrets.token_urlsafe(32)) for _ in range(500)) > KEY_BITS
    assert min(bits(secrets.token_urlsafe(9)) for _ in range(500)) > PASSWORD_BITS


@given(st.text())
def test_nothing_has_fewer_than_no_bits_or_more_than_its_characters_give(text: str) -> None:
    assert 0 <= bits(text) <= 21 * len(text)
