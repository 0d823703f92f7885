"""The listening socket, taken before anything starts so that a taken address is one clear line."""

from __future__ import annotations

import errno
import os
import socket
import stat
from pathlib import Path
from typing import Any

from knowctl.errors import ErrorCode, KnowctlError
from knowctl.model.address import Address

BACKLOG = 2048
"""Connections the kernel keeps waiting; gunicorn's own default."""


def bind(address: Address) -> socket.socket:
    """A listening socket on the address; KnowctlError when it can't be had."""
    try:
        return _unix(address.path) if address.path else _tcp(address.host, address.port)
    except (OSError, UnicodeError) as error:
        raise _refused(address, error) from error


def _tcp(host: str, port: int) -> socket.socket:
    bare = host.removeprefix("[").removesuffix("]")
    found = socket.getaddrinfo(bare, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, place = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # on Windows the option would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6 and bare == "::":
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        return _listening(listener, place)
    except OSError:
        listener.close()
        raise


def _unix(path: str) -> socket.socket:
    _remove_stale(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        return _listening(listener, path)
    except OSError:
        listener.close()
        raise


def _listening(listener: socket.socket, place: Any) -> socket.socket:
    listener.bind(place)
    listener.listen(BACKLOG)
    listener.set_inheritable(True)
    return listener


def _remove_stale(path: str) -> None:
    """Remove a socket that a killed server left behind; one that answers stays."""
    try:
        if not stat.S_ISSOCK(Path(path).stat().st_mode):
            raise FileExistsError(errno.EEXIST, "there is a file there that is no socket")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            Path(path).unlink(missing_ok=True)


def _refused(address: Address, error: OSError | UnicodeError) -> KnowctlError:
    if isinstance(error, (socket.gaierror, UnicodeError)):
        cause, hint = f"{address.host} is no address of this machine", "set HOST or --bind"
    elif error.errno == errno.EADDRINUSE:
        cause = "another program listens there"
        hint = "knowctl health shows whether it is this product; else choose another --bind"
    elif error.errno in {errno.EACCES, errno.EPERM}:
        cause = "this user may not listen there"
        hint = "choose a directory of your own" if address.path else "choose a port from 1024 up"
        hint = f"{hint} with --bind"
    else:
        cause, hint = error.strerror or str(error), "set HOST and PORT, or --bind HOST:PORT"
    return KnowctlError(ErrorCode.ADDRESS, f"can't listen on {address}", cause=cause, hint=hint)
