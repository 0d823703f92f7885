"""API keys."""

from __future__ import annotations

import re

import pytest

from knowalledge_api.auth.api_keys import LENGTH, digest_of, is_key, new_key


def test_a_key_is_sk_and_43_characters_of_base64() -> None:
    for _ in range(50):
        text = new_key().text.reveal()
        assert re.fullmatch(r"sk_[A-Za-z0-9_-]{43}", text)
        assert len(text) == LENGTH
        assert is_key(text)


def test_no_two_keys_are_alike() -> None:
    assert len({new_key().text.reveal() for _ in range(100)}) == 100


def test_what_is_kept_of_a_key_does_not_tell_it() -> None:
    key = new_key()
    text = key.text.reveal()
    assert key.prefix == text[:11]
    assert key.digest == digest_of(text)
    assert re.fullmatch("[0-9a-f]{64}", key.digest)
    assert text not in repr(key)


def test_the_digest_is_sha_256() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert digest_of("") == empty


@pytest.mark.parametrize(
    "text",
    [
        *("", "sk_", "a" * 46),
        *("sk_" + "a" * 42, "sk_" + "a" * 44, "pk_" + "a" * 43),
        *("sk_" + "a" * 42 + last for last in "é\n= "),
    ],
)
def test_what_has_another_form_is_no_key(text: str) -> None:
    assert not is_key(text)
