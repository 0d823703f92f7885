"""A supervisor among what surrounds it: systemd, signals, terminals, process 1, links, binds."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from knowctl.supervisor.prober import PrivateConnection
from tests.support.control import ask, serving_generation, status
from tests.support.processes import (
    HOST,
    START_SECONDS,
    STOP_SECONDS,
    Running,
    clean_environment,
    free_port,
    measured,
    serving,
    started,
)
from tests.support.releases import Fault, Releases, Served, releases
from tests.support.servers import children_of
from tests.support.service_manager import Manager, activated, managing
from tests.support.waiting import wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

QUICK = {"SOAK_SECONDS": "0", "DRAIN_SECONDS": "0", "LOG_FORMAT": "json"}
SERVE = [sys.executable, "-m", "knowctl", "serve", "--workers", "1"]
OWN_WORDS = "\0".join(["", *SERVE[3:], ""]).encode()
"""How the command line of a supervisor ends; those of its children have more words, or others."""
WATCHDOG = 1.0
GENEROUS = 20.0
"""Seconds for what takes one or two; what is to be told apart from it takes 30."""
TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.dup2(0, 1)
os.dup2(0, 2)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
"""Starts a program as a login does: its input is its terminal, and its output goes there too."""
OF_SYSTEMD = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID"}
OF_GUNICORN = {
    "GUNICORN_CMD_ARGS": "--workers 3",
    "WEB_CONCURRENCY": "4",
    "FORWARDED_ALLOW_IPS": "*",
}


@pytest.fixture
def home() -> Iterator[Path]:
    """A directory with a short path: sockets have at most 108 bytes."""
    with tempfile.TemporaryDirectory(prefix="ka-", ignore_cleanup_errors=True) as directory:
        yield Path(directory)


def settings(home: Path, **more: str) -> dict[str, str]:
    return {**QUICK, "KNOWCTL_RUN_DIR": str(home / "run"), **measured(), **more}


def knowctl(run: Path, *words: str) -> Any:
    """The data of a command's answer, which has to be good."""
    answer = subprocess.run(
        [sys.executable, "-m", "knowctl", *words, "-o", "json"],
        env=clean_environment(KNOWCTL_RUN_DIR=str(run), **measured()),
        cwd=run,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)["data"]


def answer_of(connection: http.client.HTTPConnection, path: str = "/ready") -> int:
    """The status of an answer, 0 where there is none."""
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", path)
        return connection.getresponse().status
    return 0


def over_tcp(port: int, host: str = HOST) -> int:
    return answer_of(http.client.HTTPConnection(host, port, timeout=10))


def over_unix(path: Path) -> int:
    return answer_of(PrivateConnection(str(path), 10, tls=False))


def answers(running: Running, asked: Callable[[], int]) -> None:
    """Wait until a server that has not ended is ready."""
    wait_for(
        "it is ready or has ended",
        lambda: running.process.poll() is not None or asked() == 200,
        START_SECONDS,
        running.said,
    )
    assert running.process.poll() is None, running.said()


def environments(running: Running) -> dict[int, set[str]]:
    """The names that each process but the supervisor was given when its program began.

    A process that has just been forked still has its parent's command line and environment.
    """
    found = {}
    for pid in running.left_behind():
        with contextlib.suppress(OSError):
            place = Path(f"/proc/{pid}")
            if not (place / "cmdline").read_bytes().endswith(OWN_WORDS):
                given = (place / "environ").read_text(errors="replace").split("\0")
                found[pid] = {each.partition("=")[0] for each in given}
    return found


@dataclass
class Unit:
    """A service with a watchdog and a socket that the manager holds."""

    home: Path
    listener: socket.socket
    manager: Manager
    running: Running
    bound: int
    given: dict[int, set[str]] = field(default_factory=dict)

    @property
    def run(self) -> Path:
        return self.home / "run"

    def is_ready(self) -> bool:
        self.given.update(environments(self.running))
        return bool(self.manager.of("READY")) or self.running.process.poll() is not None


@contextlib.contextmanager
def unit(home: Path) -> Iterator[Unit]:
    """A unit of systemd that has said READY=1."""

    def look() -> tuple[set[str], int]:
        """Without a question to the supervisor, which would wake it."""
        return {each.parent.name for each in home.glob("run/gen-*/w-*.sock")}, over_tcp(port)

    with socket.socket() as listener, managing(home / "notify", look) as manager:
        listener.bind((HOST, 0))
        listener.listen()
        port, bound = listener.getsockname()[1], free_port()
        environ = settings(
            home,
            NOTIFY_SOCKET=str(home / "notify"),
            WATCHDOG_USEC=str(int(WATCHDOG * 1e6)),
            HOST=HOST,
            PORT=str(bound),
        )
        command = activated(listener, SERVE)
        inherited = [listener.fileno()]
        with started(command, cwd=home, port=port, environ=environ, inherited=inherited) as running:
            made = Unit(home, listener, manager, running, bound)
            wait_for("READY=1", made.is_ready, START_SECONDS, running.said)
            yield made


