"""waitress on a socket that is already bound, with a gate and a private listener, and retiring."""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from waitress import wasyncore
from waitress.server import create_server
from waitress.task import ThreadedTaskDispatcher

from knowalledge_api import logs
from knowalledge_api.app import parts_of
from knowalledge_api.arrivals import LARGEST_HEAD
from knowalledge_api.generation import Generation, current
from knowalledge_api.live.state import Serving
from knowalledge_api.routes.early import Early
from knowalledge_api.serving import grace, listen_privately
from knowalledge_api.settings.process import from_process
from knowctl.supervisor.waitress_channel import Channel

BACKLOG: Final = 2048
CONNECTIONS: Final = 1000 if hasattr(select, "poll") else 400  # Windows: select, of 512 at most
LOOK: Final = 0.25
"""Seconds between two looks at the requests that are still coming in."""
PAUSE: Final = 0.05
"""Seconds between two looks at a closed gate, and at what a retiring server still has."""


class WaitressServer:
    """waitress in a loop of our own: waiting at the gate, serving, retiring.

    `keepalive` is for how many seconds an idle connection is waited for when it retires; clients
    are told nothing of it, as waitress itself keeps them for two minutes.
    """

    def __init__(  # noqa: PLR0913 -- what a server is given, each by name
        self,
        application: Callable[..., Any],
        listener: socket.socket,
        *,
        generation: Generation | None = None,
        threads: int,
        keepalive: float,
        early: Early | None = None,
        **options: Any,
    ) -> None:
        self.generation = generation if generation and generation.is_supervised else None
        self.keepalive = keepalive
        self.ending = self.hurried = self.reopening = False
        self.map: dict[int, Any] = {}
        self.dispatcher = ThreadedTaskDispatcher()
        self.dispatcher.set_thread_count(threads)

        self.next_look = 0.0

        def server_on(bound: socket.socket, *, private: bool = False) -> Any:
            server: Any = create_server(
                application,
                map=self.map,
                _dispatcher=self.dispatcher,
                sockets=[bound],
                ident=None,
                backlog=BACKLOG,
                connection_limit=CONNECTIONS,
                max_request_header_size=LARGEST_HEAD,
                clear_untrusted_proxy_headers=False,  # whom to believe the application decides
                **options,
            )
            server.channel_class = Channel
            server.early = early or Early()
            server.is_private = private
            return server

        self.public = server_on(listener)
        self.public.accepting = self.generation is None
        if self.generation:  # waitress takes no Unix socket beside another in one call
            path = self.generation.private_socket(os.getpid())
            server_on(listen_privately(path), private=True)

    def end(self, _signal: int = 0, _frame: object = None) -> None:
        """Begin to retire; asked twice, cut off what is left, unless a supervisor sees to that."""
        self.hurried = self.ending and self.generation is None
        self.ending = True
        self.wake()

    def reopen_log(self, _signal: int, _frame: object) -> None:
        """Go on in a new LOG_FILE, at the loop's next turn."""
        self.reopening = True
        self.wake()

    def wake(self) -> None:
        """Let the loop turn now."""
        with suppress(OSError):  # it is closed already
            self.public.pull_trigger()

    def run(self, grace_seconds: float) -> None:
        """Serve until told to end, finish what there is within the grace, and close everything."""
        if self.generation:
            self.generation.tell("worker")
        while not self.ending:
            if not self.public.accepting and self.generation:
                self.public.accepting = self.generation.is_open()
            self.turn(1.0 if self.public.accepting else PAUSE)
            if self.generation and self.generation.is_orphaned():
                self.ending = True
        wasyncore.dispatcher.close(self.public)  # the listener alone: its clients stay
        end = time.monotonic() + grace_seconds
        while self.has_clients() and time.monotonic() < end and not self.hurried:
            self.turn(PAUSE)
        self.dispatcher.shutdown(timeout=1)
        wasyncore.close_all(self.map)
        if self.generation:
            self.generation.private_socket(os.getpid()).unlink(missing_ok=True)

    def turn(self, seconds: float) -> None:
        """Wait for what happens next, and do it."""
        wasyncore.loop(timeout=seconds, use_poll=True, map=self.map, count=1)
        now = time.monotonic()
        if now >= self.next_look:
            self.next_look = now + LOOK
            for channel in tuple(self.public.active_channels.values()):
                channel.end_if_late(now)
        if self.reopening:
            self.reopening = False
            logs.reopen()

    def has_clients(self) -> bool:
        """Whether anyone is connected, once those are let go whose time is over."""
        idle_since = time.time() - self.keepalive
        for channel in self.public.active_channels.values():
            if not channel.requests and channel.last_activity < idle_since:
                channel.will_close = True
        return bool(self.public.active_channels)


def serve(listener: socket.socket, threads: int) -> int:
    """Serve until SIGTERM or Ctrl-C, let requests finish, and return the exit code."""
    from knowalledge_api.wsgi import application  # noqa: PLC0415 -- it is made from the settings

    settings = from_process()
    generation = current()
    server = WaitressServer(
        application,
        listener,
        generation=generation,
        threads=threads,
        keepalive=settings.gunicorn_keepalive,
        early=parts_of(application).early,
        max_request_body_size=settings.max_content_length + 1,  # from there on it is too much
    )
    signal.signal(signal.SIGTERM, server.end)
    signal.signal(signal.SIGINT, signal.SIG_IGN if server.generation else server.end)
    if sys.platform == "win32":
        signal.signal(signal.SIGBREAK, server.end)
    if hasattr(signal, "SIGUSR1"):  # not on Windows
        signal.signal(signal.SIGUSR1, server.reopen_log)
    live = parts_of(application).live
    live.start(Serving("waitress", threads, generation, retiring=lambda: server.ending))
    try:
        server.run(grace(settings, generation))
    finally:
        live.stop()
        parts_of(application).database.close()
    return 0
