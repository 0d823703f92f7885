"""Changes users and keys in the configured database, as whoever runs the command."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from knowalledge_api.database import Database
from knowalledge_api.database.accounts import keys, users
from knowalledge_api.database.accounts.keys import KeyFacts
from knowalledge_api.database.accounts.users import Account, NewUser, TakenError
from knowalledge_api.database.models import Role, Tier
from knowalledge_api.database.models.columns import utc_now
from knowalledge_api.database.models.users import LONGEST_EMAIL
from knowalledge_api.services import account_changes as changes
from knowalledge_api.services.account_changes import By, Issued
from knowalledge_api.settings import Settings
from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.accounts import (
    ChangedUser,
    IssuedKey,
    RevokedKeys,
    User,
    UserKey,
    UserKeys,
    Users,
)
from knowctl.probes.database import clear_errors, require_file
from knowctl.probes.wording import words

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

Change = Callable[["Session", By], Account]
ACTOR: Final = "knowctl"


@dataclass(frozen=True, slots=True)
class AccountsProbe:
    """The users of the database that the settings name."""

    settings: Settings

    def create(self, user_id: str, role: str, tier: str, email: str | None) -> ChangedUser:
        """Add a user without a key."""
        if not changes.is_user_id(user_id):
            raise _unusable(f"{user_id!r} can't be a user id", changes.USER_ID_WORDS)
        if email is not None and not _is_email(email):
            raise _unusable(f"{email!r} can't be an address", "NAME@DOMAIN, without blanks")
        fresh = NewUser(user_id, Role(role), Tier(tier), email)
        try:
            return self._change(
                "created", user_id, lambda session, by: changes.add_user(session, by, fresh)
            )
        except TakenError as error:
            raise KnowctlError(
                ErrorCode.EXISTS,
                f"there is a user {user_id} already",
                cause="a user id belongs to one user for good",
                hint=f"knowctl keys issue {user_id}, or users set-role, or another id",
                exit_code=ExitCode.REFUSED,
            ) from error

    def users(self, most: int) -> Users:
        """The users, `most` of them."""
        with self._session() as session:
            found = users.list_users(session, most + 1)
        return Users(tuple(_user(each) for each in found[:most]), more=len(found) > most)

    def set_role(self, user_id: str, role: str, *, last: bool) -> ChangedUser:
        """Change what a user may do; LAST_ADMIN where nobody else administers, unless `last`."""
        wanted = Role(role)
        return self._change(
            f"now {role}",
            user_id,
            lambda session, by: changes.set_role(session, by, user_id, wanted, last=last),
        )

    def set_tier(self, user_id: str, tier: str) -> ChangedUser:
        """Change how much a user may ask for."""
        wanted = Tier(tier)
        return self._change(
            f"now {tier}",
            user_id,
            lambda session, by: changes.set_tier(session, by, user_id, wanted),
        )

    def disable(self, user_id: str, *, last: bool) -> ChangedUser:
        """Keep a user out; LAST_ADMIN where nobody else administers, unless `last`."""
        return self._change(
            "disabled",
            user_id,
            lambda session, by: changes.disable(session, by, user_id, last=last),
        )

    def enable(self, user_id: str) -> ChangedUser:
        """Let a user in again."""
        return self._change(
            "enabled", user_id, lambda session, by: changes.enable(session, by, user_id)
        )

    def issue(self, user_id: str) -> IssuedKey:
        """A further key."""
        with self._session() as session, _clear_refusals(user_id):
            account = changes.held(session, user_id)
            return _issued(changes.issue_key(session, _by(), account), ())

    def rotate(self, user_id: str) -> IssuedKey:
        """A new key in place of all others, in one transaction."""
        with self._session() as session, _clear_refusals(user_id):
            account = changes.held(session, user_id)
            gone = changes.revoke_keys(session, _by(), account)
            return _issued(changes.issue_key(session, _by(), account), gone)

    def keys(self, user_id: str, *, revoked: bool) -> UserKeys:
        """A user's keys, those that were revoked where wanted."""
        with self._session() as session, _clear_refusals(user_id):
            account = users.find_user(session, user_id)
            if account is None:
                raise changes.UnknownUserError(user_id)
            found = keys.list_keys(session, account.number, revoked=revoked)
        return UserKeys(user_id, tuple(map(_key, found)))

    def revoke(self, user_id: str, key_id: int | None) -> RevokedKeys:
        """Revoke one key, or all."""
        with self._session() as session, _clear_refusals(user_id):
            account = changes.held(session, user_id)
            return RevokedKeys(user_id, changes.revoke_keys(session, _by(), account, key_id))

    def _change(self, done: str, user_id: str, change: Change) -> ChangedUser:
        with self._session() as session, _clear_refusals(user_id):
            return ChangedUser(done, _user(change(session, _by())))

    @contextmanager
    def _session(self) -> Iterator[Session]:
        name = self.settings.database_url.shown
        with clear_errors(name), closing(Database(self.settings)) as database:
            require_file(database, name)
            with database.session() as session:
                yield session


@contextmanager
def _clear_refusals(user_id: str) -> Iterator[None]:
    """Say what can't be done with a user as a failure with a next thing to do."""
    try:
        yield
    except changes.UnknownUserError as error:
        raise KnowctlError(
            ErrorCode.NOT_FOUND,
            f"there is no user {user_id}",
            cause="no user of this database has that id",
            hint=f"knowctl users list; knowctl users create {user_id}",
        ) from error
    except changes.UnknownKeyError as error:
        raise KnowctlError(
            ErrorCode.NOT_FOUND,
            f"{user_id} has no key {error}",
            cause="it is another user's, or was never issued",
            hint=f"knowctl keys list {user_id}",
        ) from error
    except changes.LastAdminError as error:
        raise KnowctlError(
            ErrorCode.LAST_ADMIN,
            f"{user_id} is the last administrator",
            cause="Without this one nobody could administer through the API",
            hint="knowctl users set-role ANOTHER admin; or the same again with --yes",
            exit_code=ExitCode.REFUSED,
        ) from error


def _by() -> By:
    """Who runs this command, as the record names them; no user id has a colon in it."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container's user may have no name
        name = str(os.getuid()) if hasattr(os, "getuid") else "unknown"
    return By(f"{ACTOR}:{name}", utc_now())


def _is_email(text: str) -> bool:
    """Whether it may be an address: nothing is sent to it that would prove it."""
    name, at, domain = text.rpartition("@")
    fits = len(text) <= LONGEST_EMAIL and text.isprintable() and " " not in text
    return bool(fits and name and at and domain)


def _unusable(message: str, cause: str) -> KnowctlError:
    return KnowctlError(
        ErrorCode.USAGE,
        message,
        cause=f"it has to be {cause}",
        hint="knowctl users create --help",
        exit_code=ExitCode.USAGE,
    )


def _user(account: Account) -> User:
    return User(
        user_id=words(account.user_id),
        role=account.role.value,
        tier=account.tier.value,
        email=None if account.email is None else words(account.email),
        created_at=account.created_at.isoformat(),
        disabled_at=_moment(account.disabled_at),
    )


def _key(key: KeyFacts) -> UserKey:
    return UserKey(
        id=key.id,
        prefix=words(key.prefix),
        created_at=key.created_at.isoformat(),
        last_used_at=_moment(key.last_used_at),
        revoked_at=_moment(key.revoked_at),
    )


def _issued(issued: Issued, gone: tuple[str, ...]) -> IssuedKey:
    key = issued.key
    return IssuedKey(issued.account.user_id, key.id, key.prefix, issued.text.reveal(), gone)


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