def test_systemd_hears_how_a_service_lives_and_keeps_the_socket_that_it_gave(home: Path) -> None:
    with unit(home) as service:
        heard, pid = service.manager.of, service.running.process.pid
        first, ready = service.manager.heard[0], heard("READY")[0]
        assert int(first.said["EXTEND_TIMEOUT_USEC"]) >= 5_000_000
        assert ready.said["MAINPID"] == str(pid)
        assert_ready_in(ready.seen, 1)

        wait_for("life", lambda: len(heard("WATCHDOG")) >= 3, GENEROUS)
        assert heard("WATCHDOG")[0].at - ready.at < WATCHDOG * 3, "systemd would have ended it"

        before, so_far = time.clock_gettime_ns(time.CLOCK_MONOTONIC), len(service.manager.heard)
        knowctl(service.run, "reload")
        wait_for("READY=1 again", lambda: len(heard("READY")) == 2, GENEROUS)
        (reloading,) = heard("RELOADING", so_far)
        assert reloading.said["RELOADING"] == "1"
        began = int(reloading.said["MONOTONIC_USEC"]) * 1000
        assert before - 1000 <= began <= time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        assert reloading.at < heard("READY")[1].at
        assert_ready_in(heard("READY")[1].seen, 2)

        with socket.socket() as probe:
            assert probe.connect_ex((HOST, service.bound)) != 0, "PORT is bound as well"
        service.given.update(environments(service.running))
        assert service.running.stop(signal.SIGTERM) == 0
        assert service.running.left_behind() == []
        assert_kept(service.listener)
        wait_for("STOPPING=1", lambda: bool(heard("STOPPING")), GENEROUS)
        assert len(service.given) >= 4, "a preparation, two launchers and their workers"
        assert not set().union(*service.given.values()) & OF_SYSTEMD


def assert_ready_in(seen: Any, generation: int) -> None:
    """That this generation had workers, and the server was ready, when systemd heard so."""
    booted, ready = seen
    assert f"gen-{generation}" in booted
    assert ready == 200


def assert_kept(listener: socket.socket) -> None:
    """That whoever bound this socket can still accept from it."""
    listener.settimeout(GENEROUS)
    with socket.create_connection(listener.getsockname(), GENEROUS) as client:
        accepted, address = listener.accept()
        accepted.close()
        assert address == client.getsockname()


def test_a_unix_socket_replaces_a_stale_one_outlives_reloads_and_goes_with_the_server(
    home: Path,
) -> None:
    path = home / "public"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    environ = settings(home, HOST=f"unix:{path}")
    with started(SERVE, cwd=home, port=0, environ=environ) as running:
        answers(running, lambda: over_unix(path))
        node = path.stat().st_ino
        knowctl(home / "run", "reload")
        wait_for("the old is gone", lambda: len(status(home / "run")["generations"]) == 1, 60)
        assert path.stat().st_ino == node
        assert over_unix(path) == 200
        assert running.stop(signal.SIGTERM) == 0
        assert not path.exists()


@pytest.mark.parametrize(("bind", "hosts"), [("[::1]", ["::1"]), ("[::]", ["::1", HOST])])
def test_ipv6_is_served_and_with_it_ipv4_where_any_address_is_meant(
    home: Path, bind: str, hosts: list[str]
) -> None:
    port = free_port()
    command = [*SERVE, "--skip-checks", "--bind", f"{bind}:{port}"]
    with started(command, cwd=home, port=port, environ=settings(home)) as running:
        answers(running, lambda: over_tcp(port, "::1"))
        assert [over_tcp(port, host) for host in hosts] == [200] * len(hosts)
        assert running.stop(signal.SIGTERM) == 0


@pytest.fixture(scope="module")
def operated() -> Iterator[Served]:
    """A server as operators have it: started in `current`, with a log of its own."""
    with releases("v1") as site:
        current = site.root / "current"
        environ = {
            **QUICK,
            **site.environment,
            **OF_GUNICORN,
            "PWD": str(current),
            "LOG_FILE": str(site.root / "log"),
            "DATABASE_URL": f"sqlite:///{site.root}/database",
        }
        with serving(SERVE, cwd=current, port=free_port(), environ=environ) as running:
            yield Served(site, running, environ)


