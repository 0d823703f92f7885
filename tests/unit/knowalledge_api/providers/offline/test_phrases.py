"""How a topic is named in a language, and how long a text is in it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from knowalledge_api.providers.offline.languages.chinese import CHINESE
from knowalledge_api.providers.offline.languages.english import ENGLISH
from knowalledge_api.providers.offline.languages.hebrew import HEBREW


def test_a_subtopic_is_named_with_its_topic() -> None:
    assert ENGLISH.subject("Physics", "Light") == "“Light” within the topic “Physics”"
    assert ENGLISH.words("Physics", "Light") == "Light Physics"


@pytest.mark.parametrize(
    ("topic", "subtopic"),
    [
        ("Light", "Light"),
        ("light", "A short history of Light"),
        ("C++", "How C++ works"),
        ("Newton's laws", "What is Newton's laws?"),
        ("{name} (", "About {name} ("),
    ],
)
def test_a_topic_that_its_subtopic_names_is_not_named_again(topic: str, subtopic: str) -> None:
    assert ENGLISH.subject(topic, subtopic) == f"“{subtopic}”"
    assert ENGLISH.words(topic, subtopic) == subtopic


def test_letters_within_a_word_do_not_name_a_topic() -> None:
    assert ENGLISH.subject("R", "Arrays") == "“Arrays” within the topic “R”"

    assert CHINESE.subject("R", "Arrays") == "“R”主题中的“Arrays”"


def test_signs_that_are_not_spaced_name_a_topic_wherever_they_stand() -> None:
    assert CHINESE.subject("光", "什么是光的历史") == "“什么是光的历史”"
    assert CHINESE.subject("R", "什么是R语言") == "“什么是R语言”"


def test_a_topic_that_holds_its_subtopic_is_named_too() -> None:
    assert ENGLISH.subject("Light and sound", "Light").endswith("the topic “Light and sound”")


def test_a_name_that_runs_the_other_way_is_isolated_and_no_other() -> None:
    assert HEBREW.name("C++") == "״\u2068C++\u2069״"
    assert HEBREW.name("קרח") == "״קרח״"
    assert ENGLISH.name("קרח") == "“\u2068קרח\u2069”"
    assert ENGLISH.name("C++") == "“C++”"


def test_length_is_in_words_or_in_signs_that_say_as_much() -> None:
    assert ENGLISH.length("a lesson\nin three or four words") == 7
    assert CHINESE.length("学 习\n八个字的句子") == 5


def test_sentences_are_joined_as_the_language_does() -> None:
    assert ENGLISH.join(("One.", "Two.")) == "One. Two."
    assert replace(ENGLISH, spaced=False).join(("一。", "二。")) == "一。二。"
