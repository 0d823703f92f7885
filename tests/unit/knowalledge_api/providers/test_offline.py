"""Content without a network."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowalledge_api.providers.offline import PICTURE_TOPICS, OfflineProvider
from knowalledge_api.providers.protocol import SUBTOPICS, ContentProvider, Language, Picture


@pytest.mark.parametrize("language", list(Language))
def test_every_language_has_its_own_headings(language: Language) -> None:
    provider: ContentProvider = OfflineProvider()
    headings = provider.subtopics("量子力学", language)
    assert len(set(headings)) == SUBTOPICS
    assert all("量子力学" in heading for heading in headings)
    others = [provider.subtopics("量子力学", other) for other in Language if other != language]
    assert not set(headings) & {heading for other in others for heading in other}


@given(st.text(min_size=1), st.sampled_from(Language))
def test_any_topic_stands_as_it_is_in_each_heading(topic: str, language: Language) -> None:
    provider = OfflineProvider()
    headings = provider.subtopics(topic, language)
    assert all(topic in heading for heading in headings)
    assert headings == provider.subtopics(topic, language)


def test_a_picture_has_the_topic_of_its_digest_and_each_has_one_to_five_words() -> None:
    provider = OfflineProvider()
    topics = {
        provider.picture_topic(Picture(b"", f"{number:08x}"), Language.ENGLISH)
        for number in range(len(PICTURE_TOPICS))
    }
    assert topics == set(PICTURE_TOPICS)
    assert all(1 <= len(topic.split()) <= 5 for topic in topics)
