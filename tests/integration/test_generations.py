"""gunicorn and waitress as generations: gate, private listener, retirement, log files, failures."""

from __future__ import annotations

import os
import shutil
import signal
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from knowalledge_api.database.schema import migrate
from tests.support.certificates import make_pair
from tests.support.configuration import settings_of
from tests.support.generations import Born, Client, born, eventually
from tests.support.rooms import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="generations need POSIX")

SERVERS = ("gunicorn", "waitress")
SMALL = {
    "GUNICORN_WORKERS": "1",
    "GUNICORN_THREADS": "2",
    "WAITRESS_THREADS": "2",
    "GUNICORN_KEEPALIVE": "30",
    "LOG_FORMAT": "json",
}
CANARY = "c4n4ry" * 8
every_server = pytest.mark.parametrize("server", SERVERS)


@pytest.fixture
def quick(tmp_path: Path) -> dict[str, str]:
    """Settings of a small server with a database of its own, which nobody asks."""
    return {**SMALL, "DATABASE_URL": f"sqlite:///{tmp_path}/none.db"}


@pytest.fixture(params=SERVERS)
def behind_the_gate(
    request: pytest.FixtureRequest, tmp_path: Path, quick: dict[str, str]
) -> Iterator[Born]:
    with born(request.param, tmp_path, quick) as generation:
        yield generation


def test_behind_a_closed_gate_only_the_private_socket_answers(behind_the_gate: Born) -> None:
    generation = behind_the_gate
    (pid,) = generation.workers(1)
    queued = generation.client()
    queued.send()
    private = generation.private(pid)
    assert [private.ask().status for _ in range(3)] == [200] * 3
    assert queued.hears_nothing(0.5)
    generation.open()
    assert queued.receive().status == 200


def test_a_retiring_server_answers_kept_alive_clients_and_says_that_it_closes(
    behind_the_gate: Born,
) -> None:
    generation = behind_the_gate
    generation.workers(1)
    generation.open()
    clients = [generation.client() for _ in range(4)]
    for client in clients:
        assert "close" not in client.ask().headers.get("Connection", "")
    generation.signal(signal.SIGTERM)
    assert clients[0].hears_nothing(1.0)
    late = generation.client()
    late.send()
    for client in clients:
        answer = client.ask()
        assert (answer.status, answer.headers["Connection"]) == (200, "close")
        assert client.end() == b""
    assert generation.exit_code() == 0
    assert "Traceback" not in generation.said()


@every_server
def test_a_retiring_server_lets_idle_clients_go_when_their_time_is_over(
    server: str, tmp_path: Path, quick: dict[str, str]
) -> None:
    with born(server, tmp_path, {**quick, "GUNICORN_KEEPALIVE": "1"}) as generation:
        generation.workers(1)
        generation.open()
        client, silent = generation.client(), generation.client()
        client.ask()
        generation.signal(signal.SIGTERM)
        assert client.end() == b""
        assert silent.end() == b""
        assert generation.exit_code() == 0
        assert not list(generation.directory.glob("*.sock"))


@every_server
def test_the_log_goes_on_in_a_new_file_and_in_the_old_where_that_fails(
    server: str, tmp_path: Path, quick: dict[str, str]
) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    file = logs / "log"
    with born(server, tmp_path, {**quick, "LOG_FILE": str(file)}) as generation:
        generation.workers(1)
        generation.open()
        public = generation.client()
        public.ask("/health", **{"X-Request-ID": "before"})
        eventually(lambda: "before" in file.read_text(), "the record, which follows the answer")
        rotated = file.rename(logs / "rotated")
        generation.signal(signal.SIGUSR1)
        eventually(file.exists, "a new file")
        eventually(lambda: written(public, file, "after"), "a record in the new file")
        assert "before" in rotated.read_text()
        logs.rename(tmp_path / "away")
        generation.signal(signal.SIGUSR1)
        kept = tmp_path / "away" / "log"
        eventually(lambda: "can't be reopened" in kept.read_text(), "the complaint")
        eventually(lambda: written(public, kept, "still"), "a record in the old file")
        assert not generation.has_ended()


