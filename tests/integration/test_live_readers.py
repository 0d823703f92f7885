"""The commands that ask a running server, against channels of a server that is none."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from knowctl.cli import main
from knowctl.errors import ExitCode, KnowctlError
from knowctl.probes import run_directory
from tests.support.fake_server import (
    Answering,
    FakeServer,
    always,
    fake_server,
    pool,
    state,
    supervision,
    worker,
)

NOBODY = 65534


@dataclass(frozen=True)
class Said:
    """What one command line answered."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)["data"]

    @property
    def error(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.out)["error"]
        return found


Run = Callable[..., Said]


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Where run directories of this test are, by a short path, and nothing else is found."""
    monkeypatch.chdir(tmp_path)
    for name in ("KNOWCTL_RUN_DIR", "INSTANCE", "PORT", "KNOWCTL_URL", "KNOWCTL_OUTPUT", "APP_ENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    with tempfile.TemporaryDirectory(prefix="rd-", dir="/tmp") as directory:
        monkeypatch.setenv("XDG_RUNTIME_DIR", directory)
        monkeypatch.setattr("tempfile.tempdir", directory)
        place = Path(directory) / "knowctl"
        place.mkdir(mode=0o700)
        yield place


@pytest.fixture
def server(base: Path) -> Iterator[FakeServer]:
    """A server of instance 5000 with nobody in it yet."""
    with fake_server(base / "5000") as made:
        yield made


@pytest.fixture
def running(server: FakeServer) -> FakeServer:
    """One with a supervisor and two workers."""
    server.supervise(always(supervision()))
    for pid in (4301, 4302):
        server.work(pid, worker(pid))
    return server


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Command lines, run in this process."""

    def once(*argv: str) -> Said:
        code = main(argv)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return once


def doing(**answers: Iterable[object]) -> Answering:
    """A supervisor that says this to each thing it is asked to do."""
    told = {"status": [supervision()], **answers}
    return lambda question: told[question["do"]]


@pytest.mark.usefixtures("running")
def test_the_status_is_that_of_the_supervisor_and_all_workers(run: Run) -> None:
    said = run("status", "-o", "json")
    assert (said.code, said.err) == (0, "")
    assert said.data["generation"] == 3
    assert said.data["supervisor"]["server"] == "gunicorn"
    assert [each["pid"] for each in said.data["workers"]] == [4301, 4302]
    assert said.data["total"]["threads"] == {"busy": 2, "total": 48}
    text = run("status").out
    assert text.startswith("5000 at http://127.0.0.1:5000: gunicorn, generation 3, pid ")
    assert max(map(len, text.splitlines())) <= 80


def test_a_worker_that_does_not_answer_is_silent_and_costs_a_moment(
    run: Run, running: FakeServer
) -> None:
    running.work(4303, always(30.0))
    running.work(4304, always(b"\x00garbage\n"))
    running.work(4305, always({"error": "no such question"}))
    running.work(4306, always({"pid": 4306}))
    running.work(4307, always())
    began = time.monotonic()
    said = run("status", "-o", "json")
    assert time.monotonic() - began < 10
    silent = {row["pid"]: row["cause"] for row in said.data["workers"] if row["state"] == "silent"}
    assert said.code == 0
    assert silent == {
        4303: "no answer in 1.5 s",
        4304: "the answer can't be read",
        4305: "no such question",
        4306: "its answer makes no sense: threads",
        4307: "it hung up without an answer",
    }


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ([b"garbage\n"], "channel"),
        ([], "channel"),
        ([{"ok": True}], "channel"),
        ([{"pid": 1}], "channel"),
        ([[1]], "channel"),
        ([b"[" * 100_000 + b"\n"], "channel"),
    ],
)
def test_a_supervisor_that_talks_nonsense_is_told_and_its_workers_are_shown(
    run: Run, server: FakeServer, said: list[object], code: str
) -> None:
    server.supervise(always(*said))
    server.work(4301, worker(4301))
    status = run("status", "-o", "json")
    assert (status.code, status.error["code"]) == (1, code)
    assert [each["pid"] for each in status.data["workers"]] == [4301]
    drained = run("drain", "-o", "json")
    assert (drained.code, drained.error["code"]) == (1, code)
    text = run("drain")
    assert (text.code, text.out) == (1, "")
    assert text.err.startswith("✖ the supervisor can't be understood\n")


@pytest.mark.usefixtures("running")
def test_what_is_in_flight_and_where_every_thread_is(run: Run) -> None:
    rows = run("inflight", "-o", "json").data["requests"]
    assert [(each["pid"], each["route"]) for each in rows] == [
        (4301, "/api/quiz"),
        (4302, "/api/quiz"),
    ]
    assert "POST" in run("inflight").out
    stacks = run("stacks", "--worker", "4302", "-o", "json").data["workers"]
    assert [(each["pid"], len(each["threads"])) for each in stacks] == [(4302, 4)]
    assert "2 threads idle" in run("stacks").out
    assert run("stacks", "--worker", "9").code == ExitCode.USAGE


