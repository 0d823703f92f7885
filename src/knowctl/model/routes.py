"""The endpoints of the API, and who may call them."""

from __future__ import annotations

from dataclasses import dataclass

from knowctl.model.results import Succeeded


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address: `access` is public, user or admin; `limit` and `cache` are in words.

    `also` names who else is let in, `arguments` what stands in the address itself.
    """

    path: str
    methods: tuple[str, ...]
    access: str
    reason: str
    limit: str
    cache: str = ""
    also: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoints(Succeeded):
    """All addresses in the order of the alphabet."""

    routes: tuple[Endpoint, ...]


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """All that checks may know of the routes; `bare` are those without a policy.

    While there are any the application does not start, and the others are not known.
    """

    routes: tuple[Endpoint, ...] = ()
    bare: tuple[str, ...] = ()
