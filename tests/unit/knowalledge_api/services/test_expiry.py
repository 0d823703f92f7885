"""Old content goes behind the requests' backs."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from knowalledge_api.auth.upkeep import SWEEP
from knowalledge_api.database import Database
from knowalledge_api.database.contents import Content, store_content
from knowalledge_api.database.models import GeneratedContent, Topic
from knowalledge_api.services.expiry import Expiry
from tests.support.people import NOON, Hands

LIFE = 100.0


@pytest.fixture
def hands() -> Hands:
    return Hands()


def expiry_of(database: Database, hands: Hands, life: float = LIFE) -> Expiry:
    return Expiry(database, life, hands.clock, hands.now, hands.put_off)


def store(database: Database, name: str, age: float, hands: Hands) -> None:
    at = hands.now() - timedelta(seconds=age)
    store_content(database, Content(name, name, name, "subtopics", "en", "offline", ["x"], 1.0, at))


def left(database: Database) -> tuple[list[str], int]:
    """The keys of the content that is there, and how many topics."""
    with database.session() as session:
        keys = session.scalars(select(GeneratedContent.cache_key).order_by(GeneratedContent.id))
        return list(keys), session.scalar(select(func.count()).select_from(Topic)) or 0


def test_what_no_shelf_keeps_any_longer_goes_with_its_topic(
    database: Database, hands: Hands
) -> None:
    for name, age in (("old", LIFE + 1), ("at its end", LIFE), ("young", LIFE - 1)):
        store(database, name, age, hands)
    expiry_of(database, hands).stored()
    assert len(left(database)[0]) == 3, "whoever stores waits for nothing"
    hands.catch_up()
    assert left(database) == (["young"], 1)


def test_it_is_looked_for_once_an_hour(database: Database, hands: Hands) -> None:
    expiry = expiry_of(database, hands)
    for _ in range(3):
        expiry.stored()
    assert len(hands.later) == 1
    hands.catch_up()
    store(database, "old", LIFE, hands)
    hands.pass_by(SWEEP - 1)
    expiry.stored()
    assert hands.later == []
    hands.pass_by(1)
    expiry.stored()
    hands.catch_up()
    assert left(database) == ([], 0)


def test_where_nothing_is_kept_all_goes(database: Database, hands: Hands) -> None:
    store(database, "new", 0, hands)
    expiry_of(database, hands, 0).stored()
    hands.catch_up()
    assert left(database) == ([], 0)


def test_what_was_old_when_the_hour_began_goes_and_no_more(
    database: Database, hands: Hands
) -> None:
    store(database, "young", LIFE - 1, hands)
    expiry_of(database, hands).stored()
    hands.pass_by(LIFE)
    hands.catch_up()
    assert left(database) == (["young"], 1)


def test_a_database_that_can_not_be_written_to_is_told_of_and_left_for_an_hour(
    database: Database, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    with database.connection() as connection:
        connection.exec_driver_sql("DROP TABLE generated_content")
        connection.commit()
    expiry_of(database, hands).stored()
    hands.catch_up()
    assert "old content stays for another hour" in caplog.text
    assert hands.later == []


def test_a_closed_database_is_not_opened_again(database: Database, hands: Hands) -> None:
    store(database, "old", LIFE, hands)
    expiry_of(database, hands).stored()
    database.close()
    hands.catch_up()
    assert database.stats().type == "none"


def test_by_itself_it_works_in_threads_that_end(database: Database, hands: Hands) -> None:
    store(database, "old", LIFE, hands)
    Expiry(database, LIFE, now=lambda: NOON).stored()
    deadline = threading.Event()
    for _ in range(400):
        timers = [each for each in threading.enumerate() if isinstance(each, threading.Timer)]
        if not timers:
            break
        deadline.wait(0.05)
    assert not timers
    assert left(database) == ([], 0)
