"""Content from memory, from the database, or newly written."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import delete, update

from knowalledge_api.cache import Cache, MemoryCache
from knowalledge_api.database import Database
from knowalledge_api.database.models import GeneratedContent
from knowalledge_api.errors import ApiError, DatabaseUnavailableError
from knowalledge_api.providers.faults import AiError, Fault
from knowalledge_api.providers.protocol import Terms
from knowalledge_api.providers.tasks import DivideTopic, Explain, Language, Task
from knowalledge_api.services.contents import Content, Contents
from knowalledge_api.services.writing import Shelves
from knowalledge_api.stores.store import Store
from tests.support.configuration import settings_of
from tests.support.stores import FakeLinks, Keys
from tests.support.writers import Writer

LIFE = 100
SHELVES = Shelves.of(LIFE, LIFE)
TASK = DivideTopic(topic="CI/CD")
EXPLAIN = Explain(topic="CI/CD", subtopic="CI", level="juniorLevel", words=100)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def moment(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.now)


def contents(database: Database, writer: Writer, clock: Clock | None = None) -> Contents:
    """As one process has it: with a memory of its own."""
    clock = clock or Clock()
    memory = MemoryCache(clock=clock.monotonic)
    return Contents(database, Cache(Store(None), memory), writer, budget=10, now=clock.moment)


def get(
    contents: Contents, task: DivideTopic = TASK, user: int | None = None
) -> Content[tuple[str, ...]]:
    return contents.get(SHELVES.subtopics, task.topic, task, contents.terms(user))


def test_the_same_question_is_answered_from_memory(database: Database) -> None:
    writer = Writer()
    asked = contents(database, writer)
    first, again = get(asked), get(asked)
    assert (first.source, again.source) == ("gemini", "cache")
    assert first.body == again.body
    assert writer.tasks == [TASK]
    assert (first.quality_score, first.warnings) == (1.0, ())


def test_another_process_finds_it_in_the_database_for_the_rest_of_its_life(
    database: Database,
) -> None:
    writer, clock = Writer(), Clock()
    get(contents(database, writer, clock))
    clock.now = 60
    other = contents(database, writer, clock)
    assert get(other).source == "cache"
    clock.now = 99
    assert get(other).source == "cache"
    clock.now = 101
    assert get(other).source == "gemini"
    assert len(writer.asked) == 2


def test_everything_that_shapes_the_answer_makes_another_one(database: Database) -> None:
    writer = Writer()
    asked = contents(database, writer)
    shaped = [
        EXPLAIN,
        Explain(topic="C", subtopic="CI", level="juniorLevel", words=100),
        Explain(topic="CI/CD", subtopic="CD", level="juniorLevel", words=100),
        Explain(topic="CI/CD", subtopic="CI", level="undergradLevel", words=100),
        Explain(topic="CI/CD", subtopic="CI", level="juniorLevel", words=300),
        Explain(topic="CI/CD", subtopic="CI", level="juniorLevel", words=100, style="visual"),
        Explain(
            topic="CI/CD", subtopic="CI", level="juniorLevel", words=100, language=Language.URDU
        ),
    ]
    for task in (*shaped, *shaped):
        asked.get(SHELVES.explanations, task.topic, task, Terms())
    assert writer.tasks == shaped
    writer.version = "2"
    asked.get(SHELVES.explanations, EXPLAIN.topic, EXPLAIN, Terms())
    writer.source = "offline"
    asked.get(SHELVES.explanations, EXPLAIN.topic, EXPLAIN, Terms())
    assert len(writer.asked) == len(shaped) + 2


def test_a_request_has_its_time_and_its_user(database: Database) -> None:
    writer = Writer()
    get(contents(database, writer), user=7)
    [(_, terms)] = writer.asked
    assert terms.user == 7
    assert 0 < terms.until < float("inf")
    assert not terms.patient


def test_a_database_that_is_away_is_told_and_costs_no_writing() -> None:
    writer = Writer()
    away = Database(settings_of(DATABASE_URL="sqlite:////nowhere/at/all.db"))
    with pytest.raises(DatabaseUnavailableError):
        get(contents(away, writer))
    assert writer.asked == []


def test_what_was_written_is_given_out_though_it_can_t_be_stored(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    def lose_the_table(_task: Task[Any], _terms: Terms) -> None:
        with database.session() as session:
            session.execute(delete(GeneratedContent))
        GeneratedContent.__table__.drop(database.engine)  # type: ignore[attr-defined]  # a Table

    writer = Writer(before=lose_the_table)
    asked = contents(database, writer)
    assert len(get(asked).body) == 15
    assert "kept in the cache alone" in caplog.text
    assert get(asked).source == "cache"


def test_what_another_release_stored_is_written_anew(database: Database) -> None:
    writer = Writer()
    get(contents(database, writer))
    with database.session() as session:
        session.execute(update(GeneratedContent).values(content={"another": "shape"}))
    assert get(contents(database, writer)).source == "gemini"


def test_n_clients_that_ask_the_same_at_once_have_it_written_once(database: Database) -> None:
    waiting = threading.Event()
    writer = Writer(before=lambda _task, _terms: waiting.wait(30))
    asked = contents(database, writer)
    with ThreadPoolExecutor(8) as threads:
        answers = [threads.submit(get, asked) for _ in range(8)]
        waiting.set()
        found = [answer.result(30) for answer in answers]
    assert len(writer.asked) == 1
    assert sorted(each.source for each in found) == ["cache"] * 7 + ["gemini"]
    assert len({each.body for each in found}) == 1


def test_a_failure_is_told_and_nothing_of_it_is_kept(database: Database) -> None:
    def fail(_task: Task[Any], _terms: Terms) -> None:
        raise AiError(Fault.UNUSABLE)

    writer = Writer(before=fail)
    asked = contents(database, writer)
    with pytest.raises(AiError):
        get(asked)
    writer.before = lambda _task, _terms: None
    assert get(asked).source == "gemini"


def test_who_waits_has_a_place_and_what_is_known_needs_none(database: Database) -> None:
    places: list[str] = []

    @contextmanager
    def place() -> Iterator[None]:
        if places:
            raise AiError(Fault.BUSY)
        places.append("taken")
        yield

    asked = Contents(database, Cache(Store(None)), Writer(), budget=10, place=place)
    get(asked)
    assert get(asked).source == "cache"
    with pytest.raises(ApiError):
        get(asked, DivideTopic(topic="another"))


def test_a_request_waits_for_another_process_no_longer_than_its_own_time(
    database: Database,
) -> None:
    keys = Keys()
    links = FakeLinks(lambda command: None if "NX" in command else keys(command))
    asked = Contents(database, Cache(Store(links)), Writer(), budget=0.3)
    began = time.monotonic()
    assert get(asked).source == "gemini"
    assert 0.3 <= time.monotonic() - began < 3


def test_what_was_cleared_is_written_anew_in_every_process(database: Database) -> None:
    writer = Writer()
    one, two = contents(database, writer), contents(database, writer)
    get(one)
    assert one.clear("explanations") == 0
    assert get(one).source == "cache"
    assert one.clear("subtopics") == 2
    assert get(two).source == "gemini"
    assert one.clear() == 1


def test_redis_holds_it_for_other_processes(database: Database) -> None:
    links = FakeLinks(Keys())
    writer = Writer()
    one, two = (
        Contents(database, Cache(Store(links)), writer, budget=10, now=Clock().moment)
        for _ in range(2)
    )
    for each in (one, two):
        found = each.get(SHELVES.explanations, "CI/CD", EXPLAIN, Terms())
        assert found.body.explanation
    assert len(writer.asked) == 1
    kept = [orjson.loads(value) for value in links.answer.values.values() if value[:1] == b"{"]  # type: ignore[attr-defined]  # Keys has them
    assert [each["source"] for each in kept] == ["cache"]


def test_whoever_removes_what_is_old_is_told_of_what_is_stored(database: Database) -> None:
    told: list[int] = []
    clock = Clock()
    made = Contents(
        database,
        Cache(Store(None), MemoryCache(clock=clock.monotonic)),
        Writer(),
        budget=10,
        now=clock.moment,
        stored=lambda: told.append(1),
    )
    for _ in range(3):
        made.get(SHELVES.subtopics, "CI/CD", TASK, made.terms(None))
    assert told == [1]