def send(each: Served, number: signal.Signals) -> None:
    each.running.process.send_signal(number)


def states(each: Served) -> list[str]:
    return [generation["state"] for generation in status(each.site.run)["generations"]]


def reloaded(each: Served, reloads: int) -> None:
    """Wait for this many reloads, and for those that were replaced to be gone."""
    run = each.site.run
    wait_for("a reload", lambda: status(run)["reloads"] == reloads, START_SECONDS, each.told)
    wait_for("one generation", lambda: states(each) == ["serving"], START_SECONDS, each.told)


def test_what_would_change_gunicorn_does_not_reach_it(operated: Served) -> None:
    assert len(serving_generation(operated.site.run)["workers"]) == 1
    given = environments(operated.running)
    assert len(given) >= 2
    assert not set().union(*given.values()) & OF_GUNICORN.keys()


def test_hup_reloads_to_the_release_that_is_current_though_the_old_one_is_deleted(
    operated: Served,
) -> None:
    site, before = operated.site, status(operated.site.run)["reloads"]
    old = (site.root / "current").resolve()
    site.release(f"after-{before}")
    shutil.rmtree(old.parent if old.name == "src" else old)
    send(operated, signal.SIGHUP)
    reloaded(operated, before + 1)
    assert operated.version() == f"after-{before}"


def test_a_reload_while_current_is_missing_says_so_and_changes_nothing(operated: Served) -> None:
    site, serves = operated.site, operated.version()
    current, aside = site.root / "current", site.root / "aside"
    current.rename(aside)
    answer = ask(site.run / "control.sock", {"do": "reload"}, START_SECONDS)
    aside.rename(current)
    assert (answer["ok"], answer["code"]) == (False, "reload_failed")
    assert str(current) in answer["cause"]
    assert operated.version() == serves


def test_ttin_and_ttou_change_the_number_of_workers(operated: Served) -> None:
    run = operated.site.run
    for number, wanted in ((signal.SIGTTIN, 2), (signal.SIGTTOU, 1)):
        send(operated, number)
        wait_for(
            f"{wanted} workers",
            lambda wanted=wanted: len(serving_generation(run)["workers"]) == wanted,  # type: ignore[misc]  # bound at once
            GENEROUS,
        )
        told = knowctl(run, "status")
        assert (told["workers_wanted"], told["total"]["workers"]) == (wanted, wanted)


def holders(each: Served, file: Path) -> list[int]:
    """The processes that have a file open."""
    found = []
    for pid in each.running.left_behind():
        with contextlib.suppress(OSError):
            opened = {entry.readlink() for entry in Path(f"/proc/{pid}/fd").iterdir()}
            found += [pid] if file in opened else []
    return found


def test_usr1_lets_every_process_go_on_in_a_new_log(operated: Served) -> None:
    log, moved = operated.site.root / "log", operated.site.root / "log.1"
    assert len(holders(operated, log)) >= 2, "its first process and its worker"
    log.rename(moved)
    send(operated, signal.SIGUSR1)
    wait_for("nobody has the old log", lambda: not holders(operated, moved), GENEROUS)
    size = moved.stat().st_size
    operated.version()
    send(operated, signal.SIGTTOU)
    for said in ("/testing/version", "the last worker stays"):
        wait_for(said, lambda said=said: log.exists() and said in log.read_text(), GENEROUS)  # type: ignore[misc]  # bound at once
    assert moved.stat().st_size == size


def test_usr1_does_not_end_a_candidate_that_boots(operated: Served) -> None:
    log, moved = operated.site.root / "log", operated.site.root / "log.2"
    before = status(operated.site.run)["reloads"]
    send(operated, signal.SIGHUP)
    wait_for("a candidate", lambda: "starting" in states(operated), START_SECONDS)
    log.rename(moved)
    send(operated, signal.SIGUSR1)
    reloaded(operated, before + 1)
    wait_for("nobody has the old log", lambda: not holders(operated, moved), GENEROUS)


