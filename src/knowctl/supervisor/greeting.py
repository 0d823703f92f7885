"""Whether a worker answers at all, asked from within the loop: that costs no process."""

from __future__ import annotations

import socket
from typing import Final

from knowctl.supervisor.loop import Loop, Steps

GREETING: Final = b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n"
LARGEST: Final = 4096


def greet(loop: Loop, private_socket: str, seconds: float) -> Steps[bool]:
    """Ask /health on a private socket without TLS; whether 200 came in time."""
    content = bytearray()
    ended = False

    def take() -> None:
        nonlocal ended
        try:
            more = plug.recv(LARGEST)
        except OSError:
            more = b""
        content.extend(more)
        ended = not more

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as plug:
        plug.settimeout(0)
        try:
            plug.connect(private_socket)
            plug.send(GREETING)
        except OSError:
            return False
        loop.watch(plug, take)
        try:
            yield from loop.until(lambda: ended or b"\n" in content, seconds)
        finally:
            loop.forget(plug)
    return content.split(b" ")[1:2] == [b"200"]
