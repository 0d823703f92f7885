"""R5: workers that are replaced by age under load, again and again, lose no request."""

from __future__ import annotations

import sys
import time

import pytest

from tests.support.control import status, workers
from tests.support.keepalive import crowded
from tests.support.releases import releases, served
from tests.support.waiting import wait_for

pytestmark = [
    pytest.mark.skipif(
        sys.platform == "win32", reason="there is one process, which is not replaced"
    ),
    pytest.mark.timeout(300),
]

RECYCLES = 20
CLIENTS = 16
THINKERS = 50
KEEP_ALIVE = 1
THINKING = (0.0, KEEP_ALIVE - 0.3)
PATIENCE = 150.0


def test_recycling_under_load_loses_nothing() -> None:
    settings = {
        "GUNICORN_MAX_REQUESTS": "50",
        "GUNICORN_MAX_REQUESTS_JITTER": "10",
        "GUNICORN_KEEPALIVE": str(KEEP_ALIVE),
    }
    with releases() as site, served(site, settings) as each:
        port, first = each.running.port, workers(site.run)
        with (
            crowded(port, CLIENTS, pause=(0, 0.05)) as crowd,
            crowded(port, THINKERS, pause=THINKING) as thinkers,
        ):
            began = time.monotonic()
            wait_for("twenty recycles", lambda: status(site.run)["recycled"] >= RECYCLES, PATIENCE)
            took = time.monotonic() - began
        asked = [*crowd.asked, *thinkers.asked]
        longest = max(one.took for one in asked)
        print(  # noqa: T201 -- figures of the run
            f"{RECYCLES} recycles in {took:.1f} s, {len(asked)} requests, "
            f"longest {longest * 1000:.0f} ms; the client lagged {crowd.lag.worst() * 1000:.0f} ms"
        )
        assert crowd.failures() == []
        assert thinkers.failures() == []
        assert not set(first) & set(workers(site.run))
        assert len(workers(site.run)) in {2, 3}, "one more while one is replaced, never fewer"
        assert "Traceback" not in each.running.said()
