from __future__ import annotations

import pytest

from knowalledge_api.database.diagnosis.facts import Route, route_to


@pytest.mark.parametrize(
    ("host", "route"),
    [
        (None, Route.SOCKET),
        ("", Route.SOCKET),
        ("/run/postgresql", Route.SOCKET),
        ("@abstract", Route.SOCKET),
        ("localhost", Route.LOOPBACK),
        ("127.0.0.1", Route.LOOPBACK),
        ("127.1.2.3", Route.LOOPBACK),
        ("::1", Route.LOOPBACK),
        ("[::1]", Route.LOOPBACK),
        ("db", Route.NETWORK),
        ("127.example.org.evil", Route.NETWORK),
        ("10.0.0.7", Route.NETWORK),
        ("localhost.example.org", Route.NETWORK),
    ],
)
def test_the_way_to_a_host_is_known_by_its_name(host: str | None, route: Route) -> None:
    assert route_to(host) is route
