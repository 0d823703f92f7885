"""A hundred sessions at once on each database: answers, or the one declared failure."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text

from knowalledge_api.database import Database
from knowalledge_api.database.contents import Content, find_content, remove_page, store_content
from knowalledge_api.database.learning import Result, keep_result, known_by
from knowalledge_api.database.models import (
    DailyUsage,
    GeneratedContent,
    QuizResult,
    Role,
    Tier,
    Topic,
    User,
)
from knowalledge_api.database.schema import migrate
from knowalledge_api.database.usage import calls_on
from knowalledge_api.errors import DatabaseFault, DatabaseUnavailableError
from knowalledge_api.providers.faults import AiError
from knowalledge_api.services.spending import Spending
from tests.support import database_life as life
from tests.support.configuration import settings_of
from tests.support.servers import Server

THREADS = 100
ROUNDS = 3
MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PATIENCE = 10.0
LEARNT = Result(
    user=1,
    topic="topic 7",
    topic_digest="7" * 64,
    subtopic=None,
    subtopic_digest="0" * 64,
    difficulty=None,
    score=1,
    total=2,
    mastery_level=2,
    at=MOMENT - timedelta(days=1),
)
NUMBERS = itertools.count()


@pytest.fixture(params=["postgresql_16", "mariadb", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/concurrency.db"
    server: Server = request.getfixturevalue(request.param)
    return server.create(f"concurrency_{next(NUMBERS)}")


def content(key: str) -> Content:
    return Content(
        key=key,
        topic=key,
        topic_digest=key,
        kind="subtopics",
        language="en",
        source="offline",
        body=[key],
        quality_score=1.0,
        created_at=MOMENT,
    )


def session_of(database: Database, key: str) -> str:
    """Write and read one key; what came of it."""
    try:
        store_content(database, content(key))
        with database.session() as session:
            found = find_content(session, key, since=datetime(2020, 1, 1, tzinfo=UTC))
    except DatabaseUnavailableError as error:
        return error.fault
    assert found is not None
    return str(found.body[0])


def test_a_hundred_sessions_at_once_get_their_own_answers_or_the_declared_failure(
    url: str,
) -> None:
    settings = settings_of(DATABASE_URL=url)
    migrate(settings)
    start = threading.Barrier(THREADS)
    with life.opened(settings) as database:

        def work(number: int) -> list[tuple[str, str]]:
            start.wait()
            keys = [f"key-{number}-{round_}" for round_ in range(ROUNDS)]
            return [(key, session_of(database, key)) for key in keys]

        with ThreadPoolExecutor(THREADS) as threads:
            outcomes = [pair for pairs in threads.map(work, range(THREADS)) for pair in pairs]
        state = database.pool_state()
        assert database.ping() > 0
    answered = [key for key, outcome in outcomes if outcome == key]
    failures = {outcome for key, outcome in outcomes if outcome != key}
    assert failures <= {DatabaseFault.POOL, DatabaseFault.LOCKED}
    assert len(outcomes) == THREADS * ROUNDS
    assert len(answered) >= THREADS // 4, "a slow machine refuses many, never nearly all"
    assert state is not None
    assert (state.in_use, state.waiting, state.holders) == (0, 0, ())
    assert state.open == state.idle <= 10


def test_calls_and_tokens_counted_at_once_are_all_counted_and_never_too_many(url: str) -> None:
    settings = settings_of(DATABASE_URL=url, DB_POOL_TIMEOUT="30", DB_DEADLINE="30")
    migrate(settings)
    most = 70
    start = threading.Barrier(THREADS)
    with life.opened(settings) as database:
        with database.session() as session:
            session.add(User(public_id="ada", role=Role.USER, tier=Tier.FREE, created_at=MOMENT))

        def work(_: int) -> bool:
            spending = Spending(database, most, lambda: MOMENT)
            start.wait()
            spending.tally(1, 3, 5)
            try:
                spending.spend()
            except AiError:
                return False
            return True

        with ThreadPoolExecutor(THREADS) as threads:
            assert sum(threads.map(work, range(THREADS))) == most
        with database.session() as session:
            assert calls_on(session, MOMENT.date()) == most
            [row] = session.scalars(select(DailyUsage))
            used = (row.requests, row.input_tokens, row.output_tokens)
    assert used == (THREADS, 3 * THREADS, 5 * THREADS)


def test_old_content_goes_from_several_servers_at_once_while_others_write(url: str) -> None:
    """Of 5000 old pieces none is left, of what is young and of what learners did all."""
    settings = settings_of(DATABASE_URL=url, DB_DEADLINE="30", DB_POOL_TIMEOUT="30")
    migrate(settings)
    old, topics = MOMENT - timedelta(days=1), 500
    with life.opened(settings) as database:
        with database.session() as session:
            session.execute(insert(Topic), [_topic(number, old) for number in range(topics)])
            session.execute(
                insert(GeneratedContent),
                [_old(number, number % topics + 1, old) for number in range(5000)],
            )
            session.add(User(public_id="ada", role=Role.USER, tier=Tier.FREE, created_at=MOMENT))
            session.flush()
            keep_result(session, LEARNT)
        start = threading.Barrier(8)

        def remove(_: int) -> None:
            start.wait()
            for table in (GeneratedContent, Topic):
                last: int | None = 0
                while last is not None:
                    last = remove_page(database, table, last, MOMENT - timedelta(hours=1))

        def write(writer: int) -> None:
            """About topics that go, and again what is old already."""
            start.wait()
            for number in range(50):
                digest = f"topic {number * 10 + writer}"
                fresh = replace(content(f"new {writer} {number}"), topic_digest=digest)
                store_content(database, fresh)
                store_content(database, content(f"old {number * 10 + writer}"))

        with ThreadPoolExecutor(8) as threads:
            work = [threads.submit(remove, each) for each in range(4)]
            work += [threads.submit(write, each) for each in range(4)]
            for each in work:
                each.result(60)
        with database.session() as session:
            stale = select(func.count()).where(GeneratedContent.created_at < MOMENT)
            assert session.scalar(stale) == 0
            kept = session.scalar(select(func.count()).select_from(GeneratedContent)) or 0
            assert 390 <= kept <= 400, "a few were about a topic that went at that moment"
            about = session.scalar(select(func.count(GeneratedContent.topic_id.distinct())))
            assert session.scalar(select(func.count()).select_from(Topic)) == about
            assert [known.topic for known in known_by(session, 1)] == ["topic 7"]
            assert session.scalar(select(func.count()).select_from(QuizResult)) == 1


def _topic(number: int, at: datetime) -> dict[str, object]:
    return {"digest": f"topic {number}", "text": f"topic {number}", "created_at": at}


def _old(number: int, topic_id: int, at: datetime) -> dict[str, object]:
    return {
        "cache_key": f"old {number}",
        "topic_id": topic_id,
        "kind": "subtopics",
        "language": "en",
        "source": "offline",
        "content": ["x" * 300],
        "quality_score": 1.0,
        "created_at": at,
    }


def test_who_waits_and_who_is_waited_for_can_be_seen_from_outside(url: str) -> None:
    settings = settings_of(
        DATABASE_URL=url, DB_POOL_SIZE="1", DB_MAX_OVERFLOW="0", DB_POOL_TIMEOUT="9"
    )
    held, done = threading.Event(), threading.Event()
    with life.opened(settings) as database, ThreadPoolExecutor(3) as threads:

        def hold() -> None:
            with database.session() as session:
                session.execute(text("SELECT 1"))
                held.set()
                done.wait(PATIENCE)

        def waiting() -> int:
            state = database.pool_state()
            return state.waiting if state else 0

        holder = threads.submit(hold)
        assert held.wait(PATIENCE)
        pings = [threads.submit(database.ping) for _ in range(2)]
        until(lambda: waiting() == 2)
        state = database.pool_state()
        done.set()
        assert holder.result(PATIENCE) is None
        assert all(ping.result(PATIENCE) > 0 for ping in pings)
        after = database.pool_state()
    assert state is not None
    assert (state.in_use, state.open, state.idle, len(state.holders)) == (1, 1, 0, 1)
    assert after is not None
    assert (after.waiting, after.checkouts, after.timeouts, after.open) == (0, 3, 0, 1)
    assert after.worst_wait_ms >= state.oldest_wait_ms > 0
    assert after.worst_wait_ms >= after.mean_wait_ms > 0


def test_what_the_pool_calls_open_is_what_the_server_has(postgresql_url: str) -> None:
    name = text("SHOW application_name")
    ours = text("SELECT count(*) FROM pg_stat_activity WHERE application_name = :name")
    with (
        life.opened(settings_of(DATABASE_URL=postgresql_url)) as database,
        database.connection(),
        database.connection(),
        database.connection() as link,
    ):
        seen = link.execute(ours, {"name": link.execute(name).scalar_one()}).scalar_one()
        state = database.pool_state()
    assert state is not None
    assert seen == state.open == 3


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            pytest.fail("it did not come about in time")
        time.sleep(0.002)
