from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from knowctl.errors import ErrorCode, KnowctlError
from knowctl.model.address import Address
from knowctl.supervisor.listener import _refused, bind

posix = pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets")


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of loopback on which another program listens."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield int(other.getsockname()[1])


def unix(path: Path) -> Address:
    return Address(f"unix:{path}", 5000, str(path))


def refusal(address: Address) -> KnowctlError:
    with pytest.raises(KnowctlError) as raised:
        bind(address)
    assert raised.value.failure.code is ErrorCode.ADDRESS
    assert raised.value.failure.message == f"can't listen on {address}"
    return raised.value


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_free_address_is_listened_on_and_inherited(host: str) -> None:
    with bind(Address(host, 0)) as listener:
        assert listener.get_inheritable()
        with socket.create_connection(listener.getsockname()[:2], timeout=2):
            pass


@pytest.mark.parametrize(("system", "shared"), [("posix", 1), ("nt", 0)])
def test_a_port_is_reused_where_that_does_not_mean_sharing_it(
    monkeypatch: pytest.MonkeyPatch, system: str, shared: int
) -> None:
    monkeypatch.setattr(os, "name", system)
    with bind(Address("127.0.0.1", 0)) as listener:
        assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) == shared


def test_dual_stack_is_one_address() -> None:
    try:
        listener = bind(Address("[::]", 0))
    except KnowctlError:
        pytest.skip("this machine has no IPv6")
    with listener:
        assert listener.family == socket.AF_INET6
        assert not listener.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)


def test_ipv6_loopback_is_written_in_brackets() -> None:
    try:
        listener = bind(Address("[::1]", 0))
    except KnowctlError:
        pytest.skip("this machine has no IPv6")
    with listener:
        assert listener.getsockname()[0] == "::1"


def test_a_taken_port_is_named_with_what_to_do(taken: int) -> None:
    failure = refusal(Address("127.0.0.1", taken)).failure
    assert failure.cause == "another program listens there"
    assert "--bind" in failure.hint


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 64, "a..b"])
def test_a_name_without_an_address_is_told(host: str) -> None:
    failure = refusal(Address(host, 5000)).failure
    assert failure.cause == f"{host} is no address of this machine"
    assert failure.hint == "set HOST or --bind"


def test_an_address_of_another_machine_is_told() -> None:
    assert (
        refusal(Address("192.0.2.1", 5000)).failure.hint == "set HOST and PORT, or --bind HOST:PORT"
    )


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
def test_a_port_for_the_privileged_has_a_hint(number: int) -> None:
    error = PermissionError(number, os.strerror(number))
    failure = _refused(Address("127.0.0.1", 80), error).failure
    assert failure.cause == "this user may not listen there"
    assert failure.hint == "choose a port from 1024 up with --bind"
    unix_hint = _refused(unix(Path("/run/x.sock")), error).failure.hint
    assert "port" not in unix_hint
    assert "directory" in unix_hint


@posix
def test_a_unix_socket_is_listened_on(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with bind(unix(path)) as listener, socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        assert listener.get_inheritable()


@posix
def test_a_socket_that_a_killed_server_left_behind_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(path))
    assert path.exists()
    with bind(unix(path)), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


@posix
def test_a_socket_that_answers_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with bind(unix(path)):
        assert refusal(unix(path)).failure.cause == "another program listens there"
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))


@posix
def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_text("precious")
    assert "no socket" in refusal(unix(path)).failure.cause
    assert path.read_text() == "precious"


@posix
def test_a_socket_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(path))
        assert refusal(unix(path)).failure.cause
    assert path.is_socket()


@posix
def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert refusal(unix(tmp_path / "no" / "s")).failure.cause == os.strerror(errno.ENOENT)


@posix
def test_a_path_that_is_too_long_is_told(tmp_path: Path) -> None:
    assert "too long" in refusal(unix(tmp_path / ("s" * 120))).failure.cause
