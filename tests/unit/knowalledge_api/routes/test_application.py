"""Flask without what this application never uses."""

from __future__ import annotations

import pytest
from flask import Flask, Response, request_tearing_down, session

from knowalledge_api.routes.application import Application


def answers(kind: type[Flask]) -> Flask:
    app = kind("x", static_folder=None)

    @app.get("/plain")
    def plain() -> str:
        return "plain"

    @app.get("/of/<name>")
    def of(name: str) -> str:
        return name

    @app.get("/below/")
    def below() -> str:
        return "below"

    return app


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/plain", {}),
        ("/plain?x=1", {"Host": "EXAMPLE.org:8443"}),
        ("//plain", {}),
        ("/of/%E5%8A%9B", {}),
        ("/of/%FF%00", {}),
        ("/of/a%2Fb", {}),
        ("/below", {}),
        ("/below?x=%20y", {"Host": "example.org"}),
        ("/nowhere", {}),
        ("/", {}),
        ("/plain", {"Connection": "upgrade", "Upgrade": "h2c"}),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "BREW"])
def test_it_routes_as_flask_does(path: str, headers: dict[str, str], method: str) -> None:
    theirs, ours = (
        answers(kind).test_client().open(path, method=method, headers=headers)
        for kind in (Flask, Application)
    )
    assert (ours.status_code, ours.get_data()) == (theirs.status_code, theirs.get_data())
    location = theirs.headers.get("Location", "").replace("EXAMPLE", "example")
    assert ours.headers.get("Location", "").replace("EXAMPLE", "example") == location


def test_below_a_prefix_it_redirects_below_it() -> None:
    kept = {"SCRIPT_NAME": "/prefix"}
    answer = answers(Application).test_client().get("/below", environ_overrides=kept)
    assert answer.headers["Location"] == "http://localhost/prefix/below/"


def test_nothing_is_kept_between_requests() -> None:
    app = answers(Application)

    @app.get("/session")
    def looks() -> dict[str, object]:
        return dict(session)

    answer = app.test_client().get("/session")
    assert answer.get_json() == {}
    assert "Set-Cookie" not in answer.headers


def test_outside_of_a_request_there_are_no_addresses() -> None:
    assert answers(Application).create_url_adapter(None) is None


def test_a_view_is_called_as_it_is() -> None:
    def view() -> str:
        return "plain"

    assert Application("x").ensure_sync(view) is view


def test_what_is_registered_around_views_is_called() -> None:
    app = answers(Application)
    called: list[str] = []

    @app.after_request
    def after(response: Response) -> Response:
        called.append("after")
        return response

    app.before_request(lambda: called.append("before"))
    app.teardown_request(lambda _: called.append("teardown"))
    assert app.test_client().get("/plain").data == b"plain"
    assert called == ["before", "after", "teardown"]


def test_what_waits_for_the_end_of_a_request_is_told() -> None:
    app = answers(Application)
    told: list[object] = []
    with request_tearing_down.connected_to(lambda app, **_: told.append(app)):
        app.test_client().get("/plain")
    assert told == [app]
