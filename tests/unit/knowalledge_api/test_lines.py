from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowalledge_api.lines import field, unforged


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("/api/quiz", "path=/api/quiz"),
        (404, "path=404"),
        ("", "path="),
        ("/力", "path=/力"),
        ("/x status=200 user=root1", 'path="/x status=200 user=root1"'),
        ("status=200", 'path="status=200"'),
        ("a\u00a0b", 'path="a\u00a0b"'),
        ('"', r'path="\""'),
        ('a b\\" status=200', r'path="a b\\\" status=200"'),
    ],
)
def test_a_value_whose_end_would_not_be_plain_is_quoted(value: object, shown: str) -> None:
    assert field("path", value) == shown


@given(st.text(st.characters(exclude_categories=())))
def test_a_value_is_one_word_or_reads_as_json(value: str) -> None:
    shown = field("path", value).removeprefix("path=")
    if shown.startswith('"'):
        assert json.loads(shown, strict=False) == value
    else:
        assert shown == value
        assert not set(value) & set('="')
        assert not any(sign.isspace() for sign in value)


@pytest.mark.parametrize(
    ("sign", "shown"),
    [
        ("\n", r"\u000a"),
        ("\x7f", r"\u007f"),
        ("\u061c", r"\u061c"),
        ("\u200e", r"\u200e"),
        ("\u200f", r"\u200f"),
        ("\u202e", r"\u202e"),
        ("\ud800", r"\ud800"),
        ("\U000e0000", r"\udb40\udc00"),
        ("\U000e0041", r"\udb40\udc41"),
        ("\U000e007f", r"\udb40\udc7f"),
    ],
)
def test_what_ends_turns_or_hides_is_spelt_as_json_spells_it(sign: str, shown: str) -> None:
    assert unforged(f"a{sign}b") == f"a{shown}b"
    assert json.loads(f'"{shown}"') == sign


def test_what_joins_letters_and_what_is_seen_stays() -> None:
    text = "می\u200cشود \U000e0100 😀"
    assert unforged(text) == text
