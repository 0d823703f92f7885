"""Divide a topic into subtopics."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from knowalledge_api.cache import Cache, MemoryCache
from knowalledge_api.database import Database
from knowalledge_api.database.models import Base
from knowalledge_api.errors import ApiError, DatabaseUnavailableError
from knowalledge_api.providers.offline import OfflineProvider
from knowalledge_api.providers.protocol import Language
from knowalledge_api.services.subtopics import SubtopicsService, loaded, quality
from knowalledge_api.stores.store import Store
from tests.support.configuration import settings_of, sqlite_settings

LIFE = 100


class Provider(OfflineProvider):
    """Writes a different text each time."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Language]] = []

    def subtopics(self, topic: str, language: Language) -> tuple[str, ...]:
        self.calls.append((topic, language))
        return tuple(f"{topic} {len(self.calls)}.{number}" for number in range(15))


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def moment(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.now)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(sqlite_settings(tmp_path))) as database:
        Base.metadata.create_all(database.engine)
        yield database


def service(database: Database, provider: Provider, clock: Clock) -> SubtopicsService:
    """As one process has it: with a memory of its own."""
    return SubtopicsService(
        database,
        Cache(Store(None), MemoryCache(clock=clock.monotonic)),
        provider,
        LIFE,
        now=clock.moment,
    )


def test_the_same_question_is_answered_from_memory(database: Database) -> None:
    provider = Provider()
    asked = service(database, provider, Clock())
    first = asked.divide(" CI/CD ", Language.ENGLISH)
    again = asked.divide("CI/CD", Language.ENGLISH)
    assert (first.source, again.source) == ("offline", "cache")
    assert first.subtopics == again.subtopics
    assert provider.calls == [("CI/CD", Language.ENGLISH)]
    assert (first.quality_score, first.warnings) == (1.0, ())


def test_another_process_finds_it_in_the_database_for_the_rest_of_its_life(
    database: Database,
) -> None:
    provider, clock = Provider(), Clock()
    service(database, provider, clock).divide("CI/CD", Language.ENGLISH)
    clock.now = 60
    other = service(database, provider, clock)
    assert other.divide("CI/CD", Language.ENGLISH).source == "cache"
    clock.now = 99
    assert other.divide("CI/CD", Language.ENGLISH).source == "cache"
    clock.now = 101
    renewed = other.divide("CI/CD", Language.ENGLISH)
    assert (renewed.source, renewed.subtopics[0]) == ("offline", "CI/CD 2.0")


def test_language_shapes_the_answer(database: Database) -> None:
    provider = Provider()
    asked = service(database, provider, Clock())
    asked.divide("CI/CD", Language.ENGLISH)
    assert asked.divide("CI/CD", Language.GERMAN).source == "offline"
    assert [language for _, language in provider.calls] == ["en", "de"]


def test_what_is_no_topic_asks_nobody() -> None:
    away = Database(settings_of(DATABASE_URL="sqlite:////nowhere/at/all.db"))
    with pytest.raises(ApiError):
        service(away, Provider(), Clock()).divide("", Language.ENGLISH)


def test_a_database_that_is_away_is_told_and_costs_no_writing() -> None:
    provider = Provider()
    away = Database(settings_of(DATABASE_URL="sqlite:////nowhere/at/all.db"))
    with pytest.raises(DatabaseUnavailableError):
        service(away, provider, Clock()).divide("CI/CD", Language.ENGLISH)
    assert provider.calls == []


def test_quality_is_the_share_of_headings_that_can_be_used(database: Database) -> None:
    good = tuple(f"heading {number}" for number in range(15))
    assert quality(good) == 1.0
    assert quality((*good[:12], "Heading 1", " ", "x" * 301)) == 0.8
    assert quality(()) == 0.0

    class Poor(Provider):
        def subtopics(self, topic: str, language: Language) -> tuple[str, ...]:  # noqa: ARG002 -- the protocol's
            return (topic,) * 15

    answer = service(database, Poor(), Clock()).divide("CI/CD", Language.ENGLISH)
    assert answer.quality_score == 0.07
    assert answer.warnings


def test_n_clients_that_ask_the_same_at_once_make_one_call(database: Database) -> None:
    class Slow(Provider):
        def subtopics(self, topic: str, language: Language) -> tuple[str, ...]:
            waiting.wait(30)
            return super().subtopics(topic, language)

    waiting, provider = threading.Event(), Slow()
    asked = service(database, provider, Clock())
    with ThreadPoolExecutor(8) as threads:
        answers = [threads.submit(asked.divide, "CI/CD", Language.ENGLISH) for _ in range(8)]
        waiting.set()
        found = [answer.result(30) for answer in answers]
    assert len(provider.calls) == 1
    assert sorted(each.source for each in found) == ["cache"] * 7 + ["offline"]
    assert len({each.subtopics for each in found}) == 1


def test_what_json_held_is_what_was_kept(database: Database) -> None:
    asked = service(database, Provider(), Clock())
    asked.divide("CI/CD", Language.ENGLISH)
    kept = asked.divide("CI/CD", Language.ENGLISH)
    assert loaded(orjson.loads(orjson.dumps(kept))) == kept
    wrong: list[Any] = [{}, [], None, 1, {"subtopics": 1}]
    for nonsense in wrong:
        with pytest.raises((TypeError, KeyError)):
            loaded(nonsense)
