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
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("gunicorn needs POSIX", allow_module_level=True)

from gunicorn.config import Config
from gunicorn.workers.base import Worker
from gunicorn.workers.gthread import TConn, ThreadWorker

from knowalledge_api.generation import VARIABLE, Generation, current
from knowalledge_api.gunicorn_worker import (
    FIRST_BYTE,
    LARGEST_REST,
    LINGER,
    ThreadsWorker,
    hold_signals,
    release_signals,
)

USED = (
    *("accept", "clean_up", "drop", "end_overdue", "enqueue_req", "finish_request"),
    *("handle_exit", "handle_quit", "handle_usr1", "init_signals", "is_parent_alive"),
    *("murder_keepalived", "murder_pending", "notify", "on_client_socket_readable"),
    *("on_pending_socket_readable", "run", "set_accept_enabled", "wait_for_and_dispatch_events"),
)
OURS = frozenset({"clean_up", "drop", "end_overdue"})
FIELDS = (
    *("keepalived_conns", "method_queue", "nr_conns", "pending_conns", "poller", "tpool"),
    *("worker_connections", "alive", "max_requests", "nr", "ppid", "sockets", "cfg", "log"),
)


class Poller:
    """Who waits for what, and what it is waited for with."""

    def __init__(self) -> None:
        self.waiting: dict[Any, Callable[..., object]] = {}

    def register(self, what: Any, _events: int, callback: Callable[..., object]) -> None:
        self.waiting[what] = callback

    def unregister(self, what: Any) -> None:
        del self.waiting[what]

    def close(self) -> None:
        self.waiting.clear()


class Plug:
    """A client's socket: what reading it gives, one after the other."""

    def __init__(self, *reads: bytes | OSError, pending: int = 0) -> None:
        self.pending = lambda: pending
        self.reads = list(reads)
        self.closed = False
        self.shut = False

    def recv(self, _size: int, _flags: int = 0) -> bytes:
        given = self.reads.pop(0)
        if isinstance(given, OSError):
            raise given
        return given

    def setblocking(self, _wanted: bool) -> None: ...

    def settimeout(self, _seconds: float) -> None: ...

    def shutdown(self, _how: int) -> None:
        if self.closed:
            raise OSError(107, "not connected")
        self.shut = True

    def close(self) -> None:
        self.closed = True


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
    yield from made()


@pytest.fixture
def member(generation: Generation) -> Iterator[ThreadsWorker]:  # noqa: ARG001 -- it is the process's
    """A worker of a generation."""
    yield from made()


def made() -> Iterator[ThreadsWorker]:
    config = Config()
    for name, value in {"threads": 2, "max_requests": 10, "keepalive": 3}.items():
        config.set(name, value)
    errors: list[str] = []
    log = SimpleNamespace(
        errors=errors,
        error=lambda text, **_: errors.append(text),
        warning=lambda text, *_: errors.append(text),
        reopen_files=lambda: errors.append("reopened"),
    )
    worker = ThreadsWorker(1, os.getppid(), [], None, 30, config, log)
    worker.poller = Poller()
    worker.nr_conns = worker.running = 1
    yield worker
    worker.tmp.close()


def conn_of(worker: ThreadsWorker, plug: Plug, ahead: bytes = b"") -> Any:
    conn = TConn(worker.cfg, plug, None, None)
    unreader = SimpleNamespace(buf=SimpleNamespace(getvalue=lambda: ahead))
    conn.parser = SimpleNamespace(unreader=unreader)
    return conn


def pool(submitted: list[Any]) -> Any:
    """A pool of threads that never come to it."""

    def submit(_: object, conn: Any) -> Future[object]:
        submitted.append(conn)
        return Future()

    return SimpleNamespace(submit=submit)


def done(result: object = None, error: BaseException | None = None) -> Future[object]:
    future: Future[object] = Future()
    if error:
        future.set_exception(error)
    else:
        future.set_result(result)
    return future


def test_what_it_uses_of_gunicorn_is_still_there(worker: ThreadsWorker) -> None:
    assert [name for name in USED if not hasattr(ThreadWorker, name)] == sorted(OURS)
    assert [name for name in FIELDS if not hasattr(worker, name)] == []
    assert list(inspect.signature(TConn).parameters) == ["cfg", "sock", "client", "server"]
    assert {"data_ready", "parser", "sock", "timeout"} <= set(vars(conn_of(worker, Plug())))
    assert list(inspect.signature(ThreadWorker.finish_request).parameters)[1:] == ["conn", "fs"]
    assert "data_ready" in inspect.getsource(ThreadWorker.handle)
    assert "self.max_requests" in inspect.getsource(Worker.__init__)


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


def test_a_client_that_has_spoken_gets_a_thread_and_a_silent_one_waits(
    worker: ThreadsWorker,
) -> None:
    submitted: list[Any] = []
    worker.tpool = pool(submitted)
    plugs = [Plug(b"G"), Plug(BlockingIOError()), Plug(ConnectionResetError())]
    listener = SimpleNamespace(
        accept=lambda: (plugs[worker.nr_conns - 1], ("::1", 1)), getsockname=lambda: ("::1", 2)
    )
    before = time.monotonic()
    for _ in plugs:
        worker.accept(listener)
    assert [conn.sock for conn in submitted] == [plugs[0], plugs[2]]
    assert (worker.running, worker.nr_conns) == (3, 4)
    (silent,) = worker.pending_conns
    assert silent.sock is plugs[1]
    assert list(worker.poller.waiting) == [plugs[1]]
    assert silent.timeout >= before + FIRST_BYTE + 3
    assert all(conn.data_ready for conn in (*submitted, silent))


