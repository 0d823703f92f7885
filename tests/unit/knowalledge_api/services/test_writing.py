"""Single pieces of content: what learners wrote becomes a task."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from knowalledge_api.cache import Cache
from knowalledge_api.database import Database
from knowalledge_api.database.models import Base
from knowalledge_api.errors import ApiError
from knowalledge_api.providers.tasks import AskQuestions, DivideTopic, Language, Recommend
from knowalledge_api.services.contents import Contents
from knowalledge_api.services.writing import QuizWish, Shelves, Writing
from knowalledge_api.stores.store import Store
from tests.support.configuration import sqlite_settings
from tests.support.writers import Writer

TOPICS = ("C++ Programming", "CI/CD", "Newton's laws", "量子力学", "SELECT statements")


@pytest.fixture
def writer() -> Writer:
    return Writer()


@pytest.fixture
def writing(tmp_path: Path, writer: Writer) -> Iterator[Writing]:
    with closing(Database(sqlite_settings(tmp_path))) as database:
        Base.metadata.create_all(database.engine)
        contents = Contents(database, Cache(Store(None)), writer, budget=10)
        yield Writing(contents, Shelves.of(7200, 3600))


@pytest.mark.parametrize("topic", TOPICS)
def test_texts_are_put_in_their_normal_form(writing: Writing, writer: Writer, topic: str) -> None:
    writing.divide(f"  {topic} ", Language.JAPANESE, 7)
    wish = QuizWish(topic, f" a  {topic}", 5, "school", Language.JAPANESE)
    assert len(writing.ask_questions(wish, 7).body) == 5
    assert len(writing.recommend(topic, Language.JAPANESE, 7).body) == 3
    assert writer.tasks == [
        DivideTopic(topic=topic, language=Language.JAPANESE),
        AskQuestions(
            topic=topic,
            subtopic=f"a {topic}",
            count=5,
            education="school",
            language=Language.JAPANESE,
        ),
        Recommend(topic=topic, language=Language.JAPANESE),
    ]
    assert {terms.user for _, terms in writer.asked} == {7}


def test_what_is_no_topic_asks_nobody_and_names_the_field(writing: Writing, writer: Writer) -> None:
    with pytest.raises(ApiError) as topic:
        writing.divide(" ", Language.ENGLISH)
    with pytest.raises(ApiError) as subtopic:
        writing.ask_questions(QuizWish("a", "\0", 1, "", Language.ENGLISH))
    fields = [caught.value.problems[0].field for caught in (topic, subtopic)]
    assert fields == ["topic", "subtopic"]
    assert writer.asked == []


def test_each_kind_lives_as_long_as_its_setting_says() -> None:
    shelves = Shelves.of(7200, 3600)
    lives = {
        shelf.name: shelf.life
        for shelf in (
            shelves.subtopics,
            shelves.explanations,
            shelves.quizzes,
            shelves.recommendations,
        )
    }
    assert lives == {
        "subtopics": 7200,
        "explanations": 7200,
        "quizzes": 3600,
        "recommendations": 3600,
    }
