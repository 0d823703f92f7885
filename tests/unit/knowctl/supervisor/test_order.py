from __future__ import annotations

import pytest

from knowctl.supervisor.order import from_json
from tests.unit.knowctl.supervisor.conftest import an_order


def test_an_order_arrives_as_it_was_sent() -> None:
    order = an_order(smoke=("/health", "/api/ready"), environ={"PORT": "1"})
    assert from_json(order.to_json()) == order


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"server": "gunicorn"}'])
def test_what_is_no_order_is_refused(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        from_json(text)


@pytest.mark.parametrize(
    ("server", "workers", "size", "processes"),
    [
        ("gunicorn", 2, "2 workers x 24 threads", 2),
        ("gunicorn", 1, "1 worker x 24 threads", 1),
        ("waitress", 1, "1 worker x 24 threads", 1),
    ],
)
def test_an_order_tells_its_size(server: str, workers: int, size: str, processes: int) -> None:
    order = an_order(server=server, workers=workers)
    assert (order.size, order.processes) == (size, processes)
