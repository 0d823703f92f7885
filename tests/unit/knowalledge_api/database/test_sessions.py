"""The database of one process."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from knowalledge_api.database import Database, PoolStats
from knowalledge_api.database.turns import asker
from knowalledge_api.errors import DatabaseFault, DatabaseUnavailableError, UnknownSchemeError
from knowalledge_api.metrics import RECORDER, table
from knowalledge_api.metrics.table import key_of
from knowalledge_api.settings import Secret
from tests.support.configuration import settings_of, sqlite_settings


def test_nothing_is_connected_before_it_is_asked(tmp_path: Path) -> None:
    database = Database(sqlite_settings(tmp_path))
    database.load_driver()
    assert database.stats() == PoolStats("none", 0, 0, 0, 0, 0)
    assert list(tmp_path.iterdir()) == []


def test_each_question_that_could_not_be_asked_is_counted_by_its_fault(tmp_path: Path) -> None:
    settings = sqlite_settings(tmp_path / "gone")
    key = key_of(table.DATABASE_UNAVAILABLE.name, DatabaseFault.NO_DATABASE)
    before = RECORDER.gather().numbers.get(key, 0.0)
    with closing(Database(settings)) as database, pytest.raises(DatabaseUnavailableError):
        database.ping()
    assert RECORDER.gather().numbers[key] - before == 1


def test_threads_share_one_engine(tmp_path: Path) -> None:
    with closing(Database(sqlite_settings(tmp_path))) as database, ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(lambda _: id(database.engine), range(32)))) == 1


def test_the_pool_is_counted(tmp_path: Path) -> None:
    with closing(Database(sqlite_settings(tmp_path, DB_POOL_SIZE="1"))) as database:
        assert database.ping() > 0
        assert database.stats() == PoolStats("QueuePool", 1, 1, 0, 0, 0)
        with database.connection(), database.connection():
            assert database.stats() == PoolStats("QueuePool", 1, 0, 2, 1, 0)


def test_a_database_in_memory_has_no_pool_to_count() -> None:
    with closing(Database(settings_of(DATABASE_URL="sqlite://"))) as database:
        database.ping()
        assert database.stats().type == "StaticPool"


def test_a_session_commits_at_its_end_and_rolls_back_on_an_exception(tmp_path: Path) -> None:
    with closing(Database(sqlite_settings(tmp_path))) as database:
        with database.session() as session:
            session.execute(text("CREATE TABLE x (y INTEGER)"))
        with pytest.raises(KeyError), database.session() as session:
            _fail_after(session.execute(text("INSERT INTO x VALUES (1)")))
        with database.session() as session:
            assert session.execute(text("SELECT * FROM x")).all() == []


def _fail_after(_: object) -> None:
    raise KeyError


def test_after_closing_it_connects_anew(tmp_path: Path) -> None:
    database = Database(sqlite_settings(tmp_path))
    before = database.engine
    database.close()
    database.close()
    assert database.stats().type == "none"
    assert database.engine is not before
    database.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_has_an_engine_of_its_own_and_leaves_the_parents_alone(tmp_path: Path) -> None:
    with closing(Database(sqlite_settings(tmp_path))) as database:
        database.ping()
        parents = database.engine
        closed: list[object] = []
        event.listen(parents, "close", lambda *given: closed.append(given))
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:  # pragma: no cover -- in the child, which ends without a word
            fresh = database.stats().type == "none" and database.engine is not parents
            fresh = fresh and database.ping() > 0 and not closed
            os.write(writing, b"own" if fresh else b"not")
            os._exit(0)
        os.waitpid(child, 0)
        assert os.read(reading, 3) == b"own"
        os.close(reading)
        os.close(writing)
        assert database.engine is parents
        assert database.stats().checked_in == 1


def test_another_scheme_is_refused_at_once() -> None:
    settings = settings_of()
    object.__setattr__(settings, "database_url", Secret("oracle://h/x"))
    with pytest.raises(UnknownSchemeError):
        Database(settings)


def test_what_can_not_be_asked_says_so() -> None:
    database = Database(settings_of(DATABASE_URL="sqlite:////nowhere/x.db"))
    with pytest.raises(DatabaseUnavailableError, match="no directory /nowhere"):
        database.ping()
    database.close()


def test_the_pool_tells_all_it_knows(tmp_path: Path) -> None:
    with closing(Database(sqlite_settings(tmp_path))) as database:
        assert database.pool_state() is None
        with database.session() as session:
            session.execute(text("SELECT 1"))
            state = database.pool_state()
        assert state is not None
        assert (state.size, state.open, state.in_use, state.checkouts) == (10, 1, 1, 1)
        assert [holder.request_id for holder in state.holders] == [""]


@dataclass
class Request:
    id: str = "r"
    route: str | None = "/r"
    database_seconds: float = 0.0


@contextmanager
def requested(seconds: float = 0.0) -> Iterator[None]:
    token = asker.set(Request(database_seconds=seconds))
    yield
    asker.reset(token)


def test_a_request_that_has_used_its_time_is_not_given_more(tmp_path: Path) -> None:
    settings = sqlite_settings(tmp_path, DB_POOL_SIZE="1", DB_MAX_OVERFLOW="0")
    with closing(Database(settings)) as database, database.connection(), requested(60):
        with pytest.raises(DatabaseUnavailableError) as caught:
            database.ping()
        assert caught.value.fault is DatabaseFault.POOL


def test_a_silence_refuses_requests_but_no_script_and_a_checkout_ends_it(tmp_path: Path) -> None:
    with closing(Database(sqlite_settings(tmp_path, DB_DEADLINE="0.1"))) as database:
        engine = database.engine  # with a breaker that has heard nothing yet
        silent = time.monotonic() + 0.05
        while time.monotonic() < silent:
            time.sleep(0.01)
        silence = OperationalError("SELECT", None, Exception("no answer from the server"))
        with requested(), pytest.raises(DatabaseUnavailableError), database.session():
            raise silence
        with requested(), pytest.raises(DatabaseUnavailableError, match="not asked again"):
            database.ping()
        assert database.ping() > 0
        with requested():
            assert database.ping() > 0
        assert database.engine is engine
