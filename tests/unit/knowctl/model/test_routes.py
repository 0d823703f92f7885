from __future__ import annotations

from knowctl.model.routes import Endpoint, Endpoints, RouteFacts

HEALTH = Endpoint("/health", ("GET",), "public", "platforms probe it", "")


def test_what_is_not_known_is_empty() -> None:
    assert RouteFacts() == RouteFacts((), ())
    assert (HEALTH.cache, HEALTH.also, HEALTH.arguments) == ("", (), ())


def test_a_list_of_routes_is_its_own_data() -> None:
    listed = Endpoints((HEALTH,))
    assert listed.data is listed