def written(client: Client, file: Path, name: str) -> bool:
    """Make a request of this name; whether its record is in the file."""
    client.ask("/health", **{"X-Request-ID": name})
    return name in file.read_text()


@every_server
def test_a_server_ends_with_its_supervisor(
    server: str, tmp_path: Path, quick: dict[str, str]
) -> None:
    with born(server, tmp_path, quick, supervisor=1) as generation:
        assert generation.exit_code() == 0
        assert generation.events("worker") == []


def test_waitress_retires_when_the_gate_breaks(tmp_path: Path, quick: dict[str, str]) -> None:
    with born("waitress", tmp_path, quick) as generation:
        generation.workers(1)
        generation.abandon()
        assert generation.exit_code() == 0


@every_server
@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("def broken(:", "SyntaxError: "),
        ("import nowhere_to_be_found", "ModuleNotFoundError: No module named"),
        (f"raise RuntimeError('no, {CANARY}')", "RuntimeError: no, ********"),
    ],
)
def test_code_that_does_not_start_is_told_with_its_place(
    server: str, tmp_path: Path, quick: dict[str, str], text: str, cause: str
) -> None:
    source = tmp_path / "src"
    shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
    broken = source / "knowalledge_api" / "app.py"
    broken.write_text(text)
    (tmp_path / ".env").write_text(f"SECRET_KEY={CANARY}\n")
    with born(server, tmp_path, {**quick, "PYTHONPATH": str(source)}) as generation:
        assert generation.exit_code() == 1
        (failed,) = generation.events("failed")
        assert failed["cause"].startswith(cause)
        assert failed["where"] == f"{broken}:1"
        assert CANARY not in generation.said()
        assert "Traceback" in generation.said()


@every_server
def test_settings_that_are_wrong_are_told(server: str, tmp_path: Path) -> None:
    with born(server, tmp_path, {"AI_TIMEOUT": "long"}) as generation:
        assert generation.exit_code() == 1
        (failed,) = generation.events("failed")
        assert "AI_TIMEOUT: 'long' is not seconds" in failed["cause"]


def test_a_worker_of_gunicorn_that_can_not_begin_is_told(
    tmp_path: Path, quick: dict[str, str]
) -> None:
    with born("gunicorn", tmp_path, quick, name="g" * 100) as generation:
        assert generation.exit_code() == 3
        failed = generation.events("failed")[0]
        assert failed["cause"] == "OSError: AF_UNIX path too long"
        assert failed["where"].partition(":")[0].endswith("/live/transport.py")


def test_an_unusable_certificate_keeps_gunicorn_from_starting(
    tmp_path: Path, quick: dict[str, str]
) -> None:
    pair = make_pair(tmp_path)
    pair.keyfile.write_text("garbage")
    with born("gunicorn", tmp_path, {**quick, **pair.as_settings()}) as generation:
        assert generation.exit_code() == 1
        (failed,) = generation.events("failed")
        assert failed["cause"].startswith("CertificateError: SSL_CERTFILE ")


def test_a_key_that_is_replaced_by_garbage_does_not_disturb_the_running_server(
    tmp_path: Path, quick: dict[str, str]
) -> None:
    pair = make_pair(tmp_path)
    trusted = ssl.create_default_context(cafile=pair.certfile)
    with born("gunicorn", tmp_path, {**quick, **pair.as_settings()}) as generation:
        generation.workers(1)
        generation.open()
        for garbage in (None, "garbage"):
            if garbage:
                pair.keyfile.write_text(garbage)
            client = generation.client()
            client.socket = trusted.wrap_socket(client.socket, server_hostname="localhost")
            assert client.ask().status == 200
            assert client.socket.version() in {"TLSv1.2", "TLSv1.3"}
            client.close()


def test_silent_connections_take_no_thread(tmp_path: Path, quick: dict[str, str]) -> None:
    with born("gunicorn", tmp_path, quick) as generation:
        generation.workers(1)
        generation.open()
        silent = [generation.client() for _ in range(12)]
        client = generation.client()
        client.socket.settimeout(4.0)  # gunicorn's own worker would wait 5 s for each
        assert client.ask().status == 200
        for each in silent:
            assert each.ask().status == 200


