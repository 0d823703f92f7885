from __future__ import annotations

from dataclasses import replace

import pytest

from knowctl.model.address import Address
from tests.unit.knowctl.conftest import a_serving


@pytest.mark.parametrize(
    ("address", "tls", "url"),
    [
        (Address("127.0.0.1", 5000), False, "http://127.0.0.1:5000"),
        (Address("[::]", 443), True, "https://[::]:443"),
        (Address("unix:/run/x", 5000, "/run/x"), True, "unix:/run/x"),
    ],
)
def test_a_server_has_the_address_that_a_client_writes(
    address: Address, tls: bool, url: str
) -> None:
    serving = replace(a_serving(), address=address, tls=tls)
    assert serving.url == url
    assert serving.size == "2 workers x 24 threads"


def test_one_worker_is_one() -> None:
    serving = replace(a_serving(), workers=1, threads=32)
    assert serving.size == "1 worker x 32 threads"
