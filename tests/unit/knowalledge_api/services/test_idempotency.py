"""Writes that happen once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from knowalledge_api.database.idempotency import begin_write
from knowalledge_api.database.models import IdempotencyKey
from knowalledge_api.errors import ApiError
from knowalledge_api.services.idempotency import LIFE, Answer, Idempotency, Repeatable
from knowalledge_api.services.topics import digest
from tests.support.people import People, people

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

ASKED = Repeatable("key", 1, "POST /api/x", '{"topic":"x"}')


class Work:
    """Counts how often it was done, and how often that lasted."""

    def __init__(self, *, secret: bool = False, fails: int = 0) -> None:
        self.done = 0
        self.fails = fails
        self.secret = secret

    def __call__(self, _session: Session) -> Answer:
        self.done += 1
        if self.done <= self.fails:
            raise ApiError(409, "not now")
        return Answer(201, {"number": self.done}, self.secret)


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[People]:
    with people(tmp_path) as found:
        found.add("ada")
        yield found


@pytest.fixture
def idempotency(crowd: People) -> Idempotency:
    return Idempotency(crowd.database, crowd.hands.now)


def test_a_repetition_gets_the_first_answer(idempotency: Idempotency) -> None:
    work = Work()
    answers = [idempotency.once(ASKED, work) for _ in range(3)]
    assert [each.body for each in answers] == [{"number": 1}] * 3
    assert {each.status for each in answers} == {201}
    assert work.done == 1


def test_without_a_key_it_is_done_each_time(idempotency: Idempotency) -> None:
    work = Work()
    assert [idempotency.once(None, work).body["number"] for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize(
    "other", [{"principal": None}, {"route": "POST /api/y"}, {"key": "other"}], ids=str
)
def test_the_scope_is_principal_route_and_key(
    idempotency: Idempotency, other: dict[str, str | None]
) -> None:
    work = Work()
    idempotency.once(ASKED, work)
    idempotency.once(replace(ASKED, **other), work)  # type: ignore[arg-type]  # of the fields' kinds
    assert work.done == 2


def test_another_request_under_the_same_key_is_422(idempotency: Idempotency) -> None:
    work = Work()
    idempotency.once(ASKED, work)
    with pytest.raises(ApiError, match="422"):
        idempotency.once(replace(ASKED, content="{}"), work)
    assert work.done == 1


def test_an_answer_with_a_secret_is_kept_without_it(idempotency: Idempotency) -> None:
    work = Work(secret=True)
    assert idempotency.once(ASKED, work).body == {"number": 1}
    with pytest.raises(ApiError) as raised:
        idempotency.once(ASKED, work)
    assert raised.value.status == 409
    assert "knowctl keys issue" in raised.value.detail
    assert work.done == 1


def test_what_failed_may_be_tried_again(idempotency: Idempotency) -> None:
    work = Work(fails=1)
    with pytest.raises(ApiError, match="not now"):
        idempotency.once(ASKED, work)
    assert idempotency.once(ASKED, work).body == {"number": 2}


def test_after_a_day_it_is_another_write(crowd: People, idempotency: Idempotency) -> None:
    work = Work()
    idempotency.once(ASKED, work)
    crowd.hands.pass_by(LIFE.total_seconds() - 1)
    idempotency.once(ASKED, work)
    assert work.done == 1
    crowd.hands.pass_by(1)
    assert idempotency.once(ASKED, work).body == {"number": 2}


def test_whoever_is_always_too_late_is_told_to_wait(crowd: People) -> None:
    calls = itertools.count(1)

    def now() -> datetime:
        """Before each attempt another one took the key, long ago."""
        if next(calls) in {1, 3}:
            with crowd.database.session() as session:
                begin_write(session, IdempotencyKey(digest=mine, **expired))
        return crowd.hands.now()

    mine = digest("1", ASKED.route, ASKED.key)
    born = crowd.hands.now() - 2 * LIFE
    expired = {"request_digest": mine, "created_at": born, "expires_at": born + LIFE}
    with pytest.raises(ApiError, match="being worked on") as raised:
        Idempotency(crowd.database, now).once(ASKED, Work())
    assert (raised.value.status, raised.value.retry_after) == (409, 1)
