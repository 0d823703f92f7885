"""The metrics of a whole server: every worker counts, those that are gone too, and none twice."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.control import status, workers
from tests.support.keepalive import crowded
from tests.support.processes import free_port, serving
from tests.support.releases import Served, releases, served
from tests.support.scraping import fetch, scrape
from tests.support.waiting import wait_for

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="one process serves there"),
    pytest.mark.timeout(300),
]

TOKEN = "a-token-of-the-scraper-with-32-bytes"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
TOTAL = "knowalledge_requests_total"
HEALTH = {"route": "/health"}
RECYCLES = 5


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    settings = {
        "METRICS_TOKEN": TOKEN,
        "GUNICORN_MAX_REQUESTS": "60",
        "GUNICORN_MAX_REQUESTS_JITTER": "10",
        "GUNICORN_KEEPALIVE": "1",
        "SOAK_SECONDS": "0",
    }
    with releases() as site, served(site, settings) as each:
        yield each


def counted(port: int) -> float:
    """Requests for /health that all workers ever answered; the last is counted after its answer."""
    numbers = [-1.0]
    while numbers[-1] not in numbers[:-1]:
        time.sleep(0.1)
        numbers.append(scrape(port, **BEARER).sum(TOTAL, **HEALTH))
    return numbers[-1]


def files(each: Served) -> list[Path]:
    """What workers count in."""
    return list((each.site.run / "metrics").glob("worker-*"))


def ask(each: Served, number: int) -> None:
    for _ in range(number):
        assert each.running.request("GET", "/health").status == 200


def test_every_answer_is_counted_whoever_gave_it(server: Served) -> None:
    before = counted(server.running.port)
    ask(server, 40)
    assert counted(server.running.port) - before == 40
    found = scrape(server.running.port, **BEARER)
    assert found.sum("knowalledge_request_duration_seconds_count", **HEALTH) == before + 40

    def threads() -> float:  # one of two workers may be replaced by another at this moment
        return scrape(server.running.port, **BEARER).sum("knowalledge_threads")

    wait_for("both workers tell their threads", lambda: threads() == 32, 5, threads)
    assert found.sum("knowalledge_workers") == len(files(server)) == 2
    assert found.sum("knowalledge_requests_in_flight") >= 1, "this one at least"
    assert found.sum("knowalledge_resident_memory_bytes") > 10e6


def test_recycled_workers_leave_their_counts_and_no_files(server: Served) -> None:
    before, recycled = counted(server.running.port), status(server.site.run)["recycled"]
    with crowded(server.running.port, 8, "/health", pause=(0, 0.02)) as crowd:
        wait_for(
            "workers are recycled",
            lambda: status(server.site.run)["recycled"] >= recycled + RECYCLES,
            20,
            lambda: (status(server.site.run), crowd.failures()[:3], server.told()[-2000:]),
        )
    assert crowd.failures() == []
    assert counted(server.running.port) - before == len(crowd.asked)
    found = scrape(server.running.port, **BEARER)
    assert found.sum("knowalledge_workers_ended_total") >= RECYCLES
    assert len(files(server)) <= 4, "the living, one more while one is replaced, one just dead"


def test_a_killed_worker_loses_what_it_was_doing_and_nothing_else(server: Served) -> None:
    before = counted(server.running.port)
    ask(server, 30)
    victim = workers(server.site.run)[0]
    os.kill(victim, signal.SIGKILL)
    wait_for(
        "another takes its place",
        lambda: len(set(workers(server.site.run)) - {victim}) >= 2,
        5,
    )
    ask(server, 10)
    assert counted(server.running.port) - before == 40
    assert not [path for path in files(server) if f"-{victim}-" in path.name]


def test_a_reload_goes_on_counting(server: Served) -> None:
    before = counted(server.running.port)
    ask(server, 10)
    server.reload()
    ask(server, 10)
    assert counted(server.running.port) - before == 20


def test_a_new_start_counts_from_zero_and_the_end_leaves_nothing() -> None:
    with releases() as site:
        for number in (1, 2):
            with served(site, {"METRICS_TOKEN": TOKEN}) as each:
                target = (site.run / "metrics").resolve()
                assert counted(each.running.port) <= 10, number
                ask(each, 20)
                each.running.stop(signal.SIGTERM)
            assert not target.exists()
            assert not (site.run / "metrics").is_symlink()


def test_what_a_killed_supervisor_left_is_cleared_by_the_next_start() -> None:
    with releases() as site:
        with served(site) as each:
            left = (site.run / "metrics").resolve()
            each.running.process.kill()
        assert left.is_dir()
        with served(site):
            assert not left.exists()


@pytest.mark.parametrize("server_name", ["waitress"])
def test_waitress_counts_over_its_generations(server_name: str) -> None:
    with (
        releases() as site,
        served(site, {"SOAK_SECONDS": "0"}, server=server_name, size=()) as each,
    ):
        before = counted(each.running.port)
        ask(each, 10)
        each.reload()
        ask(each, 10)
        assert counted(each.running.port) - before == 20


def test_gunicorn_by_hand_adds_its_workers_up(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gunicorn", "--config"]
    command += ["python:knowalledge_api.gunicorn_config", "knowalledge_api.wsgi:application"]
    settings = {"GUNICORN_WORKERS": "3", "GUNICORN_THREADS": "2"}
    with serving(command, cwd=tmp_path, port=free_port(), environ=settings) as running:
        wait_for(
            "three workers",
            lambda: scrape(running.port).sum("knowalledge_workers") == 3,
            10,
        )
        before = counted(running.port)
        for _ in range(60):
            running.request("GET", "/health")
        assert counted(running.port) - before == 60
        running.stop(signal.SIGTERM)


def test_strangers_are_told_nothing_outside_development() -> None:
    settings = {
        "METRICS_TOKEN": TOKEN,
        "APP_ENV": "production",
        "SECRET_KEY": "a-key-for-signing-that-is-long-enough",
        "FORCE_HTTPS": "false",
        "HOST": "127.0.0.1",
        "CORS_ORIGINS": "https://example.org",
        "TRUSTED_HOSTS": "127.0.0.1",
    }
    with releases() as site, served(site, settings) as each:
        port = each.running.port
        assert fetch(port)[0] == 401
        assert fetch(port, Authorization=f"Bearer {TOKEN}x")[0] == 401
        assert fetch(port, **BEARER)[0] == 200
