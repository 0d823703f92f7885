"""A connection of waitress's: who is late is not waited for, and what is refused has our shape."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Any, Final

from waitress.channel import HTTPChannel
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import Error

from knowalledge_api.arrivals import Patience
from knowalledge_api.routes.edge import PRIVATE

LONGEST_ADDRESS: Final = 4094
"""Bytes of an address with its query; gunicorn's bound for the whole line."""
VERSIONS: Final = frozenset({"1.0", "1.1"})


class UnservedError(Error):
    """A request that is answered with this status and no more."""

    def __init__(self, code: int) -> None:
        super().__init__("")
        self.code = code


class Task(WSGITask):
    """A request, answered with `Connection: close` by a server that accepts no more."""

    def get_environment(self) -> dict[str, Any]:
        """What the application is given; it learns what came over the private socket."""
        environ: dict[str, Any] = super().get_environment()
        if getattr(self.channel.server, "is_private", False):
            environ[PRIVATE] = True
        return environ

    def build_response_header(self) -> bytes:
        """The head of the answer."""
        if not self.channel.server.accepting:
            request: Any = self.request
            request.headers["CONNECTION"] = "close"
        return super().build_response_header()


class Refusal(ErrorTask):
    """What waitress answers by itself, in the one shape of an error and with its record."""

    def execute(self) -> None:
        """Write the answer."""
        task: Any = self
        channel = task.channel
        since = channel.patience.since
        took = time.monotonic() - since if since else 0.0
        answer = channel.server.early.answer(task.request.error.code, channel.addr[0], took)
        task.status = answer.status
        task.response_headers.extend(answer.headers)
        task.set_close_on_finish()
        task.content_length = len(answer.body)
        task.write(answer.body)


class Channel(HTTPChannel):
    """A connection."""

    task_class = Task
    error_task_class = Refusal

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patience = Patience()

    def received(self, data: bytes) -> bool:
        """Take what has come, and note for how long the rest of it is waited for."""
        taken: bool = super().received(data)
        request: Any = self.request
        if request is not None:
            has_head = bool(request.headers_finished)
            self.patience.hear(len(data), time.monotonic(), has_head=has_head)
        elif self.patience.since:
            self.patience = Patience()
        return taken

    def send_continue(self) -> None:
        """Tell the client to go on, unless its request is refused already.

        waitress would tell it nevertheless, and wait for a body that is too large (3.0.2).
        """
        request: Any = self.request
        if request.error:
            request.expect_continue = False
        else:
            super().send_continue()

    def end_if_late(self, now: float) -> None:
        """Refuse the request that comes in, where its time is over."""
        channel: Any = self
        with channel.requests_lock:
            request = channel.request
            if request is None or channel.requests or now < self.patience.end:
                return
            channel.request = None
            request.error = UnservedError(HTTPStatus.REQUEST_TIMEOUT)
            request.completed = True
            channel.requests.append(request)
        channel.server.add_task(channel)

    def service(self) -> None:
        """Answer the request in turn, unless it is one that waitress lets pass and we do not."""
        request: Any = self.requests[0]
        request.error = request.error or _fault(request)
        super().service()


def _fault(request: Any) -> UnservedError | None:
    if not request.version:
        return UnservedError(HTTPStatus.BAD_REQUEST)
    if request.version not in VERSIONS:
        return UnservedError(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
    if len(request.request_uri) > LONGEST_ADDRESS:
        return UnservedError(HTTPStatus.REQUEST_URI_TOO_LONG)
    return None
