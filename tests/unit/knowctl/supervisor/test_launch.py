from __future__ import annotations

import os
import socket
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from knowalledge_api.generation import current
from knowctl.errors import ErrorCode, ExitCode, Failure, KnowctlError
from knowctl.model.address import Address
from knowctl.probes import metrics_directory
from knowctl.supervisor.hand_over import HandOver, receive
from knowctl.supervisor.launch import (
    Development,
    Handing,
    InProcess,
    become_supervisor,
    child_environment,
    ignored,
    order_of,
    runner,
    with_signing_key,
)
from tests.unit.knowctl.conftest import a_serving

SERVING = replace(a_serving(), address=Address("127.0.0.1", 0))


@pytest.fixture
def short() -> Iterator[Path]:
    """A directory whose path leaves room for the names of sockets."""
    with tempfile.TemporaryDirectory(prefix="ka-") as directory:
        yield Path(directory)


def test_a_generation_sees_the_command_line_and_the_file_it_named() -> None:
    assert child_environment({"PORT": "2"}, None) == {"PORT": "2"}
    assert child_environment({}, "a.env") == {"KNOWCTL_ENV_FILE": "a.env"}


def test_what_changes_gunicorn_behind_our_back_is_named() -> None:
    environ = {"FORWARDED_ALLOW_IPS": "*", "GUNICORN_CMD_ARGS": "-w 9", "WEB_CONCURRENCY": "9"}
    assert sorted(ignored({**environ, "A": "b"})) == sorted(environ)


def test_the_supervisor_has_the_words_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[list[str]] = []

    def execv(_program: str, words: list[str]) -> None:
        became.append(words)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "execv", execv)
    with pytest.raises(KeyboardInterrupt):
        become_supervisor(["serve", "-q"])
    assert became == [[sys.executable, "-P", "-m", "knowctl.supervisor", "serve", "-q"]]


def test_an_order_says_all_that_the_supervisor_has_to_know() -> None:
    order = order_of(SERVING, {"PORT": "1"})
    assert (order.url, order.size) == (SERVING.url, SERVING.size)
    assert (order.drain, order.grace, order.retirement, order.soak) == (5.0, 30.0, 70.0, 2.0)
    assert order.environ == {"PORT": "1"}


def test_a_first_preparation_holds_the_run_directory_and_the_address(short: Path) -> None:
    serving = replace(SERVING, run_directory=str(short / "run"))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        handing = Handing(HandOver(theirs.fileno(), bind=True, first=True), {})
        handing.bind(serving)
        handing.run(serving)
        prepared = receive(ours)
    assert prepared is not None
    assert prepared.order == order_of(serving, {})
    lock, listener = prepared.descriptors
    assert stat.S_ISREG(os.fstat(lock).st_mode)
    assert stat.S_ISSOCK(os.fstat(listener).st_mode)
    assert (short / "run" / metrics_directory.NAME).is_dir()
    again = Handing(HandOver(theirs.fileno(), bind=True, first=True), {})
    with pytest.raises(KnowctlError) as raised:
        again.bind(serving)
    assert raised.value.failure.exit_code is ExitCode.REFUSED
    for each in (lock, listener, *handing._descriptors[:1]):
        os.close(each)
    assert handing._listener is not None
    handing._listener.close()
    assert (short / "run" / metrics_directory.NAME).is_dir(), "of one who serves nothing is taken"
    metrics_directory.remove(short / "run")


def test_a_preparation_for_a_reload_takes_nothing(tmp_path: Path) -> None:
    serving = replace(SERVING, run_directory=str(tmp_path / "run"))
    handing = Handing(HandOver(3, bind=False, first=False), {})
    handing.bind(serving)
    assert handing._descriptors == []
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "runner_of",
    [lambda: Handing(HandOver(3, bind=False, first=False), {}), lambda: InProcess({})],
)
def test_a_log_that_cannot_be_opened_stops_the_start(
    runner_of: Callable[[], Handing | InProcess], tmp_path: Path
) -> None:
    file = tmp_path / "missing" / "app.log"
    with pytest.raises(KnowctlError) as raised:
        runner_of().bind(replace(SERVING, run_directory=str(tmp_path), log_file=str(file)))
    failure = raised.value.failure
    assert failure.cause == f"LOG_FILE is {file}: No such file or directory"
    assert failure.hint.startswith(f"mkdir -p {file.parent}")


def test_a_preparation_that_fails_says_why() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        handing = Handing(HandOver(theirs.fileno(), bind=True, first=True), {})
        handing.fail(Failure(ErrorCode.ADDRESS, "can't listen", "it is taken", "another"))
        prepared = receive(ours)
    assert prepared is not None
    assert (prepared.cause, prepared.hint) == ("can't listen: it is taken", "another")


def test_without_a_supervisor_waitress_serves_here_and_ends_this_process(
    monkeypatch: pytest.MonkeyPatch, short: Path
) -> None:
    serving = replace(SERVING, run_directory=str(short))
    monkeypatch.setenv("KNOWCTL_RUN_DIR", "elsewhere")
    monkeypatch.setenv("KNOWCTL_GENERATION", "")
    served: list[tuple[str, int]] = []

    def serve(_: socket.socket, threads: int) -> int:
        served.append((os.environ["KNOWCTL_TESTED"], threads))
        return 0

    module = ModuleType("knowctl.supervisor.waitress_server")
    vars(module)["serve"] = serve
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setenv("KNOWCTL_TESTED", "not yet")
    alone = InProcess({"KNOWCTL_TESTED": "yes"})
    alone.bind(serving)
    assert alone._listener is not None
    with alone._listener, pytest.raises(SystemExit) as ended:
        alone.run(serving)
    current.cache_clear()
    assert ended.value.code == 0
    assert served == [("yes", 24)]
    alone.fail(Failure(ErrorCode.BUG, "", "", ""))


@pytest.mark.parametrize(
    ("host", "development", "welcome"),
    [
        ("127.0.0.1", True, True),
        ("[::1]", True, True),
        ("0.0.0.0", True, False),
        ("127.0.0.1", False, False),
    ],
)
def test_the_debugger_listens_to_developers_on_loopback_alone(
    host: str, *, development: bool, welcome: bool
) -> None:
    serving = replace(SERVING, address=Address(host, 1), development=development)
    server = Development({})
    server.fail(Failure(ErrorCode.BUG, "", "", ""))
    if welcome:
        server.bind(serving)
        return
    with pytest.raises(KnowctlError) as raised:
        server.bind(serving)
    assert raised.value.failure.exit_code is ExitCode.REFUSED


def test_tokens_outlast_a_change_of_the_code() -> None:
    environ = {"KNOWCTL_ENV_FILE": os.devnull, "PORT": "5001"}
    first = with_signing_key(environ)
    assert {**first, "SECRET_KEY": ""} == {**environ, "SECRET_KEY": ""}
    assert len(first["SECRET_KEY"]) == 64
    assert with_signing_key(first) == first
    assert with_signing_key(environ) != first


def test_what_runs_depends_on_who_asks() -> None:
    assert runner("3:bind:first", {}, {"A": "b"}, dev=False) == Handing(
        HandOver(3, bind=True, first=True), {"A": "b"}
    )
    assert runner(None, {"A": "a", "C": "c"}, {"A": "b"}, dev=False) == InProcess(
        {"A": "b", "C": "c"}
    )
    assert runner(None, {}, {}, dev=True) == Development({})
    with pytest.raises(KnowctlError) as raised:
        runner("nonsense", {}, {}, dev=False)
    assert raised.value.failure.exit_code is ExitCode.USAGE
