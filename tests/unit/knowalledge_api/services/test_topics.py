"""What counts as a topic."""

from __future__ import annotations

import unicodedata
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowalledge_api.errors import ApiError
from knowalledge_api.services.topics import LONGEST, MOST_SIGNS, REFUSED, digest, normalise_topic


@pytest.mark.parametrize(
    "topic",
    ["C++ Programming", "CI/CD", "Newton's laws", "量子力学", "SELECT statements", "می‌خواهم", "🧬"],
)
def test_any_text_that_people_write_is_a_topic(topic: str) -> None:
    assert normalise_topic(topic) == topic


def test_blanks_are_trimmed_and_collapsed_and_letters_composed() -> None:
    assert normalise_topic("  Cafe\u0301 \u3000 au  lait\n") == "Café au lait"
    assert normalise_topic("x" * LONGEST) == "x" * LONGEST
    assert normalise_topic("e\u0301" * LONGEST) == "é" * LONGEST


@pytest.mark.parametrize(
    "topic", ["", "   ", "a\0b", "a\x1bb", "a\nb", "a\x85b", "\ud800", "x" * 201]
)
def test_what_is_no_topic_is_refused_with_its_field(topic: str) -> None:
    with pytest.raises(ApiError) as caught:
        normalise_topic(topic)
    assert caught.value.status == 400
    assert [problem.field for problem in caught.value.problems] == ["topic"]


def test_nothing_that_is_refused_is_printable() -> None:
    """Printable text is not looked at any closer."""
    refused = filter(lambda each: unicodedata.category(each) in REFUSED, map(chr, range(0x110000)))
    assert not [each for each in refused if each.isprintable()]


@given(st.text())
def test_a_topic_is_in_normal_form_once_and_for_all(text: str) -> None:
    try:
        topic = normalise_topic(text)
    except ApiError:
        return
    assert normalise_topic(topic) == topic
    assert 1 <= len(topic) <= LONGEST
    assert not any(unicodedata.category(character) in {"Cc", "Cs"} for character in topic)


def test_marks_without_end_are_not_normalised(monkeypatch: pytest.MonkeyPatch) -> None:
    unused = SimpleNamespace(normalize=lambda *_: pytest.fail("it takes seconds"))
    monkeypatch.setattr("knowalledge_api.services.topics.unicodedata", unused)
    with pytest.raises(ApiError, match="at most 200"):
        normalise_topic("a" + "\u0301" * MOST_SIGNS)


def test_a_digest_tells_where_its_parts_end() -> None:
    assert digest("ab", "c") != digest("a", "bc")
    assert len(digest("力")) == 64
