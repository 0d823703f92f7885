from __future__ import annotations

import json

from tests.unit.knowctl.conftest import Run


def test_routes_are_listed_with_their_policies(run: Run) -> None:
    routes = json.loads(run("routes", "list", "-o", "json").out)["data"]["routes"]
    policies = {each["path"]: each["access"] for each in routes}
    assert policies["/health"] == policies["/api/auth/login"] == "public"
    assert policies["/api/auth/validate"] == "user"
    assert policies["/api/admin/live"] == "admin"
    assert "METRICS_TOKEN" in run("routes", "list").out


def test_our_own_routes_are_as_they_should_be(run: Run) -> None:
    said = run("routes", "check", "--fail-level", "info")
    assert (said.code, said.err) == (0, "")
    summary = json.loads(run("routes", "check", "-o", "json").out)["data"]["summary"]
    assert (summary["fail"], summary["unknown"]) == (0, 0)
    assert run("routes", "check", "-o", "github").out == ""


def test_an_unknown_id_is_wrong_usage(run: Run) -> None:
    assert run("routes", "check", "--select", "KC999").code == 2
