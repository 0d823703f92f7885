"""Who is asking, as far as a request needs to know it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from knowalledge_api.database.models import Role, Tier


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What a token says that was signed here; moments in whole seconds since 1970.

    What it says of role and tier is for whoever holds it: the database decides. `key_id` is the
    API key that it was issued for, and with which it ends.
    """

    id: str
    user_id: str
    issued_at: int
    expires_at: int
    key_id: int | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """A user who proved who they are, by the API key `key_id` or by `token`.

    `number` is the row in the table of users, `user_id` the name that the API speaks of.
    """

    number: int
    user_id: str
    role: Role
    tier: Tier
    email: str | None
    created_at: datetime
    key_id: int | None = None
    token: TokenFacts | None = None
