"""What to learn next, in each language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowalledge_api.providers.offline.headings import divide
from knowalledge_api.providers.offline.phrasebook import PHRASEBOOK
from knowalledge_api.providers.offline.recommendations import STAGE, recommend
from knowalledge_api.providers.tasks import (
    RECOMMENDATIONS,
    DivideTopic,
    Language,
    Recommend,
    Recommendation,
)

TOPICS = ("C++ Programming", "CI/CD", "Newton's laws", "量子力学", "علم الأحياء", "{topic} {}")

every_language = pytest.mark.parametrize("language", list(Language))


def stages(topic: str, language: Language) -> list[int]:
    """Of which stage each recommended heading is."""
    headings = divide(DivideTopic(topic=topic, language=language))
    recommended = recommend(Recommend(topic=topic, language=language))
    return [headings.index(each.subtopic) // STAGE for each in recommended]


@every_language
@pytest.mark.parametrize("topic", TOPICS)
def test_a_heading_of_each_stage_is_recommended_in_order(language: Language, topic: str) -> None:
    assert stages(topic, language) == list(range(RECOMMENDATIONS))


@every_language
def test_each_heading_is_recommended_to_some_topic_and_always_for_its_reason(
    language: Language,
) -> None:
    for number in range(5):
        topic = f"Topic {number}"
        headings = divide(DivideTopic(topic=topic, language=language))
        reasons = map(Recommendation, headings, PHRASEBOOK[language].reasons)
        assert set(recommend(Recommend(topic=topic, language=language))) < set(reasons)
    reasons_given = {
        each.reason
        for number in range(100)
        for each in recommend(Recommend(topic=f"Topic {number}", language=language))
    }
    assert reasons_given == set(PHRASEBOOK[language].reasons)


@given(st.text(min_size=1), st.sampled_from(Language))
def test_any_topic_has_its_recommendations_and_always_the_same(
    topic: str, language: Language
) -> None:
    recommended = recommend(Recommend(topic=topic, language=language))
    assert recommended == recommend(Recommend(topic=topic, language=language))
    assert len({each.subtopic for each in recommended}) == RECOMMENDATIONS
    assert all(topic in each.subtopic for each in recommended)
