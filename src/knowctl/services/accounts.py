"""Users and keys from the command line: changed with a question where something is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from knowctl.errors import ErrorCode, ExitCode, KnowctlError
from knowctl.model.accounts import ChangedUser, IssuedKey, RevokedKeys, UserKeys, Users
from knowctl.model.serving import Talk


class Accounts(Protocol):
    """The users of the configured database; KnowctlError for one that is not there."""

    def create(self, user_id: str, role: str, tier: str, email: str | None) -> ChangedUser:
        """Add a user without a key."""

    def users(self, most: int) -> Users:
        """The users, `most` of them."""

    def set_role(self, user_id: str, role: str, *, last: bool) -> ChangedUser:
        """Change what a user may do; LAST_ADMIN where nobody else administers, unless `last`."""

    def set_tier(self, user_id: str, tier: str) -> ChangedUser:
        """Change how much a user may ask for."""

    def disable(self, user_id: str, *, last: bool) -> ChangedUser:
        """Keep a user out; LAST_ADMIN where nobody else administers, unless `last`."""

    def enable(self, user_id: str) -> ChangedUser:
        """Let a user in again."""

    def issue(self, user_id: str) -> IssuedKey:
        """A further key."""

    def rotate(self, user_id: str) -> IssuedKey:
        """A new key in place of all others."""

    def keys(self, user_id: str, *, revoked: bool) -> UserKeys:
        """A user's keys, those that were revoked where wanted."""

    def revoke(self, user_id: str, key_id: int | None) -> RevokedKeys:
        """Revoke one key, or all."""


class Person(Talk, Protocol):
    """Who is told, and asked."""

    def confirm(self, question: str) -> bool:
        """Whether a person at a terminal says yes; False where there is none."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What these commands work with."""

    accounts: Accounts
    person: Person


def set_role(ports: Ports, user_id: str, role: str, *, confirmed: bool) -> ChangedUser:
    """Change what a user may do; the last administrator only where somebody agrees."""
    return _past_the_last_admin(
        ports, lambda last: ports.accounts.set_role(user_id, role, last=last), confirmed=confirmed
    )


def disable(ports: Ports, user_id: str, *, confirmed: bool) -> ChangedUser:
    """Keep a user out; the last administrator only where somebody agrees."""
    return _past_the_last_admin(
        ports, lambda last: ports.accounts.disable(user_id, last=last), confirmed=confirmed
    )


def issue(ports: Ports, user_id: str) -> IssuedKey:
    """A further key of a user."""
    return _told(ports, ports.accounts.issue(user_id))


def rotate(ports: Ports, user_id: str, *, confirmed: bool) -> IssuedKey:
    """A new key in place of all others, once somebody has agreed that those end."""
    _agree(ports, user_id, None, confirmed=confirmed, word="rotate")
    return _told(ports, ports.accounts.rotate(user_id))


def revoke(ports: Ports, user_id: str, key_id: int | None, *, confirmed: bool) -> RevokedKeys:
    """Revoke one key of a user, or all, once somebody has agreed."""
    _agree(ports, user_id, key_id, confirmed=confirmed, word="revoke")
    return ports.accounts.revoke(user_id, key_id)


def which(key_id: int | None, *, every: bool) -> int | None:
    """The key that was named, None for all; KnowctlError where it is neither or both."""
    if (key_id is None) is every:
        return key_id
    raise KnowctlError(
        ErrorCode.USAGE,
        "which key is to be revoked?",
        cause="the command takes the number of one key, or --all",
        hint="knowctl keys list USER shows the numbers",
        exit_code=ExitCode.USAGE,
    )


def _told(ports: Ports, issued: IssuedKey) -> IssuedKey:
    for prefix in issued.revoked:
        ports.person.step("revoked", f"{prefix} of {issued.user_id}")
    what = f"key {issued.id} of {issued.user_id} ({issued.prefix}): it is shown this once"
    ports.person.step("issued", what)
    return issued


def _agree(ports: Ports, user_id: str, key_id: int | None, *, confirmed: bool, word: str) -> None:
    """See that somebody agrees to the end of keys that count."""
    keys = ports.accounts.keys(user_id, revoked=False).keys
    doomed = [each.prefix for each in keys if key_id in {None, each.id}]
    if not doomed or confirmed:
        return
    deed = f"{', '.join(doomed)} of {user_id}"
    if not ports.person.confirm(f"This ends {deed}, and every token got with it. Go on?"):
        words = f"knowctl keys {word} {user_id}"
        if word == "revoke":
            words += " --all" if key_id is None else f" {key_id}"
        raise KnowctlError(
            ErrorCode.REFUSED,
            "no key was revoked",
            cause=f"it ends {deed}, and nobody confirmed that",
            hint=f"{words} --yes",
            exit_code=ExitCode.REFUSED,
        )


def _past_the_last_admin(
    ports: Ports, change: Callable[[bool], ChangedUser], *, confirmed: bool
) -> ChangedUser:
    """Change a user, and the last administrator only where somebody agrees."""
    if confirmed:
        return change(True)  # noqa: FBT003 -- the one argument, named by its parameter
    try:
        return change(False)  # noqa: FBT003 -- likewise
    except KnowctlError as error:
        if error.failure.code is not ErrorCode.LAST_ADMIN:
            raise
        if not ports.person.confirm(f"{error.failure.cause}. Go on?"):
            raise
    return change(True)  # noqa: FBT003 -- likewise
