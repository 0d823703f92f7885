"""Writes that were done under an Idempotency-Key, and their answers, in the table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from knowalledge_api.database.models import IdempotencyKey, RevokedToken

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class RepeatedError(Exception):
    """There is a write under that key."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A write that was done; `body` is None where its answer held a secret."""

    request_digest: str
    status: int
    body: bytes | None


def begin_write(session: Session, entry: IdempotencyKey) -> None:
    """Take the key within the transaction of the write, which ends together with it.

    Whoever comes with the same key meanwhile waits for that end. RepeatedError, and a session
    of no further use, where the key is taken.
    """
    session.add(entry)
    try:
        session.flush()
    except IntegrityError as error:
        raise RepeatedError from error


def finish_write(session: Session, digest: str, status: int, body: bytes | None) -> None:
    """Keep the answer, of which `body` is what a repetition may see."""
    mine = update(IdempotencyKey).where(IdempotencyKey.digest == digest)
    session.execute(mine.values(status=status, body=body))


def earlier_write(session: Session, digest: str, now: datetime) -> Earlier | None:
    """The write under a key; one that has expired is removed, and is none."""
    expired = delete(IdempotencyKey).where(
        IdempotencyKey.digest == digest, IdempotencyKey.expires_at <= now
    )
    session.execute(expired)
    row = session.execute(
        select(IdempotencyKey.request_digest, IdempotencyKey.status, IdempotencyKey.body).where(
            IdempotencyKey.digest == digest
        )
    ).one_or_none()
    return None if row is None else Earlier(row.request_digest, row.status or 0, row.body)


def remove_expired(session: Session, now: datetime) -> None:
    """Remove what counts no longer: answers kept for a day, ids of tokens that expired."""
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.expires_at <= now))
    session.execute(delete(RevokedToken).where(RevokedToken.expires_at <= now))
