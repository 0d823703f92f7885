"""What operators read from another machine."""

from __future__ import annotations

from flask import Flask

from knowalledge_api.auth.policy import Access, policy_of
from knowalledge_api.routes import admin
from tests.support.answers import body_of


def test_the_live_state_of_all_workers_is_for_operators_and_never_kept() -> None:
    app = Flask(__name__, static_folder=None)
    app.register_blueprint(admin.blueprint(lambda: {"workers": [], "total": {"workers": 0}}))
    answer = app.test_client().get("/api/admin/live")
    assert body_of(answer) == {"workers": [], "total": {"workers": 0}}
    assert answer.headers["Cache-Control"] == "no-store"
    policy = policy_of(app.view_functions["admin.live"])
    assert policy is not None
    assert policy.access is Access.ADMIN
