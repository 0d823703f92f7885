"""How a topic is divided, in each language."""

from __future__ import annotations

from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowalledge_api.providers.offline.headings import HEADINGS, divide
from knowalledge_api.providers.tasks import SUBTOPICS, DivideTopic, Language


def test_each_language_has_as_many_headings_each_about_the_topic() -> None:
    assert set(HEADINGS) == set(Language)
    for headings in HEADINGS.values():
        assert len(headings) == SUBTOPICS
        for heading in headings:
            assert [name for _, name, _, _ in Formatter().parse(heading) if name] == ["topic"]


@pytest.mark.parametrize("language", list(Language))
def test_every_language_has_its_own_headings(language: Language) -> None:
    headings = divide(DivideTopic(topic="量子力学", language=language))
    assert len(set(headings)) == SUBTOPICS
    others = [
        divide(DivideTopic(topic="量子力学", language=other))
        for other in Language
        if other != language
    ]
    assert not set(headings) & {heading for other in others for heading in other}


@given(st.text(min_size=1), st.sampled_from(Language))
def test_any_topic_stands_as_it_is_in_each_heading(topic: str, language: Language) -> None:
    assert all(topic in heading for heading in divide(DivideTopic(topic=topic, language=language)))
