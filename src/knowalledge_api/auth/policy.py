"""Every route declares who may call it; one that does not keeps the application from starting."""

from __future__ import annotations

import functools
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeVar

from flask import request

from knowalledge_api.errors import ApiError
from knowalledge_api.settings import Secret

if TYPE_CHECKING:
    from flask import Flask

Guard = Callable[[], None]
"""Comes back where the request may be served, and raises ApiError where not: 401 or 403."""
View = TypeVar("View", bound=Callable[..., Any])
_ATTRIBUTE: Final = "__policy__"
_GUARDED: Final = "__guarded__"


class Access(StrEnum):
    """Who may call a route."""

    PUBLIC = "public"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may call a route, and why it is so."""

    access: Access
    reason: str


class MissingPolicyError(Exception):
    """A route without a policy, or with one that nothing enforces: nothing is served."""


def public(reason: str) -> Callable[[View], View]:
    """Declare a route open to anyone, with the reason that an audit shows."""
    return _declare(Policy(Access.PUBLIC, reason))


def admin(reason: str) -> Callable[[View], View]:
    """Declare a route for operators, with the reason that an audit shows."""
    return _declare(Policy(Access.ADMIN, reason))


def policy_of(view: Callable[..., Any]) -> Policy | None:
    """The policy that a view declares."""
    policy = getattr(view, _ATTRIBUTE, None)
    return policy if isinstance(policy, Policy) else None


def enforce(app: Flask, guards: Mapping[Access, Guard] | None = None) -> None:
    """Put a guard before each view that is not public.

    Raises MissingPolicyError that names each route without a policy, and each whose policy has
    no guard. A view that has one keeps it.
    """
    _require_policies(app)
    guards = guards or {}
    for endpoint, view in app.view_functions.items():
        policy = policy_of(view)
        if policy is None or policy.access is Access.PUBLIC or hasattr(view, _GUARDED):
            continue
        if policy.access not in guards:
            raise MissingPolicyError(f"nothing enforces {policy.access} for {endpoint}")
        app.view_functions[endpoint] = _guarded(view, guards[policy.access])


def bearer_of(token: Secret | None) -> Guard:
    """Admit who sends `Authorization: Bearer` with this token; nobody where there is none."""
    right = token.reveal().encode() if token else b""

    def admit() -> None:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        sent = given.strip().encode("latin-1", "replace")  # WSGI's way to hold bytes
        same = hmac.compare_digest(sent, right)
        if not (same and right and scheme.lower() == "bearer"):
            raise ApiError(401, "Credentials are missing or wrong.")

    return admit


def _declare(policy: Policy) -> Callable[[View], View]:
    def declare(view: View) -> View:
        setattr(view, _ATTRIBUTE, policy)
        return view

    return declare


def _require_policies(app: Flask) -> None:
    bare = sorted(
        rule.rule
        for rule in app.url_map.iter_rules()
        if policy_of(app.view_functions[rule.endpoint]) is None
    )
    if bare:
        raise MissingPolicyError(f"routes without a policy: {', '.join(bare)}")


def _guarded(view: Callable[..., Any], guard: Guard) -> Callable[..., Any]:
    @functools.wraps(view)
    def guarded(**arguments: Any) -> Any:
        guard()
        return view(**arguments)

    setattr(guarded, _GUARDED, True)
    return guarded
