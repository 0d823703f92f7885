"""gunicorn's threads worker as we need it."""

from __future__ import annotations

import inspect
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("gunicorn needs POSIX", allow_module_level=True)

from gunicorn.http.message import Message
from gunicorn.http.parser import Parser
from gunicorn.http.unreader import SocketUnreader
from gunicorn.http.wsgi import Response
from gunicorn.workers.base import Worker
from gunicorn.workers.gthread import TConn, ThreadWorker

from knowalledge_api.generation import VARIABLE, Generation, current
from knowalledge_api.gunicorn_threads import Served, Threads
from knowalledge_api.gunicorn_worker import ThreadsWorker, hold_signals, release_signals
from tests.support.workers import Plug, conn_of, worker_of

USED = (
    *("_keepalive_after", "accept", "enqueue_req", "finish_request", "get_thread_pool", "handle"),
    *("handle_exit", "handle_quit", "handle_request", "handle_usr1"),
    *("init_signals", "is_parent_alive", "murder_keepalived", "murder_pending", "notify", "run"),
    *("set_accept_enabled", "wait_for_and_dispatch_events"),
)
FIELDS = (
    *("keepalived_conns", "method_queue", "nr_conns", "pending_conns", "poller", "tpool"),
    *("worker_connections", "alive", "max_requests", "nr", "ppid", "sockets", "cfg", "log"),
)


@pytest.fixture
def generation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Generation]:
    """This process's generation, whose gate is closed."""
    gate, opener = os.pipe()
    report, writer = os.pipe()
    os.set_blocking(report, False)
    facts = {"number": 1, "directory": str(tmp_path), "gate": gate, "report": writer}
    monkeypatch.setenv(VARIABLE, json.dumps({**facts, "test": [opener, report]}))
    current.cache_clear()
    made = current()
    assert made
    yield made
    current.cache_clear()
    for each in (gate, opener, report, writer):
        os.close(each)


def opener_and_report() -> tuple[int, int]:
    opener, report = json.loads(os.environ[VARIABLE])["test"]
    return opener, report


def told() -> list[dict[str, Any]]:
    """What the supervisor has heard since the last time."""
    try:
        text = os.read(opener_and_report()[1], 65536)
    except BlockingIOError:
        return []
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def worker() -> Iterator[ThreadsWorker]:
    with worker_of(ThreadsWorker) as made:
        yield made


@pytest.fixture
def member(generation: Generation) -> Iterator[ThreadsWorker]:  # noqa: ARG001 -- it is the process's
    """A worker of a generation."""
    with worker_of(ThreadsWorker) as made:
        yield made


def test_what_it_uses_of_gunicorn_is_still_there(worker: ThreadsWorker) -> None:
    assert [name for name in USED if not hasattr(ThreadWorker, name)] == []
    assert [name for name in FIELDS if not hasattr(worker, name)] == []
    assert list(inspect.signature(TConn).parameters) == ["cfg", "sock", "client", "server"]
    assert {"parser", "sock", "timeout"} <= set(vars(conn_of(worker, Plug())))
    assert list(inspect.signature(ThreadWorker.finish_request).parameters)[1:] == ["conn", "fs"]
    assert "_keepalive_after(conn, self.handle_request(" in inspect.getsource(ThreadWorker.handle)
    assert "self.handle, conn" in inspect.getsource(ThreadWorker.enqueue_req)
    assert "_expected_100_continue" in inspect.getsource(Message.__init__)
    assert list(inspect.signature(SocketUnreader.chunk).parameters) == ["self", "size_hint"]
    assert {"take_buffered", "chunk"} <= set(dir(SocketUnreader))
    assert hasattr(Parser, "finish_body")
    assert "self.headers = []" in inspect.getsource(Response.__init__)
    assert "for k, v in self.headers" in inspect.getsource(Response.send_headers)
    assert "self.max_requests" in inspect.getsource(Worker.__init__)
    assert "self.get_thread_pool()" in inspect.getsource(ThreadWorker.init_process)
    assert "resp.write(item)" in inspect.getsource(ThreadWorker.handle_request)
    assert "util.write(self.sock" in inspect.getsource(Response.send_headers)
    assert "self.req = req" in inspect.getsource(Response.__init__)
    assert "self.can_sendfile()" in inspect.getsource(Response.sendfile)
    assert "not isinstance(self.peer_addr, tuple)" in inspect.getsource(
        Message._peer_is_trusted_proxy
    )


