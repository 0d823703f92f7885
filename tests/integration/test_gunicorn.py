"""gunicorn by hand: `gunicorn --config python:knowalledge_api.gunicorn_config …`."""

from __future__ import annotations

import json
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from knowalledge_api.database.schema import migrate
from tests.support.configuration import sqlite_settings
from tests.support.generations import Client, eventually
from tests.support.processes import Running, free_port, serving
from tests.support.waiting import wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="gunicorn needs POSIX")
COMMAND = (
    *(sys.executable, "-m", "gunicorn"),
    *("--config", "python:knowalledge_api.gunicorn_config", "knowalledge_api.wsgi:application"),
)

SLOW = """
import os, pathlib, time
from knowalledge_api.auth.policy import enforce, public
from knowalledge_api.app import create_app

application = create_app()

@application.get("/slow")
@public("a test asks")
def slow():
    pathlib.Path("begun").touch()
    while not os.path.exists("go"):
        time.sleep(0.01)
    return {}

enforce(application)
"""


@contextmanager
def slow_server(cwd: Path, before: Sequence[str] = (), **environ: str) -> Iterator[Running]:
    """Workers of one thread each, with a route that is answered when there is a file `go`.

    `before` are words that run the command.
    """
    (cwd / "slow.py").write_text(SLOW)
    port = free_port()
    given = {"GUNICORN_THREADS": "1", "PYTHONPATH": str(cwd), **environ}
    command = (*before, *COMMAND[:-1], "slow:application")
    with serving(command, cwd=cwd, port=port, environ=given) as running:
        yield running


def test_a_learner_is_served_and_a_stop_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GUNICORN_WORKERS=2\nLOG_FORMAT=json\n")
    migrate(sqlite_settings(tmp_path))
    with serving(COMMAND, cwd=tmp_path, port=free_port()) as server:
        ready = server.request("GET", "/ready")
        assert ready.body["checks"] == {"database": "ok", "schema": "ok"}
        given = {"X-Request-ID": "asked-by-me"}
        topic = {"topic": "Newton's laws"}
        answers = [
            server.request("POST", "/api/create_subtopics", topic, **given) for _ in range(12)
        ]
        assert {answer.status for answer in answers} == {200}
        assert [answer.body["source"] for answer in answers] == ["offline", *["cache"] * 11]
        assert {answer.headers["X-Request-ID"] for answer in answers} == {"asked-by-me"}
        wrong = server.request("POST", "/api/create_subtopics", ["no", "object"])
        assert (wrong.status, wrong.body["error"]) == (400, "The body has to be a JSON object.")
        assert server.stop(signal.SIGTERM) == 0
        assert server.left_behind() == []
    assert not list(tmp_path.glob("*.sock*"))
    records = [json.loads(line) for line in server.said().splitlines()]
    asked = [record for record in records if record.get("request_id") == "asked-by-me"]
    assert {record["route"] for record in asked} == {"/api/create_subtopics"}
    assert {"gunicorn.error", "knowalledge_api.access"} <= {record["logger"] for record in records}
    assert "gunicorn.access" not in {record["logger"] for record in records}


def test_every_answer_has_its_record_at_once_and_at_a_stop(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GUNICORN_WORKERS=2\nLOG_FORMAT=json\n")
    migrate(sqlite_settings(tmp_path))

    def recorded() -> list[str]:
        lines = [line for line in server.said().splitlines() if '"message":"request"' in line]
        return [json.loads(line)["request_id"] for line in lines]

    with serving(COMMAND, cwd=tmp_path, port=free_port()) as server:

        def ask(number: int) -> str:
            answer = server.request("GET", "/ready", **{"X-Request-ID": f"request-{number:04}"})
            return str(answer.headers["X-Request-ID"])

        ask(0)
        wait_for("the first one is written", lambda: "request-0000" in recorded(), 0.5)
        with ThreadPoolExecutor(16) as clients:
            asked = list(clients.map(ask, range(1, 400)))
        assert server.stop(signal.SIGTERM) == 0
        assert sorted(each for each in recorded() if each in asked) == sorted(asked)


def test_wrong_settings_keep_it_from_starting_and_are_named(tmp_path: Path) -> None:
    environ = {"APP_ENV": "production", "AI_TIMEOUT": "long"}
    with (
        pytest.raises(AssertionError) as caught,
        serving(COMMAND, cwd=tmp_path, port=free_port(), environ=environ),
    ):
        pass
    said = str(caught.value)
    assert "AI_TIMEOUT: 'long' is not seconds" in said
    assert "SECRET_KEY is not set" in said


def test_no_request_waits_for_a_busy_worker_while_another_is_idle(tmp_path: Path) -> None:
    with slow_server(tmp_path, GUNICORN_WORKERS="2") as server:
        slow = Client(server.port)
        slow.send("/slow")
        eventually((tmp_path / "begun").exists, "the slow request")
        answers = [server.request("GET", "/health").status for _ in range(40)]
        assert answers == [200] * 40
        (tmp_path / "go").touch()
        assert slow.receive().status == 200
        slow.close()


def test_a_worker_that_may_open_no_more_files_serves_on(tmp_path: Path) -> None:
    few = ("sh", "-c", 'ulimit -n 64 && exec "$@"', "sh")
    environ = {"GUNICORN_WORKERS": "1", "GUNICORN_THREADS": "2"}
    with slow_server(tmp_path, before=few, **environ) as server:
        slow = Client(server.port)
        slow.send("/slow")
        eventually((tmp_path / "begun").exists, "the slow request")
        crowd = [socket.create_connection(("127.0.0.1", server.port), 5) for _ in range(90)]
        eventually(lambda: "Too many open files" in server.said(), "that it rests")
        for each in crowd:
            each.close()
        assert server.request("GET", "/health").status == 200
        (tmp_path / "go").touch()
        assert slow.receive().status == 200
        slow.close()
        assert "Exception in worker process" not in server.said()


def test_a_request_that_runs_when_the_worker_is_stopped_is_answered(tmp_path: Path) -> None:
    with slow_server(tmp_path, GUNICORN_WORKERS="1") as server:
        slow = Client(server.port)
        slow.send("/slow")
        eventually((tmp_path / "begun").exists, "the slow request")
        server.process.send_signal(signal.SIGTERM)
        eventually(lambda: refuses(server.port), "the stop")
        (tmp_path / "go").touch()
        assert slow.receive().status == 200
        slow.close()
        assert server.process.wait(30) == 0


def refuses(port: int) -> bool:
    """Whether nobody listens there."""
    try:
        Client(port).close()
    except ConnectionRefusedError:
        return True
    return False
