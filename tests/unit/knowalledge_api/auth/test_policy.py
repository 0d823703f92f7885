"""Every route declares who may call it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import FrozenInstanceError

import pytest
from flask import Flask

from knowalledge_api.auth.policy import (
    Access,
    Guard,
    Limit,
    MissingPolicyError,
    Policy,
    enforce,
    generates,
    policy_of,
    public,
    require_auth,
)
from knowalledge_api.database.models import Role
from knowalledge_api.errors import ApiError


def view() -> str:
    return "view"


def declared(decorator: Callable[..., object]) -> Policy:
    policy = policy_of(decorator(functools.partial(view)))  # type: ignore[arg-type]  # a view again
    assert policy
    return policy


def test_a_declared_policy_is_found_through_other_decorators() -> None:
    marked = public("because")(functools.partial(view))

    @functools.wraps(marked)
    def outer() -> str:
        return marked() * 2

    assert outer() == "viewview"
    assert policy_of(outer) == Policy(Access.PUBLIC, "because")
    with pytest.raises(FrozenInstanceError):
        policy_of(outer).reason = "other"  # type: ignore[union-attr, misc]  # that is what is tested


def test_a_route_is_for_users_unless_a_role_is_named() -> None:
    assert declared(require_auth()).access is Access.USER
    assert declared(require_auth(Role.USER)).access is Access.USER
    assert declared(require_auth(role="admin")).access is Access.ADMIN
    with pytest.raises(ValueError, match="root"):
        require_auth("root")


def test_a_policy_says_why_and_what_it_counts_against() -> None:
    assert declared(require_auth()).reason
    assert declared(require_auth("admin")).reason
    assert declared(require_auth(reason="so")).reason == "so"
    assert declared(public("x")).limit is Limit.GENERAL
    assert declared(public("x", limit=Limit.LOGIN)).limit is Limit.LOGIN
    assert declared(require_auth(limit=Limit.NONE)).limit is Limit.NONE


def test_only_what_says_so_is_open_to_a_scraper_or_a_developer() -> None:
    policy = declared(require_auth("admin"))
    assert (policy.scraper, policy.developers) == (False, False)
    policy = declared(require_auth("admin", scraper=True, developers=True))
    assert (policy.scraper, policy.developers) == (True, True)


def test_generation_is_for_strangers_or_for_users_as_the_settings_say() -> None:
    assert declared(generates(for_users_alone=False)).access is Access.PUBLIC
    assert declared(generates(for_users_alone=True)).access is Access.USER


def test_routes_without_a_policy_are_all_named() -> None:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/b", "b", view)
    app.add_url_rule("/a", "a", view)
    app.add_url_rule("/open", "open", public("x")(lambda: ""))
    with pytest.raises(MissingPolicyError, match=r"^routes without a policy: /a, /b$") as raised:
        enforce(app)
    assert raised.value.routes == ("/a", "/b")


def test_what_looks_like_a_policy_is_none() -> None:
    view_with_text = functools.partial(view)
    view_with_text.__policy__ = "public"  # type: ignore[attr-defined]  # that is what is tested
    assert policy_of(view_with_text) is None


def test_flasks_own_static_folder_is_no_exception() -> None:
    with pytest.raises(MissingPolicyError, match="/static/"):
        enforce(Flask(__name__))


def refuse() -> None:
    raise ApiError(401, "no")


def guarded(guard: Guard) -> tuple[Flask, list[str]]:
    """An application with a public route and one for operators, and the views that ran."""
    app = Flask(__name__, static_folder=None)
    ran: list[str] = []

    def note(which: str) -> str:
        ran.append(which)
        return which

    app.add_url_rule("/open", "open", public("x")(lambda: note("open")))
    app.add_url_rule("/live/<which>", "live", require_auth("admin")(note))
    app.register_error_handler(ApiError, lambda error: (error.detail, error.status))
    enforce(app, door(guard))
    return app, ran


def door(guard: Guard) -> Callable[[Policy], Guard | None]:
    """A door that guards what is not public."""
    return lambda policy: None if policy.access is Access.PUBLIC else guard


def test_a_guard_runs_before_the_view_and_keeps_the_request_from_it() -> None:
    app, ran = guarded(refuse)
    assert app.test_client().get("/live/x").status_code == 401
    assert app.test_client().head("/live/x").status_code == 401
    assert app.test_client().get("/open").status_code == 200
    assert ran == ["open"]


def test_who_is_admitted_gets_the_view_and_the_policy_can_still_be_audited() -> None:
    app, ran = guarded(lambda: None)
    assert app.test_client().get("/live/x").text == "x"
    assert ran == ["x"]
    policy = policy_of(app.view_functions["live"])
    assert policy
    assert policy.access is Access.ADMIN


def test_a_policy_that_nothing_enforces_stops_the_start() -> None:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/live", "live", require_auth("admin")(view))
    with pytest.raises(MissingPolicyError, match="nothing enforces admin for: live"):
        enforce(app)


def test_enforcing_again_keeps_the_guards_and_guards_what_was_added() -> None:
    asked: list[int] = []
    app, ran = guarded(lambda: asked.append(1))
    app.add_url_rule("/late", "late", require_auth()(view))
    with pytest.raises(MissingPolicyError, match="late"):
        enforce(app)
    enforce(app, door(refuse))
    assert app.test_client().get("/live/x").status_code == 200
    assert app.test_client().get("/late").status_code == 401
    assert (asked, ran) == ([1], ["x"])
