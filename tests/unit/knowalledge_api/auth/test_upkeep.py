"""What is written about credentials behind the requests' backs."""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import event, select

from knowalledge_api.auth.upkeep import MOST, PRECISION, SWEEP, Upkeep, in_a_thread
from knowalledge_api.database.accounts.tokens import revoke_token
from knowalledge_api.database.models import ApiKey, RevokedToken
from tests.support.people import NOON, People

if TYPE_CHECKING:
    import pytest


def last_used(crowd: People) -> list[datetime | None]:
    with crowd.database.session() as session:
        return list(session.scalars(select(ApiKey.last_used_at).order_by(ApiKey.id)))


def test_uses_are_gathered_and_written_together(crowd: People) -> None:
    first, second = (crowd.add(name).key.id for name in ("ada", "bob"))
    crowd.upkeep.used(first)
    crowd.upkeep.used(second)
    assert len(crowd.hands.later) == 1
    assert last_used(crowd) == [None, None]
    crowd.hands.catch_up()
    assert last_used(crowd) == [NOON, NOON]


def test_a_key_is_written_at_most_once_a_minute(crowd: People) -> None:
    key = crowd.add("ada").key.id
    crowd.upkeep.used(key)
    crowd.hands.catch_up()
    crowd.hands.pass_by(PRECISION - 1)
    crowd.upkeep.used(key)
    assert crowd.hands.later == []
    crowd.hands.pass_by(1)
    crowd.upkeep.used(key)
    crowd.hands.catch_up()
    assert last_used(crowd) == [NOON + timedelta(seconds=PRECISION)]


def test_a_database_that_can_not_be_written_to_is_told_of_and_nobody_fails(
    crowd: People, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    key = crowd.add("ada").key.id
    with crowd.database.connection() as connection:
        connection.exec_driver_sql("DROP TABLE api_keys")
        connection.commit()
    crowd.upkeep.used(key)
    crowd.hands.catch_up()
    assert "the last use of 1 keys is not written" in caplog.text


def test_a_closed_database_is_not_opened_again(crowd: People) -> None:
    key = crowd.add("ada").key.id
    crowd.upkeep.used(key)
    crowd.database.close()
    crowd.hands.catch_up()
    assert crowd.database.stats().type == "none"


def test_what_has_expired_is_removed_once_an_hour(crowd: People) -> None:
    key = crowd.add("ada").key.id
    with crowd.database.session() as session:
        revoke_token(session, "over", NOON)
        revoke_token(session, "still good", NOON + timedelta(days=1))
    crowd.upkeep.used(key)
    crowd.hands.catch_up()

    def kept() -> list[str]:
        with crowd.database.session() as session:
            return list(session.scalars(select(RevokedToken.jti)))

    assert kept() == ["still good"]
    with crowd.database.session() as session:
        revoke_token(session, "over again", NOON)
    crowd.hands.pass_by(SWEEP - 1)
    crowd.upkeep.used(key)
    crowd.hands.catch_up()
    assert len(kept()) == 2
    crowd.hands.pass_by(PRECISION)
    crowd.upkeep.used(key)
    crowd.hands.catch_up()
    assert kept() == ["still good"]


def test_what_is_kept_in_mind_has_a_bound(crowd: People) -> None:
    for key in range(MOST + 1):
        crowd.upkeep.used(key)
    assert len(crowd.upkeep._noted) == 1


def test_by_itself_it_writes_in_a_thread_that_ends(crowd: People) -> None:
    key = crowd.add("ada").key.id
    written = threading.Event()
    event.listen(crowd.database.engine, "commit", lambda _: written.set())
    began = threading.active_count()
    Upkeep(crowd.database, later=lambda _, work: threading.Timer(0, work).start()).used(key)
    assert written.wait(20)
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join(20)
    assert threading.active_count() == began
    assert last_used(crowd) != [None]


def test_its_own_thread_holds_up_no_process() -> None:
    done = threading.Event()
    in_a_thread(0, done.set)
    timers = [each for each in threading.enumerate() if isinstance(each, threading.Timer)]
    assert all(each.daemon for each in timers)
    assert done.wait(20)
