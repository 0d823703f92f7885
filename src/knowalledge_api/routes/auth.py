"""Users prove who they are: registration, login, logout, and their keys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final

from flask import Blueprint, Response, jsonify
from pydantic import AfterValidator, BaseModel, Field, StrictStr, WithJsonSchema
from pydantic_core import PydanticCustomError

from knowalledge_api.auth.policy import Limit, public, require_auth
from knowalledge_api.database.accounts.keys import KeyFacts
from knowalledge_api.database.models import Role, Tier
from knowalledge_api.errors import ApiError
from knowalledge_api.routes.bodies import json_body
from knowalledge_api.routes.door import current_principal, recognised_principal
from knowalledge_api.routes.repeats import repeatable, respond
from knowalledge_api.services.account_changes import USER_ID, USER_ID_WORDS, Issued, is_user_id
from knowalledge_api.services.accounts import Accounts
from knowalledge_api.services.idempotency import Answer, Idempotency

REGISTERED: Final = (Tier.FREE, Tier.BASIC, Tier.PREMIUM)
"""What may be asked for at registration; the other tiers are an administrator's to give."""

LARGEST_NUMBER: Final = 2**63 - 1
"""No row has a larger one, and databases fail on it."""


def _user_id(text: str) -> str:
    if not is_user_id(text):
        raise PydanticCustomError("user_id", USER_ID_WORDS)
    return text


def _registered(tier: Tier) -> Tier:
    if tier not in REGISTERED:
        raise PydanticCustomError("quota_tier", f"one of {', '.join(REGISTERED)}")
    return tier


UserId = Annotated[
    StrictStr,
    AfterValidator(_user_id),
    Field(json_schema_extra={"pattern": f"^{USER_ID.pattern}$"}),
]
RegisteredTier = Annotated[
    Tier,
    AfterValidator(_registered),
    WithJsonSchema({"type": "string", "enum": [*REGISTERED]}),
]


class Registration(BaseModel):
    """What is asked; other members are ignored, as in every body."""

    user_id: UserId
    quota_tier: RegisteredTier = Tier.FREE


class Credentials(BaseModel):
    """The key to log in with."""

    api_key: StrictStr


class KeyFor(BaseModel):
    """Whose key an administrator generates, and what becomes of that user."""

    user_id: UserId
    quota_tier: Tier | None = None
    role: Role | None = None


def blueprint(
    accounts: Accounts, idempotency: Idempotency, forget: Callable[[], None]
) -> Blueprint:
    """The routes of users and keys; `forget` has this request's credential judged anew."""
    routes = Blueprint("auth", __name__, url_prefix="/api/auth")
    _strangers(routes, accounts, idempotency)
    _users(routes, accounts, forget)
    _keys(routes, accounts, idempotency, forget)
    return routes


def _strangers(routes: Blueprint, accounts: Accounts, idempotency: Idempotency) -> None:
    @routes.post("/register")
    @public("nobody has a key before", limit=Limit.REGISTER)
    def register() -> Response:
        asked = json_body(Registration)
        by = recognised_principal()
        answer = idempotency.once(
            repeatable(asked),
            lambda session: _shown_once(
                accounts.register(session, asked.user_id, asked.quota_tier, by)
            ),
        )
        return respond(answer)

    @routes.post("/login")
    @public("a key is what proves who logs in", limit=Limit.LOGIN)
    def login() -> Response:
        done = accounts.login(json_body(Credentials).api_key.strip())
        body = {
            "token": done.token,
            "expires_in": done.seconds,
            "user_id": done.principal.user_id,
            "quota_tier": done.principal.tier,
            "message": "Logged in.",
        }
        return respond(Answer(200, body, secret=True))


def _users(routes: Blueprint, accounts: Accounts, forget: Callable[[], None]) -> None:
    @routes.get("/validate")
    @require_auth()
    def validate() -> Response:
        who = current_principal()
        body = {
            "valid": True,
            "user_id": who.user_id,
            "role": who.role,
            "quota_tier": who.tier,
            "email": who.email,
            "created_at": who.created_at,
        }
        return respond(Answer(200, body))

    @routes.post("/logout")
    @require_auth()
    def logout() -> Response:
        ended = accounts.logout(current_principal())
        forget()
        message = "Logged out." if ended else "Logged out; the API key stays good until revoked."
        return jsonify(message=message)


def _keys(
    routes: Blueprint, accounts: Accounts, idempotency: Idempotency, forget: Callable[[], None]
) -> None:
    @routes.post("/admin/generate-key")
    @require_auth(Role.ADMIN, reason="it makes users of any role and tier")
    def generate_key() -> Response:
        asked = json_body(KeyFor)
        by = current_principal()

        def generate(session: Any) -> Answer:
            tier, role = asked.quota_tier, asked.role
            issued = accounts.generate_key(session, asked.user_id, tier, role, by)
            return _shown_once(issued, role=issued.account.role)

        return respond(idempotency.once(repeatable(asked), generate))

    @routes.get("/keys")
    @require_auth()
    def own_keys() -> Response:
        found = accounts.own_keys(current_principal())
        return respond(Answer(200, {"keys": [_told(each) for each in found], "count": len(found)}))

    @routes.delete("/keys/<int:key_id>")
    @require_auth()
    def revoke_key(key_id: int) -> Response:
        who = current_principal()
        if key_id > LARGEST_NUMBER:
            raise ApiError(404, "You have no such key.")

        def revoke(session: Any) -> Answer:
            accounts.revoke_key(session, who, key_id)
            return Answer(200, {"message": "The key is revoked.", "id": key_id})

        answer = idempotency.once(repeatable(), revoke)
        forget()
        return respond(answer)


def _shown_once(issued: Issued, **more: Any) -> Answer:
    body = {
        "api_key": issued.text.reveal(),
        "user_id": issued.account.user_id,
        "quota_tier": issued.account.tier,
        "message": "Keep this key: it is shown only once.",
        **more,
    }
    return Answer(201, body, secret=True)


def _told(key: KeyFacts) -> dict[str, int | str | datetime | None]:
    return {
        "id": key.id,
        "prefix": key.prefix,
        "created_at": key.created_at,
        "last_used_at": key.last_used_at,
    }
