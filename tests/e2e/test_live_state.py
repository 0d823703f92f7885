"""Live state while threads are taken: each command answers, and what is stuck is told."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import Any, Final

import pytest

from knowalledge_api.live.asking import ask_all
from tests.support.control import workers
from tests.support.releases import Served
from tests.support.unanswered import (
    PATIENCE,
    SLEEP,
    SPIN,
    WORKERS,
    Unanswered,
    kept_busy,
    rule_of,
)
from tests.support.waiting import wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a supervisor's run directory")

PROMPT: Final = 1.0
"""Seconds in which a worker has to answer on its channel, whatever its threads do."""
TRIES: Final = 3
THREADS: Final = 4
LIMIT: Final = 2
"""Seconds after which a request is stuck."""
STUCK: Final = "a request is stuck"
ALL_STUCK: Final = "every thread of this process is stuck"


@pytest.fixture(scope="module", params=["all sleep", "one spins"])
def busy(request: pytest.FixtureRequest) -> Iterator[Unanswered]:
    """Every thread of every worker has a request that does not end."""
    with kept_busy({}, THREADS) as requests:
        requests.begin(SPIN if request.param == "one spins" else SLEEP)
        for _ in range(WORKERS * THREADS - 1):
            requests.begin(SLEEP)
        yield requests


def test_status_answers_while_every_thread_is_busy(busy: Unanswered) -> None:
    told = busy.data_of("status")
    total, number = told["total"], len(busy.begun)
    assert (total["workers"], total["silent"]) == (WORKERS, 0)
    assert total["threads"] == {"busy": number, "total": number}
    assert total["in_flight"] == number
    assert [row["pid"] for row in told["workers"]] == workers(busy.each.site.run)


def test_stacks_show_where_every_busy_thread_is(busy: Unanswered) -> None:
    told = busy.data_of("stacks")
    assert (len(told["workers"]), told["silent"]) == (WORKERS, [])
    threads = [thread for worker in told["workers"] for thread in worker["threads"]]
    found = {thread["request"]["id"]: thread for thread in threads if thread["request"]}
    assert set(found) == set(busy.begun)
    for name, begun in busy.begun.items():
        assert found[name]["request"]["route"] == rule_of(begun.path)
        innermost = found[name]["frames"][-1]
        assert innermost["file"].endswith("/testing_routes.py")
        assert innermost["function"] == f"register.<locals>.{begun.path.split('/')[2]}"


def test_pool_stats_answer_while_every_thread_is_busy(busy: Unanswered) -> None:
    told = busy.data_of("pool", "stats")
    assert (len(told["workers"]), told["silent"]) == (WORKERS, [])
    assert (told["total"]["in_use"], told["total"]["waiting"]) == (0, 0)


def test_inflight_lists_every_request_the_oldest_first(busy: Unanswered) -> None:
    """By their ages when their workers answered, which they do one a little after the other."""
    told = busy.data_of("inflight")
    rows = told["requests"]
    assert told["silent"] == []
    assert {row["id"]: row["route"] for row in rows} == {
        name: rule_of(begun.path) for name, begun in busy.begun.items()
    }
    assert [row["age_ms"] for row in rows] == sorted((row["age_ms"] for row in rows), reverse=True)
    for pid in workers(busy.each.site.run):
        assert [row["id"] for row in rows if row["pid"] == pid] == busy.of(pid)
    assert {row["connection_held_ms"] for row in rows} == {None}


@pytest.mark.parametrize("question", ["state", "stacks"])
def test_the_channel_is_prompt_while_every_thread_is_busy(busy: Unanswered, question: str) -> None:
    took = []
    for _ in range(TRIES):
        began = time.monotonic()
        found = ask_all(busy.each.site.run, {"ask": question}, PATIENCE)
        took.append(time.monotonic() - began)
        assert [bool(each.answer) for each in found] == [True] * WORKERS, found
    print(f"{question}: {min(took) * 1000:.1f} to {max(took) * 1000:.1f} ms")  # noqa: T201 -- figures of the run
    assert min(took) < PROMPT, took


def logged(each: Served, message: str) -> list[dict[str, Any]]:
    """The records of the server's log that say this."""
    lines = [line for line in each.told().splitlines() if line[:1] + line[-1:] == "{}"]
    return [record for record in map(json.loads, lines) if record["message"] == message]


def test_a_stuck_request_is_told_once_and_a_worker_with_no_free_thread_left_is_replaced() -> None:
    with kept_busy({"GUNICORN_TIMEOUT": str(LIMIT)}, threads=THREADS) as requests:
        each, before = requests.each, set(workers(requests.each.site.run))
        first = requests.begin(SLEEP)
        wait_for("it is told", lambda: logged(each, STUCK) != [], PATIENCE, each.told)
        assert requests.data_of("status")["total"]["stuck"] == 1
        lost = fill_one(requests)
        wait_for("its place is taken", lambda: pid_of(each) not in before, PATIENCE, each.told)
        now = set(workers(each.site.run))
        assert (before - now, len(now)) == ({lost}, WORKERS)
        assert_told_once(requests, first)
        (record,) = logged(each, ALL_STUCK)
        assert [one["request_id"] for one in record["requests"]] == requests.of(lost)
        for stuck in record["requests"]:
            assert_told_with_its_stack(stuck)
        told = requests.data_of("status")
        assert {row["pid"] for row in told["workers"]} == now
        assert told["total"]["silent"] == 0


def fill_one(requests: Unanswered) -> int:
    """Keep every thread of one worker busy, whichever that is."""
    while True:
        requests.begin(SLEEP)
        for pid in {begun.pid for begun in requests.begun.values()}:
            if len(requests.of(pid)) == THREADS:
                return pid


def assert_told_once(requests: Unanswered, first: str) -> None:
    """No request more often, and the first one, which was looked at again and again."""
    records = logged(requests.each, STUCK)
    ids = [record["request_id"] for record in records]
    assert len(set(ids)) == len(ids)
    assert {first} <= set(ids) <= set(requests.begun)
    for record in records:
        assert record["level"] == "warning"
        assert_told_with_its_stack(record)


def assert_told_with_its_stack(stuck: dict[str, Any]) -> None:
    assert stuck["route"] == rule_of(SLEEP)
    assert stuck["age_s"] >= LIMIT
    assert "/testing_routes.py:" in stuck["stack"][-1]
    assert stuck["stack"][-1].endswith(" register.<locals>.sleep")


def pid_of(each: Served) -> int:
    """The worker that answers on a new connection."""
    return int(each.running.request("GET", "/testing/version").body["pid"])
