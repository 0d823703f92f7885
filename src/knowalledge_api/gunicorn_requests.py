"""What a thread of gunicorn's worker does with a request: it answers, and waits for nobody."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from gunicorn.http import errors
from gunicorn.workers.gthread import ThreadWorker

from knowalledge_api.gunicorn_connection import Connection
from knowalledge_api.gunicorn_outgoing import GoneError
from knowalledge_api.routes.early import Early

INTERNAL: Final = 500
STATUSES: Final = (
    ((errors.InvalidResponseHeader, errors.InvalidResponseHeaderName), INTERNAL),
    (errors.ConfigurationProblem, INTERNAL),
    (errors.LimitRequestLine, 414),
    (errors.LimitRequestHeaders, 431),
    (errors.ExpectationFailed, 417),
    (errors.UnsupportedTransferCoding, 501),
    (errors.InvalidHTTPVersion, 505),
    (errors.ParseException, 400),
)
"""What is answered to what gunicorn's parser finds, the first that fits."""


class AnsweringWorker(ThreadWorker):
    """A thread is held for as long as the application takes, and by no client.

    The request is all there, and what the client does not take of its answer at once is left to
    the worker's loop. gunicorn's own way would make the socket wait, and send until it is done.
    """

    early: Early

    def handle(self, conn: Connection) -> bool:
        """Answer the request that has arrived; whether its connection is kept."""
        try:
            request = next(conn.parser)
            return self._keepalive_after(conn, self.handle_request(request, conn))
        except (errors.NoMoreData, StopIteration, GoneError) as error:
            self.log.debug("A connection ends: %s", error)
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is answered
            self.answer_error(conn, error)
        return False

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Ask the application; the client was told to go on when its body was waited for."""
        req._expected_100_continue = False  # noqa: SLF001 -- or else it would be told once more
        req.out = conn.out
        return super().handle_request(req, conn)

    def _keepalive_after(self, conn: Any, keepalive: object) -> bool:
        """Pass over what the application left of a body: it is all here, nobody is waited for."""
        return bool(keepalive and conn.parser.finish_body())

    def answer_error(self, conn: Connection, error: BaseException) -> None:
        """Answer a request that can't be read; what was in it may be secret, and is not logged."""
        status = status_of(error)
        if status == INTERNAL:
            self.log.error("A request ended without an answer", exc_info=error)
        if not conn.out.given:  # or else it would be taken for more of an answer that has begun
            with suppress(GoneError):
                conn.out.sendall(self.early.raw(status, conn.address))


def status_of(error: BaseException) -> int:
    """The status to answer a request with that could not be read, or whose answer failed."""
    for kind, status in STATUSES:
        if isinstance(error, kind):
            return status
    return INTERNAL
