"""`./start_production.sh` on a fresh clone with an empty home: it serves, and it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import (
    PIP,
    Running,
    checkout_copy,
    clean_environment,
    free_port,
    serving,
)
from tests.support.readme import Shown, comparable, rewrite, shown

INSTALL_SECONDS = 600.0
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkout_copy(tmp_path_factory.mktemp("clone"))


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A home without a cache; only the way to the package index is kept."""
    home = tmp_path_factory.mktemp("home")
    return {"HOME": str(home), **{name: os.environ[name] for name in PIP}}


@pytest.fixture(scope="module")
def first(clone: Path, environ: dict[str, str]) -> Iterator[Running]:
    with serving(
        [str(clone / "start_production.sh")],
        cwd=clone,
        port=free_port(),
        environ={**environ, "RATE_LIMIT_ENABLED": "true"},  # as it comes
        seconds=INSTALL_SECONDS,
    ) as running:
        yield running


def test_a_fresh_clone_serves_in_production(first: Running) -> None:
    assert first.request("GET", "/health").body["status"] == "alive"
    assert first.request("GET", "/ready").body["ready"] is True
    answer = first.request("POST", "/api/create_subtopics", {"topic": "C++ Programming"})
    assert (answer.status, answer.body["count"]) == (200, 15)


def test_it_says_what_it_made_and_what_must_change_before_the_world_sees_it(
    first: Running, clone: Path
) -> None:
    said = first.said()
    assert "creating .venv" in said
    assert "installing requirements.lock" in said
    assert ".env" in said
    assert all(f"! {warning}" in said for warning in ("KC113", "KC301", "KC501"))
    assert (clone / ".env").stat().st_mode & 0o777 == 0o600
    secret = next(
        line for line in (clone / ".env").read_text().splitlines() if line.startswith("SECRET_KEY=")
    )
    assert len(secret) > 60
    assert secret.partition("=")[2] not in said


def test_readme_shows_what_it_prints(request: pytest.FixtureRequest, first: Running) -> None:
    (picture,) = shown("start")
    said = "".join(
        line
        for line in first.said().splitlines(keepends=True)
        if not line.startswith("{")  # the server's log
    )
    if request.config.getoption("--update-golden"):
        rewrite(picture, said)
    else:
        assert comparable(said) == comparable(picture.output)


@pytest.mark.parametrize("each", shown("served"), ids=lambda each: each.command)
def test_readme_asks_the_server_as_it_runs(
    request: pytest.FixtureRequest, first: Running, clone: Path, each: Shown
) -> None:
    path = os.pathsep.join((str(clone / ".venv/bin"), os.environ["PATH"]))
    answer = subprocess.run(  # noqa: S602 -- README's own words, as a reader types them
        each.command.replace("localhost:5000", f"localhost:{first.port}"),
        shell=True,
        cwd=clone,
        env=clean_environment(PATH=path, PORT=str(first.port)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    if request.config.getoption("--update-golden"):
        rewrite(each, answer.stdout)
    else:
        assert comparable(answer.stdout) == comparable(each.output)


def test_it_installed_what_gemini_and_mysql_need(first: Running, clone: Path) -> None:
    assert first.process.poll() is None
    imports = "import google.genai, pymysql, psycopg2, redis"
    assert subprocess.run([clone / ".venv/bin/python", "-c", imports], check=False).returncode == 0


def test_a_second_start_is_quick_changes_nothing_and_ends_on_ctrl_c(
    first: Running, clone: Path, environ: dict[str, str]
) -> None:
    assert first.stop(signal.SIGTERM) == 0
    assert first.left_behind() == []
    before = {path: path.stat().st_mtime_ns for path in (clone / ".env", *clone.glob(".venv/*"))}
    started = time.monotonic()
    with serving(
        [str(clone / "start_production.sh"), "--workers", "1"],
        cwd=clone,
        port=free_port(),
        environ=environ,
    ) as again:
        assert time.monotonic() - started < INSTALL_SECONDS / 10
        assert "==>" not in again.said()
        assert "1 worker x" in again.said()
        assert again.stop(signal.SIGINT, group=True) == 0
        assert again.left_behind() == []
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_a_start_that_can_not_be_says_why_and_ends_with_exit_1(
    first: Running, clone: Path, environ: dict[str, str]
) -> None:
    assert first.process.pid
    failed = subprocess.run(
        [clone / "start_production.sh"],
        cwd=clone,
        env=clean_environment(**environ, PORT="nonsense"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert failed.returncode == 1
    assert "PORT: 'nonsense' is not a whole number" in failed.stderr
    assert "Traceback" not in failed.stderr