def test_a_connection_that_another_worker_took_is_no_error(worker: ThreadsWorker) -> None:
    def accept() -> None:
        raise BlockingIOError(11, "taken")

    worker.accept(SimpleNamespace(accept=accept))
    assert worker.nr_conns == 1


def test_a_listener_that_is_broken_is_an_error(worker: ThreadsWorker) -> None:
    def accept() -> None:
        raise OSError(22, "shut down")

    with pytest.raises(OSError, match="shut down"):
        worker.accept(SimpleNamespace(accept=accept))


def test_a_kept_connection_waits_for_its_next_request(worker: ThreadsWorker) -> None:
    conn = conn_of(worker, Plug())
    worker.alive = False  # retiring it lingers as long as it was promised
    before = time.monotonic()
    worker.finish_request(conn, done(result=True))
    assert list(worker.keepalived_conns) == [conn]
    assert conn.timeout >= before + 3
    assert (worker.running, worker.nr_conns) == (0, 1)


def test_what_was_decrypted_ahead_is_served_at_once(worker: ThreadsWorker) -> None:
    submitted: list[Any] = []
    worker.tpool = pool(submitted)
    worker.tls = True
    first, second = (conn_of(worker, Plug(pending=size)) for size in (1, 0))
    worker.finish_request(first, done(result=True))
    worker.finish_request(second, done(result=True))
    assert submitted == [first]
    assert list(worker.keepalived_conns) == [second]


def test_what_was_read_ahead_is_served_at_once(worker: ThreadsWorker) -> None:
    submitted: list[Any] = []
    worker.tpool = pool(submitted)
    conn = conn_of(worker, Plug(), ahead=b"GET")
    worker.finish_request(conn, done(result=True))
    assert submitted == [conn]
    assert worker.running == 1


@pytest.mark.parametrize("result", [False, object()], ids=["ended", "deferred"])
def test_an_ended_connection_is_read_until_its_client_closes(
    worker: ThreadsWorker, result: object
) -> None:
    plug = Plug(BlockingIOError(), b"rest", b"")
    conn = conn_of(worker, plug)
    conn.parser = None  # as of one that never spoke
    worker.alive = False
    worker.finish_request(conn, done(result))
    assert plug.shut
    for _ in plug.reads[:]:
        assert (worker.nr_conns, plug.closed) == (1, False)
        worker.poller.waiting[plug](plug)
    assert plug.closed
    assert (worker.nr_conns, len(worker.lingering), worker.poller.waiting) == (0, 0, {})


@pytest.mark.parametrize("read", [b"x" * (LARGEST_REST + 1), ConnectionResetError()])
def test_a_client_that_floods_or_breaks_is_let_go(
    worker: ThreadsWorker, read: bytes | OSError
) -> None:
    plug = Plug(read)
    worker.finish_request(conn_of(worker, plug), done(result=False))
    worker.poller.waiting[plug](plug)
    assert plug.closed
    assert worker.nr_conns == 0


def test_a_client_that_never_closes_is_let_go_in_time(
    worker: ThreadsWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug = Plug()
    worker.finish_request(conn_of(worker, plug), done(result=False))
    worker.end_overdue()
    assert worker.nr_conns == 1
    later = time.monotonic() + LINGER
    monkeypatch.setattr(time, "monotonic", lambda: later)
    worker.end_overdue()
    assert plug.closed
    assert (worker.nr_conns, worker.poller.waiting) == (0, {})


def test_a_connection_that_is_closed_already_is_forgotten(worker: ThreadsWorker) -> None:
    plug = Plug()
    plug.close()
    worker.finish_request(conn_of(worker, plug), done(result=False))
    assert (worker.nr_conns, len(worker.lingering)) == (0, 0)


def test_an_application_that_leaves_ends_its_request_and_not_the_worker(
    worker: ThreadsWorker,
) -> None:
    worker.finish_request(conn_of(worker, Plug()), done(error=SystemExit(1)))
    assert worker.log.errors == ["A request ended its thread"]
    assert len(worker.lingering) == 1


def test_a_cancelled_request_ends_its_connection(worker: ThreadsWorker) -> None:
    future: Future[object] = Future()
    future.cancel()
    worker.finish_request(conn_of(worker, Plug()), future)
    assert len(worker.lingering) == 1


def test_it_tells_once_that_it_is_due_and_is_not_recycled_by_itself(
    member: ThreadsWorker,
) -> None:
    assert member.max_requests == sys.maxsize
    for member.nr in (9, 10, 11):
        member.finish_request(conn_of(member, Plug()), done(result=False))
    assert [(each["event"], each["pid"]) for each in told()] == [("due", os.getpid())]


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
    worker.tpool = ThreadPoolExecutor(1)
    worker.clean_up()
    assert left == [0]
    assert worker.log.errors == ["%d requests had not ended and are cut off"]


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
