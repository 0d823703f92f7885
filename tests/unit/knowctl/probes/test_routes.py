from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from knowalledge_api.auth.policy import public, require_auth
from knowalledge_api.settings import Settings
from knowctl.errors import KnowctlError
from knowctl.model.routes import Endpoint
from knowctl.probes.routes import RoutesProbe
from tests.support.configuration import sqlite_settings


def found(directory: Path, **settings: str) -> dict[str, Endpoint]:
    facts = RoutesProbe(sqlite_settings(directory, **settings)).facts()
    assert facts.bare == ()
    return {f"{' '.join(each.methods)} {each.path}": each for each in facts.routes}


def test_every_route_is_told_with_its_policy_and_limit(tmp_path: Path) -> None:
    routes = found(tmp_path, RATE_LIMIT_ENABLED="true")
    assert list(tmp_path.iterdir()) == []
    login = routes["POST /api/auth/login"]
    assert (login.access, login.limit, login.cache) == ("public", "10/minute", "")
    assert routes["POST /api/auth/register"].limit == "5/hour"
    assert routes["GET /api/auth/validate"].limit == "by tier"
    assert routes["POST /api/create_subtopics"].limit == "10/minute;100/hour, or by tier"
    assert routes["POST /api/create_subtopics"].cache == "7200 s"
    live = routes["GET /api/admin/live"]
    assert (live.access, live.also) == ("admin", ("METRICS_TOKEN",))
    assert routes["GET /health"].limit == ""
    assert routes["DELETE /api/auth/keys/<int:key_id>"].arguments == ("key_id",)
    assert all(each.reason for each in routes.values())


def test_the_settings_show(tmp_path: Path) -> None:
    routes = found(tmp_path, RATE_LIMIT_ENABLED="false", REQUIRE_AUTH_FOR_GENERATION="true")
    assert {each.limit for each in routes.values()} == {""}
    assert routes["POST /api/create_subtopics"].access == "user"


@pytest.fixture
def bare(tmp_path: Path) -> RoutesProbe:
    """An application two of whose views declare nothing."""

    def make(_settings: Settings) -> Flask:
        from knowalledge_api.auth.policy import enforce  # noqa: PLC0415 -- as create_app does

        app = Flask(__name__, static_folder=None)
        for path in ("/b", "/a"):
            app.add_url_rule(path, path, lambda: "")
        app.add_url_rule("/open", "open", public("x")(lambda: ""))
        app.add_url_rule("/own", "own", require_auth()(lambda: ""))
        enforce(app)
        return app

    return RoutesProbe(sqlite_settings(tmp_path), make)


def test_routes_without_a_policy_are_named_and_nothing_else_is_known(bare: RoutesProbe) -> None:
    facts = bare.facts()
    assert (facts.bare, facts.routes) == (("/a", "/b"), ())


def test_an_application_that_can_not_open_its_log_is_a_failure_with_a_next_step(
    tmp_path: Path,
) -> None:
    settings = sqlite_settings(tmp_path, LOG_FILE=str(tmp_path / "no" / "log"))
    with pytest.raises(KnowctlError) as refused:
        RoutesProbe(settings).facts()
    assert refused.value.failure.cause == f"{tmp_path}/no/log: No such file or directory"
    assert refused.value.failure.hint == "knowctl env check --select KC524"
