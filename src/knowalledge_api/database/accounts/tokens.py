"""Tokens that count no longer, in the table."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.exc import IntegrityError

from knowalledge_api.database.models import RevokedToken

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def revoke_token(session: Session, token_id: str, expires_at: datetime) -> bool:
    """Keep the id of a token until it expires; False where it is kept already."""
    try:
        with session.begin_nested():
            session.add(RevokedToken(jti=token_id, expires_at=expires_at))
    except IntegrityError:
        return False
    return True
