"""What routes must hold before anybody is served: a policy each, and one that fits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from knowctl.checks.engine import Fault
from knowctl.model.routes import RouteFacts

OPERATORS: Final = (
    "/api/admin", "/api/auth/admin", "/api/cache", "/api/metrics", "/api/stats", "/metrics",
)  # fmt: skip
"""Where operators work: these addresses, and all below them."""
USERS: Final = (
    "/api/auth/keys", "/api/auth/logout", "/api/auth/validate", "/api/circuit-breaker",
    "/api/progress", "/api/quiz", "/api/recommendations",
)  # fmt: skip
"""What is somebody's own, or paid for."""
PUBLIC, USER = "public", "user"
DECLARE: Final = "declare @require_auth() on its view, or @public(reason)"


def declared(facts: RouteFacts) -> Iterator[Fault]:
    """Every route declares who may call it."""
    for path in facts.bare:
        yield Fault(f"{path} declares no policy, and so nothing is served at all", DECLARE)


def guarded(facts: RouteFacts) -> Iterator[Fault]:
    """What is somebody's own is not for everybody."""
    for each in facts.routes:
        if each.access == PUBLIC and _is_below(each.path, (*OPERATORS, *USERS)):
            yield Fault(f"{each.path} is public: {each.reason}", "declare @require_auth() instead")


def for_operators(facts: RouteFacts) -> Iterator[Fault]:
    """What operators work with is for administrators."""
    for each in facts.routes:
        if each.access == USER and _is_below(each.path, OPERATORS):
            hint = 'declare @require_auth(role="admin") instead'
            yield Fault(f"every user may call {each.path}", hint)


def reasoned(facts: RouteFacts) -> Iterator[Fault]:
    """Whatever is public says why."""
    for each in facts.routes:
        if each.access == PUBLIC and not each.reason.strip():
            yield Fault(f"{each.path} is public, and does not say why", "declare @public(reason)")


def self_evident(facts: RouteFacts) -> Iterator[Fault]:
    """No route asks its caller whose data to give."""
    for each in facts.routes:
        named = [name for name in each.arguments if "user" in name.lower()]
        if each.access == USER and named:
            cause = f"{each.path} takes {named[0]} from the address: one reads another's data"
            yield Fault(cause, 'ask current_principal(), or declare role="admin"')


def _is_below(path: str, places: Iterable[str]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)