def test_a_second_term_hurries(operated: Served) -> None:
    with tempfile.TemporaryDirectory(prefix="ka-") as place, ThreadPoolExecutor(1) as client:
        environ = {
            **operated.site.environment,
            **settings(Path(place), DRAIN_SECONDS="15", GUNICORN_GRACEFUL_TIMEOUT="30"),
        }
        with serving(SERVE, cwd=Path(place), port=free_port(), environ=environ) as running:
            slow = client.submit(running.request, "GET", "/testing/sleep/30.0")
            worker = Served(Releases(Path(place)), running, environ)
            wait_for("it is under way", lambda: in_flight(worker) == 1, GENEROUS)
            began = time.monotonic()
            send(worker, signal.SIGTERM)
            wait_for("it drains", (Path(place) / "run" / "drain").exists, GENEROUS)
            assert running.stop(signal.SIGTERM) == 0
            assert time.monotonic() - began < 15 - 2
            assert running.left_behind() == []
            assert slow.exception() is not None


def in_flight(each: Served) -> int:
    return int(knowctl(each.site.run, "status")["total"]["in_flight"])


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "SIGHUP"])
def test_on_a_terminal_its_end_is_a_stop(home: Path, *, closed: bool) -> None:
    ours, theirs = os.openpty()
    port = free_port()
    environ = settings(home, PORT=str(port))
    command = [sys.executable, "-c", TERMINAL, *SERVE[1:]]
    with started(command, cwd=home, port=port, environ=environ, stdin=theirs) as running:
        os.close(theirs)
        answers(running, lambda: over_tcp(port))
        if closed:
            os.close(ours)
        else:
            running.process.send_signal(signal.SIGHUP)
        assert running.process.wait(STOP_SECONDS) == 0
        assert running.left_behind() == []
    if not closed:
        os.close(ours)


def test_process_1_reaps_orphans_and_ends_well(home: Path) -> None:
    apart = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
    with contextlib.suppress(OSError):
        allowed = subprocess.run([*apart, "true"], capture_output=True, check=False)
    if not shutil.which("unshare") or allowed.returncode:
        pytest.skip("no process namespaces: unshare --pid is not there, or not allowed")
    orphan = '(exec sleep 600 &); exec "$@"'
    command = [*apart, "sh", "-c", orphan, "sh", *SERVE]
    with serving(command, cwd=home, port=free_port(), environ=settings(home)) as running:
        (first,) = children_of(running.process.pid)
        (sleeper,) = [pid for pid, line in running.named().items() if line == "sleep 600"]
        assert sleeper in children_of(first)
        os.kill(sleeper, signal.SIGKILL)
        wait_for("the orphan is reaped", lambda: sleeper not in children_of(first), GENEROUS)
        os.kill(first, signal.SIGTERM)
        assert running.process.wait(STOP_SECONDS) == 0
        assert running.left_behind() == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
@pytest.mark.parametrize("waiting", [True, False], ids=["waiting", "at once"])
def test_what_prepares_is_ended_at_once_with_nothing_left(
    home: Path, number: signal.Signals, code: int, *, waiting: bool
) -> None:
    path = home / "public"
    nowhere = f"postgresql://x@127.0.0.1:{free_port()}/x"
    environ = settings(home, DATABASE_URL=nowhere, HOST=f"unix:{path}")
    command = [*SERVE, "--wait-for-db", "60"]
    with started(command, cwd=home, port=0, environ=environ) as running:

        def prepares() -> bool:
            begun = bool(children_of(running.process.pid))
            return begun and (not waiting or "waiting up to 60 s" in running.said())

        wait_for("the preparation", prepares, START_SECONDS, running.said)
        assert running.stop(number) == code
        assert running.left_behind() == []
        assert not path.exists()
        assert not (home / "run").exists()
        assert not waiting or "Traceback" not in running.said()


def test_a_server_that_can_not_start_says_why_and_leaves_its_place_to_the_next() -> None:
    with releases("good") as site:
        site.release("bad", Fault.RAISES)
        environ = {**QUICK, **site.environment, "PORT": str(free_port())}
        failed = subprocess.run(
            SERVE,
            cwd=site.root,
            env=clean_environment(**environ),
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )
        told = [line for line in failed.stderr.splitlines() if "did not start" in line]
        assert (failed.returncode, len(told)) == (1, 1), failed.stderr
        assert "RuntimeError: this release does not start" in told[0]
        assert run_from(site.run) == []
        assert {each.name for each in site.run.iterdir()} == {"lock", "secret_key"}
        site.switch("good")
        with serving(SERVE, cwd=site.root, port=int(environ["PORT"]), environ=environ) as running:
            assert Served(site, running, environ).version() == "good"


def run_from(run: Path) -> list[int]:
    """The processes, of any session, that have this run directory."""
    wanted = f"KNOWCTL_RUN_DIR={run}\0".encode()
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            found += [int(place.name)] if wanted in (place / "environ").read_bytes() else []
    return found
