"""Every route declares who may call it."""

from __future__ import annotations

import functools
from dataclasses import FrozenInstanceError

import pytest
from flask import Flask

from knowalledge_api.auth.policy import (
    Access,
    Guard,
    MissingPolicyError,
    Policy,
    admin,
    bearer_of,
    enforce,
    policy_of,
    public,
)
from knowalledge_api.errors import ApiError
from knowalledge_api.settings import Secret

TOKEN = "t0ken-canary"


def view() -> str:
    return "view"


def test_a_declared_policy_is_found_through_other_decorators() -> None:
    declared = public("because")(functools.partial(view))

    @functools.wraps(declared)
    def outer() -> str:
        return declared() * 2

    assert outer() == "viewview"
    assert policy_of(outer) == Policy(Access.PUBLIC, "because")
    with pytest.raises(FrozenInstanceError):
        policy_of(outer).reason = "other"  # type: ignore[union-attr, misc]


def test_routes_without_a_policy_are_all_named() -> None:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/b", "b", view)
    app.add_url_rule("/a", "a", view)
    app.add_url_rule("/open", "open", public("x")(lambda: ""))
    with pytest.raises(MissingPolicyError, match=r"^routes without a policy: /a, /b$"):
        enforce(app)


def test_what_looks_like_a_policy_is_none() -> None:
    view_with_text = functools.partial(view)
    view_with_text.__policy__ = "public"  # type: ignore[attr-defined]
    assert policy_of(view_with_text) is None


def test_flasks_own_static_folder_is_no_exception() -> None:
    with pytest.raises(MissingPolicyError, match="/static/"):
        enforce(Flask(__name__))


def guarded(guard: Guard) -> tuple[Flask, list[str]]:
    """An application with a public route and one for operators, and the views that ran."""
    app = Flask(__name__, static_folder=None)
    ran: list[str] = []

    def note(which: str) -> str:
        ran.append(which)
        return which

    app.add_url_rule("/open", "open", public("x")(lambda: note("open")))
    app.add_url_rule("/live/<which>", "live", admin("y")(note))
    app.register_error_handler(ApiError, lambda error: (error.detail, error.status))
    enforce(app, {Access.ADMIN: guard})
    return app, ran


def refuse() -> None:
    raise ApiError(401, "no")


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
    assert policy_of(app.view_functions["live"]) == Policy(Access.ADMIN, "y")


def test_a_policy_that_nothing_enforces_stops_the_start() -> None:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/live", "live", admin("y")(view))
    with pytest.raises(MissingPolicyError, match="nothing enforces admin for live"):
        enforce(app)


def test_enforcing_again_keeps_the_guards_and_guards_what_was_added() -> None:
    asked: list[int] = []
    app, ran = guarded(lambda: asked.append(1))
    app.add_url_rule("/late", "late", admin("z")(view))
    with pytest.raises(MissingPolicyError, match="late"):
        enforce(app)
    enforce(app, {Access.ADMIN: refuse})
    assert app.test_client().get("/live/x").status_code == 200
    assert app.test_client().get("/late").status_code == 401
    assert (asked, ran) == ([1], ["x"])


@pytest.mark.parametrize("header", [f"Bearer {TOKEN}", f"bearer  {TOKEN} "])
def test_the_right_token_is_admitted(header: str) -> None:
    app, _ = guarded(bearer_of(Secret(TOKEN)))
    answer = app.test_client().get("/live/x", headers={"Authorization": header})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        TOKEN,
        f"Basic {TOKEN}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN} {TOKEN}",
        "Bearer \xe9",
        "Bearer \u0100",
    ],
)
def test_any_other_is_not(header: str | None) -> None:
    app, ran = guarded(bearer_of(Secret(TOKEN)))
    environ = {} if header is None else {"HTTP_AUTHORIZATION": header}
    answer = app.test_client().get("/live/x", environ_overrides=environ)
    assert (answer.status_code, ran) == (401, [])
    assert TOKEN not in answer.text


@pytest.mark.parametrize("token", [None, Secret("")])
@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer None"])
def test_without_a_token_nobody_is_admitted(token: Secret | None, header: str) -> None:
    app, _ = guarded(bearer_of(token))
    answer = app.test_client().get("/live/x", headers={"Authorization": header})
    assert answer.status_code == 401


def test_a_token_beyond_ascii_is_compared_by_its_bytes() -> None:
    app, _ = guarded(bearer_of(Secret("tokén")))
    header = "Bearer tokén".encode().decode("latin-1")  # as WSGI hands it on
    answer = app.test_client().get("/live/x", environ_overrides={"HTTP_AUTHORIZATION": header})
    assert answer.status_code == 200
