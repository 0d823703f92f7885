"""The words of each language: all that is needed, and each with its places for names."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations
from string import Formatter

import pytest

from knowalledge_api.providers.offline.headings import HEADINGS
from knowalledge_api.providers.offline.phrasebook import PHRASEBOOK
from knowalledge_api.providers.offline.phrases import (
    HIGH_SCHOOL,
    JUNIOR,
    UNDERGRADUATE,
    Phrases,
    Voice,
)
from knowalledge_api.providers.tasks import OPTIONS, Language

MOST_QUESTIONS = 10  # a quiz asks no more

every_language = pytest.mark.parametrize("phrases", PHRASEBOOK.values(), ids=list(PHRASEBOOK))


def places(template: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(template) if name is not None]


def voices(phrases: Phrases) -> tuple[Voice, ...]:
    return (*phrases.voices.values(), phrases.other)


def verbatim(phrases: Phrases) -> Iterator[str]:
    """What is said as it stands."""
    for voice in voices(phrases):
        yield from (voice.comparison, voice.closing)
    for prepared in phrases.questions:
        yield from (prepared.right, *prepared.wrong, prepared.why)
    yield from chain(phrases.styles.values(), phrases.reasons)


def said(phrases: Phrases) -> list[str]:
    """All sentences, those with places for names included."""
    return [
        *verbatim(phrases),
        *(text for voice in voices(phrases) for text in (voice.opening, voice.search)),
        *(prepared.question for prepared in phrases.questions),
        *chain(*phrases.sections, phrases.applications),
    ]


def test_there_is_a_phrasebook_for_each_language() -> None:
    assert set(PHRASEBOOK) == set(Language)


@every_language
def test_every_level_and_style_has_its_words(phrases: Phrases) -> None:
    assert set(phrases.voices) == {JUNIOR, HIGH_SCHOOL, UNDERGRADUATE}
    assert set(phrases.styles) == {"visual", "auditory", "reading", "kinesthetic"}


@every_language
def test_every_heading_has_a_reason(phrases: Phrases) -> None:
    assert {len(headings) for headings in HEADINGS.values()} == {len(set(phrases.reasons))}


@every_language
def test_there_are_questions_enough_and_each_has_four_different_options(phrases: Phrases) -> None:
    assert len({prepared.question for prepared in phrases.questions}) >= MOST_QUESTIONS
    for prepared in phrases.questions:
        assert len({prepared.right, *prepared.wrong}) == OPTIONS


@every_language
def test_names_have_their_places_and_no_others(phrases: Phrases) -> None:
    assert places(phrases.quoted) == ["text"]
    assert set(places(phrases.within)) == {"topic", "subtopic"}
    assert all(places(voice.opening) == ["subject"] for voice in voices(phrases))
    assert all(places(voice.search) == ["words"] for voice in voices(phrases))
    assert all(places(prepared.question) == ["subject"] for prepared in phrases.questions)
    assert all(places(application) == ["name"] for application in phrases.applications)
    assert all(set(places(text)) <= {"name"} for text in chain(*phrases.sections))


@every_language
def test_what_is_said_as_it_stands_has_no_braces(phrases: Phrases) -> None:
    assert not [text for text in verbatim(phrases) if "{" in text or "}" in text]


@every_language
def test_nothing_is_said_twice(phrases: Phrases) -> None:
    texts = said(phrases)
    assert len(set(texts)) == len(texts)


def test_every_language_has_as_much_to_say() -> None:
    shapes = {
        (tuple(map(len, phrases.sections)), len(said(phrases))) for phrases in PHRASEBOOK.values()
    }
    assert len(shapes) == 1


def test_no_two_languages_share_a_sentence() -> None:
    for one, other in combinations(PHRASEBOOK.values(), 2):
        assert not set(said(one)) & set(said(other))


@every_language
def test_the_right_answer_is_not_known_by_its_length(phrases: Phrases) -> None:
    longest = [
        prepared
        for prepared in phrases.questions
        if len(prepared.right) > max(map(len, prepared.wrong))
    ]
    assert len(longest) < len(phrases.questions) / 2