def test_by_itself_it_accepts_at_once_and_gunicorn_recycles_it(worker: ThreadsWorker) -> None:
    worker.join_generation()
    worker.listen_privately()
    assert worker.may_accept()
    assert worker.max_requests == 10
    assert worker.private is None
    assert worker.poller.waiting == {}


def test_in_a_generation_it_waits_for_the_gate(member: ThreadsWorker) -> None:
    member.join_generation()
    assert [each["event"] for each in told()] == ["worker"]
    assert not member.may_accept()
    os.write(opener_and_report()[0], b".")
    (gate,) = member.poller.waiting
    member.poller.waiting[gate](gate)
    assert member.may_accept()
    assert member.poller.waiting == {}


def test_it_accepts_only_while_a_thread_and_a_place_are_free(worker: ThreadsWorker) -> None:
    assert worker.may_accept()
    worker.running = 2
    assert not worker.may_accept()
    worker.running, worker.nr_conns = 1, worker.worker_connections
    assert not worker.may_accept()
    worker.nr_conns = 1
    worker.rests_until = time.monotonic() + 60
    assert not worker.may_accept()


def test_it_tells_once_that_it_is_due_and_is_not_recycled_by_itself(
    member: ThreadsWorker,
) -> None:
    assert member.max_requests == sys.maxsize
    for member.nr in (9, 10, 11):
        member.finish_request(conn_of(member, Plug()), Served(kept=False))
    assert [(each["event"], each["pid"]) for each in told()] == [("due", os.getpid())]
    member.nr = 20  # an older one went first
    member.finish_request(conn_of(member, Plug()), Served(kept=False))
    assert [each["event"] for each in told()] == ["due"]


def test_where_the_system_does_not_tell_it_ends_the_master_of_a_dead_supervisor(
    member: ThreadsWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda *given: killed.append(given))
    member.watches_gate = True
    assert member.is_parent_alive()
    assert killed == []
    opener, _ = opener_and_report()
    spare = os.open(os.devnull, os.O_RDONLY)
    os.dup2(spare, opener)  # closes the gate's other end
    os.close(spare)
    member.is_parent_alive()
    assert killed == [(os.getppid(), signal.SIGTERM)]


def test_the_log_is_reopened_between_two_events(worker: ThreadsWorker) -> None:
    deferred: list[Callable[[], None]] = []
    worker.method_queue = SimpleNamespace(defer=deferred.append)
    worker.handle_usr1(signal.SIGUSR1, None)
    assert worker.log.errors == []
    deferred[0]()
    assert worker.log.errors == ["reopened"]


def test_requests_that_never_end_do_not_hold_the_process(
    worker: ThreadsWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[int] = []
    monkeypatch.setattr(os, "_exit", left.append)
    worker.tpool = Threads(1, bool, lambda *_: None)
    worker.clean_up()
    assert left == [0]
    assert worker.log.errors == ["%d requests had not ended and are cut off"]


def test_answers_that_have_not_gone_out_in_time_are_told_of(worker: ThreadsWorker) -> None:
    plug = Plug()
    plug.room = 3
    conn = conn_of(worker, plug)
    conn.out.sendall(b"answer")
    worker.finish_request(conn, Served(kept=False))
    worker.tpool = Threads(1, bool, lambda *_: None)
    worker.clean_up()
    assert worker.log.errors == ["%d answers had not gone out and are cut off"]


def test_a_worker_told_to_quit_stops_though_its_thread_pool_is_locked() -> None:
    woken: list[object] = []
    worker = ThreadsWorker.__new__(ThreadsWorker)
    worker.alive = True
    worker.method_queue = SimpleNamespace(defer=woken.append)
    worker.tpool = ThreadPoolExecutor(1)
    with worker.tpool._shutdown_lock:
        worker.handle_quit(signal.SIGQUIT, None)
    assert not worker.alive
    assert len(woken) == 1


def test_a_worker_told_twice_to_quit_leaves_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def leave(code: int) -> None:
        raise SystemExit(code)

    monkeypatch.setattr(os, "_exit", leave)
    worker = ThreadsWorker.__new__(ThreadsWorker)
    worker.alive = False
    with pytest.raises(SystemExit) as left:
        worker.handle_quit(signal.SIGQUIT, None)
    assert left.value.code == 0


def test_what_ends_a_worker_is_held_until_it_can_act_on_it() -> None:
    came: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: came.append(number))
    try:
        hold_signals()
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)  # another thread holds nothing
        held = list(came)
        release_signals()
        assert (held, came) == ([], [signal.SIGTERM])
    finally:
        signal.signal(signal.SIGTERM, before)
