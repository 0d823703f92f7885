"""The main job: `knowctl serve` on an empty directory answers as the API's contract says."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import Running, clean_environment, free_port, knowctl, serving

SERVERS = ("gunicorn", "waitress")
TOPICS = ("C++ Programming", "CI/CD", "Newton's laws", "量子力学")


def serve(server: str, *more: str) -> list[str]:
    return [sys.executable, "-m", "knowctl", "serve", "--server", server, "--workers", "2", *more]


@pytest.fixture(scope="module", params=SERVERS)
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    cwd = tmp_path_factory.mktemp(request.param)
    with serving(serve(request.param), cwd=cwd, port=free_port()) as server:
        yield server


def test_an_empty_directory_serves_health_without_detail(running: Running) -> None:
    answer = running.request("GET", "/health")
    assert answer.status == 200
    assert answer.body["status"] == "alive"
    assert set(answer.body) == {"status", "timestamp"}


def test_an_empty_directory_is_ready(running: Running) -> None:
    answer = running.request("GET", "/ready")
    assert (answer.status, answer.body["ready"]) == (200, True)
    assert answer.body["checks"]["database"] == "ok"


@pytest.mark.parametrize("topic", TOPICS)
def test_any_topic_gets_fifteen_subtopics_first_written_then_cached(
    running: Running, topic: str
) -> None:
    first = running.request("POST", "/api/create_subtopics", {"topic": topic})
    again = running.request("POST", "/api/create_subtopics", {"topic": topic})
    assert (first.status, again.status) == (200, 200)
    assert len(first.body["subtopics"]) == first.body["count"] == 15
    assert all(topic in each for each in first.body["subtopics"])
    assert first.body["source"] == "offline"
    assert again.body["source"] == "cache"
    assert again.body["subtopics"] == first.body["subtopics"]
    assert 0 <= first.body["quality_score"] <= 1
    assert first.body["warnings"] == []


def test_what_a_client_gets_wrong_has_one_shape_and_a_request_id(running: Running) -> None:
    wrong = {
        ("POST", "/api/create_subtopics"): ({"topic": ""}, {400, 422}),
        ("GET", "/api/create_subtopics"): (None, {405}),
        ("GET", "/nowhere"): (None, {404}),
    }
    for (method, path), (body, statuses) in wrong.items():
        answer = running.request(method, path, body, **{"X-Request-ID": "my-own-id"})
        assert answer.status in statuses
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["X-Request-ID"] == answer.body["request_id"] == "my-own-id"
        assert answer.body["error"] == answer.body["message"] == answer.body["detail"]
        assert answer.body["status"] == answer.status
        assert {"type", "title", "instance"} <= set(answer.body)


def test_health_command_sees_the_running_server(running: Running) -> None:
    environ = {"PORT": str(running.port)}
    answer = knowctl("health", "-o", "json", cwd=running.log.parent, environ=environ)
    document = json.loads(answer.stdout)
    assert answer.returncode == 0
    assert document["data"]["status"] == "ok"
    assert set(document["data"]["components"]) == {"server", "database", "schema"}


def test_a_second_server_on_the_port_is_told_so_in_three_lines(running: Running) -> None:
    answer = knowctl(
        "serve", "--skip-checks", cwd=running.log.parent, environ={"PORT": str(running.port)}
    )
    said = " ".join(answer.stderr.split())
    assert answer.returncode == 4
    assert f"instance {running.port} is already served by process {running.process.pid}" in said
    assert "→ knowctl reload, knowctl stop, or another PORT or INSTANCE" in said


def test_a_port_that_another_program_has_is_told_in_three_lines(running: Running) -> None:
    answer = knowctl(
        *("serve", "--skip-checks"),
        cwd=running.log.parent,
        environ={"PORT": str(running.port), "INSTANCE": f"other-{running.port}"},
    )
    fact, cause, hint = answer.stderr.strip().splitlines()[-4:][:3]
    assert answer.returncode == 1
    assert f"can't listen on 127.0.0.1:{running.port}" in fact
    assert "another program listens there" in cause
    assert "knowctl health" in hint


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_term_and_ctrl_c_end_it_with_exit_0_and_nothing_left(
    tmp_path: Path, server: str, number: signal.Signals
) -> None:
    with serving(serve(server), cwd=tmp_path, port=free_port()) as running:
        assert running.request("GET", "/ready").status == 200
        assert running.stop(number, group=number is signal.SIGINT) == 0
        assert running.left_behind() == []
        assert "Traceback" not in running.said()


def test_the_command_line_overrides_the_environment_for_the_workers_too(tmp_path: Path) -> None:
    port = free_port()
    command = serve("gunicorn", "--bind", f"127.0.0.1:{port}", "--environment", "development")
    with serving(command, cwd=tmp_path, port=port, environ={"APP_ENV": "nonsense"}) as running:
        assert running.request("GET", "/ready").status == 200


def test_variables_that_change_gunicorn_are_taken_out_and_named(tmp_path: Path) -> None:
    environ = {"GUNICORN_CMD_ARGS": "--workers 7 --nonsense"}
    with serving(serve("gunicorn"), cwd=tmp_path, port=free_port(), environ=environ) as running:
        assert "GUNICORN_CMD_ARGS is ignored" in running.said()


def test_an_error_of_the_configuration_stops_the_start(tmp_path: Path) -> None:
    answer = knowctl("serve", cwd=tmp_path, environ={"APP_ENV": "production"})
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert "SECRET_KEY is not set" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not (tmp_path / "knowalledge.db").exists()


def test_outside_development_a_schema_that_is_behind_is_refused(tmp_path: Path) -> None:
    environ = {"APP_ENV": "production", "SECRET_KEY": "0123456789abcdef" * 4, "HOST": "127.0.0.1"}
    answer = knowctl("serve", cwd=tmp_path, environ=environ)
    assert answer.returncode == 4
    assert answer.stderr.rstrip().endswith("→ knowctl db upgrade")


def test_a_database_that_never_answers_is_waited_for_then_exit_3(tmp_path: Path) -> None:
    environ = {"DATABASE_URL": f"postgresql://nobody:hidden@127.0.0.1:{free_port()}/none"}
    answer = knowctl("serve", "--wait-for-db", "1", cwd=tmp_path, environ=environ)
    assert answer.returncode == 3
    assert "Connection refused" in answer.stderr
    assert "hidden" not in answer.stderr
    assert not (tmp_path / "knowalledge.db").exists()


def test_dry_run_says_what_would_run_and_changes_nothing(tmp_path: Path) -> None:
    answer = knowctl("serve", "--dry-run", "-o", "json", cwd=tmp_path)
    steps = json.loads(answer.stdout)["data"]["steps"]
    assert answer.returncode == 0
    assert [step["name"] for step in steps] == ["check", "database", "bind", "run"]
    assert list(tmp_path.iterdir()) == []


def test_gunicorn_by_hand_serves_the_same(tmp_path: Path) -> None:
    environ = {"GUNICORN_WORKERS": "2"}
    assert knowctl("db", "init", cwd=tmp_path, environ=environ).returncode == 0
    config = ["--config", "python:knowalledge_api.gunicorn_config"]
    command = [sys.executable, "-m", "gunicorn", *config, "knowalledge_api.wsgi:application"]
    with serving(command, cwd=tmp_path, port=free_port(), environ=environ) as running:
        assert running.request("GET", "/ready").status == 200
        assert running.stop(signal.SIGTERM) == 0
        assert running.left_behind() == []


def test_ctrl_c_while_waiting_for_the_database_is_exit_130_without_a_traceback(
    tmp_path: Path,
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "knowctl", "serve", "--wait-for-db", "60"],
        cwd=tmp_path,
        env=clean_environment(DATABASE_URL=f"postgresql://x@127.0.0.1:{free_port()}/x"),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if "waiting up to 60 s" in line:
            process.send_signal(signal.SIGINT)
    process.stderr.close()
    assert process.wait(10) == 130
    assert "Traceback" not in "".join(lines)
