"""Tokens: signed with HS256 alone, read strictly, refused for anything that was not issued here."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import jwt

from knowalledge_api.auth.principal import Principal, TokenFacts
from knowalledge_api.database.models.credentials import LONGEST_TOKEN_ID

ALGORITHM: Final = "HS256"
LONGEST: Final = 2048
"""Characters; ours have some 300."""
LEEWAY: Final = 60
"""Seconds by which the clocks of replicas may differ: a token from the future is refused."""
CLAIMS: Final = frozenset({"user_id", "role", "quota_tier", "jti", "iat", "exp"})
_OWN_RULES: Final = {"verify_exp": False, "verify_iat": False}
_BOUND: Final = "k"
_RANDOM_BYTES: Final = 16


class BadTokenError(Exception):
    """No token of ours, or one whose time is over."""


class Tokens:
    """Issues and reads tokens that last `seconds`; the first of `keys` signs, all verify."""

    def __init__(
        self, keys: Sequence[bytes], seconds: int, now: Callable[[], float] = time.time
    ) -> None:
        self._keys = tuple(keys)
        self._now = now
        self.seconds = seconds

    def issue(self, principal: Principal) -> str:
        """A token for who proved to be this user."""
        issued = int(self._now())
        claims = {
            "user_id": principal.user_id,
            "role": principal.role.value,
            "quota_tier": principal.tier.value,
            "jti": _new_id(principal.key_id),
            "iat": issued,
            "exp": issued + self.seconds,
        }
        return jwt.encode(claims, self._keys[0], algorithm=ALGORITHM)

    def read(self, text: str) -> TokenFacts:
        """What a token says; BadTokenError where it may not be believed."""
        if len(text) > LONGEST:
            raise BadTokenError
        claims = self._verified(text)
        if claims.keys() != CLAIMS or not _are_of_their_kind(claims):
            raise BadTokenError
        now = self._now()
        if claims["exp"] <= now or claims["iat"] > now + LEEWAY:
            raise BadTokenError
        return TokenFacts(
            id=claims["jti"],
            user_id=claims["user_id"],
            issued_at=claims["iat"],
            expires_at=claims["exp"],
            key_id=_key_id_of(claims["jti"]),
        )

    def _verified(self, text: str) -> dict[str, Any]:
        """The claims under a signature by one of the keys."""
        for key in self._keys:
            try:
                return jwt.decode(text, key, algorithms=[ALGORITHM], options=_OWN_RULES)  # type: ignore[arg-type]  # a TypedDict is made of literals
            except jwt.InvalidSignatureError:
                continue
            except (jwt.PyJWTError, ValueError, RecursionError) as error:
                raise BadTokenError from error
        raise BadTokenError


def _are_of_their_kind(claims: dict[str, Any]) -> bool:
    words = (claims["user_id"], claims["role"], claims["quota_tier"], claims["jti"])
    return (
        all(type(each) is str and each for each in words)
        and len(claims["jti"]) <= LONGEST_TOKEN_ID
        and claims["jti"].isascii()
        and all(type(claims[name]) is int for name in ("iat", "exp"))
    )


def _new_id(key_id: int | None) -> str:
    """A random id; before it the key's number, so that a token ends with its key."""
    bound = "" if key_id is None else f"{_BOUND}{key_id}."
    return bound + secrets.token_urlsafe(_RANDOM_BYTES)


def _key_id_of(token_id: str) -> int | None:
    bound, dot, _ = token_id.partition(".")
    number = bound.removeprefix(_BOUND)
    if not dot or number == bound or not number.isdigit():
        return None
    return int(number[:18])
