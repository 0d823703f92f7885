"""How an answer leaves through gunicorn: our headers unjudged, head and body together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from gunicorn.http.wsgi import Response

from knowalledge_api.routes.edge import PLAIN_HEADERS

LARGEST_PIECE: Final = 1 << 16
"""Bytes of a body's first piece that are copied behind the head."""


def answered(application: Any, environ: dict[str, Any], start_response: Any) -> Any:
    """Ask the application, whose answer leaves by a class of ours."""
    response = start_response.__self__
    response.__class__ = Answer
    response.sock = response.req.out
    environ[PLAIN_HEADERS] = response.take
    return application(environ, start_response)


class Gathered(list[bytes]):
    """A socket that keeps what is sent."""

    sendall = list.append


class Answer(Response):
    """gunicorn's response, which sends its head with the first piece of its body.

    gunicorn sends one after the other, which wakes a client twice (27.0.1, measured). It goes by
    way of the connection's `out`, which no client can hold up.
    """

    sock: Any
    headers_sent: bool

    def take(self, headers: Iterable[tuple[str, str]]) -> None:
        """Send these as they are: to judge constants costs gunicorn 5 % of a small request."""
        self.headers.extend(headers)

    def can_sendfile(self) -> bool:
        """No file goes past `out`: the system would wait for the client to take it."""
        return False

    def write(self, arg: bytes) -> None:
        """Send a piece of the body."""
        if self.headers_sent or len(arg) > LARGEST_PIECE:
            super().write(arg)
            return
        sock, self.sock = self.sock, Gathered()
        try:
            super().write(arg)
            whole = b"".join(self.sock)
        except BaseException:
            self.headers_sent = False
            raise
        finally:
            self.sock = sock
        sock.sendall(whole)
