"""Every route declares who may call it; one that does not keeps the application from starting."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from knowalledge_api.database.models import Role

if TYPE_CHECKING:
    from flask import Flask

Guard = Callable[[], None]
"""Comes back where the request may be served, and raises ApiError where not."""
View = TypeVar("View", bound=Callable[..., Any])


class Declaration(Protocol):
    """A decorator that declares a view's policy, and changes nothing else about it."""

    def __call__(self, view: View, /) -> View:
        """The view itself."""
        ...


_ATTRIBUTE: Final = "__policy__"
_GUARDED: Final = "__guarded__"


class Access(StrEnum):
    """Who may call a route, those who need least first."""

    PUBLIC = "public"
    USER = "user"
    ADMIN = "admin"


class Limit(StrEnum):
    """Which of the limits a route counts against; with NONE refused credentials alone count."""

    GENERAL = "general"
    LOGIN = "login"
    REGISTER = "register"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may call a route, why, and what it counts against.

    `scraper`: METRICS_TOKEN opens it too. `developers`: so does coming from this very machine,
    in development.
    """

    access: Access
    reason: str
    limit: Limit = Limit.GENERAL
    scraper: bool = False
    developers: bool = False


class MissingPolicyError(Exception):
    """Routes without a policy, or with one that nothing enforces: nothing is served."""

    def __init__(self, fault: str, routes: tuple[str, ...]) -> None:
        super().__init__(f"{fault}: {', '.join(routes)}")
        self.routes = routes


def public(reason: str, *, limit: Limit = Limit.GENERAL) -> Declaration:
    """Declare a route open to anyone, with the reason that an audit shows."""
    return _declare(Policy(Access.PUBLIC, reason, limit))


def require_auth(
    role: Role | str | None = None,
    *,
    limit: Limit = Limit.GENERAL,
    reason: str = "",
    scraper: bool = False,
    developers: bool = False,
) -> Declaration:
    """Declare a route for users, or for those of a role.

    ValueError for a role that there is none of.
    """
    if role is not None and Role(role) is Role.ADMIN:
        why = reason or "it is for operators"
        return _declare(Policy(Access.ADMIN, why, limit, scraper, developers))
    why = reason or "it serves the caller's own"
    return _declare(Policy(Access.USER, why, limit, scraper, developers))


def generates(*, for_users_alone: bool) -> Declaration:
    """Declare a route that has content written: REQUIRE_AUTH_FOR_GENERATION decides for whom."""
    if for_users_alone:
        return require_auth(reason="what it has written is paid for")
    return public("learners may try the platform before they register")


def policy_of(view: Callable[..., Any]) -> Policy | None:
    """The policy that a view declares."""
    policy = getattr(view, _ATTRIBUTE, None)
    return policy if isinstance(policy, Policy) else None


def enforce(app: Flask, door: Callable[[Policy], Guard | None] | None = None) -> None:
    """Put before each view what `door` makes of its policy; None lets everybody pass.

    Raises MissingPolicyError that names each route without a policy, and without a door each
    that is not public. A view that has its guard keeps it.
    """
    _require_policies(app)
    for endpoint, view in app.view_functions.items():
        policy = policy_of(view)
        if policy is None or hasattr(view, _GUARDED):
            continue
        if door is None and policy.access is not Access.PUBLIC:
            raise MissingPolicyError(f"nothing enforces {policy.access} for", (endpoint,))
        guard = door(policy) if door else None
        if guard is not None:
            app.view_functions[endpoint] = _guarded(view, guard)


def _declare(policy: Policy) -> Declaration:
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
        raise MissingPolicyError("routes without a policy", tuple(bare))


def _guarded(view: Callable[..., Any], guard: Guard) -> Callable[..., Any]:
    @functools.wraps(view)
    def guarded(**arguments: Any) -> Any:
        guard()
        return view(**arguments)

    setattr(guarded, _GUARDED, True)
    return guarded
