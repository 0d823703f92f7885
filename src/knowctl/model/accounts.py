"""Users and their keys, as an operator sees them."""

from __future__ import annotations

from dataclasses import dataclass, field

from knowctl.model.results import Succeeded


@dataclass(frozen=True, slots=True)
class User:
    """A user; moments are ISO 8601, `disabled_at` None for one who may come in."""

    user_id: str
    role: str
    tier: str
    email: str | None
    created_at: str
    disabled_at: str | None = None


@dataclass(frozen=True, slots=True)
class Users(Succeeded):
    """The users in the order of their ids; `more` where there are others behind them."""

    users: tuple[User, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class ChangedUser(Succeeded):
    """A user after a command; `done` says what it did, such as created."""

    done: str
    user: User


@dataclass(frozen=True, slots=True)
class UserKey:
    """What may be known of a key; `prefix` is how its owner tells it from others."""

    id: int
    prefix: str
    created_at: str
    last_used_at: str | None = None
    revoked_at: str | None = None


@dataclass(frozen=True, slots=True)
class UserKeys(Succeeded):
    """The keys of a user, the oldest first."""

    user_id: str
    keys: tuple[UserKey, ...]


@dataclass(frozen=True, slots=True)
class IssuedKey(Succeeded):
    """A key at the one moment at which it is shown; `revoked` are the prefixes it replaces."""

    user_id: str
    id: int
    prefix: str
    api_key: str = field(repr=False)
    revoked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RevokedKeys(Succeeded):
    """The prefixes of the keys that counted until now."""

    user_id: str
    revoked: tuple[str, ...]