def test_pools_are_summed_and_held_against_a_budget(run: Run, server: FakeServer) -> None:
    server.supervise(always(supervision()))
    server.work(4301, worker(4301))
    server.work(4302, worker(4302, pool=pool(in_use=4, waiting=2, oldest_wait_ms=7.0)))
    found = run("pool", "stats", "-o", "json").data
    assert [each["in_use"] for each in found["workers"]] == [1, 4]
    assert (found["total"]["in_use"], found["total"]["oldest_wait_ms"]) == (5, 7.0)
    assert found["server"] is None
    assert found["server_cause"] == "the database keeps no list of connections"
    assert found["budget"] == {
        "per_worker": 25,
        "workers": 2,
        "generations": 2,
        "replicas": 1,
        "peak": 100,
        "limit": None,
        "fits": None,
    }


def test_draining_is_passed_on(run: Run, server: FakeServer) -> None:
    server.supervise(lambda asked: [{"ok": True, "draining": asked["on"]}])
    assert run("drain", "-o", "json").data == {"draining": True}
    assert run("drain", "--off").out.startswith("✔ serving ")
    assert [each["on"] for each in server.asked] == [True, False]


def test_a_reload_is_told_as_it_goes_and_ends_with_its_generation(
    run: Run, server: FakeServer
) -> None:
    steps = [{"step": "boot", "detail": "2 workers"}, {"step": "proof", "detail": "\x1b[2Jok"}]
    server.supervise(doing(reload=[*steps, {"ok": True, "generation": 4, "seconds": 3.2}]))
    said = run("reload", "--timeout", "9")
    assert (said.code, said.out) == (0, "✔ reloaded       generation 4 serves, 3.2 s\n")
    assert said.err == "✔ boot           2 workers\n✔ proof          �[2Jok\n"
    assert server.asked == [{"do": "reload", "timeout": 9.0}]
    assert run("reload", "-qojson").data == {"generation": 4, "seconds": 3.2}


@pytest.mark.parametrize(
    ("code", "error", "exit_code"),
    [("reload_failed", "reload_failed", 1), ("refused", "refused", 4), ("?", "refused", 4)],
)
def test_a_reload_that_fails_tells_the_candidates_own_cause(
    run: Run, server: FakeServer, code: str, error: str, exit_code: int
) -> None:
    no = {"ok": False, "code": code, "message": "it failed", "cause": "NameError", "hint": "mend"}
    server.supervise(doing(reload=[{"step": "boot", "detail": "x"}, no]))
    said = run("reload")
    assert (said.code, said.out) == (exit_code, "")
    assert said.err.endswith("✖ it failed\n    NameError\n    → mend\n")
    assert run("reload", "-o", "json").error["code"] == error


def test_a_supervisor_that_hangs_up_in_the_middle_is_told(run: Run, server: FakeServer) -> None:
    server.supervise(doing(reload=[{"step": "boot", "detail": "x"}]))
    said = run("reload", "-o", "json")
    assert (said.code, said.error["code"]) == (1, "channel")
    assert "hung up" in said.error["cause"]


def test_a_supervisor_that_never_says_how_a_reload_ended_is_exit_code_3(
    run: Run, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("knowctl.probes.live.PATIENCE", 0.2)
    server.supervise(doing(reload=[5.0]))
    said = run("reload", "--timeout", "1", "-o", "json")
    assert (said.code, said.error["code"]) == (3, "timed_out")


def test_a_stop_waits_until_the_supervisor_is_gone(run: Run, server: FakeServer) -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])

    def end() -> Iterator[object]:
        yield {"step": "drain", "detail": "5 s"}
        yield {"ok": True}
        server.hang_up()
        process.kill()
        process.wait(30)

    server.supervise(lambda _asked: end(), pid=process.pid)
    said = run("stop")
    assert (said.code, said.err) == (0, "✔ drain          5 s\n")
    assert said.out.startswith(f"✔ stopped        process {process.pid} is gone, ")
    assert server.asked == [{"do": "stop", "timeout": None}]
    assert run("stop").code == 1


