"""Makes the application of the settings, which serves nothing, and reads its routes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from knowalledge_api.app import create_app
from knowalledge_api.auth.policy import Access, Limit, MissingPolicyError, Policy, policy_of
from knowalledge_api.routes.kept import kept_for
from knowalledge_api.settings import Settings
from knowctl.errors import ErrorCode, KnowctlError
from knowctl.model.routes import Endpoint, RouteFacts
from knowctl.probes.database import clear_errors

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.routing import Rule

IMPLIED: Final = frozenset({"HEAD", "OPTIONS"})
"""What Flask adds to every route."""


@dataclass(frozen=True, slots=True)
class RoutesProbe:
    """The routes of the application that these settings make."""

    settings: Settings
    make: Callable[[Settings], Flask] = create_app

    def facts(self) -> RouteFacts:
        """Its routes, or those that keep it from starting."""
        try:
            with clear_errors(self.settings.database_url.shown):
                app = self.make(self.settings)
        except MissingPolicyError as error:
            return RouteFacts(bare=error.routes)
        except OSError as error:
            raise _unopened(error) from error
        found = [_endpoint(rule, app, self.settings) for rule in app.url_map.iter_rules()]
        return RouteFacts(tuple(sorted(found, key=lambda each: (each.path, each.methods))))


def _unopened(error: OSError) -> KnowctlError:
    return KnowctlError(
        ErrorCode.FILE,
        "the application does not start",
        cause=f"{error.filename}: {error.strerror}" if error.filename else str(error),
        hint="knowctl env check --select KC524",
    )


def _endpoint(rule: Rule, app: Flask, settings: Settings) -> Endpoint:
    view = app.view_functions[rule.endpoint]
    policy = policy_of(view)
    assert policy is not None  # noqa: S101 -- create_app refuses a route without one
    seconds = kept_for(view, settings)
    return Endpoint(
        path=rule.rule,
        methods=tuple(sorted((rule.methods or set()) - IMPLIED)),
        access=policy.access.value,
        reason=policy.reason,
        limit=_limit(policy, settings),
        cache="" if seconds is None else f"{seconds} s",
        also=_others(policy),
        arguments=tuple(sorted(rule.arguments)),
    )


def _limit(policy: Policy, settings: Settings) -> str:
    """What a route counts against, in words."""
    if policy.limit is Limit.NONE or not settings.rate_limit_enabled:
        return ""
    if policy.limit is Limit.LOGIN:
        return settings.rate_limit_login
    if policy.limit is Limit.REGISTER:
        return settings.rate_limit_register
    strangers = policy.access is Access.PUBLIC
    return f"{settings.rate_limit_anonymous}, or by tier" if strangers else "by tier"


def _others(policy: Policy) -> tuple[str, ...]:
    """Who is let in without being a user of that kind."""
    others = {"METRICS_TOKEN": policy.scraper, "loopback in development": policy.developers}
    return tuple(name for name, admitted in others.items() if admitted)
