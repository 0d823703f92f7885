"""What operators do to a running server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask

from knowalledge_api.auth.policy import Access, policy_of
from knowalledge_api.routes import operations, problems
from tests.support.answers import body_of


@dataclass
class Breaker:
    looks: int = 0

    def told(self) -> dict[str, Any]:
        if self.looks:
            return {"state": "closed", "mode": "redis", "since": 2.0, "failures": 3}
        return {"state": "open", "mode": "memory", "since": 1.0, "failures": 3}

    def look(self) -> None:
        self.looks += 1


@dataclass
class Site:
    app: Flask
    breaker: Breaker
    cleared: list[tuple[str, str | None]] = field(default_factory=list)

    def clear(self, namespace: str | None) -> int:
        self.cleared.append(("here", namespace))
        return 2

    def clear_everywhere(self, namespace: str | None) -> int:
        self.cleared.append(("everywhere", namespace))
        return 3

    def post(self, path: str, **given: Any) -> Any:
        return self.app.test_client().post(path, **given)


@pytest.fixture
def site() -> Site:
    app = Flask(__name__, static_folder=None)
    app.config["MAX_JSON_BYTES"] = 1024
    problems.register(app)
    site = Site(app, Breaker())
    app.register_blueprint(
        operations.blueprint(site.clear, site.clear_everywhere, {"redis": site.breaker})
    )
    return site


@pytest.mark.parametrize("path", ["/api/cache/clear", "/api/cache/invalidate"])
def test_a_namespace_is_cleared_here_and_everywhere(site: Site, path: str) -> None:
    answer = site.post(path, json={"namespace": "subtopics"})
    assert body_of(answer) == {
        "message": "Cleared the namespace subtopics: 5 entries.",
        "cleared": 5,
        "namespace": "subtopics",
    }
    assert site.cleared == [("here", "subtopics"), ("everywhere", "subtopics")]


@pytest.mark.parametrize("given", [{}, {"json": {}}, {"json": {"namespace": None, "x": 1}}])
def test_without_a_namespace_everything_is(site: Site, given: dict[str, Any]) -> None:
    answer = site.post("/api/cache/clear", **given)
    assert (answer.status_code, body_of(answer)["namespace"]) == (200, None)
    assert site.cleared == [("here", None), ("everywhere", None)]


@pytest.mark.parametrize("namespace", ["", 1, [], "x" * 101])
def test_what_is_no_namespace_clears_nothing(site: Site, namespace: object) -> None:
    assert site.post("/api/cache/clear", json={"namespace": namespace}).status_code == 400
    assert site.cleared == []


def test_a_breaker_is_told_of_and_reset_without_its_cause(site: Site) -> None:
    answer = site.app.test_client().get("/api/circuit-breaker/redis/state")
    assert body_of(answer) == {
        "name": "redis",
        "state": "open",
        "mode": "memory",
        "since": 1.0,
        "failures": 3,
    }
    assert body_of(site.post("/api/circuit-breaker/redis/reset"))["state"] == "closed"
    assert site.breaker.looks == 1


def test_a_breaker_that_there_is_none_of_is_404_with_the_names(site: Site) -> None:
    for answer in (
        site.app.test_client().get("/api/circuit-breaker/x/state"),
        site.post("/api/circuit-breaker/x/reset"),
    ):
        assert answer.status_code == 404
        assert "only redis" in body_of(answer)["detail"]


def test_who_may_do_what(site: Site) -> None:
    accesses = {
        name.partition(".")[2]: policy.access
        for name, view in site.app.view_functions.items()
        if (policy := policy_of(view))
    }
    assert accesses == {
        "clear_cache": Access.ADMIN,
        "breaker_state": Access.USER,
        "reset_breaker": Access.ADMIN,
    }