def test_a_stop_that_somebody_else_asked_for_is_waited_for_too(
    run: Run, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("knowctl.services.live.LAST_STEPS", 0.3)
    no = {"ok": False, "code": "refused", "message": "it stops already", "cause": "", "hint": ""}
    server.supervise(doing(stop=[no]))
    said = run("stop", "--timeout", "0")
    assert (said.code, said.out) == (3, "")
    assert "it stops already" in said.err
    assert f"process {os.getpid()}, its supervisor, drains, waits" in said.err
    assert f"kill {os.getpid()} hurries it" in said.err
    assert run("stop", "--timeout", "0", "-o", "json").error["code"] == "timed_out"


def test_a_stop_of_a_silent_supervisor_ends_in_time(
    run: Run, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("knowctl.services.live.LAST_STEPS", 0.3)
    server.supervise(doing(stop=[5.0]))
    assert run("stop", "--timeout", "0").code == 3


@pytest.mark.usefixtures("running")
def test_the_only_server_there_is_is_found_and_said(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "8000")
    said = run("status")
    assert said.code == 0
    assert said.err == "! instance       8000 does not run here: 5000 is asked\n"
    assert run("status", "--instance", "5000").err == ""
    other = run("status", "--instance", "8000", "-o", "json").error
    assert (other["code"], other["cause"]) == ("no_server", "of this user run 5000")
    assert other["hint"] == "name one of them: --instance 5000"


@pytest.mark.usefixtures("running")
def test_of_several_servers_one_has_to_be_named(
    run: Run, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "8000")
    with fake_server(base / "6000") as other:
        other.supervise(always(supervision()))
        said = run("stop")
        assert (said.code, said.out) == (2, "")
        assert "they are the instances 5000, 6000" in said.err
        assert run("status", "--instance", "6000").code == 0
        monkeypatch.setenv("PORT", "6000")
        assert run("status").err == ""


@pytest.mark.parametrize("named", [True, False])
def test_a_socket_that_a_dead_server_left_is_no_server(
    run: Run, server: FakeServer, monkeypatch: pytest.MonkeyPatch, *, named: bool
) -> None:
    server.directory.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(server.directory / "control.sock"))
    (server.directory / "supervisor.json").write_text('{"pid": 1}')
    if named:
        monkeypatch.setenv("KNOWCTL_RUN_DIR", str(server.directory))
    said = run("stop", "-o", "json")
    assert (said.code, said.error["code"]) == (1, "no_server")


def test_a_supervisor_whose_backlog_is_full_lives(server: FakeServer) -> None:
    server.directory.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as waiting:
        busy.bind(str(server.directory / "control.sock"))
        busy.listen(0)
        waiting.connect(str(server.directory / "control.sock"))
        assert run_directory.is_served(server.directory)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("mode", [0o700, 0o755])
def test_the_server_of_another_user_may_not_be_asked(running: FakeServer, mode: int) -> None:
    running.directory.chmod(mode)
    (running.directory / "control.sock").chmod(0o777)
    for parent in running.directory.parents[:2]:
        parent.chmod(0o755)
    reader, writer = os.pipe()
    child = os.fork()
    if not child:  # a process of its own: who was root may not be it again
        os.setresuid(NOBODY, NOBODY, NOBODY)
        os.write(writer, _refusal(running.directory).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with open(reader, encoding="utf-8") as answer:  # noqa: PTH123 -- a descriptor
        assert answer.read() == f"4 {running.directory} is private to the user that serves"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_root_asks_the_server_of_another_user_where_it_is_named_and_not_elsewhere(
    run: Run, running: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.chown(running.directory, NOBODY, NOBODY)
    said = run("status")
    assert (said.code, said.out) == (4, "")
    assert f"{running.directory} belongs to user id 65534" in " ".join(said.err.split())
    elsewhere = running.directory.parent.rename(running.directory.parents[1] / "of-nobody")
    monkeypatch.setenv("KNOWCTL_RUN_DIR", str(elsewhere / running.directory.name))
    assert run("status").code == 0


@pytest.mark.parametrize("planted", [True, False])
def test_a_link_or_an_open_place_is_not_believed(
    run: Run, running: FakeServer, *, planted: bool
) -> None:
    place = running.directory.parent
    if planted:
        place.symlink_to(place.rename(place.with_name("of-somebody")))
        cause, hint = f"{place} is a link", f"remove {place}"
    else:
        place.chmod(0o777)
        cause, hint = f"others may write into {place} (mode 0777)", f"chmod 700 {place}"
    said = run("status", "-o", "json")
    assert (said.code, said.error["code"], said.error["cause"]) == (4, "refused", cause)
    assert said.error["hint"].startswith(hint)


def _refusal(directory: Path) -> str:
    try:
        run_directory.is_served(directory)
    except KnowctlError as error:
        return f"{error.failure.exit_code.value} {error.failure.cause}"
    return "nothing was refused"


@pytest.mark.usefixtures("running")
def test_watching_pools_writes_a_document_a_line_until_the_server_is_gone(
    base: Path,
) -> None:
    environ = {**os.environ, "XDG_RUNTIME_DIR": str(base.parent)}
    command = [sys.executable, "-m", "knowctl", "pool", "stats", "--watch", "-o", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environ, text=True) as watching:
        assert watching.stdout is not None
        lines = [json.loads(watching.stdout.readline()) for _ in range(2)]
        watching.send_signal(2)
        assert watching.wait(30) == ExitCode.INTERRUPTED
    assert [line["data"]["total"]["in_use"] for line in lines] == [2, 2]


def test_a_state_is_told_in_the_shape_that_workers_tell_it() -> None:
    assert {"pid", "pool", "inflight", "threads", "cache"} <= set(state(1))