def test_a_client_that_does_not_close_stalls_nobody(tmp_path: Path, quick: dict[str, str]) -> None:
    with born("gunicorn", tmp_path, quick) as generation:
        generation.workers(1)
        generation.open()
        rude = [generation.client() for _ in range(4)]
        for each in rude:
            assert each.ask(Connection="close").status == 200
        client = generation.client()
        client.socket.settimeout(1.9)  # gunicorn's own worker would wait 2 s for each
        assert client.ask().status == 200
        for each in rude:
            assert each.end() == b""


def test_a_worker_tells_that_it_is_due_and_again_after_as_many_requests(
    tmp_path: Path, quick: dict[str, str]
) -> None:
    environ = {**quick, "GUNICORN_MAX_REQUESTS": "5", "GUNICORN_MAX_REQUESTS_JITTER": "0"}
    with born("gunicorn", tmp_path, environ) as generation:
        (pid,) = generation.workers(1)
        private = generation.private(pid)
        for times in (1, 2, 3):
            for _ in range(4):
                assert private.ask().status == 200
            assert len(generation.events("due")) == times - 1
            private.ask()
            wait_until_due(generation, times)
        assert {event["pid"] for event in generation.events("due")} == {pid}


def wait_until_due(generation: Born, times: int) -> None:
    """Wait until it has told so often that a worker is due."""
    eventually(lambda: len(generation.events("due")) == times, "that it is due")


def test_a_worker_that_dies_is_told_and_replaced(tmp_path: Path, quick: dict[str, str]) -> None:
    with born("gunicorn", tmp_path, quick) as generation:
        (pid,) = generation.workers(1)
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: len(generation.events("worker")) == 2, "another worker")
        assert [event["pid"] for event in generation.events("exited")] == [pid]
        assert generation.private(generation.workers(2)[1]).ask().status == 200


def test_workers_end_with_a_master_that_is_killed(tmp_path: Path, quick: dict[str, str]) -> None:
    with born("gunicorn", tmp_path, quick) as generation:
        (pid,) = generation.workers(1)
        generation.signal(signal.SIGKILL)
        eventually(lambda: not Path(f"/proc/{pid}").exists() or is_zombie(pid), "the end")


def is_zombie(pid: int) -> bool:
    """Whether it has ended, and process 1 has not taken note yet."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


@every_server
def test_a_drain_makes_it_unready_at_once_and_still_serves(
    server: str, tmp_path: Path, quick: dict[str, str]
) -> None:
    migrate(settings_of(**quick))
    with born(server, tmp_path, quick) as generation:
        (pid,) = generation.workers(1)
        private = generation.private(pid)
        assert private.ask("/ready").status == 200
        drain = generation.directory.parent / "drain"
        drain.touch()
        drained = private.ask("/ready")
        assert (drained.status, drained.body["checks"]["drain"]) == (503, "failed")
        assert drained.headers["Retry-After"]
        assert private.ask("/health").status == 200
        drain.unlink()
        assert private.ask("/ready").body["checks"] == {"database": "ok", "schema": "ok"}


def test_where_it_hangs_is_in_the_stack_file_once_it_is_aborted(
    tmp_path: Path, quick: dict[str, str]
) -> None:
    source = tmp_path / "src"
    shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
    begun = tmp_path / "begun"
    hanging = f"import pathlib, time\npathlib.Path({str(begun)!r}).touch()\ntime.sleep(999)\n"
    (source / "knowalledge_api" / "app.py").write_text(hanging)
    with born("gunicorn", tmp_path, {**quick, "PYTHONPATH": str(source)}) as generation:
        eventually(begun.exists, "the hang")
        generation.signal(signal.SIGABRT)
        assert generation.exit_code() == -signal.SIGABRT
        stack = (generation.directory / "stack").read_text()
        assert f'{source}/knowalledge_api/app.py", line 3 in <module>' in stack
