from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection, make_url
from sqlalchemy.exc import OperationalError, ProgrammingError

from knowalledge_api.database import Database
from knowalledge_api.database.diagnosis import gather as gathering
from knowalledge_api.database.diagnosis import sqlite
from knowalledge_api.database.diagnosis.facts import Unknown, Write, Written
from knowalledge_api.database.diagnosis.gather import gather
from knowalledge_api.database.schema import migrate
from knowalledge_api.errors import DatabaseUnavailableError
from tests.support.configuration import settings_of, sqlite_settings


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    migrate(sqlite_settings(tmp_path))
    with closing(Database(sqlite_settings(tmp_path))) as opened:
        yield opened


def topics(database: Database) -> int:
    with database.connection() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM topics").scalar_one())


def test_every_question_is_asked_and_nothing_is_left_behind(database: Database) -> None:
    facts = gather(database, long_transaction=1, lock_wait=1, pooled=True)
    assert len(facts.answers.asked_ms) == gathering.QUESTIONS
    assert min(facts.answers.connect_ms, *facts.answers.asked_ms) > 0
    assert facts.write == Write(Written.ROLLED_BACK)
    assert facts.pooled
    assert topics(database) == 0


def test_without_our_tables_nothing_is_written(tmp_path: Path) -> None:
    with closing(Database(sqlite_settings(tmp_path))) as database:
        facts = gather(database, long_transaction=1, lock_wait=1)
    assert facts.write == Write(Written.NO_TABLE)


def test_nothing_can_be_asked_where_nothing_answers() -> None:
    settings = settings_of(DATABASE_URL="sqlite:////nowhere/at/all.db")
    with closing(Database(settings)) as database, pytest.raises(DatabaseUnavailableError):
        gather(database, long_transaction=1, lock_wait=1)


@pytest.mark.parametrize(
    ("url", "backend"),
    [("postgresql://u@h/x", "postgresql"), ("mysql://u@h/x", "mysql"), ("sqlite://", "sqlite")],
)
def test_each_database_is_asked_in_its_own_words(url: str, backend: str) -> None:
    module: Any = gathering._backend(Database(settings_of(DATABASE_URL=url)))
    assert module.__name__.endswith(f".{backend}")


class Denying:
    """SQLite, as it would be with privileges."""

    needs = staticmethod(lambda _error: "GRANT IT")


def failing(error: Exception) -> Callable[[Connection], Any]:
    def question(_: Connection) -> Any:
        raise error

    return question


LOCKED = OperationalError("SELECT", {}, Exception("database is locked"))
OTHER = ProgrammingError("SELECT", {}, Exception("something else"))


def test_what_a_user_may_not_see_is_unknown_with_the_grant(database: Database) -> None:
    backend: Any = Denying()
    asked = gathering._ask(database, backend, failing(LOCKED))
    assert asked == Unknown("this user may not see it", "GRANT IT")


@pytest.mark.parametrize(
    ("error", "cause", "hint"),
    [
        (LOCKED, "database is locked", "another process is writing; try again"),
        (OTHER, "something else", "check DATABASE_URL and the server's own log"),
    ],
)
def test_a_question_that_fails_is_unknown_and_the_next_is_asked(
    database: Database, error: Exception, cause: str, hint: str
) -> None:
    backend: Any = sqlite
    asked = gathering._ask(database, backend, failing(error))
    assert asked == Unknown(cause, hint)
    assert gathering._ask(database, backend, lambda _: 3) == 3
    assert isinstance(asked, Unknown)
    assert gathering._written(asked) == Write(Written.FAILED, cause, hint)


def test_a_database_that_takes_no_writes_is_read_only(database: Database) -> None:
    backend: Any = sqlite
    with database.connection() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
        assert gathering._write(connection, backend) == Write(Written.READ_ONLY)
        connection.exec_driver_sql("PRAGMA query_only = OFF")


class Refusing:
    """A connection that may not write."""

    engine = SimpleNamespace(url=make_url("postgresql://u@h/x"))
    execute = staticmethod(failing(ProgrammingError("", {}, Exception("permission denied"))))


def test_who_may_not_write_is_told_what_to_grant() -> None:
    connection: Any = Refusing()
    backend: Any = sqlite
    tried = gathering._write(connection, backend)
    assert (tried.outcome, tried.hint) == (Written.FAILED, gathering.LET_WRITE)
    assert tried.cause.endswith("permission denied")


def test_a_bug_is_no_answer_of_the_server(database: Database) -> None:
    backend: Any = sqlite
    with pytest.raises(ZeroDivisionError):
        gathering._ask(database, backend, failing(ZeroDivisionError()))
