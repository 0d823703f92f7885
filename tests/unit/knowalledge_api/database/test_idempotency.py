"""Writes under an Idempotency-Key, in the table."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from knowalledge_api.database.accounts.tokens import revoke_token
from knowalledge_api.database.idempotency import (
    Earlier,
    RepeatedError,
    begin_write,
    earlier_write,
    finish_write,
    remove_expired,
)
from knowalledge_api.database.models import IdempotencyKey, RevokedToken
from tests.support.people import NOON, People, people
from tests.support.tables import digest

DAY = timedelta(days=1)
MINE, REQUEST = digest("mine"), digest("request")


@pytest.fixture
def crowd(tmp_path: Path) -> Iterator[People]:
    with people(tmp_path) as found:
        yield found


def entry() -> IdempotencyKey:
    return IdempotencyKey(
        digest=MINE, request_digest=REQUEST, user_id=None, created_at=NOON, expires_at=NOON + DAY
    )


def test_a_write_is_kept_with_its_answer_and_begun_once(crowd: People) -> None:
    with crowd.database.session() as session:
        begin_write(session, entry())
        finish_write(session, MINE, 201, b"{}")
    with pytest.raises(RepeatedError), crowd.database.session() as session:
        begin_write(session, entry())
    with crowd.database.session() as session:
        assert earlier_write(session, MINE, NOON) == Earlier(REQUEST, 201, b"{}")
        assert earlier_write(session, digest("another"), NOON) is None


def test_a_write_that_failed_was_never_begun(crowd: People) -> None:
    with contextlib.suppress(KeyError), crowd.database.session() as session:
        begin_write(session, entry())
        raise KeyError
    with crowd.database.session() as session:
        begin_write(session, entry())


def test_an_expired_one_is_removed_when_it_is_looked_at(crowd: People) -> None:
    with crowd.database.session() as session:
        begin_write(session, entry())
        finish_write(session, MINE, 200, None)
        assert earlier_write(session, MINE, NOON + DAY) is None
    with crowd.database.session() as session:
        begin_write(session, entry())


def test_what_has_expired_goes_and_the_rest_stays(crowd: People) -> None:
    with crowd.database.session() as session:
        begin_write(session, entry())
        revoke_token(session, "old", NOON)
        revoke_token(session, "young", NOON + DAY + DAY)
        remove_expired(session, NOON + DAY)
        assert session.scalar(select(func.count()).select_from(IdempotencyKey)) == 0
        assert list(session.scalars(select(RevokedToken.jti))) == ["young"]
