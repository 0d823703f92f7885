from __future__ import annotations

import pytest

from knowctl.model.address import Address


@pytest.mark.parametrize(
    ("host", "path", "written"),
    [
        ("127.0.0.1", None, "127.0.0.1:5000"),
        ("[::]", None, "[::]:5000"),
        ("unix:/run/x", "/run/x", "unix:/run/x"),
    ],
)
def test_host_and_port_say_where_a_server_listens(
    host: str, path: str | None, written: str
) -> None:
    address = Address.of(host, 5000)
    assert (address.path, str(address)) == (path, written)
