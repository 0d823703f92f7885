"""Writes that happen once however often they are sent under one Idempotency-Key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson

from knowalledge_api.database import Database
from knowalledge_api.database.idempotency import (
    Earlier,
    RepeatedError,
    begin_write,
    earlier_write,
    finish_write,
)
from knowalledge_api.database.models import IdempotencyKey
from knowalledge_api.database.models.columns import utc_now
from knowalledge_api.errors import ApiError
from knowalledge_api.services.topics import digest

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

LIFE: Final = timedelta(hours=24)
STRANGER: Final = "-"
"""Who asks where nobody proved to be somebody; no user number looks like it."""
LOST_SECRET: Final = (
    "This was done before, and its answer held a key that is shown only once. "  # noqa: S105 -- a sentence about one
    "If that answer was lost, an operator issues a new key: knowctl keys issue USER."
)


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A write that may be sent again: its key, who asks (`users.id`), which route, and what for.

    `content` is the request as it was understood, so that a new spelling is no new request.
    """

    key: str
    principal: int | None
    route: str
    content: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write is answered with; a `secret` one is never kept."""

    status: int
    body: Any
    secret: bool = False


class Idempotency:
    """Does writes, each in one transaction together with the note that it was done."""

    def __init__(self, database: Database, now: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._now = now

    def once(self, asked: Repeatable | None, work: Callable[[Session], Answer]) -> Answer:
        """The answer of `work`, or the one that it gave before; without a key it is just done.

        Raises ApiError: 409 where the earlier answer held a secret, 422 where the key was used
        for another request, and what `work` raises, after which nothing has happened.
        """
        if asked is None:
            with self._database.session() as session:
                return work(session)
        mine = digest(str(asked.principal or STRANGER), asked.route, asked.key)
        for _ in range(2):  # the second time where an earlier one had just expired
            try:
                return self._first_time(mine, asked, work)
            except RepeatedError:
                with self._database.session() as session:
                    earlier = earlier_write(session, mine, self._now())
                if earlier is not None:
                    return _repeated(earlier, asked)
        raise ApiError(409, "The same request is being worked on.", retry_after=1)

    def _first_time(
        self, mine: str, asked: Repeatable, work: Callable[[Session], Answer]
    ) -> Answer:
        now = self._now()
        entry = IdempotencyKey(
            digest=mine,
            request_digest=digest(asked.content),
            user_id=asked.principal,
            created_at=now,
            expires_at=now + LIFE,
        )
        with self._database.session() as session:
            begin_write(session, entry)
            answer = work(session)
            body = None if answer.secret else orjson.dumps(answer.body)
            finish_write(session, mine, answer.status, body)
        return answer


def _repeated(earlier: Earlier, asked: Repeatable) -> Answer:
    if earlier.request_digest != digest(asked.content):
        raise ApiError(422, "This Idempotency-Key was used for another request; use a new one.")
    if earlier.body is None:
        raise ApiError(409, LOST_SECRET)
    return Answer(earlier.status, orjson.loads(earlier.body))
