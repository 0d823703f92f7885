from __future__ import annotations

from dataclasses import replace

import pytest

from knowctl.checks.catalog import ROUTES
from knowctl.checks.engine import run
from knowctl.model.findings import Finding, Outcome
from knowctl.model.routes import Endpoint, RouteFacts

PUBLIC = Endpoint("/health", ("GET",), "public", "platforms probe it", "")
OWN = Endpoint("/api/progress", ("GET",), "user", "the caller's own", "by tier")
ADMIN = Endpoint("/api/admin/live", ("GET",), "admin", "for operators", "by tier")


def found(*routes: Endpoint, bare: tuple[str, ...] = ()) -> dict[str, Finding]:
    """The last finding of each check."""
    return {each.id: each for each in run(ROUTES, RouteFacts(routes, bare))}


def test_routes_as_they_should_be_pass_every_check() -> None:
    outcomes = {each.outcome for each in found(PUBLIC, OWN, ADMIN).values()}
    assert outcomes == {Outcome.PASS}


def test_each_route_without_a_policy_is_a_finding_and_the_rest_is_not_judged() -> None:
    findings = run(ROUTES, RouteFacts((), ("/a", "/b")))
    assert [each.cause.split()[0] for each in findings if each.id == "KC601"] == ["/a", "/b"]
    assert {each.outcome for each in findings if each.id != "KC601"} == {Outcome.SKIPPED}


@pytest.mark.parametrize(
    "path",
    ["/api/progress", "/api/quiz/submit", "/api/auth/keys/<int:key_id>", "/metrics", "/api/admin"],
)
def test_what_is_sensitive_may_not_be_public(path: str) -> None:
    finding = found(replace(PUBLIC, path=path))["KC602"]
    assert finding.outcome is Outcome.FAIL
    assert path in finding.cause


@pytest.mark.parametrize("path", ["/api/auth/login", "/api/quizzes", "/health", "/api/adminx"])
def test_what_only_begins_alike_is_not_sensitive(path: str) -> None:
    assert found(replace(PUBLIC, path=path))["KC602"].outcome is Outcome.PASS


def test_operators_routes_are_not_for_every_user() -> None:
    assert found(replace(ADMIN, access="user"))["KC603"].outcome is Outcome.FAIL
    assert found(OWN)["KC603"].outcome is Outcome.PASS


def test_a_public_route_has_a_reason() -> None:
    assert found(replace(PUBLIC, reason=" "))["KC604"].outcome is Outcome.FAIL
    assert found(replace(OWN, reason=""))["KC604"].outcome is Outcome.PASS


@pytest.mark.parametrize("name", ["user_id", "user", "userId"])
def test_nobody_names_the_user_whose_data_to_give(name: str) -> None:
    own = replace(OWN, arguments=("topic", name))
    assert found(own)["KC605"].outcome is Outcome.FAIL
    assert found(replace(own, access="admin"))["KC605"].outcome is Outcome.PASS
    assert found(replace(OWN, arguments=("topic",)))["KC605"].outcome is Outcome.PASS
