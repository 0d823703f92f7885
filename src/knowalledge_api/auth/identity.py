"""From a credential to who is asking: asked of the database, and remembered for seconds."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from math import inf
from typing import Final, NoReturn

from knowalledge_api.auth.api_keys import MARK, digest_of, is_key
from knowalledge_api.auth.principal import Principal, TokenFacts
from knowalledge_api.auth.tokens import LEEWAY, BadTokenError, Tokens
from knowalledge_api.auth.upkeep import Upkeep
from knowalledge_api.database import Database
from knowalledge_api.database.accounts.lookup import holder_of_key, holder_of_token
from knowalledge_api.database.accounts.users import Account
from knowalledge_api.errors import ApiError

FRESH: Final = 3.0
"""Seconds after which one request asks anew, while others go by what is known."""
OLDEST: Final = 4.5
"""Seconds after which nobody goes by it: what was changed has to hold within 5."""
PATIENCE: Final = 1.0
"""Seconds for which one request asks, before another tries as well."""
MOST: Final = 10_000
"""Credentials that are remembered; beyond it all are forgotten, which costs a question each."""
NOBODY: Final = "0" * 64
"""What a digest is compared with where no key has it."""


@dataclass(slots=True)
class _Known:
    """What was found out `since` then; `ends` is when the credential expires, since 1970."""

    principal: Principal
    disabled: bool
    since: float
    ends: float = inf
    asked: float = -inf


class Identity:
    """Tells who presents a credential.

    Good credentials are remembered by their digest, bad ones never. `clock` measures, `now` is
    the time of day.
    """

    def __init__(
        self,
        database: Database,
        tokens: Tokens,
        upkeep: Upkeep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._upkeep = upkeep
        self._clock = clock
        self._now = now
        self._known: dict[bytes, _Known] = {}

    def identify(self, text: str) -> Principal:
        """Whose key or token it is.

        Raises ApiError: 401 where it is nobody's, 403 where that user is disabled; and
        DatabaseUnavailableError where nobody can tell.
        """
        digest = _digest(text)
        known = self._known.get(digest)
        if known is None or self._is_due(known):
            known = self._ask(text, digest)
        if known.ends <= self._now():
            _refuse()
        if known.disabled:
            _keep_out()
        return known.principal

    def identify_anew(self, text: str) -> Principal:
        """The same for a key alone, asked of the database whatever is remembered: a login."""
        if not text.startswith(MARK):
            _refuse()
        known = self._find_out(text)
        if known.disabled:
            _keep_out()
        return known.principal

    def forget(self, text: str) -> None:
        """Ask anew when this credential comes again."""
        self._known.pop(_digest(text), None)

    def _is_due(self, known: _Known) -> bool:
        """Whether this request is to ask: one from FRESH on, each from OLDEST on."""
        moment = self._clock()
        age = moment - known.since
        if age < FRESH:
            return False
        if age < OLDEST and moment - known.asked < PATIENCE:
            return False
        known.asked = moment
        return True

    def _ask(self, text: str, digest: bytes) -> _Known:
        """Find out and remember; a refusal ends what was remembered."""
        try:
            known = self._find_out(text)
        except ApiError:
            self._known.pop(digest, None)
            raise
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[digest] = known
        return known

    def _find_out(self, text: str) -> _Known:
        since = self._clock()  # what is read later may be older than the answer
        if text.startswith(MARK):
            return self._of_key(text, since)
        return self._of_token(text, since)

    def _of_key(self, text: str, since: float) -> _Known:
        if not is_key(text):
            _refuse()
        digest = digest_of(text)
        with self._database.connection() as connection:
            holder = holder_of_key(connection, digest)
        same = hmac.compare_digest(holder.digest if holder else NOBODY, digest)
        if holder is None or not same or holder.revoked:
            _refuse()
        self._upkeep.used(holder.key_id)
        return _known(holder.account, since, key_id=holder.key_id)

    def _of_token(self, text: str, since: float) -> _Known:
        try:
            facts = self._tokens.read(text)
        except BadTokenError:
            _refuse()
        with self._database.connection() as connection:
            holder = holder_of_token(connection, facts.user_id, facts.id, facts.key_id)
        if holder is None or holder.revoked or _is_older(facts, holder.account):
            _refuse()
        return _known(holder.account, since, token=facts)


def principal_of(
    account: Account, key_id: int | None = None, token: TokenFacts | None = None
) -> Principal:
    """A user, by what they proved to be one."""
    return Principal(
        number=account.number,
        user_id=account.user_id,
        role=account.role,
        tier=account.tier,
        email=account.email,
        created_at=account.created_at,
        key_id=key_id,
        token=token,
    )


def _known(
    account: Account, since: float, key_id: int | None = None, token: TokenFacts | None = None
) -> _Known:
    ends = inf if token is None else token.expires_at
    disabled = account.disabled_at is not None
    return _Known(principal_of(account, key_id, token), disabled, since, ends)


def _is_older(facts: TokenFacts, account: Account) -> bool:
    """Whether it was issued to somebody before who had the same id."""
    return facts.issued_at < account.created_at.timestamp() - LEEWAY


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "replace")).digest()


def _refuse() -> NoReturn:
    raise ApiError(401, "Credentials are missing or wrong.")


def _keep_out() -> NoReturn:
    raise ApiError(403, "This user is disabled.")
