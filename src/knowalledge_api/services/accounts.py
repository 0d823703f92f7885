"""What learners and administrators do with users, keys and tokens through the API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from knowalledge_api.auth.identity import Identity
from knowalledge_api.auth.principal import Principal
from knowalledge_api.auth.tokens import Tokens
from knowalledge_api.database import Database
from knowalledge_api.database.accounts import keys, users
from knowalledge_api.database.accounts.audit import record
from knowalledge_api.database.accounts.keys import KeyFacts
from knowalledge_api.database.accounts.tokens import revoke_token
from knowalledge_api.database.accounts.users import NewUser
from knowalledge_api.database.models import Role, Tier, ranks_above
from knowalledge_api.database.models.columns import utc_now
from knowalledge_api.errors import ApiError
from knowalledge_api.services import account_changes as changes
from knowalledge_api.services.account_changes import By, Issued

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

TAKEN: Final = (
    "This user id is taken. If it is yours and its key is lost, "
    "an operator issues a new one: knowctl keys issue USER."
)

RAISED: Final = (
    "The user {user_id} is there already with less, and nothing was changed: every key they have "
    "would get more. Choose another id or, if it is whom you mean, an operator types: {steps}."
)


@dataclass(frozen=True, slots=True)
class Login:
    """A token for a key, good for `seconds`."""

    token: str
    seconds: int
    principal: Principal


class Accounts:
    """The accounts of one server; `is_open` lets strangers register."""

    def __init__(
        self,
        database: Database,
        identity: Identity,
        tokens: Tokens,
        *,
        is_open: bool,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._identity = identity
        self._tokens = tokens
        self._is_open = is_open
        self._now = now

    def register(
        self, session: Session, user_id: str, tier: Tier, by: Principal | None = None
    ) -> Issued:
        """A new user with a first key.

        Raises ApiError: 403 where strangers may not, or ask for more than is free; 409 where the
        id is taken.
        """
        if not _administers(by):
            if not self._is_open:
                raise ApiError(403, "Registration is closed; an administrator makes users.")
            if tier is not Tier.FREE:
                raise ApiError(403, f"Only an administrator registers users of the tier {tier}.")
        actor = self._by(by.user_id if by else user_id)
        try:
            account = changes.add_user(session, actor, NewUser(user_id, Role.USER, tier))
        except users.TakenError:
            raise ApiError(409, TAKEN) from None
        return changes.issue_key(session, actor, account)

    def login(self, api_key: str) -> Login:
        """A token for a key; ApiError 401 where it is nobody's, 403 where they are disabled."""
        principal = self._identity.identify_anew(api_key)
        return Login(self._tokens.issue(principal), self._tokens.seconds, principal)

    def logout(self, principal: Principal) -> bool:
        """Revoke the token that was presented; False where it was a key, which goes on."""
        token = principal.token
        if token is None:
            return False
        expires_at = datetime.fromtimestamp(token.expires_at, UTC)
        with self._database.session() as session:
            if revoke_token(session, token.id, expires_at):
                record(session, self._by(principal.user_id).deed("token.revoke", principal.user_id))
        return True

    def generate_key(
        self, session: Session, user_id: str, tier: Tier | None, role: Role | None, by: Principal
    ) -> Issued:
        """A key of a user whom it makes where there is none; what is None stays as it is.

        ApiError 409, and nothing is changed, where a user who is there already would be raised,
        or nobody would be left who administers.
        """
        actor = self._by(by.user_id)
        there = users.hold_user(session, user_id)
        if there is None:
            account = self._added(session, actor, user_id, tier, role)
            return changes.issue_key(session, actor, account)
        _raise_nobody(there, tier, role)
        try:
            if role is not None:
                changes.set_role(session, actor, user_id, role)
        except changes.LastAdminError:
            raise ApiError(409, "Nobody else administers; make another admin first.") from None
        if tier is not None:
            changes.set_tier(session, actor, user_id, tier)
        return changes.issue_key(session, actor, changes.held(session, user_id))

    def own_keys(self, principal: Principal) -> tuple[KeyFacts, ...]:
        """The keys of who asks that count, the oldest first."""
        with self._database.session() as session:
            return keys.list_keys(session, principal.number)

    def revoke_key(self, session: Session, principal: Principal, key_id: int) -> None:
        """Revoke a key of who asks, and the tokens it got; ApiError 404 where it is not theirs."""
        account = changes.held(session, principal.user_id)
        try:
            changes.revoke_keys(session, self._by(principal.user_id), account, key_id)
        except changes.UnknownKeyError:
            raise ApiError(404, "You have no such key.") from None

    def _added(
        self, session: Session, by: By, user_id: str, tier: Tier | None, role: Role | None
    ) -> users.Account:
        try:
            fresh = NewUser(user_id, role or Role.USER, tier or Tier.FREE)
            return changes.add_user(session, by, fresh)
        except users.TakenError:
            raise ApiError(409, "This user was made just now; try again.") from None

    def _by(self, actor: str) -> By:
        return By(actor, self._now())


def _raise_nobody(there: users.Account, tier: Tier | None, role: Role | None) -> None:
    """ApiError 409 where a user who is there would get more: a stranger may have taken the id.

    Whatever keys that stranger has would be good for it, too.
    """
    user_id, steps = there.user_id, []
    if role is not None and ranks_above(role, there.role):
        steps.append(f"knowctl users set-role {user_id} {role}")
    if tier is not None and ranks_above(tier, there.tier):
        steps.append(f"knowctl users set-tier {user_id} {tier}")
    if steps:
        raise ApiError(409, RAISED.format(user_id=user_id, steps=" and ".join(steps)))


def _administers(principal: Principal | None) -> bool:
    return principal is not None and principal.role is Role.ADMIN
