from __future__ import annotations

from knowctl.model.routes import Endpoint, Endpoints
from knowctl.render.style import Style
from knowctl.render.text import of_result

HEALTH = Endpoint("/health", ("GET",), "public", "x", "")
LIVE = Endpoint("/api/admin/live", ("GET",), "admin", "x", "by tier", "60 s", ("METRICS_TOKEN",))


def test_routes_are_a_table_with_policy_limit_and_cache() -> None:
    lines = of_result(Endpoints((HEALTH, LIVE)), Style(width=100)).splitlines()
    assert lines[0].split() == ["ROUTE", "METHODS", "POLICY", "RATE", "LIMIT", "CACHE"]
    assert lines[1].split() == ["/health", "GET", "public", "-", "-"]
    assert "admin or METRICS_TOKEN" in lines[2]
    assert lines[2].endswith("60 s")


def test_a_narrow_column_breaks_no_limit() -> None:
    limited = Endpoint("/api/" + "x" * 28, ("POST",), "public", "x", "10/minute;100/hour", "7200 s")
    shown = of_result(Endpoints((limited, LIVE)), Style())
    assert "100/hour" in shown
    assert max(map(len, shown.splitlines())) <= Style().width
