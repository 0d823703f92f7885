"""Writes that were done under an Idempotency-Key."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import IntegrityError

from knowalledge_api.database.models import IdempotencyKey, User
from knowalledge_api.services.topics import digest

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def kept(user: User, **answer: object) -> IdempotencyKey:
    return IdempotencyKey(
        digest=digest("scope and key"),
        request_digest=digest("{}"),
        created_at=user.created_at,
        expires_at=user.created_at + timedelta(days=1),
        **answer,
    )


@pytest.mark.parametrize(
    "answer", [{}, {"status": 201}, {"status": 204, "body": b""}, {"status": 409, "body": b"{}"}]
)
def test_an_answer_comes_later_and_may_be_kept_without_its_body(
    session: Session, ada: User, answer: dict[str, object]
) -> None:
    session.add(kept(ada, **answer))
    session.flush()
    session.expire_all()
    found = session.get(IdempotencyKey, digest("scope and key"))
    assert found is not None
    assert (found.status, found.body) == (answer.get("status"), answer.get("body"))
    assert found.user_id is None


@pytest.mark.parametrize("status", [500, 503, 101])
def test_a_failure_that_a_client_will_repeat_is_not_kept(
    session: Session, ada: User, status: int
) -> None:
    session.add(kept(ada, status=status))
    with pytest.raises(IntegrityError, match="ck_idempotency_keys_status"):
        session.flush()
