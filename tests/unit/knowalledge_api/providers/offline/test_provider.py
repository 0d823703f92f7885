"""Content without a network."""

from __future__ import annotations

from typing import Any

import pytest

from knowalledge_api.providers.offline.provider import OFFLINE, WRITERS, OfflineProvider
from knowalledge_api.providers.protocol import ContentProvider, Terms
from knowalledge_api.providers.tasks import (
    RECOMMENDATIONS,
    SUBTOPICS,
    AskQuestions,
    DivideTopic,
    Explain,
    NamePicture,
    Picture,
    Recommend,
    Task,
)

TASKS: tuple[Task[Any], ...] = (
    DivideTopic(topic="CI/CD"),
    Explain(topic="CI/CD", subtopic="Pipelines", level="juniorLevel", words=100),
    AskQuestions(topic="CI/CD", subtopic="Pipelines", count=3),
    Recommend(topic="CI/CD"),
    NamePicture(picture=Picture(b"", "00000000")),
)


def test_there_is_a_writer_for_each_kind_of_task() -> None:
    assert set(WRITERS) == set(map(type, TASKS))


@pytest.mark.parametrize("task", TASKS, ids=lambda task: type(task).__name__)
def test_the_same_task_has_the_same_answer_whoever_asks(task: Task[Any]) -> None:
    answer = OfflineProvider().write(task, Terms())
    assert answer
    assert answer == OfflineProvider().write(task, Terms(user=7, until=0.0))


def test_each_task_gives_what_its_kind_promises() -> None:
    provider: ContentProvider = OfflineProvider()
    assert provider.source == OFFLINE
    assert len(provider.write(DivideTopic(topic="CI/CD"), Terms())) == SUBTOPICS
    assert len(provider.write(Recommend(topic="CI/CD"), Terms())) == RECOMMENDATIONS
    asked = AskQuestions(topic="CI/CD", subtopic="Pipelines", count=7)
    assert len(provider.write(asked, Terms())) == 7
