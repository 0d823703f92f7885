"""gunicorn's threads worker with a gate and a private listener, which retires without a loss."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import sys
import time
from typing import Any, Final

from knowalledge_api.generation import current
from knowalledge_api.gunicorn_clients import PatientWorker
from knowalledge_api.gunicorn_outgoing import bind_system
from knowalledge_api.gunicorn_threads import Served
from knowalledge_api.logs import hold_access, write_held
from knowalledge_api.serving import end_with, listen_privately

ENDING: Final = frozenset({signal.SIGINT, signal.SIGQUIT, signal.SIGTERM})
PAUSE: Final = 0.1
"""Seconds between two looks at what a retiring worker still has."""


class ThreadsWorker(PatientWorker):
    """Requests run in `threads` threads; everything else happens on the main one.

    With a generation it accepts from the public socket once its gate is open, and from a private
    one always. It accepts while a thread is free, so that no request waits here while another
    worker is idle. Told to end, it finishes what it has, and waits for kept-alive clients until
    their time is over: each may be writing its next request, which is answered with
    `Connection: close`.
    """

    watches_gate = sys.platform != "linux"  # Linux tells of a supervisor's death by itself
    alive: bool
    max_requests: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.generation = current()
        self.open = self.generation is None
        self.private: socket.socket | None = None
        self.ended = False
        self.due_after = self.due_every = sys.maxsize
        if self.generation:  # the supervisor recycles: one more worker first, then this one less
            self.due_after = self.due_every = self.max_requests
            self.max_requests = sys.maxsize

    def init_signals(self) -> None:
        """Install the handlers, then take the signals that came before there were any.

        Ctrl-C reaches every process of a terminal; when to stop is the master's to say.
        """
        super().init_signals()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        end_with(self.ppid)  # one that has ended already is seen by the main loop
        release_signals()

    def handle_quit(self, sig: int, frame: object) -> None:
        """Stop as on SIGTERM; a second time leave at once.

        gunicorn's own handler shuts the thread pool down and raises SystemExit wherever the main
        thread is: while it hands over a request the pool's lock is taken, and the worker waits
        for itself until it is killed, or leaves with a traceback (gunicorn 27.0.1, measured).
        """
        if not self.alive:
            os._exit(0)
        self.handle_exit(sig, frame)

    def handle_usr1(self, _sig: int, _frame: object) -> None:
        """Reopen the log files, between two events instead of in the midst of a record."""
        self.method_queue.defer(self.log.reopen_files)

    def listen_privately(self) -> None:
        """Open the listener that the supervisor alone asks; nothing without a generation."""
        if self.generation:
            self.private = listen_privately(self.generation.private_socket(os.getpid()))

    def run(self) -> None:
        """Serve until told to end, then retire."""
        self.poller.register(
            self.method_queue.fileno(), selectors.EVENT_READ, self.method_queue.run_callbacks
        )
        for listener in self.sockets:
            bind_system(listener)
        self.join_generation()
        hold_access()
        while self.alive and self.is_parent_alive():
            self.notify()
            self.set_accept_enabled(self.may_accept())
            self.wait_for_and_dispatch_events(timeout=1.0)
            self.end_overdue()
            write_held()
        self.alive = False  # from here on each answer says that the connection closes
        self.set_accept_enabled(enabled=False)
        for listener in self.sockets:  # nobody is to wait for a worker that accepts no more
            listener.close()
        self.retire()
        self.clean_up()
        self.ended = True

    def join_generation(self) -> None:
        """Answer in private, watch the gate, and tell the supervisor."""
        if self.private:
            self.poller.register(self.private, selectors.EVENT_READ, self.accept)
        if self.generation:
            self.poller.register(self.generation.gate, selectors.EVENT_READ, self.pass_gate)
            self.generation.tell("worker")

    def pass_gate(self, gate: int) -> None:
        """Take note that the gate is open; its byte is for the other workers too."""
        self.poller.unregister(gate)
        self.open = self.generation is None or self.generation.is_open()

    def may_accept(self) -> bool:
        """Whether a connection from the public socket would get a thread at once."""
        has_room = self.running < self.threads and self.nr_conns < self.worker_connections
        return self.open and has_room and time.monotonic() >= self.rests_until

    def is_parent_alive(self) -> bool:
        """Whether the master is there, which is told to end when the supervisor is gone."""
        if self.watches_gate and self.generation and self.generation.is_orphaned():
            os.kill(self.ppid, signal.SIGTERM)
        return bool(super().is_parent_alive())

    def finish_request(self, conn: Any, fs: Served) -> None:
        """Take a connection back whose thread is done with it; tell where recycling is due."""
        if self.generation and self.nr >= self.due_after:
            self.due_after += self.due_every  # it may be another that is older, and goes first
            self.generation.tell("due")
        super().finish_request(conn, fs)

    def retire(self) -> None:
        """Serve the connections that there are until they have ended, or the grace is over."""
        end = time.monotonic() + self.cfg.graceful_timeout
        while self.nr_conns > 0 and time.monotonic() < end:
            self.notify()
            self.wait_for_and_dispatch_events(timeout=PAUSE)
            self.end_overdue()
            write_held()

    def clean_up(self) -> None:
        """Close everything; a request that goes on after the grace does not hold the process."""
        self.murder_keepalived(force=True)
        self.tpool.shutdown()
        self.poller.close()
        self.method_queue.close()
        if self.private and self.generation:
            self.private.close()
            self.generation.private_socket(os.getpid()).unlink(missing_ok=True)
        write_held()
        if self.leaving:
            self.log.warning("%d answers had not gone out and are cut off", len(self.leaving))
        if self.running:
            self.log.warning("%d requests had not ended and are cut off", self.running)
            os._exit(0)  # or else Python would wait for their threads


def hold_signals() -> None:
    """Keep signals that end a worker until it can act on them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)


def release_signals() -> None:
    """Let them through, those that were held first."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
