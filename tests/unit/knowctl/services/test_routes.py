from __future__ import annotations

from dataclasses import dataclass

import pytest

from knowctl.checks.selection import Selection
from knowctl.errors import ErrorCode, KnowctlError
from knowctl.model.routes import Endpoint, RouteFacts
from knowctl.services import routes

HEALTH = Endpoint("/health", ("GET",), "public", "platforms probe it", "")


@dataclass(frozen=True)
class FakeApplication:
    """An application of these facts."""

    known: RouteFacts

    def facts(self) -> RouteFacts:
        return self.known


def test_routes_are_listed_as_found() -> None:
    assert routes.list_routes(FakeApplication(RouteFacts((HEALTH,)))).routes == (HEALTH,)


def test_nothing_is_listed_of_what_does_not_start() -> None:
    with pytest.raises(KnowctlError) as raised:
        routes.list_routes(FakeApplication(RouteFacts(bare=("/a", "/b"))))
    assert raised.value.failure.code is ErrorCode.FINDINGS
    assert "/a, /b" in raised.value.failure.cause


def test_a_report_fails_on_a_route_without_a_policy() -> None:
    report = routes.check(FakeApplication(RouteFacts(bare=("/a",))), Selection())
    assert report.failure
    assert report.summary["fail"] == 1
    good = routes.check(FakeApplication(RouteFacts((HEALTH,))), Selection(select=("kc602",)))
    assert good.failure is None
    assert [each.id for each in good.findings] == ["KC602"]


def test_an_unknown_id_is_refused() -> None:
    with pytest.raises(KnowctlError, match="KC999"):
        routes.check(FakeApplication(RouteFacts()), Selection(ignore=("KC999",)))
